// tenancy: counting statements for ops.prove_isolation(). See isolation.hpp.
#include "extension/tenancy/isolation.hpp"

#include "extension/pg/catalog_names.hpp"
#include "extension/pg/executor/statement.hpp"
#include "extension/pg/identity.hpp"
#include "extension/runtime/executor_client.hpp"
#include "extension/tenancy/identity.hpp"

namespace pgops::tenancy {

namespace {

// Counting reads the whole relation; the caller can cancel before.
constexpr std::int64_t kTimeoutMs = 60'000;

std::string literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

// Names come quoted from the catalog, the tenants as literals: nothing of the statement is anybody's text.
std::string statement(const Probe& probe, const std::string& relation) {
  std::string sql = "SELECT pg_catalog.count(*) AS seen";
  if (probe.column) {
    const std::string value = "(" + pg::column_of(probe.relation, *probe.column).quoted + ")::pg_catalog.text";
    const auto count = [&](const char* op, const std::string& tenant, const char* name) {
      return ", pg_catalog.count(*) FILTER (WHERE " + value + " OPERATOR(pg_catalog." + op + ") " + literal(tenant) +
             ") AS " + name;
    };
    sql += count("=", probe.other, "of_other") + count("<>", probe.tenant, "foreign_rows");
  } else {
    sql += ", 0 AS of_other, 0 AS foreign_rows";
  }
  return sql + " FROM " + relation;
}

Status may_probe(const Probe& probe) {
  for (const std::string& tenant : {probe.tenant, probe.other}) {
    if (const auto allowed = administer(tenant, Administration::manage); !allowed) return allowed.error();
  }
  if (probe.as_tool) return Unit{};
  const std::uint32_t caller = pg::identity::outer_user();
  if (pg::identity::is_superuser(probe.role)) {
    return Error{Code::permission_denied,
                 "a superuser sees the rows of all tenants",
                 {},
                 "Name the role the application works as; it should be none."};
  }
  if (!pg::identity::has_privileges_of(caller, pg::role_name_of(probe.role).c_str())) {
    return Error{Code::permission_denied,
                 "only a member of role \"" + pg::role_name_of(probe.role) + "\" may look with its rights",
                 {},
                 {}};
  }
  return Unit{};
}

Json refusal(const Error& error, const std::string& rule = {}) {
  Json out = Json::object();
  out.set("code", Json(to_string(error.code)));
  out.set("rule", Json(rule));
  out.set("message", Json(error.message));
  out.set("hint", Json(error.hint));
  return out;
}

}  // namespace

Result<Json> count_rows(const Probe& probe) {
  if (auto allowed = may_probe(probe); !allowed) return allowed.error();
  const auto relation = pg::qualified_relation(probe.relation);
  if (!relation) return Error{Code::tool_error, "the relation does not exist any more", {}, {}};
  pg::executor::Request request;
  request.kind = probe.as_tool ? pg::executor::TaskKind::run : pg::executor::TaskKind::probe;
  request.sql = statement(probe, *relation);
  request.tenant = probe.tenant;
  request.run_as = probe.role;
  request.timeout_ms = kTimeoutMs;
  request.label = "pg_ops prove_isolation";
  const auto response = runtime::run_in_executor(request);
  if (!response) {
    // This relation could not be read now; the next one may.
    const Code code = response.error().code;
    if (code == Code::tool_error || code == Code::tool_timeout) return refusal(response.error());
    return response.error();
  }
  if (!response->ok) return refusal(response->error, response->rule);
  const auto result = Json::parse(response->result);
  if (!result) return result.error();
  if ((*result)["rows"].items().size() != 1) return Error{Code::internal_error, "a count has not one row", {}, {}};
  const Json& row = (*result)["rows"].items().front();
  Json out = Json::object();
  out.set("seen", row["seen"]);
  out.set("of_other", row["of_other"]);
  out.set("foreign", row["foreign_rows"]);
  return out;
}

}  // namespace pgops::tenancy
