// extension/runtime: taking and leaving a worker slot. See worker_process.hpp.
#include "extension/runtime/worker_process.hpp"

#include "extension/pg/bgworker.hpp"
#include "extension/runtime/tasks.hpp"

namespace pgops::runtime {

namespace {

int own_database = -1;
int own_slot = -1;

// Every way out of the process ends here: nothing of ours stays claimed. Never throws.
void leave_slot() {
  if (own_slot < 0) return;
  DatabaseEntry& entry = shared->databases[own_database];
  bool launcher_needed = false;
  {
    pg::LwGuard guard(pg::lock_tasks(own_database));
    WorkerSlot& slot = entry.slots[own_slot];
    const WorkerKind kind = slot.kind;
    const bool never_ready = slot.state == WorkerState::starting;
    if (slot.task >= 0) {
      const Task& task = shared->tasks[slot.task];
      if (task.id == slot.task_id && task.state == TaskState::running && task.slot == own_slot) {
        locked::fail_task(slot.task, kExecutorGone);
      }
    }
    if (never_ready) {
      entry.start_failures++;
      entry.start_failed_us = pg::monotonic_us();
    }
    const std::uint32_t generation = slot.generation;
    slot = WorkerSlot{};
    slot.task = -1;
    slot.generation = generation;
    if (kind == WorkerKind::writer && entry.writer.pid == pg::this_process().pid) entry.writer = {};
    if (kind == WorkerKind::executor) {
      // A process that cannot even start would be asked for again and again: then fail what waits.
      if (never_ready) {
        locked::fail_queue_if_unserved(own_database);
      } else if (entry.queue_length > 0) {
        launcher_needed = locked::want_executors(own_database);
      }
    }
  }
  own_slot = -1;
  if (launcher_needed) wake_launcher();
}

}  // namespace

WorkerIdentity begin_worker_process(std::int32_t argument, WorkerKind kind) {
  const WorkerIdentity identity = worker_identity(argument);
  if (shared == nullptr || identity.database_index >= pg::kMaxDatabases || identity.slot >= kMaxWorkerSlots) {
    pg::exit_process(0);
  }
  DatabaseEntry& entry = shared->databases[identity.database_index];
  std::uint32_t database = 0;
  std::uint32_t role = 0;
  {
    pg::LwGuard guard(pg::lock_tasks(identity.database_index));
    WorkerSlot& slot = entry.slots[identity.slot];
    if (slot.kind == kind && slot.state == WorkerState::starting && slot.process.pid == 0 && !entry.stopped) {
      database = entry.database;
      role = kind == WorkerKind::executor ? entry.executor_role : entry.writer_role;
      slot.process = pg::this_process();
      slot.generation++;
      slot.task = -1;
      slot.task_id = 0;
      slot.started_us = pg::monotonic_us();
      own_database = identity.database_index;
      own_slot = identity.slot;
    }
  }
  if (database == 0) pg::exit_process(0);
  pg::at_process_exit(leave_slot);
  pg::begin_worker(kind == WorkerKind::writer ? pg::StopMode::finish_first : pg::StopMode::at_once);
  pg::connect_worker(database, role);
  {
    pg::LwGuard guard(pg::lock_tasks(identity.database_index));
    entry.slots[identity.slot].state = kind == WorkerKind::executor ? WorkerState::busy : WorkerState::idle;
    if (kind == WorkerKind::writer) entry.writer = pg::this_process();
  }
  return identity;
}

}  // namespace pgops::runtime
