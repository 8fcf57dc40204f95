// extension/entry: SQL functions of the guard.
#include "extension/pg/function.hpp"

#include "core/digest.hpp"
#include "extension/audit/notes.hpp"
#include "extension/pg/analysis/analysis.hpp"
#include "extension/pg/analysis/allowed.hpp"
#include "extension/pg/analysis/functions.hpp"
#include "extension/pg/analysis/verdict_cache.hpp"
#include "extension/pg/error.hpp"
#include "extension/pg/memory.hpp"
#include "extension/runtime/executor_client.hpp"
#include "extension/tenancy/identity.hpp"

namespace {

using pgops::Code;
using pgops::Json;
using pgops::pg::analysis::Verdict;
using pgops::pg::analysis::VerdictKey;

constexpr std::int64_t kCheckTimeoutMs = 10000;

// A statement that could not be judged is refused, never passed; and never remembered.
Verdict not_judged(const pgops::Error& error) {
  Verdict verdict;
  verdict.rule = error.code == Code::tool_timeout ? "analysis_timeout" : "analysis_resources";
  verdict.message = error.message;
  verdict.hint = error.hint;
  return verdict;
}

struct Judged {
  Json verdict;
  bool lasting = true;  // another attempt would say the same while nothing changes
};

Judged check_full(const std::string& sql, const VerdictKey& key) {
  pgops::pg::executor::Request request;
  request.kind = pgops::pg::executor::TaskKind::check;
  request.sql = sql;
  request.tenant = key.tenant;
  request.run_as = key.role;
  request.timeout_ms = kCheckTimeoutMs;
  request.label = "pg_ops check_sql";
  auto response = pgops::runtime::run_in_executor(request);
  pgops::Error error;
  if (!response) {
    error = response.error();
  } else if (!response->ok) {
    error = response->error;
  } else {
    return {response->details};
  }
  if (error.code == Code::tool_timeout || error.code == Code::result_too_large)
    return {not_judged(error).to_json(sql), false};
  throw pgops::Failure{error};
}

Judged check(const std::string& sql, const VerdictKey& key) {
  // The executor looks at the text first as well.
  if (key.level == "syntax") return {pgops::pg::analysis::check_syntax(sql, false).to_json(sql)};
  return check_full(sql, key);
}

}  // namespace

PGOPS_FUNCTION(pgops_check_sql) {
  const std::string sql = args.required_text(0, "sql");
  const std::string level = args.required_text(1, "level");
  if (level != "syntax" && level != "full") {
    pgops::pg::raise_sqlstate("22023", "level must be syntax or full", {},
                              "Level full also asks the server's catalogs.");
  }
  const auto identity = pgops::tenancy::resolve();
  if (!identity) throw pgops::Failure{identity.error()};
  if (const auto allowed = pgops::tenancy::require(*identity, pgops::tenancy::Access::operator_); !allowed) {
    throw pgops::Failure{allowed.error()};
  }
  constexpr std::size_t kMaxBytes = pgops::pg::analysis::kMaxStatementBytes;
  if (sql.size() > kMaxBytes) {  // whatever follows: it is refused unseen
    const std::string_view beginning = std::string_view(sql).substr(0, kMaxBytes + 1);
    return args.ret_jsonb(pgops::pg::analysis::check_syntax(beginning, false).to_json(beginning).dump());
  }
  const pgops::pg::analysis::CatalogMoment asked = pgops::pg::analysis::catalog_moment();
  const VerdictKey key = {sql, level, identity->tenant, pgops::pg::role_oid("ops_tool"), false};
  if (const auto known = pgops::pg::analysis::remembered_verdict(key, asked)) return *known;
  const Judged judged = check(sql, key);
  if (const Json& verdict = judged.verdict; !verdict["allowed"].as_bool()) {
    pgops::audit::note_refusal({.door = "check_sql",
                                .tool = {},
                                .tenant = identity->tenant,
                                .rule = verdict["rule"].text(),
                                .error_code = verdict["error_code"].text(),
                                .message = verdict["message"].text(),
                                .hint = verdict["hint"].text(),
                                .digest = pgops::sha256_hex(sql),
                                .trace_id = {}});
  }
  const Datum answer = args.ret_jsonb(judged.verdict.dump());
  if (judged.lasting) pgops::pg::analysis::remember_verdict(key, asked, answer);
  return answer;
}

PGOPS_FUNCTION(pgops_function_class) {
  const auto name = pgops::pg::analysis::function_class(*args.oid(0));
  return name ? args.ret_text(*name) : args.null();
}

PGOPS_FUNCTION(pgops_relation_class) {
  const auto name = pgops::pg::analysis::relation_class(*args.oid(0));
  return name ? args.ret_text(*name) : args.null();
}

PGOPS_FUNCTION(pgops_function_identity) {
  args.begin_rows();
  if (const auto function = args.oid(0)) {
    if (const auto found = pgops::pg::analysis::function_identity(*function)) {
      const std::optional<std::string> row[] = {found->schema, found->name,   found->arguments,
                                                found->owner,  found->digest, found->traits};
      args.row(row);
    }
  }
  return args.end_rows();
}

// What became of an entry of the list of allowed functions.
PGOPS_FUNCTION(pgops_allowed_function_state) {
  using namespace pgops::pg::analysis;
  args.begin_rows();
  const std::string schema = args.name(0).value_or("");
  const std::string name = args.name(1).value_or("");
  const std::string arguments = args.text(2).value_or("");
  const std::uint32_t function = find_function(schema, name, arguments);
  if (function == 0) {
    const std::optional<std::string> row[] = {"missing", "there is no such function",
                                              disallow_statement(schema, name, arguments)};
    args.row(row);
    return args.end_rows();
  }
  const AllowState state = pgops::pg::call([=] { return allow_state_in_server(function); });
  std::optional<std::string> changed;
  if (!state.allowed) changed = state.changed == nullptr ? "its record is damaged" : state.changed;
  const std::optional<std::string> row[] = {state.allowed ? "current" : "changed", changed,
                                            state.allowed ? std::nullopt : std::optional(allow_statement(function))};
  args.row(row);
  return args.end_rows();
}
