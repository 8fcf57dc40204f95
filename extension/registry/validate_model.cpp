// extension/registry: judging models and resolvers. See validate_model.hpp.
#include "extension/registry/validate_model.hpp"

#include <algorithm>
#include <utility>

#include "core/model/sql.hpp"
#include "core/utf8.hpp"
#include "extension/pg/memory.hpp"
#include "extension/pg/spi.hpp"
#include "extension/pg/sync.hpp"
#include "extension/registry/models.hpp"
#include "extension/runtime/executor_client.hpp"

namespace pgops::registry {

namespace {

constexpr std::int64_t kDescribeTimeoutMs = 10'000;

class ModelJudge {
 public:
  ModelJudge(const AssetRef& asset, Level level, Report& report) : asset_(asset), level_(level), report_(report) {}

  void model() {
    std::vector<Problem> problems;
    model::Model m = model::read_model(asset_.name, report_.spec, problems);
    report_.title = std::string(utf8_truncate(m.title, 120));
    add(problems, "MODEL_SPEC");
    if (!problems.empty() || level_ == Level::shape) return;
    const auto others = published_models(asset_.tenant);
    problems.clear();
    model::bind(
        m,
        [&](std::string_view name) -> const model::Model* {
          const auto at = others.find(name);
          return at == others.end() ? nullptr : &at->second;
        },
        problems);
    for (Problem& p : problems) server_says("MODEL_SPEC", std::move(p.path), std::move(p.message), std::move(p.hint));
    if (!problems.empty()) return;
    if (const auto columns = described(model::probe_sql(m), "$.relation")) types(m, *columns);
    if (level_ == Level::full) {
      for (const model::Link& link : m.links) unique(link);
      const std::string policy(report_.spec["policy"].string_or("default_sql"));
      if (!in_force("policy", policy))
        error("NO_POLICY", "$.policy", "there is no published policy \"" + short_(policy) + "\"");
    }
    for (const model::Dimension& d : m.dimensions) {
      if (d.link == model::kNone && !d.resolver.empty() && !in_force("resolver", d.resolver)) {
        server_says("NO_RESOLVER", "$.dimensions." + d.name + ".resolver",
                    "there is no published resolver \"" + short_(d.resolver) + "\"",
                    "Make it with ops.create_resolver().");
      }
    }
    if (m.examples.size() < kGoodExamples) {
      warn("FEW_EXAMPLES", "$.examples", "has " + std::to_string(m.examples.size()) + " example questions",
           "They are shown to people whose question was not understood.");
    }
  }

  void resolver() {
    std::vector<Problem> problems;
    const Resolver r = read_resolver(asset_.name, report_.spec, problems);
    report_.title = std::string(utf8_truncate(report_.spec["description"].string_or(asset_.name), 120));
    add(problems, "RESOLVER_SPEC");
    if (!problems.empty() || level_ == Level::shape) return;
    const auto columns = described(r.query, "$.query");
    if (!columns) return;
    for (const char* wanted : {"id", "label"}) {
      if (type_of(*columns, wanted).empty())
        server_says("RESOLVER_SPEC", "$.query", "returns no column \"" + std::string(wanted) + "\"",
                    "A resolver returns id, label and, if there are any, aliases (text[]).");
    }
    if (const std::string type = type_of(*columns, "aliases"); !type.empty() && type != "text[]")
      server_says("RESOLVER_SPEC", "$.query", "its aliases are of type " + type, "Make them text[].");
  }

 private:
  static std::string short_(std::string_view text) { return std::string(utf8_truncate(text, 80)); }
  void error(std::string code, std::string path, std::string message, std::string hint = {}) {
    report_.findings.push_back({true, std::move(code), std::move(path), std::move(message), std::move(hint)});
  }
  void warn(std::string code, std::string path, std::string message, std::string hint = {}) {
    report_.findings.push_back({false, std::move(code), std::move(path), std::move(message), std::move(hint)});
  }
  void server_says(std::string code, std::string path, std::string message, std::string hint = {}) {
    report_.findings.push_back(
        {level_ == Level::full, std::move(code), std::move(path), std::move(message), std::move(hint)});
  }
  void add(const std::vector<Problem>& problems, const char* code) {
    for (const Problem& p : problems) error(code, p.path, p.message, p.hint);
  }

  bool in_force(const char* kind, std::string_view name) const {
    return !pg::spi::query(
                "SELECT 1 FROM ops.asset_store a"
                " WHERE a.kind = $2 AND a.name = $3 AND a.deleted_at IS NULL AND a.current_version IS NOT NULL"
                "   AND (a.tenant_id = $1 OR (a.tenant_id = 'system' AND a.shared))",
                {pg::spi::text(asset_.tenant), pg::spi::text(kind), pg::spi::text(name)})
                .empty();
  }

