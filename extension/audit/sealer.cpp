// extension/audit: notes, settings and seals in transactions of the trace writer's. See sealer.hpp.
//
// Which rows are new: those without a seal, written by a transaction not older than the oldest one running
// at the last look (everything older was visible then, or never will be). The first look of a process
// compares the whole tables.
#include "extension/audit/sealer.hpp"

#include <algorithm>
#include <exception>
#include <vector>

#include "core/audit_chain.hpp"
#include "core/json.hpp"
#include "extension/audit/columns.hpp"
#include "extension/audit/notes.hpp"
#include "extension/pg/error.hpp"
#include "extension/pg/spi.hpp"
#include "extension/pg/sync.hpp"
#include "extension/pg/trace_store.hpp"

namespace pgops::audit {

namespace {

namespace store = pg::trace_store;
using pg::spi::Access;

constexpr std::int64_t kPauseUs = 200'000;  // between rounds: a flood of refusals becomes few rows
constexpr std::int64_t kRetryUs = 5'000'000;
constexpr std::int64_t kLookUs = 300'000'000;  // what no notice told of, such as a COMMIT PREPARED
constexpr std::int64_t kOverdueUs = 1'000'000;
constexpr std::int64_t kReportUs = 60'000'000;
constexpr long kBatchRows = 500;

// One transaction; rolled back when `f` throws.
template <class F>
auto in_transaction(F&& f) {
  store::begin();
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
      f();
      store::commit();
    } else {
      auto result = f();
      store::commit();
      return result;
    }
  } catch (...) {
    store::rollback();
    throw;
  }
}

// Of equal attempts in one round one row stays, with their number. A refusal by the server names the function
// in its text alone; it counts only if the role may really not execute a function of ours of that name.
constexpr const char* kStoreDenials =
    "INSERT INTO ops.audit_store (tenant_id, audit_id, at, actor, login, action, kind, name, outcome, detail)"
    " SELECT d.tenant, pg_catalog.min(d.id)::pg_catalog.uuid, pg_catalog.min(d.at), d.actor, d.login,"
    " pg_catalog.regexp_replace(d.fn, '^(put|publish|rollback|delete|restore)_asset$', '\\1'),"
    " CASE d.fn WHEN 'use_schema' THEN 'schema' ELSE 'function' END,"
    " CASE d.fn WHEN 'use_schema' THEN 'ops' ELSE 'ops.' || d.fn END, 'denied',"
    " pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object("
    "'code', COALESCE(pg_catalog.substring(d.message, '^([A-Z_]+): '), 'PERMISSION_DENIED'),"
    " 'message', d.message, 'attempts', pg_catalog.count(*), 'statement', d.statement))"
    " FROM (SELECT n ->> 'id' AS id,"
    " '1970-01-01 00:00:00+00'::pg_catalog.timestamptz"
    " + (n ->> 'at_us')::pg_catalog.int8 * '1 microsecond'::pg_catalog.interval AS at,"
    " COALESCE(a.rolname, n ->> 'actor')::pg_catalog.name AS actor,"
    " COALESCE(l.rolname, n ->> 'login')::pg_catalog.name AS login,"
    " n ->> 'message' AS message, n ->> 'statement' AS statement,"
    " COALESCE((SELECT t.tenant_id FROM ops.tenant_store t"
    " WHERE t.tenant_id = pg_catalog.substring(n ->> 'message', 'tenant \"([^\"]+)\"')),"
    " (SELECT t.tenant_id FROM ops.tenant_store t WHERE t.tenant_id = n ->> 'tenant'), 'system') AS tenant,"
    " CASE n ->> 'function' WHEN 'schema_ops' THEN 'use_schema'"
    " WHEN '' THEN (SELECT p.proname::pg_catalog.text FROM pg_catalog.pg_proc p"
    " JOIN pg_catalog.pg_namespace s ON s.oid = p.pronamespace"
    " WHERE s.nspname = 'ops' AND n ->> 'message' ~ ('\\m' || p.proname || '\\M')"
    " AND NOT pg_catalog.has_function_privilege((n ->> 'actor')::pg_catalog.oid, p.oid, 'EXECUTE')"
    " ORDER BY pg_catalog.length(p.proname) DESC LIMIT 1)"
    " ELSE n ->> 'function' END AS fn"
    " FROM pg_catalog.jsonb_array_elements($1) n"
    " LEFT JOIN pg_catalog.pg_roles a ON a.oid = (n ->> 'actor')::pg_catalog.oid"
    " LEFT JOIN pg_catalog.pg_roles l ON l.oid = (n ->> 'login')::pg_catalog.oid"
    " WHERE n ->> 'note' = 'denied') d"
    " WHERE d.fn ~ '^[a-z][a-z0-9_]{0,62}$'"
    " GROUP BY d.tenant, d.actor, d.login, d.fn, d.message, d.statement"
    " ON CONFLICT (tenant_id, audit_id) DO NOTHING";

