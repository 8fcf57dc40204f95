// extension/ask: SQL tools: the task an executor gets, and what its answer means.
#pragma once

#include "extension/ask/call.hpp"
#include "extension/runtime/tasks.hpp"

namespace pgops::ask {

// Submits the task; `digest` receives the statement's digest for the trace.
Result<runtime::TaskHandle> start_sql(const CallContext& context, std::string& digest);
FinishedCall finish_sql(const registry::Tool& tool, runtime::TaskOutcome& outcome);

}  // namespace pgops::ask
