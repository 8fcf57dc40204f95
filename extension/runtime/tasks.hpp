// extension/runtime: tasks as a backend sees them: submit, poll, cancel.
//
// A Task handle owns its slot of shared memory; its destructor cancels what still runs. A backend that
// ends without destructors (FATAL) releases its tasks from a process-exit callback. An answer is matched
// by task id, so a cancelled caller's answer can never reach another request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "extension/pg/sync.hpp"

namespace pgops::runtime {

struct TaskOutcome {
  // ok: `payload` is what the executor answered. Otherwise the executor could not be had or vanished.
  bool ok = false;
  Error error;
  std::string payload;
  std::int64_t queued_us = 0;   // monotonic
  std::int64_t started_us = 0;  // 0: never started
  std::int64_t finished_us = 0;
};

class TaskHandle {
 public:
  TaskHandle() noexcept = default;
  TaskHandle(int index, std::uint64_t id) noexcept : index_(index), id_(id) {}
  ~TaskHandle() { cancel(); }
  TaskHandle(TaskHandle&& other) noexcept;
  TaskHandle& operator=(TaskHandle&& other) noexcept;
  TaskHandle(const TaskHandle&) = delete;
  TaskHandle& operator=(const TaskHandle&) = delete;

  bool active() const noexcept { return index_ >= 0; }
  // The outcome once there is one; releases the slot. The owner's latch is set when that happens.
  std::optional<TaskOutcome> poll();
  // Ends interest: a queued task is removed, a running one cancelled and abandoned. Never fails.
  void cancel() noexcept;
  // Monotonic time at which an executor took it; 0 while queued.
  std::int64_t started_us() const noexcept;
  // The executor running it; 0 while queued.
  std::int32_t executor_pid() const noexcept;
  // A glance without a lock: poll() is likely to have the outcome.
  bool seems_done() const noexcept;

 private:
  int index_ = -1;
  std::uint64_t id_ = 0;
  pg::Segment request_;
  friend Result<TaskHandle> submit_task(int, std::uint32_t, std::string_view);
};

// Hands a request to an executor of the database, starting one when none is idle and the limit allows.
// OVERLOADED when there is no free task slot.
Result<TaskHandle> submit_task(int database_index, std::uint32_t run_as, std::string_view request);

// A task will be submitted soon: if nothing else is going on, an idle executor is woken, so that it is there when the
// task comes. Many callers keep executors awake anyway.
void announce_task(int database_index) noexcept;

// A glance without a lock: at most one task is in use in this database.
bool lone_task(int database_index) noexcept;

// For executors and the launcher; the caller holds lock_tasks(database).
namespace locked {
int pop_queue(int database_index) noexcept;
void remove_from_queue(int database_index, int task) noexcept;
// Marks slots as wanted for what is queued; true when the launcher has to be woken.
bool want_executors(int database_index) noexcept;
// Ends a task without an answer (no_worker says why); frees it when abandoned, else wakes the owner.
void fail_task(int task, std::uint8_t reason) noexcept;
void free_task(int task) noexcept;
// When no executor lives or starts any more, nobody would ever serve the queue: fail what is in it.
void fail_queue_if_unserved(int database_index) noexcept;
// The same when nobody starts executors: those that are only asked for do not count.
void fail_queue_if_no_process(int database_index) noexcept;
}  // namespace locked

inline constexpr std::uint8_t kNoWorkerSlot = 1;  // max_worker_processes exhausted or start failed
inline constexpr std::uint8_t kExecutorGone = 2;  // terminated while it ran the task
inline constexpr std::uint8_t kExecutorLost = 3;  // did not react to termination

}  // namespace pgops::runtime
