// extension/registry: judging a spec. See validate.hpp.
#include "extension/registry/validate.hpp"

#include <algorithm>
#include <utility>

#include "core/digest.hpp"
#include "core/utf8.hpp"
#include "extension/audit/notes.hpp"
#include "extension/pg/memory.hpp"
#include "extension/pg/registry_events.hpp"
#include "extension/pg/spi.hpp"
#include "extension/pg/sync.hpp"
#include "extension/pg/values.hpp"
#include "extension/registry/derive.hpp"
#include "extension/registry/validate_model.hpp"
#include "extension/registry/playbooks.hpp"
#include "extension/runtime/executor_client.hpp"

namespace pgops::registry {

namespace {

constexpr std::int64_t kDescribeTimeoutMs = 10'000;
constexpr std::string_view kCommitFirst =
    "A table made in this very transaction is not visible yet: commit it first, the statement is judged in another process.";

bool asset_in_force(const std::string& tenant, const char* kind, std::string_view name) {
  return !pg::spi::query(
              "SELECT 1 FROM ops.asset_store a"
              " WHERE a.kind = $2 AND a.name = $3 AND a.deleted_at IS NULL AND a.current_version IS NOT NULL"
              "   AND (a.tenant_id = $1 OR (a.tenant_id = 'system' AND a.shared))",
              {pg::spi::text(tenant), pg::spi::text(kind), pg::spi::text(name)})
              .empty();
}

class Judge {
 public:
  Judge(const AssetRef& asset, Level level, Report& report) : asset_(asset), level_(level), report_(report) {}

  void policy() {
    std::vector<Problem> problems;
    const Policy read = read_policy(report_.spec, problems);
    add(std::move(problems), "POLICY_SPEC");
    report_.not_enforced = read.not_enforced;
    report_.title = title_of(report_.spec["description"].string_or(""));
    shared();
  }

  void tool() {
    std::vector<Problem> problems;
    const Tool read = read_tool(report_.spec, problems);
    add(std::move(problems), "TOOL_SPEC");
    report_.title = read.title;
    shared();
    if (asset_.name == kDirectTool && (asset_.tenant != tenancy::kSystemTenant || !read.direct)) {
      error("TOOL_SPEC", "$", "the name direct_query is reserved for the tool behind ops.query()",
            "Choose another name.");
    } else if (read.direct && asset_.name != kDirectTool) {
      error("TOOL_SPEC", "$.sql.direct", "is for the tool direct_query of tenant system only",
            "Operators have ops.query() and direct_query already.");
    }
    if (has_errors()) return;  // what follows would only repeat them
    if (read.type == ToolType::sql && !read.direct) {
      if (level_ != Level::shape) sql(read);
    } else if (read.type == ToolType::http) {
      http(read);
    }
    if (level_ == Level::full) references(read);
    if (read.examples.size() < kGoodExamples && !read.direct) {
      warn("FEW_EXAMPLES", "$.examples", "has " + std::to_string(read.examples.size()) + " example questions",
           "Questions find a tool by its examples; " + std::to_string(kGoodExamples) +
               " or more in different words work well.");
    }
  }

  void error(std::string code, std::string path, std::string message, std::string hint = {}) {
    report_.findings.push_back({true, std::move(code), std::move(path), std::move(message), std::move(hint)});
  }

 private:
  void warn(std::string code, std::string path, std::string message, std::string hint = {}) {
    report_.findings.push_back({false, std::move(code), std::move(path), std::move(message), std::move(hint)});
  }
  // What only the server can tell: a draft may wait for it.
  void server_says(std::string code, std::string path, std::string message, std::string hint = {}) {
    report_.findings.push_back(
        {level_ == Level::full, std::move(code), std::move(path), std::move(message), std::move(hint)});
  }
  void add(std::vector<Problem> problems, const char* code) {
    for (Problem& problem : problems)
      error(code, std::move(problem.path), std::move(problem.message), std::move(problem.hint));
  }
  bool has_errors() const {
    return std::any_of(report_.findings.begin(), report_.findings.end(), [](const Finding& f) { return f.is_error; });
  }
  static std::string title_of(std::string_view text) {
    return std::string(utf8_truncate(text.substr(0, text.find_first_of(".\n")), 120));
  }

  void shared() {
    if (report_.spec["shared"].as_bool() && asset_.tenant != tenancy::kSystemTenant) {
      warn("SHARED", "$.shared", "only assets of tenant system are shared with others");
    }
  }

