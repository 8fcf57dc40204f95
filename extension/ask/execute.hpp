// extension/ask: third stage: feeds the run's state machine until it has finished.
#pragma once

#include "extension/ask/request.hpp"

namespace pgops::ask {

// Dispatches calls to executors and to the sidecar, waits for latch, socket and timers, and never blocks
// on a tool. Throws only what ends the caller's own statement (cancel); then everything it held is released
// and `into` says how far each call got.
void execute(Request& request, Validated validated, Executed& into);

}  // namespace pgops::ask
