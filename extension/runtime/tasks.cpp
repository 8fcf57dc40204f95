// extension/runtime: submitting, polling and cancelling tasks. See tasks.hpp.
#include "extension/runtime/tasks.hpp"

#include <csignal>
#include <cstring>
#include <utility>

#include "extension/pg/error.hpp"
#include "extension/pg/guc.hpp"
#include "extension/pg/memory.hpp"
#include "extension/runtime/shared.hpp"

namespace pgops::runtime {

namespace {

bool live_executor(const WorkerSlot& slot) noexcept {
  if (slot.kind != WorkerKind::executor) return false;
  return slot.state == WorkerState::wanted || slot.state == WorkerState::starting || slot.state == WorkerState::idle ||
         slot.state == WorkerState::busy;
}

std::int32_t tasks_in_use(int database_index) noexcept {
  return *const_cast<const volatile std::int32_t*>(&shared->databases[database_index].tasks_in_use);
}

// An idle executor, one that is awake before others; nullptr: none. The caller holds lock_tasks.
WorkerSlot* find_idle(DatabaseEntry& entry) noexcept {
  WorkerSlot* asleep = nullptr;
  for (WorkerSlot& slot : entry.slots) {
    if (slot.kind != WorkerKind::executor || slot.state != WorkerState::idle) continue;
    if (slot.awake) return &slot;
    if (asleep == nullptr) asleep = &slot;
  }
  return asleep;
}

// Releases every task of this process: on FATAL no destructor runs.
void release_owned_tasks() {
  if (shared == nullptr) return;
  const pg::ProcessRef self = pg::this_process();
  for (int t = 0; t < shared->task_count; t++) {
    const Task& task = shared->tasks[t];
    if (task.owner.pid == self.pid && task.state != TaskState::free) TaskHandle(t, task.id).cancel();
  }
}

Error no_worker_error(std::uint8_t reason) {
  switch (reason) {
    case kExecutorGone:
      return {Code::internal_error,
              "the executor was terminated while it ran the statement",
              {},
              "Ask again; the server log says who terminated it."};
    case kExecutorLost:
      return {Code::internal_error,
              "the executor did not react and was given up",
              {},
              "Look at ops.workers for the lost process."};
    default:
      return {Code::overloaded,
              "no executor process could be started",
              {},
              "Raise max_worker_processes; ops.health() names the value needed."};
  }
}

}  // namespace

TaskHandle::TaskHandle(TaskHandle&& other) noexcept
    : index_(std::exchange(other.index_, -1)), id_(other.id_), request_(std::exchange(other.request_, {})) {}

TaskHandle& TaskHandle::operator=(TaskHandle&& other) noexcept {
  if (this != &other) {
    cancel();
    index_ = std::exchange(other.index_, -1);
    id_ = other.id_;
    request_ = std::exchange(other.request_, {});
  }
  return *this;
}

namespace locked {

void free_task(int index) noexcept {
  Task& task = shared->tasks[index];
  shared->databases[task.database_index].tasks_in_use--;
  task.state = TaskState::free;
  task.abandoned = false;
  task.owner = {};
  task.slot = -1;
  task.next = -1;
  task.no_worker = 0;
}

int pop_queue(int database_index) noexcept {
  DatabaseEntry& entry = shared->databases[database_index];
  const int index = entry.queue_head;
  if (index >= 0) remove_from_queue(database_index, index);
  return index;
}

void remove_from_queue(int database_index, int index) noexcept {
  DatabaseEntry& entry = shared->databases[database_index];
  int previous = -1;
  for (int t = entry.queue_head; t >= 0; previous = t, t = shared->tasks[t].next) {
    if (t != index) continue;
    const int next = shared->tasks[t].next;
    if (previous < 0) {
      entry.queue_head = next;
    } else {
      shared->tasks[previous].next = next;
    }
    if (entry.queue_tail == t) entry.queue_tail = previous;
    shared->tasks[t].next = -1;
    entry.queue_length--;
    return;
  }
}

bool want_executors(int database_index) noexcept {
  DatabaseEntry& entry = shared->databases[database_index];
  int live = 0;
  int coming = 0;
  for (const WorkerSlot& slot : entry.slots) {
    if (!live_executor(slot)) continue;
    live++;
    if (slot.state == WorkerState::wanted || slot.state == WorkerState::starting) coming++;
  }
  bool asked = false;
  for (int s = 0; s < kMaxWorkerSlots && coming < entry.queue_length && live < pg::guc::max_executors; s++) {
    WorkerSlot& slot = entry.slots[s];
    if (slot.state != WorkerState::empty) continue;
    slot.kind = WorkerKind::executor;
    slot.state = WorkerState::wanted;
    live++;
    coming++;
    asked = true;
  }
  return asked;
}

void fail_task(int index, std::uint8_t reason) noexcept {
  Task& task = shared->tasks[index];
  if (task.abandoned) {
    free_task(index);
    return;
  }
  task.no_worker = reason;
  task.finished_us = pg::monotonic_us();
  task.response_size = 0;
  task.response_segment = 0;
  task.slot = -1;
  task.state = TaskState::done;
  pg::wake(task.owner);
}

namespace {
void fail_queue(int database_index) noexcept {
  for (int t = pop_queue(database_index); t >= 0; t = pop_queue(database_index)) fail_task(t, kNoWorkerSlot);
}
}  // namespace

void fail_queue_if_unserved(int database_index) noexcept {
  DatabaseEntry& entry = shared->databases[database_index];
  for (const WorkerSlot& slot : entry.slots) {
    if (live_executor(slot)) return;
  }
  fail_queue(database_index);
}

void fail_queue_if_no_process(int database_index) noexcept {
  for (const WorkerSlot& slot : shared->databases[database_index].slots) {
    if (live_executor(slot) && slot.process.pid != 0) return;
  }
  fail_queue(database_index);
}

}  // namespace locked

Result<TaskHandle> submit_task(int database_index, std::uint32_t run_as, std::string_view request) {
  pg::at_process_exit(release_owned_tasks);
  pg::Segment segment;
  if (request.size() > kInlineRequest) segment = pg::create_segment(request.size());

  DatabaseEntry& entry = shared->databases[database_index];
  const int first = shared->first_task[database_index];
  int index = -1;
  std::uint64_t id = 0;
  bool ours = true;
  {
    pg::LwGuard guard(pg::lock_tasks(database_index));
    // ops.stop_workers() may have given the entry away since it was looked up.
    ours = entry.database == pg::database_oid();
    // Rotating start: ids differ anyway, but a slot's late visitor is likelier to find it unused.
    for (int i = 0; ours && i < shared->tasks_per_database; i++) {
      const int candidate = first + static_cast<int>((entry.tasks_total + static_cast<std::uint64_t>(i)) %
                                                     static_cast<std::uint64_t>(shared->tasks_per_database));
      if (shared->tasks[candidate].state == TaskState::free) {
        index = candidate;
        break;
      }
    }
    if (index >= 0) {
      Task& task = shared->tasks[index];
      task.state = TaskState::filling;
      entry.tasks_in_use++;
      id = (++entry.tasks_total << 4) | static_cast<std::uint64_t>(database_index);
      task.id = id;
      task.owner = pg::this_process();
      task.abandoned = false;
    }
  }
  if (index < 0) {
    pg::detach_segment(segment);
    if (!ours) return Error{Code::overloaded, "the workers of this database are being stopped", {}, "Ask again."};
    return Error{Code::overloaded,
                 "every task slot of this database is in use",
                 {},
                 "Raise pg_ops.shared_memory, or ask with less concurrency."};
  }
  TaskHandle handle(index, id);
  handle.request_ = segment;
  Task& task = shared->tasks[index];
  std::memcpy(segment.data != nullptr ? segment.data : task.request, request.data(), request.size());

  bool wake_launcher_too = false;
  pg::ProcessRef executor;
  {
    pg::LwGuard guard(pg::lock_tasks(database_index));
    task.request_size = static_cast<std::uint32_t>(request.size());
    task.request_segment = segment.handle;
    task.response_size = 0;
    task.response_segment = 0;
    task.run_as = run_as;
    task.no_worker = 0;
    task.slot = -1;
    task.next = -1;
    task.queued_us = pg::monotonic_us();
    task.started_us = task.finished_us = 0;
    task.state = TaskState::queued;
    if (entry.queue_tail >= 0) {
      shared->tasks[entry.queue_tail].next = index;
    } else {
      entry.queue_head = index;
    }
    entry.queue_tail = index;
    entry.queue_length++;
    // One idle executor is called for each task queued; it takes the head of the queue, whoever put it there.
    WorkerSlot* idle = find_idle(entry);
    if (idle == nullptr) {
      wake_launcher_too = locked::want_executors(database_index);
    } else {
      idle->state = WorkerState::busy;
      if (!idle->awake) executor = idle->process;
    }
  }
  if (executor.pid != 0) pg::wake(executor);
  if (wake_launcher_too) wake_launcher();
  return handle;
}

std::int64_t TaskHandle::started_us() const noexcept {
  if (index_ < 0) return 0;
  const Task& task = shared->tasks[index_];
  return task.id == id_ ? task.started_us : 0;
}

std::int32_t TaskHandle::executor_pid() const noexcept {
  if (index_ < 0) return 0;
  const Task& task = shared->tasks[index_];
  // Read once: the executor may finish and clear it meanwhile.
  const std::int32_t slot = *const_cast<const volatile std::int32_t*>(&task.slot);
  if (task.id != id_ || task.state != TaskState::running || slot < 0) return 0;
  return shared->databases[task.database_index].slots[slot].process.pid;
}

bool TaskHandle::seems_done() const noexcept {
  if (index_ < 0) return true;
  return *const_cast<const volatile TaskState*>(&shared->tasks[index_].state) == TaskState::done;
}

void announce_task(int database_index) noexcept {
  constexpr std::int64_t kSoonUs = 300;
  DatabaseEntry& entry = shared->databases[database_index];
  if (tasks_in_use(database_index) != 0) return;
  pg::ProcessRef executor;
  {
    pg::LwGuard guard(pg::lock_tasks(database_index));
    WorkerSlot* idle = find_idle(entry);
    if (idle == nullptr || idle->awake) return;
    idle->awake = true;
    idle->expects_until_us = pg::monotonic_us() + kSoonUs;
    executor = idle->process;
  }
  pg::wake(executor);
}

bool lone_task(int database_index) noexcept { return tasks_in_use(database_index) <= 1; }

std::optional<TaskOutcome> TaskHandle::poll() {
  if (index_ < 0) return std::nullopt;
  Task& task = shared->tasks[index_];
  const int database_index = task.database_index;
  bool unserved = false;
  {
    pg::LwGuard guard(pg::lock_tasks(database_index), false);
    if (task.state == TaskState::queued) unserved = launcher_missing(task.queued_us);
    if (task.state != TaskState::done && !unserved) return std::nullopt;
  }
  if (unserved) {
    pg::LwGuard guard(pg::lock_tasks(database_index));
    locked::fail_queue_if_no_process(database_index);
    if (task.state != TaskState::done) return std::nullopt;
  }
  // Done: the response bytes are ours now.
  TaskOutcome outcome;
  outcome.queued_us = task.queued_us;
  outcome.started_us = task.started_us;
  outcome.finished_us = task.finished_us;
  pg::ProcessRef executor;
  if (task.no_worker != 0) {
    outcome.error = no_worker_error(task.no_worker);
  } else if (task.response_segment == 0) {
    outcome.ok = true;
    outcome.payload.assign(task.response, task.response_size);
  } else {
    pg::Segment segment = pg::attach_segment(task.response_segment);
    if (segment.data == nullptr) {
      outcome.error = no_worker_error(kExecutorGone);
    } else {
      outcome.ok = true;
      outcome.payload.assign(segment.data, task.response_size);
      pg::detach_segment(segment);
    }
    // The executor keeps the segment until the slot is released.
    if (task.slot >= 0) executor = shared->databases[database_index].slots[task.slot].process;
  }
  {
    pg::LwGuard guard(pg::lock_tasks(database_index));
    locked::free_task(index_);
  }
  if (executor.pid != 0) pg::wake(executor);
  pg::detach_segment(request_);
  index_ = -1;
  return outcome;
}

void TaskHandle::cancel() noexcept {
  if (index_ < 0) return;
  const int index = std::exchange(index_, -1);
  Task& task = shared->tasks[index];
  const int database_index = task.database_index;
  DatabaseEntry& entry = shared->databases[database_index];
  bool supervise = false;
  {
    pg::LwGuard guard(pg::lock_tasks(database_index));
    if (task.id == id_ && task.state != TaskState::free) {
      switch (task.state) {
        case TaskState::queued:
          locked::remove_from_queue(database_index, index);
          locked::free_task(index);
          break;
        case TaskState::running: {
          task.abandoned = true;
          task.owner = {};
          entry.tasks_cancelled++;
          WorkerSlot& slot = entry.slots[task.slot];
          slot.cancel_task_id = id_;
          slot.cancelled_us = pg::monotonic_us();
          // Under the lock: the pid belongs to this slot's process, not to a successor.
          pg::signal_process(slot.process.pid, SIGINT);
          supervise = true;
          break;
        }
        default: locked::free_task(index);
      }
    }
  }
  if (supervise) wake_launcher();
  pg::detach_segment(request_);
}

}  // namespace pgops::runtime