constexpr const char* kStoreRefusals =
    "INSERT INTO ops.guard_refusal_store AS g (tenant_id, door, tool, rule, object, actor, error_code, message,"
    " hint, refusals, first_at, last_at, last_trace_id, last_digest)"
    " SELECT r.tenant, r.door, r.tool, r.rule, r.object, r.actor,"
    " (pg_catalog.array_agg(r.code ORDER BY r.at DESC))[1], (pg_catalog.array_agg(r.message ORDER BY r.at DESC))[1],"
    " (pg_catalog.array_agg(r.hint ORDER BY r.at DESC))[1], pg_catalog.count(*), pg_catalog.min(r.at),"
    " pg_catalog.max(r.at), (pg_catalog.array_agg(r.trace_id ORDER BY r.at DESC))[1],"
    " (pg_catalog.array_agg(r.statement ORDER BY r.at DESC))[1]"
    " FROM (SELECT n ->> 'tenant' AS tenant, n ->> 'door' AS door, n ->> 'tool' AS tool, n ->> 'rule' AS rule,"
    " COALESCE(pg_catalog.substring(n ->> 'message', '^(?:relation|table|view|function) (.+?) (?:is |reads |was )'),"
    " pg_catalog.substring(n ->> 'message', '^(.+) cannot be protected'), '') AS object, COALESCE(a.rolname, n ->> 'actor')::pg_catalog.name AS actor, n ->> 'code' AS code,"
    " n ->> 'message' AS message, n ->> 'hint' AS hint, (n ->> 'trace_id')::pg_catalog.uuid AS trace_id,"
    " n ->> 'statement' AS statement, '1970-01-01 00:00:00+00'::pg_catalog.timestamptz"
    " + (n ->> 'at_us')::pg_catalog.int8 * '1 microsecond'::pg_catalog.interval AS at"
    " FROM pg_catalog.jsonb_array_elements($1) n"
    " LEFT JOIN pg_catalog.pg_roles a ON a.oid = (n ->> 'actor')::pg_catalog.oid"
    " WHERE n ->> 'note' = 'refusal') r"
    " GROUP BY r.tenant, r.door, r.tool, r.rule, r.object, r.actor"
    " ON CONFLICT (tenant_id, door, tool, rule, object, actor) DO UPDATE"
    " SET refusals = g.refusals + excluded.refusals, last_at = excluded.last_at, error_code = excluded.error_code,"
    " message = excluded.message, hint = excluded.hint, last_digest = excluded.last_digest,"
    " last_trace_id = COALESCE(excluded.last_trace_id, g.last_trace_id)";

constexpr const char* kForgetOldRefusals =
    "DELETE FROM ops.guard_refusal_store g WHERE g.last_at < pg_catalog.now() - '90 days'::pg_catalog.interval"
    " OR (g.tenant_id, g.last_at) IN (SELECT o.tenant_id, o.last_at FROM (SELECT x.tenant_id, x.last_at,"
    " pg_catalog.row_number() OVER (PARTITION BY x.tenant_id ORDER BY x.last_at DESC) AS place"
    " FROM ops.guard_refusal_store x) o WHERE o.place > 10000)";

// Who edited the server's configuration is not known to the server; that it changed is.
constexpr const char* kStoreSettings =
    "INSERT INTO ops.audit_store (tenant_id, actor, action, kind, name, detail)"
    " SELECT 'system', 'configuration', 'change_setting', 'setting', s.name,"
    " pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('old', COALESCE(o.value, s.boot_val), 'new', s.setting))"
    " FROM pg_catalog.pg_settings s"
    " LEFT JOIN LATERAL (SELECT a.detail ->> 'new' AS value FROM ops.audit_store a"
    " WHERE a.tenant_id = 'system' AND a.kind = 'setting' AND a.name = s.name ORDER BY a.at DESC LIMIT 1) o ON true"
    " WHERE s.name LIKE 'pg\\_ops.%' AND s.context IN ('postmaster', 'sighup')"
    " AND s.setting IS DISTINCT FROM COALESCE(o.value, s.boot_val)";

constexpr const char* kNewRows =
    "SELECT " PGOPS_AUDIT_FIELDS
    " FROM ops.audit_store a WHERE a.written_in >= ($1)::pg_catalog.xid8"
    " AND NOT EXISTS (SELECT 1 FROM ops.audit_seal_store s WHERE s.audit_id = a.audit_id AND s.audited_tenant = a.tenant_id)"
    " ORDER BY a.at, a.tenant_id, a.audit_id LIMIT 500";

constexpr const char* kStoreSeals =
    "INSERT INTO ops.audit_seal_store (chain_position, audited_tenant, audit_id, row_digest, chain_digest, sealed_at)"
    " SELECT (n ->> 0)::pg_catalog.int8, n ->> 1, (n ->> 2)::pg_catalog.uuid, n ->> 3, n ->> 4,"
    " (n ->> 5)::pg_catalog.timestamptz FROM pg_catalog.jsonb_array_elements($1) n";

}  // namespace

