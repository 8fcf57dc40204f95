// extension/pg: settings and transactions of the trace writer. See trace_store.hpp; the rows are trace_insert.cpp's,
// the partitions trace_partitions.cpp's.
#include "extension/pg/door.hpp"
#include "extension/pg/trace_store.hpp"

#include "extension/pg/sync.hpp"

extern "C" {
#include "access/xact.h"
#include "executor/spi.h"
#include "pgstat.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"
}

namespace pgops::pg::trace_store {

namespace {

bool connected = false;  // to SPI, by begin_statements()

}  // namespace

void pin_settings() {
  call([] {
    static const struct {
      const char* name;
      const char* value;
    } pins[] = {{"search_path", "pg_catalog, pg_temp"},
                {"row_security", "on"},
                {"synchronous_commit", "local"},
                {"DateStyle", "ISO, YMD"},
                {"IntervalStyle", "iso_8601"},
                {"TimeZone", "UTC"},
                {"standard_conforming_strings", "on"},
                {"transform_null_equals", "off"},
                {"client_encoding", "UTF8"},
                {"lc_messages", "C"},
                {"statement_timeout", "0"},
                {"lock_timeout", "2s"},
                {"idle_in_transaction_session_timeout", "0"},
                {"default_transaction_read_only", "off"},
                {"default_transaction_isolation", "read committed"},
                {"default_transaction_deferrable", "off"},
                {"session_replication_role", "origin"},
                {"default_table_access_method", "heap"},
                {"default_tablespace", ""},
                {"plan_cache_mode", "force_generic_plan"},
                {"jit", "off"},
                {"max_parallel_workers_per_gather", "0"},
                {"log_min_error_statement", "panic"}};
    // Where the server has lz4, documents cost a fifth of the time to compress; elsewhere the default stays.
    (void)set_config_option("default_toast_compression", "lz4", PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SET, true, DEBUG5,
                            false);
    // lock_timeout is set for the session, not for ever: maintenance lowers it inside its transactions.
    for (const auto& pin : pins) {
      (void)set_config_option(pin.name, pin.value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SET, true, WARNING, false);
    }
  });
}

void begin() {
  call([] {
    SetCurrentStatementStartTimestamp();
    StartTransactionCommand();
    PushActiveSnapshot(GetTransactionSnapshot());
  });
}

void begin_statements() {
  begin();
  call([] {
    if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  });
  connected = true;
}

void commit() {
  const bool finish = connected;
  connected = false;
  call([finish] {
    if (finish) SPI_finish();
    PopActiveSnapshot();
    CommitTransactionCommand();
  });
}

void rollback() noexcept {
  connected = false;
  forget_partitions();
  try {
    call([] { AbortCurrentTransaction(); });
  } catch (...) {
    // An abort that fails was escalated by the server already; what is left is cleaned by the next one.
  }
}

// By itself the server looks at the clock of the last transaction, which stands still in an idle process.
long flush_statistics() {
  constexpr std::int64_t kLatestUs = 2'000'000;
  static std::int64_t due_us = 0;
  const std::int64_t now = monotonic_us();
  const bool overdue = due_us != 0 && now >= due_us;
  if (call([overdue] { return pgstat_report_stat(overdue); }) == 0) {
    due_us = 0;
    return 0;
  }
  if (due_us == 0) due_us = now + kLatestUs;
  return static_cast<long>((due_us - now) / 1000 + 1);
}

// Rows do not nest: one frame is enough.
namespace {
pg::detail::SubtransactionFrame row_frame;
}  // namespace

void begin_row() { row_frame = pg::detail::begin_subtransaction(); }
void end_row() { pg::detail::release_subtransaction(row_frame); }
void rollback_row() noexcept {
  forget_partitions();
  pg::detail::rollback_subtransaction(row_frame);
}

}  // namespace pgops::pg::trace_store
