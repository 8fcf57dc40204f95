// extension/ask: second stage: a plan becomes runnable, or PLAN_INVALID names the place.
#pragma once

#include "extension/ask/request.hpp"

namespace pgops::ask {

// Graph, tools (version overrides included), rights, write tools, references into HTTP calls, jsonpath
// syntax and the arguments that need no reference are all checked before anything runs.
Result<Validated> validate(const Request& request, const Json& plan);

}  // namespace pgops::ask
