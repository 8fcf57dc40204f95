// extension/ask: first stage: from a question (or an explicit plan) to a route.
#pragma once

#include "extension/ask/request.hpp"

namespace pgops::ask {

// Pure apart from the snapshot's index: same question, registry, clock, zone, locale and rights give the
// same route. Never an Error for a question that cannot be answered: that is route reject.
Routed route_plan(const Request& request);

}  // namespace pgops::ask