  void sql(const Tool& read) {
    pg::RunAs role = pg::judge_run_as(read.run_as, asset_.tenant == tenancy::kSystemTenant);
    const bool other_role = role.oid == 0 || !role.refusal.empty();
    if (other_role) {
      server_says("RUN_AS", "$.run_as",
                  "a tool cannot run as \"" + std::string(utf8_truncate(read.run_as, 80)) + "\": " + role.refusal,
                  "Leave run_as out for ops_tool; an admin registers other roles with ops.allow_run_as().");
      // The statement is judged all the same, so that every problem is told at once.
      role.oid = pg::role_oid("ops_tool");
    }
    pg::executor::Request request;
    request.kind = pg::executor::TaskKind::describe;
    request.sql = read.spec["sql"]["query"].text();
    if (read.input_schema) request.parameter_types = parameter_types_of(read);
    request.tenant = asset_.tenant;
    request.run_as = role.oid;
    request.monitor = !other_role && asset_.tenant == tenancy::kSystemTenant && read.run_as == "ops_stats";
    request.timeout_ms = kDescribeTimeoutMs;
    request.label = "pg_ops validation of tool " + asset_.name;
    if (!pg::shared_memory_ready()) {
      server_says("INTERNAL_ERROR", "$.sql.query", "cannot be judged: pg_ops is not preloaded",
                  "Set shared_preload_libraries = 'pg_ops' and restart the server.");
      return;
    }
    auto answer = runtime::run_in_executor(request);
    if (!answer) {
      server_says(std::string(to_string(answer.error().code)), "$.sql.query",
                  "could not be judged: " + answer.error().message, answer.error().hint);
      return;
    }
    if (!answer->ok) {
      // As another role, grants and row security say nothing about the tool.
      if (!answer->rule.empty()) {
        audit::note_refusal({"publish",
                             asset_.name,
                             asset_.tenant,
                             answer->rule,
                             std::string(to_string(answer->error.code)),
                             answer->error.message,
                             answer->error.hint,
                             sha256_hex(request.sql),
                             {}});
      }
      if (!other_role || !answer->rule.empty()) refused(*answer);
      return;
    }
    described(read, answer->details);
  }

  void refused(const pg::executor::Response& answer) {
    std::string message = answer.error.message;
    if (answer.position > 0) message += " (at character " + std::to_string(answer.position) + ")";
    std::string hint = answer.error.hint;
    // Undefined table, schema, or column (added just now).
    if (answer.sqlstate == "42P01" || answer.sqlstate == "3F000" || answer.sqlstate == "42703") {
      hint += (hint.empty() ? "" : " ") + std::string(kCommitFirst);
    } else if (answer.sqlstate == "42501" && hint.empty()) {
      hint = "Grant SELECT on it to the role the tool runs as.";
    }
    server_says(std::string(to_string(answer.error.code)), "$.sql.query", std::move(message), std::move(hint));
  }

  void described(const Tool& read, const Json& details) {
    std::vector<std::string> used;
    for (const Json& parameter : details["parameters"].items()) used.emplace_back(parameter["name"].string_or(""));
    complete_schema(read, used, [&] { return derive_sql_schema(details["parameters"]); });
    if (details["columns"].size() == 0) server_says("TOOL_SPEC", "$.sql.query", "returns no columns");
    if (read.present) {
      std::vector<std::string> columns;
      for (const Json& column : details["columns"].items()) columns.emplace_back(column["name"].string_or(""));
      for (Problem& problem : unknown_mentions(*read.present, false, columns)) {
        server_says("UNKNOWN_COLUMN", std::move(problem.path), std::move(problem.message), std::move(problem.hint));
      }
      // A format for nothing is a slip of the pen, and harmless.
      for (const auto& [name, style] : report_.spec["present"]["columns"].members()) {
        const bool argument = report_.spec["input_schema"]["properties"].find(name) != nullptr;
        if (argument || std::find(columns.begin(), columns.end(), name) != columns.end()) continue;
        warn("UNKNOWN_COLUMN", path_member("$.present.columns", name), "is no column of the query and no argument");
      }
    }
    unknown_arguments(read);
  }

  void unknown_arguments(const Tool& read) {
    if (!read.present) return;
    std::vector<std::string> names;
    for (const auto& [name, property] : report_.spec["input_schema"]["properties"].members()) names.push_back(name);
    for (Problem& problem : unknown_mentions(*read.present, true, names)) {
      error("UNKNOWN_ARGUMENT", std::move(problem.path), std::move(problem.message), std::move(problem.hint));
    }
  }

  void http(const Tool& read) {
    complete_schema(read, http_arguments(report_.spec["http"]),
                    [&] { return derive_http_schema(report_.spec["http"]); });
    unknown_arguments(read);
    if (const Json& path = report_.spec["http"]["result"]; level_ != Level::shape && path.is_string()) {
      if (Status ok = pg::check_jsonpath(path.text()); !ok) error("TOOL_SPEC", "$.http.result", ok.error().message);
    }
  }

