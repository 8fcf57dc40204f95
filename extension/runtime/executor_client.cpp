// extension/runtime: see executor_client.hpp.
#include "extension/runtime/executor_client.hpp"

#include "extension/pg/sync.hpp"
#include "extension/pg/values.hpp"
#include "extension/runtime/shared.hpp"
#include "extension/runtime/tasks.hpp"

namespace pgops::runtime {

namespace {

constexpr std::int64_t kStartGraceUs = 10'000'000;  // a new executor process connects to the database
constexpr std::int64_t kSelfLockCheckUs = 100'000;

}  // namespace

Result<pg::executor::Response> run_in_executor(const pg::executor::Request& request) {
  auto submitted = submit_task(enter_database(), request.run_as, request.encode());
  if (!submitted) return submitted.error();
  TaskHandle task = std::move(*submitted);
  const std::int64_t deadline = pg::monotonic_us() + request.timeout_ms * 1000 + kStartGraceUs;
  for (;;) {
    if (auto outcome = task.poll()) {
      if (!outcome->ok) return std::move(outcome->error);
      return pg::executor::Response::decode(outcome->payload);
    }
    if (pg::monotonic_us() >= deadline) return Error{Code::tool_timeout, "no executor answered in time", {}, {}};
    // The deadlock detector does not see that this session waits for an executor.
    if (const std::int32_t pid = task.executor_pid(); pid != 0 && pg::waits_for_us(pid)) {
      return Error{Code::tool_error,
                   "the statement waits for a lock that this session's own transaction holds",
                   {},
                   "Commit or roll back first, or use another session."};
    }
    (void)pg::wait_latch(kSelfLockCheckUs / 1000, pg::WaitReason::executor);
  }
}

}  // namespace pgops::runtime
