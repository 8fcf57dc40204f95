// extension/trace: the writer's loop. See writer.hpp.
//
// Sleeps on its latch; nothing wakes it but tickets, maintenance that is due, and signals. Asleep is
// announced before the last look at the tickets: a caller either sees it, or its ticket is seen.
#include "extension/trace/writer.hpp"

#include <algorithm>

#include "extension/audit/sealer.hpp"
#include "extension/pg/bgworker.hpp"
#include "extension/pg/error.hpp"
#include "extension/pg/sync.hpp"
#include "extension/pg/trace_store.hpp"
#include "extension/runtime/patience.hpp"
#include "extension/runtime/worker_process.hpp"
#include "extension/trace/batch.hpp"
#include "extension/trace/maintenance.hpp"
#include "extension/trace/shared.hpp"

namespace pgops::trace {

namespace {

int own_index = -1;

void withdraw() {
  if (own_index < 0) return;
  WriterState& state = ring_of(own_index).writer();
  if (state.pid.load() == pg::this_process().pid) {
    state.pid.store(0);
    state.process.store(-1);
    state.asleep.store(0);
  }
  own_index = -1;
}

void announce(int database_index) {
  own_index = database_index;
  pg::at_process_exit(withdraw);
  WriterState& state = ring_of(database_index).writer();
  const pg::ProcessRef self = pg::this_process();
  state.asleep.store(0);
  state.process.store(self.procno);
  state.pid.store(self.pid);
}

// Waits until there may be something to do. A cancel of an idle writer means nothing.
void sleep(Ring& ring, std::int64_t timeout_ms) {
  WriterState& state = ring.writer();
  state.asleep.store(1, std::memory_order_seq_cst);
  if (!ring.any_ready()) {
    try {
      pg::report_idle();
      pg::wait_latch(static_cast<long>(timeout_ms), pg::WaitReason::idle);
    } catch (const pg::Error& error) {
      if (!error.is_cancel()) throw;
    }
  }
  state.asleep.store(0, std::memory_order_seq_cst);
}

// After an announcement: the ticket comes sooner than another sleep would end.
bool await_announced(Ring& ring) {
  static runtime::Patience patience;
  const std::int64_t soon = ring.writer().expects_until_us.exchange(0, std::memory_order_relaxed) - pg::monotonic_us();
  return soon > 0 && patience.await(soon, [&ring] { return ring.any_ready(); });
}

}  // namespace

void run_writer(std::int32_t argument) {
  const runtime::WorkerIdentity identity = runtime::begin_worker_process(argument, runtime::WorkerKind::writer);
  pg::trace_store::pin_settings();
  Ring ring = ring_of(identity.database_index);
  announce(identity.database_index);
  ring.recover();
  Maintenance maintenance;
  Batch batch(ring, identity.database_index, maintenance);
  audit::Sealer sealer(identity.database_index);
  for (;;) {
    if (pg::reload_if_asked()) sealer.settings_may_have_changed();
    if (sealer.overdue()) sealer.step();
    if (batch.collect()) {
      pg::report_activity("storing traces");
      ring.writer().batches.fetch_add(1);
      // Asked to stop while a lock is in the way: the tickets wait for the next writer.
      if (batch.store() && pg::stop_requested()) break;
      continue;
    }
    if (sealer.due_in_ms() == 0) {
      pg::report_activity("sealing the audit log");
      sealer.step();
      continue;
    }
    if (pg::stop_requested()) break;
    if (await_announced(ring)) continue;
    if (maintenance.due_in_ms() == 0) {
      pg::report_activity("preparing partitions and retention");
      maintenance.step();
      continue;
    }
    const long statistics_ms = pg::trace_store::flush_statistics();
    const std::int64_t timeout_ms = std::min<std::int64_t>(maintenance.due_in_ms(), sealer.due_in_ms());
    sleep(ring, statistics_ms > 0 ? std::min<std::int64_t>(timeout_ms, statistics_ms) : timeout_ms);
  }
}

}  // namespace pgops::trace