  // Without a schema: the derived one. With one: every argument must have an effect, or a question would
  // be answered as if what fills it had not been said.
  template <class Derive>
  void complete_schema(const Tool& read, const std::vector<std::string>& used, const Derive& derive) {
    if (!read.input_schema) {
      for (const std::string& name : used) {
        if (!valid_asset_name(name)) {
          error("TOOL_SPEC", read.type == ToolType::sql ? "$.sql.query" : "$.http",
                "\"" + std::string(utf8_truncate(name, 80)) + "\" cannot be the name of an argument",
                "Use lower-case letters, digits and underscores.");
        }
      }
      // A stored version is never changed: what was put without a schema stays without.
      report_.spec.set("input_schema", derive());
      return;
    }
    for (const PropertyInfo& property : read.input_schema->properties()) {
      if (std::find(used.begin(), used.end(), property.name) == used.end()) {
        error("UNUSED_ARGUMENT", path_member("$.input_schema.properties", property.name),
              "is declared but used nowhere in the " + std::string(read.type == ToolType::sql ? "query" : "call"),
              "Use it or leave it out: an argument without effect would make an answer wrong.");
      }
    }
  }

  void references(const Tool& read) {
    const std::string fallback = "default_" + std::string(report_.spec["type"].string_or(""));
    const std::string policy(report_.spec["policy"].string_or(fallback));
    if (!asset_in_force(asset_.tenant, "policy", policy)) {
      error("NO_POLICY", "$.policy", "there is no published policy \"" + std::string(utf8_truncate(policy, 80)) + "\"",
            "Without a policy a tool does not run; view ops.assets lists them.");
    }
    if (!read.fallback_tool.empty()) {
      if (read.fallback_tool == asset_.name) {
        error("FALLBACK", "$.fallback_tool", "is the tool itself");
      } else if (!asset_in_force(asset_.tenant, "tool", read.fallback_tool)) {
        error("FALLBACK", "$.fallback_tool",
              "there is no published tool \"" + std::string(utf8_truncate(read.fallback_tool, 80)) + "\"");
      }
    }
    for (const std::string& source : read.accepts_refs) {
      if (!asset_in_force(asset_.tenant, "tool", source)) {
        warn("UNKNOWN_TOOL", "$.accepts_refs",
             "there is no published tool \"" + std::string(utf8_truncate(source, 80)) + "\"");
      }
    }
    for (const std::string& role : read.roles) {
      if (pg::role_oid(role.c_str()) == 0) {
        warn("UNKNOWN_ROLE", "$.roles", "there is no role \"" + std::string(utf8_truncate(role, 80)) + "\"");
      }
    }
    if (const Json& source = report_.spec["source"]; source.is_string() && !source.text().empty()) {
      warn("SOURCE", "$.source", "has no effect: sources come with a later version");
    }
  }

  const AssetRef& asset_;
  Level level_;
  Report& report_;
};

}  // namespace

Json Report::to_json() const {
  Json list = Json::array();
  for (const Finding& finding : findings) {
    Json one = Json::object();
    one.set("severity", Json(finding.is_error ? "error" : "warning"));
    one.set("code", Json(finding.code));
    one.set("path", Json(finding.path));
    one.set("message", Json(finding.message));
    one.set("hint", finding.hint.empty() ? Json() : Json(finding.hint));
    list.push_back(std::move(one));
  }
  std::string fields;
  for (const std::string& field : not_enforced) fields += (fields.empty() ? "" : ", ") + field;
  Json out = Json::object();
  out.set("findings", std::move(list));
  out.set("spec", spec);
  out.set("digest", Json(digest));
  out.set("title", Json(title));
  out.set("not_enforced", fields.empty() ? Json() : Json(fields));
  return out;
}

Report judge(const AssetRef& asset, std::string_view spec_text, Level level) {
  Report report;
  Judge judge(asset, level, report);
  if (spec_text.size() > kMaxSpecBytes) {
    judge.error("TOO_LARGE", "$", "is longer than " + std::to_string(kMaxSpecBytes) + " bytes");
    return report;
  }
  JsonLimits limits;
  limits.max_depth = kMaxSpecDepth;
  auto parsed = Json::parse(spec_text, limits);
  if (!parsed) {
    judge.error("NOT_READABLE", "$", parsed.error().message, parsed.error().detail);
    return report;
  }
  report.spec = *std::move(parsed);
  if (asset.kind == "policy") {
    judge.policy();
  } else if (asset.kind == "model") {
    judge_model(asset, level, report);
  } else if (asset.kind == "resolver") {
    judge_resolver(asset, level, report);
  } else if (asset.kind == "playbook") {
    judge_playbook(asset, level, report);
  } else {
    judge.tool();
  }
  report.digest = "sha256:" + sha256_hex(report.spec.canonical());
  return report;
}

}  // namespace pgops::registry
