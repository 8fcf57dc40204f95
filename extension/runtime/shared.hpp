// extension/runtime: what backends, launcher, executors and trace writers share about work.
//
// Vocabulary
//   database entry  everything of one database: its worker slots, its queue. Claimed by the first ask.
//   worker slot     one background-worker process of ours (executor or writer) and what it is doing.
//   task            one statement for an executor: request, result, owner. Owned by the backend that
//                   submitted it until released; an abandoned one is freed by its executor.
// Locking: pg::lock_tasks(db) covers the entry, its slots, its queue and its tasks' state fields;
// pg::kLockDatabases covers claiming entries. Request bytes belong to the owner until queued, then to the
// executor; response bytes belong to the executor until `done`, then to the owner.
// Plain data only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "extension/pg/sync.hpp"

namespace pgops::runtime {

inline constexpr int kMaxWorkerSlots = 72;  // pg_ops.max_executors at its highest, the writer, some lost ones
inline constexpr std::size_t kInlineRequest = 6 * 1024;
inline constexpr std::size_t kInlineResponse = 10 * 1024;

enum class WorkerKind : std::uint8_t { none, executor, writer };

enum class WorkerState : std::uint8_t {
  empty,     // no process
  wanted,    // a process is asked for; the launcher will start it
  starting,  // registered, not ready yet
  idle,
  busy,
  stopping,
  lost,  // did not react to termination; keeps its slot until the process is gone
};

struct WorkerSlot {
  WorkerKind kind;
  WorkerState state;
  pg::ProcessRef process;
  std::uint32_t generation;  // a new one for every process in this slot
  std::int32_t task;         // index of the running task, -1 none
  std::uint64_t task_id;
  std::uint64_t cancel_task_id;  // SIGINT is meant for this task only
  std::uint32_t run_as;
  std::uint32_t tasks_done;
  std::int64_t started_us;  // monotonic
  std::int64_t busy_since_us;
  std::int64_t cancelled_us;  // 0: not cancelled; the supervisor escalates from here
  std::uint8_t escalation;    // 0 none, 1 terminated
  bool awake;                 // idle executor that looks at its state by itself: who gives it a task need not wake it
  std::int64_t expects_until_us;  // an announced task should be there by then
};

enum class TaskState : std::uint8_t { free, filling, queued, running, done };

struct Task {
  TaskState state;
  bool abandoned;  // the owner has gone: whoever runs it frees it
  std::uint64_t id;
  std::int32_t database_index;
  std::int32_t slot;  // worker slot running it, -1 none
  std::int32_t next;  // queue link, -1 end
  pg::ProcessRef owner;
  std::int64_t queued_us;
  std::int64_t started_us;
  std::int64_t finished_us;
  std::uint32_t run_as;
  std::uint8_t no_worker;  // done without having run: no process could be started
  std::uint32_t request_size;
  std::uint32_t request_segment;  // 0: inline
  std::uint64_t response_size;
  std::uint32_t response_segment;  // 0: inline
  char request[kInlineRequest];
  char response[kInlineResponse];
};

struct DatabaseEntry {
  std::uint32_t database;  // 0: free
  std::uint32_t executor_role;
  std::uint32_t writer_role;
  std::uint32_t owner_role;
  bool stopped;  // ops.stop_workers(): nothing is started until the next ask
  std::int32_t queue_head;
  std::int32_t queue_tail;
  std::int32_t queue_length;
  std::int32_t tasks_in_use;     // not free
  std::int64_t start_failed_us;  // last time a worker could not be started; 0 never
  std::uint64_t start_failures;
  std::uint64_t tasks_total;
  std::uint64_t tasks_cancelled;
  std::uint64_t workers_lost;
  pg::ProcessRef writer;  // {.., 0}: not running
  WorkerSlot slots[kMaxWorkerSlots];
};

struct Shared {
  std::uint32_t version;       // kShmemVersion
  pg::ProcessRef launcher;     // {.., 0}: not running
  bool launcher_seen;          // there has been one since the shared memory was made
  std::uint64_t next_task_id;  // under kLockDatabases' sibling lock of the task's database
  std::int32_t task_count;
  std::int32_t first_task[pg::kMaxDatabases];  // tasks are divided evenly among databases
  std::int32_t tasks_per_database;
  DatabaseEntry databases[pg::kMaxDatabases];
  Task tasks[1];  // task_count of them
};

// The structure; nullptr when the library was not preloaded.
extern Shared* shared;

// Registers the shared memory; from _PG_init.
void register_shared();

// The index of this database's entry, claiming one on first use and recording the roles its workers run
// as. Throws OVERLOADED when all entries are taken.
int enter_database();
// The same without claiming: -1 when this database has none.
int find_database(std::uint32_t database) noexcept;

// Makes the entry free for another database if it still is this one's and nothing runs or waits in it.
void release_entry(int index, std::uint32_t database);

// Asks the launcher to look at the entries.
void wake_launcher() noexcept;

// Whether nothing can be started that was asked for at `since_us`: there is no launcher although the
// postmaster has had the time to start it again. Without this every request would wait for its deadline.
bool launcher_missing(std::int64_t since_us) noexcept;

// Makes sure that a trace writer runs or is being started.
void want_writer(int database_index);

}  // namespace pgops::runtime
