// extension/registry: playbooks. See playbooks.hpp.
#include "extension/registry/playbooks.hpp"

#include <utility>

#include "core/utf8.hpp"
#include "extension/pg/guc.hpp"

namespace pgops::registry {

namespace {

class PlaybookJudge {
 public:
  PlaybookJudge(const AssetRef& asset, Level level, Report& report) : asset_(asset), level_(level), report_(report) {}

  void run() {
    std::vector<Problem> problems;
    const playbook::Playbook read = playbook::read(report_.spec, problems);
    report_.title = std::string(utf8_truncate(read.title, 120));
    for (Problem& problem : problems) error("PLAYBOOK_SPEC", problem.path, problem.message, problem.hint);
    if (!problems.empty() || level_ == Level::shape) return;
    if (read.steps.size() > static_cast<std::size_t>(pg::guc::max_calls)) {
      error("TOO_MANY_CALLS", "$.calls", "has more calls than pg_ops.max_calls allows");
    }
    for (std::size_t i = 0; i < read.steps.size(); ++i) step(read.steps[i], "$.calls[" + std::to_string(i) + "]");
    if (read.examples.size() < kGoodExamples) {
      finding(false, "FEW_EXAMPLES", "$.examples", "has " + std::to_string(read.examples.size()) + " example questions",
              "Questions find a playbook by its examples.");
    }
  }

 private:
  void finding(bool is_error, std::string code, std::string path, std::string message, std::string hint) {
    report_.findings.push_back({is_error, std::move(code), std::move(path), std::move(message), std::move(hint)});
  }
  void error(std::string code, std::string path, std::string message, std::string hint = {}) {
    finding(true, std::move(code), std::move(path), std::move(message), std::move(hint));
  }
  // A draft may wait for a tool that is still to be published.
  void later(std::string code, std::string path, std::string message, std::string hint = {}) {
    finding(level_ == Level::full, std::move(code), std::move(path), std::move(message), std::move(hint));
  }

  void step(const playbook::Step& step, const std::string& place) {
    const auto found = pg::spi::query(
        "SELECT v.spec FROM ops.asset_store a JOIN ops.asset_version_store v"
        "   ON v.tenant_id = a.tenant_id AND v.kind = a.kind AND v.name = a.name AND v.version = a.current_version"
        " WHERE a.kind = 'tool' AND a.name = $2 AND a.deleted_at IS NULL"
        "   AND (a.tenant_id = $1 OR (a.tenant_id = 'system' AND a.shared))"
        " ORDER BY a.tenant_id = $1 DESC LIMIT 1",
        {pg::spi::text(asset_.tenant), pg::spi::text(step.tool)});
    if (found.empty()) {
      later("UNKNOWN_TOOL", place + ".tool",
            "there is no published tool \"" + std::string(utf8_truncate(step.tool, 80)) + "\"",
            "View ops.capabilities lists the tools.");
      return;
    }
    std::vector<Problem> problems;
    const auto spec = Json::parse(found.rows.front()[0].value_or("null"));
    const Tool tool = spec ? read_tool(*spec, problems) : Tool{};
    if (!spec || !problems.empty()) return later("UNKNOWN_TOOL", place + ".tool", "the published tool cannot be read");
    if (!tool.read_only) return error("WRITES", place + ".tool", "a playbook only reads, and this tool writes");
    if (tool.direct) return error("WRITES", place + ".tool", "runs statements that its caller writes");
    if (tool.input_schema) arguments(step, *tool.input_schema, place);
  }

  void arguments(const playbook::Step& step, const Schema& schema, const std::string& place) {
    Json fixed = Json::object();
    const auto taken = playbook::arguments_of(step);
    for (const auto& [name, value] : step.args.members()) {
      if (schema.property(name) == nullptr) {
        later("ARGUMENT", path_member(place + ".args", name), "is no argument of the tool");
      } else if (value.find("$arg") == nullptr) {
        fixed.set(name, value);
      }
    }
    for (const PropertyInfo& property : schema.properties()) {
      if (property.required && !property.default_value && step.args.find(property.name) == nullptr) {
        later("ARGUMENT", place + ".args", "lacks " + property.name + ", which the tool needs");
      }
    }
    if (!taken.empty()) return;  // their values are checked when they are known
    schema.apply_defaults(fixed);
    for (const Problem& problem : schema.validate(fixed)) {
      later("ARGUMENT", place + ".args" + problem.path.substr(1), problem.message, problem.hint);
    }
  }

  const AssetRef& asset_;
  Level level_;
  Report& report_;
};

}  // namespace

Playbooks make_playbooks(const std::vector<pg::spi::Row>& rows) {
  Playbooks out;
  for (const auto& row : rows) {
    const auto spec = Json::parse(row[4].value_or("null"));
    std::vector<Problem> problems;
    if (!spec) continue;
    playbook::Playbook one = playbook::read(*spec, problems);
    if (!problems.empty()) continue;
    one.tenant = row[0].value_or("");
    one.name = row[1].value_or("");
    one.version = static_cast<int>(std::stol(row[2].value_or("0")));
    if (const Json& deprecated = (*spec)["deprecated"]; deprecated.is_string() || deprecated.as_bool()) continue;
    out.try_emplace(one.name, std::move(one));
  }
  return out;
}

retrieval::ToolDoc document_of(const playbook::Playbook& playbook) {
  retrieval::ToolDoc doc;
  doc.tenant = playbook.tenant;
  doc.name = std::string(playbook::kPrefix) + playbook.name;
  doc.version = playbook.version;
  doc.title = playbook.title;
  doc.description = playbook.description;
  doc.capabilities = playbook.capabilities;
  doc.examples = playbook.examples;
  doc.vocabulary = playbook.vocabulary;
  doc.input_schema = playbook.input_schema;
  return doc;
}

void judge_playbook(const AssetRef& asset, Level level, Report& report) { PlaybookJudge(asset, level, report).run(); }

}  // namespace pgops::registry
