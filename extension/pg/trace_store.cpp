// extension/pg: settings, transactions and inserts of the trace writer. See trace_store.hpp.
//
// A batch is two statements, whatever its size: the documents travel as arrays. Rows go into the leaf
// partition itself, on which alone the role ops_writer has a right (INSERT).
#include "extension/pg/door.hpp"
#include "extension/pg/trace_store.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "pgstat.h"
#include "utils/array.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"
}

namespace pgops::pg::trace_store {

namespace {

struct Plans {
  SPIPlanPtr traces = nullptr;
  SPIPlanPtr tool_calls = nullptr;
};

std::map<std::string, Plans>& plans() {
  static std::map<std::string, Plans> kept;
  return kept;
}

std::string traces_statement(const std::string& suffix) {
  return "INSERT INTO ops.trace_p" + suffix +
         " (tenant_id, trace_id, parent_trace_id, plan_id, started_at, duration_ms, actor_role, actor_label, intent,"
         " route, status, error_code, severity, tools, doc)"
         " SELECT r.tenant_id, r.trace_id, (r.doc ->> 'parent_trace_id')::uuid, r.doc ->> 'plan_id',"
         " coalesce((r.doc ->> 'started_at')::timestamptz, r.started_at), (r.doc ->> 'duration_ms')::float8,"
         " coalesce(r.doc ->> 'actor_role', r.doc #>> '{actor,role}'), r.doc #>> '{actor,label}', r.doc ->> 'intent',"
         " r.doc ->> 'route', r.doc ->> 'status', r.doc #>> '{error,code}',"
         " coalesce(r.doc #>> '{error,severity}', r.doc #>> '{answer,severity}'),"
         " ARRAY(SELECT c.call ->> 'tool' FROM jsonb_array_elements(CASE jsonb_typeof(r.doc -> 'tool_calls')"
         " WHEN 'array' THEN r.doc -> 'tool_calls' ELSE '[]' END) WITH ORDINALITY AS c(call, position)"
         " WHERE c.call ->> 'tool' IS NOT NULL GROUP BY 1 ORDER BY min(c.position)),"
         " r.doc - 'tool_calls'"
         " FROM unnest($1, $2, $3, $4) AS r(tenant_id, trace_id, started_at, doc)";
}

std::string tool_calls_statement(const std::string& suffix) {
  return "INSERT INTO ops.tool_call_p" + suffix +
         " (tenant_id, trace_id, tool_call_id, plan_id, position, started_at, tool, status, error_code, duration_ms,"
         " doc)"
         " SELECT r.tenant_id, r.trace_id, (c.call ->> 'tool_call_id')::uuid,"
         " coalesce(c.call ->> 'plan_id', r.doc ->> 'plan_id', r.trace_id::text), c.position,"
         " coalesce((r.doc ->> 'started_at')::timestamptz, r.started_at)"
         " + coalesce((c.call ->> 'start_ms')::float8, 0) * interval '1 millisecond',"
         " c.call ->> 'tool', c.call ->> 'status', c.call ->> 'error_code', (c.call ->> 'duration_ms')::float8, c.call"
         " FROM unnest($1, $2, $3, $4) AS r(tenant_id, trace_id, started_at, doc)"
         " CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(r.doc -> 'tool_calls')"
         " WHEN 'array' THEN r.doc -> 'tool_calls' ELSE '[]' END) WITH ORDINALITY AS c(call, position)";
}

SPIPlanPtr prepare(const char* statement) {
  return call([=] {
    Oid types[] = {TEXTARRAYOID, UUIDARRAYOID, TIMESTAMPTZARRAYOID, JSONBARRAYOID};
    SPIPlanPtr made = SPI_prepare(statement, lengthof(types), types);
    if (made == nullptr) elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
    SPI_keepplan(made);
    return made;
  });
}

const Plans& plans_for(const std::string& suffix) {
  auto found = plans().find(suffix);
  if (found != plans().end()) return found->second;
  // Yesterday's are of no use for long.
  if (plans().size() >= 4) forget_plans();
  Plans made;
  made.traces = prepare(traces_statement(suffix).c_str());
  made.tool_calls = prepare(tool_calls_statement(suffix).c_str());
  return plans().emplace(suffix, made).first->second;
}

TimestampTz timestamp_of_unix_us(std::int64_t us) {
  return us - (static_cast<std::int64_t>(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY);
}

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
    if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  });
}

void commit() {
  call([] {
    SPI_finish();
    PopActiveSnapshot();
    CommitTransactionCommand();
  });
}

void rollback() noexcept {
  try {
    call([] { AbortCurrentTransaction(); });
  } catch (...) {
    // An abort that fails was escalated by the server already; what is left is cleaned by the next one.
  }
}

long flush_statistics() {
  return call([] { return pgstat_report_stat(false); });
}

// Rows do not nest: one frame is enough.
namespace {
pg::detail::SubtransactionFrame row_frame;
}  // namespace

void begin_row() { row_frame = pg::detail::begin_subtransaction(); }
void end_row() { pg::detail::release_subtransaction(row_frame); }
void rollback_row() noexcept { pg::detail::rollback_subtransaction(row_frame); }

void insert(const std::string& suffix, std::span<const Row> rows) {
  const Plans& prepared = plans_for(suffix);
  const Row* first = rows.data();
  const int count = static_cast<int>(rows.size());
  // Statements of one transaction see what earlier ones did; ours only insert, one snapshot serves all.
  call([=] {
    auto* tenants = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(count)));
    auto* ids = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(count)));
    auto* times = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(count)));
    auto* documents = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(count)));
    for (int i = 0; i < count; i++) {
      const Row& row = first[i];
      tenants[i] = PointerGetDatum(cstring_to_text_with_len(row.tenant.data(), static_cast<int>(row.tenant.size())));
      auto* id = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
      memcpy(id->data, row.trace_id->data(), UUID_LEN);
      ids[i] = UUIDPGetDatum(id);
      times[i] = TimestampTzGetDatum(timestamp_of_unix_us(row.started_us));
      // jsonb_in trusts the encoding; a zero byte would end the text early.
      pg_verifymbstr(row.document.data(), static_cast<int>(row.document.size()), false);
      char* text = pnstrdup(row.document.data(), row.document.size());
      documents[i] = DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
      pfree(text);
    }
    Datum values[4] = {
        PointerGetDatum(construct_array(tenants, count, TEXTOID, -1, false, TYPALIGN_INT)),
        PointerGetDatum(construct_array(ids, count, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR)),
        PointerGetDatum(construct_array(times, count, TIMESTAMPTZOID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)),
        PointerGetDatum(construct_array(documents, count, JSONBOID, -1, false, TYPALIGN_INT))};
    int code = SPI_execute_plan(prepared.traces, values, nullptr, false, 0);
    if (code < 0) elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(code));
    code = SPI_execute_plan(prepared.tool_calls, values, nullptr, false, 0);
    if (code < 0) elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(code));
  });
}

void forget_plans() noexcept {
  for (auto& [suffix, prepared] : plans()) {
    if (prepared.traces != nullptr) SPI_freeplan(prepared.traces);
    if (prepared.tool_calls != nullptr) SPI_freeplan(prepared.tool_calls);
  }
  plans().clear();
}

}  // namespace pgops::pg::trace_store
