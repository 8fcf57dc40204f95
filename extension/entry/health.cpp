// extension/entry: ops.health(), ops.workers, ops.stop_workers().
#include "extension/pg/function.hpp"

#include "extension/ask/present.hpp"
#include "extension/audit/acts.hpp"
#include "extension/health/health.hpp"
#include "extension/pg/memory.hpp"
#include "extension/runtime/launcher.hpp"
#include "extension/runtime/shared.hpp"
#include "extension/tenancy/identity.hpp"
#include "extension/trace/handover.hpp"

namespace {

using Cell = std::optional<std::string>;

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

}  // namespace

PGOPS_FUNCTION(pgops_health) {
  args.begin_rows();
  for (const auto& row : pgops::health::report()) {
    const Cell cells[] = {row.component, row.state, row.detail, text_or_null(row.hint)};
    args.row(cells);
  }
  return args.end_rows();
}

PGOPS_FUNCTION(pgops_workers) {
  args.begin_rows();
  for (const auto& row : pgops::health::workers()) {
    const Cell cells[] = {row.database,
                          row.kind,
                          row.state,
                          row.pid == 0 ? Cell() : Cell(std::to_string(row.pid)),
                          std::to_string(row.generation),
                          text_or_null(row.run_as),
                          std::to_string(row.tasks_done),
                          row.started_wall_us == 0 ? Cell() : Cell(pgops::ask::iso_utc(row.started_wall_us)),
                          std::to_string(row.busy_ms),
                          row.cancelled ? "true" : "false"};
    args.row(cells);
  }
  return args.end_rows();
}

PGOPS_FUNCTION(pgops_claims) {
  const auto now = pgops::health::claims();
  pgops::trace::WriterHealth writer;
  if (pgops::runtime::shared != nullptr) {
    const int index = pgops::runtime::find_database(pgops::pg::database_oid());
    if (index >= 0) writer = pgops::trace::health(index);
  }
  args.begin_rows();
  const Cell cells[] = {std::to_string(now.tasks_used),   std::to_string(now.tasks_queued),
                        std::to_string(now.executors),    std::to_string(now.executors_busy),
                        std::to_string(writer.queued),    std::to_string(writer.slots_taken),
                        std::to_string(now.tasks_total),  std::to_string(now.tasks_cancelled),
                        std::to_string(now.workers_lost), std::to_string(now.start_failures)};
  args.row(cells);
  return args.end_rows();
}

// Ends the requests of every tenant of the database: no matter of one tenant's administrator.
PGOPS_FUNCTION(pgops_stop_workers) {
  if (pgops::runtime::shared == nullptr) return args.ret_int4(0);
  using namespace pgops::tenancy;
  if (auto allowed = administer(kSystemTenant, Administration::installation); !allowed) {
    throw pgops::Failure{allowed.error()};
  }
  if (pgops::pg::is_standby()) {
    pgops::pg::raise_sqlstate("25006", "cannot stop the workers on a standby: none run here", {},
                              "Connect to the primary and call it there.");
  }
  if (pgops::pg::is_read_only()) {  // before anything is stopped: it leaves a row in the audit log
    pgops::pg::raise_sqlstate("25006", "cannot stop the workers in a read-only transaction: the audit log records it",
                              {}, "BEGIN READ WRITE; SELECT ops.stop_workers(); COMMIT;");
  }
  const int index = pgops::runtime::find_database(pgops::pg::database_oid());
  const int stopped = index < 0 ? 0 : pgops::runtime::stop_workers(index);
  pgops::audit::record_stop_workers(stopped);
  return args.ret_int4(stopped);
}
