// extension/runtime: the launcher's loop: wanted -> starting, and cancel -> terminate -> give up.
//
// It never sends SIGKILL: that would restart the whole server. A process that reacts to nothing keeps its
// slot as `lost` and a replacement is started when needed.
#include "extension/runtime/launcher.hpp"

#include <array>
#include <csignal>
#include <map>
#include <memory>
#include <utility>

#include "extension/pg/bgworker.hpp"
#include "extension/pg/error.hpp"
#include "extension/pg/memory.hpp"
#include "extension/runtime/shared.hpp"
#include "extension/runtime/tasks.hpp"
#include "extension/runtime/worker_process.hpp"

namespace pgops::runtime {

namespace {

constexpr std::int64_t kTerminateAfterUs = 2'000'000;  // after the cancel
constexpr std::int64_t kGiveUpAfterUs = 7'000'000;
constexpr long kSuperviseMs = 250;

using HandleKey = std::pair<int, int>;
using Handles = std::map<HandleKey, std::unique_ptr<pg::WorkerHandle>>;

void start_failed(int database_index, int slot_index) {
  DatabaseEntry& entry = shared->databases[database_index];
  pg::LwGuard guard(pg::lock_tasks(database_index));
  WorkerSlot& slot = entry.slots[slot_index];
  if (slot.state != WorkerState::starting || slot.process.pid != 0) return;
  const WorkerKind kind = slot.kind;
  slot.state = WorkerState::empty;
  slot.kind = WorkerKind::none;
  entry.start_failures++;
  entry.start_failed_us = pg::monotonic_us();
  if (kind == WorkerKind::executor) locked::fail_queue_if_unserved(database_index);
}

void start_wanted(Handles& handles) {
  for (int d = 0; d < pg::kMaxDatabases; d++) {
    DatabaseEntry& entry = shared->databases[d];
    if (entry.database == 0) continue;
    for (int s = 0; s < kMaxWorkerSlots; s++) {
      WorkerKind kind = WorkerKind::none;
      {
        pg::LwGuard guard(pg::lock_tasks(d));
        WorkerSlot& slot = entry.slots[s];
        if (slot.state != WorkerState::wanted) continue;
        slot.state = WorkerState::starting;
        slot.process = {};
        kind = slot.kind;
      }
      const bool executor = kind == WorkerKind::executor;
      auto handle =
          pg::start_dynamic_worker(executor ? "pgops_executor_main" : "pgops_trace_writer_main",
                                   executor ? "pg_ops executor" : "pg_ops trace writer",
                                   executor ? "pg_ops executor" : "pg_ops trace writer", worker_argument(d, s));
      if (handle == nullptr) {
        start_failed(d, s);
        continue;
      }
      handles[{d, s}] = std::move(handle);
    }
  }
}

// A worker that ended before it took its slot leaves no trace but its handle.
void reap(Handles& handles) {
  for (auto it = handles.begin(); it != handles.end();) {
    const auto state = it->second->state(nullptr);
    if (state == pg::WorkerHandle::State::not_yet_started) {
      ++it;
      continue;
    }
    if (state == pg::WorkerHandle::State::stopped) {
      start_failed(it->first.first, it->first.second);
      it = handles.erase(it);
      continue;
    }
    // Started: from the moment it has taken the slot, the slot speaks for it.
    const WorkerSlot& slot = shared->databases[it->first.first].slots[it->first.second];
    if (slot.process.pid != 0 || slot.state != WorkerState::starting) {
      it = handles.erase(it);
    } else {
      ++it;
    }
  }
}

// True while some worker has been cancelled and still runs: then the loop keeps looking.
bool supervise() {
  bool watching = false;
  const std::int64_t now = pg::monotonic_us();
  for (int d = 0; d < pg::kMaxDatabases; d++) {
    DatabaseEntry& entry = shared->databases[d];
    if (entry.database == 0) continue;
    bool replace = false;
    {
      pg::LwGuard guard(pg::lock_tasks(d));
      for (WorkerSlot& slot : entry.slots) {
        if (slot.state == WorkerState::lost) {
          // Gone without running its exit callbacks is impossible short of a crash restart; only wait.
          continue;
        }
        if (slot.cancelled_us == 0 || slot.state != WorkerState::busy) continue;
        watching = true;
        const std::int64_t since = now - slot.cancelled_us;
        if (since > kTerminateAfterUs && slot.escalation == 0) {
          slot.escalation = 1;
          pg::signal_process(slot.process.pid, SIGTERM);
        } else if (since > kGiveUpAfterUs) {
          slot.state = WorkerState::lost;
          entry.workers_lost++;
          if (slot.task >= 0 && shared->tasks[slot.task].id == slot.task_id &&
              shared->tasks[slot.task].state == TaskState::running) {
            locked::fail_task(slot.task, kExecutorLost);
          }
          replace = locked::want_executors(d) || replace;
        }
      }
    }
    if (replace) watching = true;
  }
  return watching;
}

struct LauncherRegistration {
  LauncherRegistration() {
    shared->launcher = pg::this_process();
    shared->launcher_seen = true;
  }
  ~LauncherRegistration() { shared->launcher = {}; }
};

// What an earlier launcher was starting when it ended has no handle any more: whether it failed would
// never be known. Asked for again; of two processes for one slot the second one leaves.
void adopt_starting() {
  for (int d = 0; d < pg::kMaxDatabases; d++) {
    DatabaseEntry& entry = shared->databases[d];
    pg::LwGuard guard(pg::lock_tasks(d));
    for (WorkerSlot& slot : entry.slots) {
      if (slot.state == WorkerState::starting && slot.process.pid == 0) slot.state = WorkerState::wanted;
    }
  }
}

void launch_until_stopped() {
  const LauncherRegistration registration;
  adopt_starting();
  Handles handles;
  while (!pg::stop_requested()) {
    pg::reload_if_asked();
    start_wanted(handles);
    reap(handles);
    const bool watching = supervise();
    // With a worker coming up the postmaster's notification sets the latch; the timeout is a safety net.
    const long timeout = watching ? kSuperviseMs : (handles.empty() ? -1 : 1000);
    pg::wait_latch(timeout, pg::WaitReason::idle);
  }
}

}  // namespace

void run_launcher() {
  if (shared == nullptr) return;
  pg::begin_worker(pg::StopMode::finish_first);
  launch_until_stopped();
  // Exit code 0 would tell the postmaster never to start it again.
  pg::exit_process(1);
}

int stop_workers(int database_index) {
  constexpr std::int64_t kPatienceUs = 10'000'000;
  DatabaseEntry& entry = shared->databases[database_index];
  const std::int64_t give_up = pg::monotonic_us() + kPatienceUs;
  int stopped = 0;
  bool first = true;
  for (;;) {
    int alive = 0;
    {
      pg::LwGuard guard(pg::lock_tasks(database_index));
      entry.stopped = true;
      for (int t = locked::pop_queue(database_index); t >= 0; t = locked::pop_queue(database_index)) {
        locked::fail_task(t, kExecutorGone);
      }
      for (WorkerSlot& slot : entry.slots) {
        if (slot.state == WorkerState::wanted) {
          slot.state = WorkerState::empty;
          slot.kind = WorkerKind::none;
        }
        if (slot.state == WorkerState::empty) continue;
        alive++;
        if (first && slot.process.pid != 0) {
          stopped++;
          pg::signal_process(slot.process.pid, SIGTERM);
        }
      }
    }
    first = false;
    if (alive == 0) break;
    if (pg::monotonic_us() > give_up) {
      pg::raise(Code::internal_error, "a worker of this database did not stop", {}, "Look at ops.workers.");
    }
    pg::wait_latch(20, pg::WaitReason::startup);
  }
  release_entry(database_index, entry.database);
  return stopped;
}

}  // namespace pgops::runtime
