// worker/lint: a report as text, as JSON and as SARIF 2.1.0 (OASIS), the form code scanning services take.
#include <algorithm>
#include <filesystem>

#include "core/json.hpp"
#include "core/version.hpp"
#include "worker/lint/lint.hpp"

namespace pgops::worker::lint {
namespace {

std::string count_of(std::size_t number, const char* noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

// A file's name on a terminal: whatever it holds, one line.
std::string printable(std::string name) {
  for (char& c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return name;
}

// File names and texts of the parser may be any bytes; JSON is UTF-8.
Json text_of(const std::string& text) {
  if (valid_utf8(text)) return text;
  std::string literal;
  append_json_string(literal, text);
  return *Json::parse(literal);
}

Json number(std::size_t value) { return Json(static_cast<std::uint64_t>(value)); }

Json text_object(const std::string& text) {
  Json out = Json::object();
  out.set("text", text_of(text));
  return out;
}

struct UsedRules {
  Json rules = Json::array();
  std::vector<std::string> ids;

  explicit UsedRules(const Report& report) {
    for (const Finding& finding : report.findings) {
      if (std::find(ids.begin(), ids.end(), finding.rule) == ids.end()) ids.push_back(finding.rule);
    }
    std::sort(ids.begin(), ids.end());
    for (const std::string& id : ids) {
      const auto& known = known_rules();
      const auto rule = std::find_if(known.begin(), known.end(), [&](const Rule& r) { return r.id == id; });
      Json out = Json::object();
      out.set("id", Json(id));
      out.set("shortDescription", text_object(rule == known.end() ? "Refused by the SQL guard." : rule->text));
      out.set("help", text_object(rule == known.end() ? "See the message." : rule->help));
      Json level = Json::object();
      level.set("level", Json("error"));
      out.set("defaultConfiguration", std::move(level));
      rules.push_back(std::move(out));
    }
  }

  std::size_t index(const std::string& id) const {
    return static_cast<std::size_t>(std::find(ids.begin(), ids.end(), id) - ids.begin());
  }
};

Json location_of(const Finding& finding) {
  Json artifact = Json::object();
  artifact.set("uri", Json(uri_of(finding.file)));
  Json region = Json::object();
  region.set("startLine", number(finding.begin.line));
  region.set("startColumn", number(finding.begin.column));
  region.set("endLine", number(finding.end.line));
  region.set("endColumn", number(finding.end.column));
  Json physical = Json::object();
  physical.set("artifactLocation", std::move(artifact));
  physical.set("region", std::move(region));
  Json location = Json::object();
  location.set("physicalLocation", std::move(physical));
  return location;
}

Json notification_of(const FileProblem& problem) {
  Json out = Json::object();
  out.set("level", Json("error"));
  out.set("message", text_object(problem.file + ": " + problem.message));
  return out;
}

}  // namespace

std::string uri_of(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::string shown = fs::path(path).lexically_normal().string();
  if (fs::path(path).is_absolute()) {
    const std::string below = fs::path(shown).lexically_relative(fs::current_path(error)).string();
    if (!error && !below.empty() && below != ".." && !below.starts_with("../")) shown = below;
  }
  std::string uri = shown.starts_with("/") ? "file://" : "";
  for (const char c : shown) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    if (plain) {
      uri += c;
      continue;
    }
    constexpr char kHex[] = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    uri += '%';
    uri += kHex[byte >> 4U];
    uri += kHex[byte & 15U];
  }
  return uri;
}

std::string as_text(const Report& report) {
  std::string out;
  for (const Finding& finding : report.findings) {
    out += printable(finding.file) + ":" + std::to_string(finding.begin.line) + ":" +
           std::to_string(finding.begin.column) + ": error " + finding.rule + ": " + finding.message + "\n";
    if (!finding.hint.empty()) out += "    " + finding.hint + "\n";
  }
  if (report.stopped) out += "stopped after so many findings; what comes after them was not looked at\n";
  out += count_of(report.findings.size(), "finding") + " in " + count_of(report.statements, "statement") + " of " +
         count_of(report.files, "file") + "\n";
  return out;
}

std::string as_json(const Report& report) {
  Json findings = Json::array();
  for (const Finding& finding : report.findings) {
    Json one = Json::object();
    one.set("file", text_of(finding.file));
    one.set("line", number(finding.begin.line));
    one.set("column", number(finding.begin.column));
    one.set("end_line", number(finding.end.line));
    one.set("end_column", number(finding.end.column));
    one.set("severity", Json("error"));
    one.set("rule", Json(finding.rule));
    one.set("message", text_of(finding.message));
    one.set("hint", finding.hint.empty() ? Json() : text_of(finding.hint));
    findings.push_back(std::move(one));
  }
  Json problems = Json::array();
  for (const FileProblem& problem : report.problems) {
    Json one = Json::object();
    one.set("file", text_of(problem.file));
    one.set("message", text_of(problem.message));
    problems.push_back(std::move(one));
  }
  Json out = Json::object();
  out.set("version", Json(kVersion));
  out.set("files", number(report.files));
  out.set("statements", number(report.statements));
  out.set("stopped", Json(report.stopped));
  out.set("findings", std::move(findings));
  out.set("problems", std::move(problems));
  return out.dump() + "\n";
}

std::string as_sarif(const Report& report) {
  const UsedRules used(report);
  Json results = Json::array();
  for (const Finding& finding : report.findings) {
    Json one = Json::object();
    one.set("ruleId", Json(finding.rule));
    one.set("ruleIndex", number(used.index(finding.rule)));
    one.set("level", Json("error"));
    one.set("message", text_object(finding.hint.empty() ? finding.message : finding.message + ". " + finding.hint));
    one.set("locations", Json::array({location_of(finding)}));
    results.push_back(std::move(one));
  }
  Json notifications = Json::array();
  for (const FileProblem& problem : report.problems) notifications.push_back(notification_of(problem));
  Json invocation = Json::object();
  invocation.set("executionSuccessful", Json(report.problems.empty()));
  invocation.set("toolExecutionNotifications", std::move(notifications));
  Json driver = Json::object();
  driver.set("name", Json("pg_ops_worker lint"));
  driver.set("version", Json(kVersion));
  driver.set("rules", used.rules);
  Json tool = Json::object();
  tool.set("driver", std::move(driver));
  Json run = Json::object();
  run.set("tool", std::move(tool));
  run.set("columnKind", Json("unicodeCodePoints"));
  run.set("invocations", Json::array({std::move(invocation)}));
  run.set("results", std::move(results));
  Json out = Json::object();
  out.set("$schema", Json("https://json.schemastore.org/sarif-2.1.0.json"));
  out.set("version", Json("2.1.0"));
  out.set("runs", Json::array({std::move(run)}));
  return out.dump() + "\n";
}

}  // namespace pgops::worker::lint