std::int64_t Sealer::due_in_ms() noexcept {
  const std::int64_t now = pg::monotonic_us();
  if (claim_wish(database_index_)) pending_ = true;
  const bool wanted = pending_ || look_at_settings_ || any_ready(database_index_);
  const std::int64_t at = wanted ? not_before_us_ : std::max(next_look_us_, not_before_us_);
  if (at > now) return (at - now) / 1000 + 1;
  if (due_since_us_ == 0) due_since_us_ = now;
  return 0;
}

bool Sealer::overdue() noexcept { return due_in_ms() == 0 && pg::monotonic_us() - due_since_us_ > kOverdueUs; }

void Sealer::store_notes() {
  const Taken taken = take(database_index_);
  if (taken.slots.empty()) return;
  Json notes = Json::array();
  for (const Json& note : taken.notes) notes.push_back(note);
  const std::string text = notes.dump();
  try {
    in_transaction([&] {
      (void)pg::spi::query(kStoreDenials, {pg::spi::jsonb(text)}, Access::write);
      (void)pg::spi::query(kStoreRefusals, {pg::spi::jsonb(text)}, Access::write);
    });
  } catch (const pg::Error& error) {
    // By the fault of a note: without it the next ones have a chance. By the server's: all stay.
    const std::string_view sort = std::string_view(error.sqlstate).substr(0, 2);
    if (sort == "22" || sort == "23") forget(database_index_, taken);
    throw;
  }
  forget(database_index_, taken);
  publish(database_index_, taken.notes.size(), false, 0);
  pending_ = true;
}

void Sealer::store_setting_changes() {
  const auto changed = in_transaction([] { return pg::spi::query(kStoreSettings, {}, Access::write).processed; });
  look_at_settings_ = false;
  if (changed > 0) pending_ = true;
}

bool Sealer::seal() {
  std::string head;
  std::size_t count = 0;
  std::string xmin;
  in_transaction([&] {
    // Taken before the rows are looked for: what is younger than this is looked for again.
    const auto horizon = pg::spi::query(
        "SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::pg_catalog.text,"
        " " PGOPS_AUDIT_TIME("pg_catalog.clock_timestamp()"),
        {}, Access::write);
    xmin = horizon.rows.at(0).at(0).value_or("0");
    const std::string now = horizon.rows.at(0).at(1).value_or("");
    const auto rows = pg::spi::query(kNewRows, {pg::spi::text(seen_xmin_)}, Access::write);
    count = rows.rows.size();
    if (count == 0) return;
    const auto last = pg::spi::query(
        "SELECT s.chain_position, s.chain_digest FROM ops.audit_seal_store s ORDER BY s.chain_position DESC LIMIT 1",
        {}, Access::write);
    std::int64_t position = 0;
    if (!last.empty()) {
      position = std::stoll(last.rows[0][0].value_or("0"));
      head = last.rows[0][1].value_or("");
    }
    Json seals = Json::array();
    for (const auto& row : rows.rows) {
      position++;
      const std::string row_digest = audit_chain::row_digest(row);
      head = audit_chain::chain_digest(position, now, row_digest, head);
      seals.push_back(Json::array({Json(position), Json(row[0].value_or("")), Json(row[1].value_or("")),
                                   Json(row_digest), Json(head), Json(now)}));
    }
    (void)pg::spi::query(kStoreSeals, {pg::spi::jsonb(seals.dump())}, Access::write);
    position_ = position;
  });
  if (count == 0) {
    seen_xmin_ = xmin;
    return false;
  }
  publish(database_index_, 0, false, position_);
  // Outside the database, where a superuser of the database alone cannot change it.
  pg::report(pg::LogLevel::log, "audit chain: position " + std::to_string(position_) + ", head " + head);
  return true;
}

bool Sealer::round() noexcept {
  try {
    store_notes();
    if (look_at_settings_) store_setting_changes();
    if (next_look_us_ <= pg::monotonic_us()) {
      in_transaction([] { (void)pg::spi::query(kForgetOldRefusals, {}, Access::write); });
    }
    while (seal()) {
    }
    return true;
  } catch (const pg::Error& error) {
    fail(error.sqlstate, error.message);
  } catch (const Failure& failure) {
    fail("XX000", failure.error.message);
  } catch (const std::exception& error) {
    fail("53200", error.what());
  } catch (...) {
    fail("XX000", "unknown exception");
  }
  return false;
}

void Sealer::step() noexcept {
  pending_ = false;
  due_since_us_ = 0;
  const bool done = round();
  const std::int64_t now = pg::monotonic_us();
  if (done) {
    next_look_us_ = now + kLookUs;
  } else {
    pending_ = true;
  }
  not_before_us_ = now + (done ? kPauseUs : kRetryUs);
}

void Sealer::fail(const std::string& sqlstate, const std::string& message) noexcept {
  publish(database_index_, 0, true, 0);
  const std::int64_t now = pg::monotonic_us();
  // The extension was dropped, or is being made: nothing to seal.
  if (sqlstate == "42P01" || sqlstate == "3F000") return;
  if (last_report_us_ != 0 && now - last_report_us_ < kReportUs) return;
  last_report_us_ = now;
  pg::report(pg::LogLevel::warning, "the audit log could not be sealed: " + sqlstate + ": " + message);
}

}  // namespace pgops::audit
