// extension/ask: fourth stage: results become one answer with references.
#pragma once

#include "extension/ask/request.hpp"

namespace pgops::ask {

Composed compose(const Request& request, const Routed& routed, const Validated& validated, const Executed& executed);

}  // namespace pgops::ask