  static std::string type_of(const Json& columns, std::string_view name) {
    for (const Json& column : columns.items()) {
      if (column["name"].text() == name) return column["type"].text();
    }
    return {};
  }

  // The columns of a statement that the guard and the server accept; nullopt: the finding says why not.
  std::optional<Json> described(const std::string& sql, const char* path) {
    pg::executor::Request request;
    request.kind = pg::executor::TaskKind::describe;
    request.sql = sql;
    request.tenant = asset_.tenant;
    request.run_as = pg::role_oid("ops_tool");
    request.timeout_ms = kDescribeTimeoutMs;
    request.label = "pg_ops validation of " + asset_.kind + " " + asset_.name;
    if (!pg::shared_memory_ready()) {
      server_says("INTERNAL_ERROR", path, "cannot be judged: pg_ops is not preloaded",
                  "Set shared_preload_libraries = 'pg_ops' and restart the server.");
      return std::nullopt;
    }
    auto answer = runtime::run_in_executor(request);
    if (!answer) {
      server_says(std::string(to_string(answer.error().code)), path, "could not be judged: " + answer.error().message,
                  answer.error().hint);
      return std::nullopt;
    }
    if (answer->ok) return answer->details["columns"];
    std::string hint = answer->error.hint;
    if (answer->sqlstate == "42P01" || answer->sqlstate == "3F000" || answer->sqlstate == "42703") {
      hint += (hint.empty() ? "" : " ") +
              std::string("What was made in this very transaction is not visible yet: commit it first.");
    } else if (answer->sqlstate == "42501" && hint.empty()) {
      hint = "Grant SELECT on it to ops_tool.";
    }
    server_says(std::string(to_string(answer->error.code)), path, answer->error.message, std::move(hint));
    return std::nullopt;
  }

  void types(const model::Model& m, const Json& columns) {
    Json known = Json::object();
    for (std::size_t d = 0; d < m.dimensions.size(); ++d) {
      const model::Dimension& dimension = m.dimensions[d];
      if (dimension.link != model::kNone) continue;
      const std::string type = type_of(columns, dimension.name);
      known.set(dimension.name, type);
      const model::Type read = model::type_of(type);
      const bool temporal =
          read == model::Type::date || read == model::Type::timestamp || read == model::Type::timestamptz;
      if (d == m.time && !temporal)
        server_says("MODEL_SPEC", "$.time", "is of type " + type + ", not a time",
                    "Name a column of type timestamptz or date.");
    }
    for (const model::Measure& measure : m.measures) {
      const std::string type = type_of(columns, "measure." + measure.name);
      const model::Type read = model::type_of(type);
      if (read != model::Type::integer && read != model::Type::number)
        server_says("MODEL_SPEC", "$.measures." + measure.name, "is of type " + type + ", not a number");
    }
    // A stored version is never changed: what was put with other types stays so, and is judged again when published.
    if (level_ == Level::draft || report_.spec["types"].is_null()) report_.spec.set("types", std::move(known));
  }

  // A row of ours must never meet two of the other's: that would count it twice.
  void unique(const model::Link& link) {
    std::string columns;
    for (const auto& [own, other] : link.on) columns += (columns.empty() ? "{" : ",") + model::quote_identifier(other);
    const auto found = pg::spi::query(
        "SELECT 1 FROM pg_catalog.pg_index i"
        " JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = $1 AND c.relname = $3 AND i.indisunique AND i.indpred IS NULL AND i.indisvalid"
        "   AND NOT EXISTS (SELECT FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) k"
        "     LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k]"
        "     WHERE a.attname IS NULL OR (a.attname <> ALL ($2)"
        "       AND a.attname IS DISTINCT FROM (SELECT ops._tenant_column(i.indrelid, r.oid) FROM pg_catalog.pg_roles r"
        "                                        WHERE r.rolname = 'ops_tool')))"
        " LIMIT 1",
        {pg::spi::text(link.schema), {pg::spi::Type::text_array, columns + "}"}, pg::spi::text(link.table)});
    if (!found.empty()) return;
    error("MANY_TO_MANY", "$.links." + link.name + ".on", "the columns it joins are not unique in the other table",
          "Join on its primary key: a row that meets two of the other's would be counted twice.");
  }

  const AssetRef& asset_;
  Level level_;
  Report& report_;
};

}  // namespace

void judge_model(const AssetRef& asset, Level level, Report& report) { ModelJudge(asset, level, report).model(); }
void judge_resolver(const AssetRef& asset, Level level, Report& report) { ModelJudge(asset, level, report).resolver(); }

}  // namespace pgops::registry
