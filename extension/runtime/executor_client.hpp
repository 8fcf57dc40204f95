// extension/runtime: one request to an executor, and the wait for its answer.
//
// For functions that need a single task outside a run (check_sql, the analysis of a new tool). The caller
// stays interruptible; leaving early, by whatever way, cancels the task.
#pragma once

#include "core/error.hpp"
#include "extension/pg/executor/statement.hpp"

namespace pgops::runtime {

// Errors: OVERLOADED when no executor is to be had, TOOL_TIMEOUT when request.timeout_ms and a grace for
// starting an executor have passed, TOOL_ERROR when the executor waits for a lock of this very session.
Result<pg::executor::Response> run_in_executor(const pg::executor::Request& request);

}  // namespace pgops::runtime
