// extension/ask: fourth stage: results become one answer with references.
#pragma once

#include "extension/ask/recount.hpp"
#include "extension/ask/request.hpp"

namespace pgops::ask {

// `recounted` may be null.
Composed compose(const Request& request, const Routed& routed, const Validated& validated, const Executed& executed,
                 const Recounted* recounted);

}  // namespace pgops::ask
