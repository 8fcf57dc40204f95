// extension/ask: after a search in vain: is there nothing, or did nothing match? A tool whose `present` says
// "recount": true is called once more without the optional arguments that the question gave.
#pragma once

#include <memory>
#include <vector>

#include "extension/ask/request.hpp"

namespace pgops::ask {

struct Recounted {
  std::vector<CallIndex> of;  // by call of the recount: the call that found nothing
  Validated validated;
  Executed executed;
};

// Part of stage execute: bounded by a second and by the request's deadline, each call traced as any. nullptr: there
// is nothing to ask.
std::unique_ptr<Recounted> recount(Request& request, const Validated& validated, const Executed& executed);

}  // namespace pgops::ask
