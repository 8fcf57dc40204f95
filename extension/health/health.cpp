// extension/health: see health.hpp.
#include "extension/health/health.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "core/version.hpp"
#include "extension/audit/notes.hpp"
#include "extension/pg/catalog_names.hpp"
#include "extension/pg/error.hpp"
#include "extension/pg/guc.hpp"
#include "extension/pg/memory.hpp"
#include "extension/pg/spi.hpp"
#include "extension/pg/sync.hpp"
#include "extension/pg/values.hpp"
#include "extension/runtime/shared.hpp"
#include "extension/runtime/worker_client.hpp"
#include "extension/trace/handover.hpp"

namespace pgops::health {

namespace {

constexpr std::int64_t kWorkerPatienceUs = 2'000'000;

using Rows = std::vector<Component>;

void add(Rows& rows, std::string component, const char* state, std::string detail, std::string hint = {}) {
  rows.push_back({std::move(component), state, std::move(detail), std::move(hint)});
}

void versions(Rows& rows) {
  const auto found = pg::spi::query("SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'pg_ops'");
  const std::string installed = found.empty() ? std::string("none") : found.rows[0][0].value_or("none");
  const std::string detail = "library " + std::string(kVersion) + ", objects " + installed + ", shared memory " +
                             std::to_string(runtime::shared->version) + ", server " + pg::server_version();
  if (installed != kVersion) {
    add(rows, "versions", "error", detail, "Run ALTER EXTENSION pg_ops UPDATE, or restart with the matching library.");
  } else if (runtime::shared->version != kShmemVersion) {
    add(rows, "versions", "error", detail, "Restart the server: its shared memory was made by another version.");
  } else {
    add(rows, "versions", "ok", detail);
  }
}

// One ping through this backend's connection.
void sidecar(Rows& rows) {
  runtime::WorkerClient& client = runtime::worker_client();
  const std::string path = pg::guc::worker_socket == nullptr ? "" : pg::guc::worker_socket;
  const std::string id = "health";
  const std::int64_t begun = pg::monotonic_us();  // the answer may be there before ping() returns
  const Status sent = client.ping(id);
  if (!sent) {
    add(rows, "worker", "error", sent.error().message + " (" + path + ")",
        "Start pg_ops_worker with this socket. SQL tools work without it; HTTP tools fail with UPSTREAM_UNAVAILABLE.");
    return;
  }
  std::string problem = "no answer within two seconds";
  for (;;) {
    for (const auto& [reply_id, reply] : client.pump()) {
      if (reply_id != id) continue;
      if (std::holds_alternative<protocol::Pong>(reply)) {
        char took[32];
        (void)std::snprintf(took, sizeof(took), "%.3f", static_cast<double>(pg::monotonic_us() - begun) / 1000.0);
        add(rows, "worker", "ok",
            "version " + client.worker_version() + ", pid " + std::to_string(client.worker_pid()) + ", answered in " +
                took + " ms");
        return;
      }
      if (const auto* failure = std::get_if<protocol::CallFailure>(&reply)) problem = failure->message;
    }
    const std::int64_t left = begun + kWorkerPatienceUs - pg::monotonic_us();
    if (left <= 0 || client.socket() < 0) break;
    (void)pg::wait_latch_or_socket(client.socket(), client.wants_write(), static_cast<long>(left / 1000 + 1),
                                   pg::WaitReason::worker);
  }
  client.cancel(id);
  add(rows, "worker", "error", problem, "Look at the log of pg_ops_worker.");
}

void executors(Rows& rows) {
  const Claims now = claims();
  const std::string detail = std::to_string(now.executors) + " of at most " + std::to_string(pg::guc::max_executors) +
                             " running, " + std::to_string(now.executors_busy) + " busy, " +
                             std::to_string(now.tasks_queued) + " tasks waiting, " + std::to_string(now.tasks_total) +
                             " tasks since start";
  if (now.workers_lost > 0) {
    add(rows, "executors", "warning", detail + ", " + std::to_string(now.workers_lost) + " lost",
        "ops.workers shows processes that did not react to termination.");
  } else {
    add(rows, "executors", "ok", detail);
  }
}

void worker_slots(Rows& rows) {
  const int have = std::atoi(pg::setting("max_worker_processes").c_str());
  const int parallel = std::atoi(pg::setting("max_parallel_workers").c_str());
  // Launcher, and for the databases served now (at least one) executors and a trace writer.
  int databases = 0;
  for (const auto& entry : runtime::shared->databases) databases += entry.database != 0 ? 1 : 0;
  const int own = 1 + std::max(1, databases) * (pg::guc::max_executors + 1);
  const Claims now = claims();
  const std::string detail =
      "max_worker_processes = " + std::to_string(have) + ", pg_ops may use " + std::to_string(own);
  if (now.start_failures > 0) {
    add(rows, "worker slots", "error", detail + ", " + std::to_string(now.start_failures) + " starts failed",
        "Set max_worker_processes to at least " + std::to_string(own + parallel) + " and restart the server.");
  } else if (have < own) {
    add(rows, "worker slots", "warning", detail,
        "Set max_worker_processes to at least " + std::to_string(own + parallel) + " and restart the server.");
  } else {
    add(rows, "worker slots", "ok", detail);
  }
}

void trace_writer(Rows& rows) {
  const int index = runtime::find_database(pg::database_oid());
  if (index < 0) {
    add(rows, "trace writer", "ok", "starts with the first request of this database");
    return;
  }
  const trace::WriterHealth writer = trace::health(index);
  char age[32];
  (void)std::snprintf(age, sizeof(age), "%.1f", writer.oldest_age_ms);
  const std::string detail = std::to_string(writer.written) + " written in " + std::to_string(writer.batches) +
                             " batches, " + std::to_string(writer.queued) + " waiting (oldest " + age + " ms), " +
                             std::to_string(writer.failed) + " refused, " + std::to_string(writer.dropped) + " dropped";
  if (!writer.running) {
    add(rows, "trace writer", writer.queued > 0 ? "error" : "warning", "not running; " + detail,
        "It starts with the next request; if not, see worker slots.");
  } else if (writer.failed > 0 || writer.dropped > 0) {
    add(rows, "trace writer", "warning",
        detail + (writer.last_error.empty() ? "" : "; last error: " + writer.last_error),
        "Answers whose trace was refused carry \"trace_durable\": false.");
  } else {
    add(rows, "trace writer", "ok", "pid " + std::to_string(writer.pid) + ", " + detail);
  }
}

void audit_log(Rows& rows) {
  const int index = runtime::find_database(pg::database_oid());
  if (index < 0) {
    add(rows, "audit", "ok", "nothing was written since the server started");
    return;
  }
  const audit::QueueHealth log = audit::health(index);
  const std::string detail = (log.last_position == 0 ? std::string("nothing sealed since the server started")
                                                     : "sealed to position " + std::to_string(log.last_position)) +
                             ", " + std::to_string(log.stored) + " refusals kept, " + std::to_string(log.waiting) +
                             " waiting, " + std::to_string(log.dropped) + " lost, " + std::to_string(log.failures) +
                             " failures";
  if (log.dropped > 0) {
    add(rows, "audit", "warning", detail,
        "More was refused at once than is kept. The server log has the errors, if log_min_messages is error or lower.");
  } else if (log.failures > 0) {
    add(rows, "audit", "warning", detail, "The server log says why; ops.verify_audit() shows what is not sealed.");
  } else {
    add(rows, "audit", "ok", detail);
  }
}

void policies(Rows& rows) {
  const pg::spi::OwnerScope owner;
  const auto found = pg::spi::query("SELECT tenant, name, fields FROM ops._policies_not_enforced()");
  if (found.empty()) {
    add(rows, "policies", "ok", "every field of every published policy is enforced");
    return;
  }
  std::string text;
  for (const auto& row : found.rows) {
    if (!text.empty()) text += "; ";
    text += row[0].value_or("") + "." + row[1].value_or("") + ": " + row[2].value_or("");
  }
  add(rows, "policies", "warning", "stored but not enforced by this version: " + text,
      "Do not rely on these fields yet.");
}

const char* state_name(runtime::WorkerState state) noexcept {
  switch (state) {
    case runtime::WorkerState::empty: return "empty";
    case runtime::WorkerState::wanted: return "wanted";
    case runtime::WorkerState::starting: return "starting";
    case runtime::WorkerState::idle: return "idle";
    case runtime::WorkerState::busy: return "busy";
    case runtime::WorkerState::stopping: return "stopping";
    case runtime::WorkerState::lost: return "lost";
  }
  return "empty";
}

}  // namespace

std::vector<Component> report() {
  Rows rows;
  if (runtime::shared == nullptr) {
    add(rows, "preload", "error", "pg_ops is not in shared_preload_libraries",
        "Add it in postgresql.conf and restart the server.");
    return rows;
  }
  add(rows, "preload", "ok", "loaded at server start");
  versions(rows);
  add(rows, "requests", pg::guc::enabled ? "ok" : "warning",
      pg::guc::enabled ? "answered" : "refused: pg_ops.enabled is off",
      pg::guc::enabled ? "" : "Set pg_ops.enabled = on and reload.");
  if (pg::is_standby()) {
    add(rows, "server", "warning", "a standby: requests are refused here", "Ask the primary.");
  }
  if (runtime::shared->launcher.pid == 0) {
    add(rows, "launcher", "error", "not running", "It restarts by itself; else look at the server log.");
  } else {
    add(rows, "launcher", "ok", "pid " + std::to_string(runtime::shared->launcher.pid));
  }
  worker_slots(rows);
  executors(rows);
  trace_writer(rows);
  audit_log(rows);
  sidecar(rows);
  policies(rows);
  add(rows, "sealing key", "warning", "this version stores no secrets",
      "A {{secret:name}} in a tool fails with AUTH_FAILED.");
  add(rows, "scheduler", "warning", "this version runs no schedules; pg_ops.databases has no effect yet");
  return rows;
}

std::vector<WorkerRow> workers() {
  std::vector<WorkerRow> rows;
  if (runtime::shared == nullptr) return rows;
  const std::int64_t now = pg::monotonic_us();
  const std::int64_t wall = pg::wall_clock_us();
  for (int d = 0; d < pg::kMaxDatabases; d++) {
    const runtime::DatabaseEntry& entry = runtime::shared->databases[d];
    if (entry.database == 0) continue;
    std::vector<runtime::WorkerSlot> slots;
    {
      const pg::LwGuard guard(pg::lock_tasks(d), false);
      slots.assign(entry.slots, entry.slots + runtime::kMaxWorkerSlots);
    }
    const std::string database = pg::database_name_of(entry.database);
    for (const runtime::WorkerSlot& slot : slots) {
      if (slot.state == runtime::WorkerState::empty) continue;
      const bool running = slot.task >= 0;
      rows.push_back({database, slot.kind == runtime::WorkerKind::writer ? "trace writer" : "executor",
                      state_name(slot.state), slot.process.pid, slot.generation,
                      running ? pg::role_name_of(slot.run_as) : std::string(), slot.tasks_done,
                      slot.started_us == 0 ? 0 : wall - (now - slot.started_us),
                      running ? static_cast<double>(now - slot.busy_since_us) / 1000.0 : 0.0, slot.cancelled_us != 0});
    }
  }
  return rows;
}

Claims claims() {
  Claims out;
  if (runtime::shared == nullptr) return out;
  const int index = runtime::find_database(pg::database_oid());
  if (index < 0) return out;
  const pg::LwGuard guard(pg::lock_tasks(index), false);
  const runtime::DatabaseEntry& entry = runtime::shared->databases[index];
  const int first = runtime::shared->first_task[index];
  for (int t = first; t < first + runtime::shared->tasks_per_database; t++) {
    if (runtime::shared->tasks[t].state != runtime::TaskState::free) out.tasks_used++;
  }
  for (const runtime::WorkerSlot& slot : entry.slots) {
    if (slot.kind != runtime::WorkerKind::executor || slot.state == runtime::WorkerState::empty) continue;
    out.executors++;
    if (slot.task >= 0) out.executors_busy++;
  }
  out.tasks_queued = entry.queue_length;
  out.tasks_total = entry.tasks_total;
  out.tasks_cancelled = entry.tasks_cancelled;
  out.workers_lost = entry.workers_lost;
  out.start_failures = entry.start_failures;
  return out;
}

}  // namespace pgops::health
