// extension/runtime: the loop of an executor process.
#pragma once

#include <cstdint>

namespace pgops::runtime {

// Serves tasks until idle for pg_ops.executor_idle_timeout, recycled, or told to stop.
void run_executor(std::int32_t argument);

}  // namespace pgops::runtime
