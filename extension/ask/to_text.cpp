// extension/ask: text form of an answer, one line a row, like EXPLAIN. See to_text.hpp.
//
//   <summary>
//   <tables>
//   what failed, what was skipped
//   References, next actions, trace
#include "extension/ask/to_text.hpp"

#include <algorithm>
#include <utility>

#include "core/json.hpp"
#include "extension/ask/text_table.hpp"

namespace pgops::ask {

namespace {

constexpr std::size_t kMaxTableRows = 50;

std::string mark_of(std::string_view severity) {
  if (severity == "critical") return "[critical] ";
  if (severity == "attention") return "[attention] ";
  return {};
}

void add_text(std::vector<std::string>& lines, std::string_view text, const std::string& indent = {}) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(indent + printable(text.substr(0, end)));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

std::string args_text(const Json& args) {
  std::string out;
  for (const auto& [name, value] : args.members()) {
    if (!out.empty()) out += ", ";
    out += printable(name) + "=" + (value.is_string() ? printable(value.text()) : printable(value.dump()));
  }
  return out;
}

void add_block(std::vector<std::string>& lines, const Json& block) {
  const std::string_view type = block["type"].string_or("");
  if (type == "table" || type == "timeseries" || type == "chart") {
    const Json& columns = block["columns"];
    const Json& rows = block["rows"];
    if (columns.size() == 0 || rows.size() == 0) return;  // the summary said that there is nothing
    lines.emplace_back();
    if (const std::string_view title = block["title"].string_or(""); !title.empty()) lines.push_back(printable(title));
    for (std::string& line : render_table(columns, rows, kMaxTableRows)) lines.push_back(std::move(line));
  } else if (type == "number") {
    const Json& value = block["value"];
    lines.emplace_back();
    const std::string_view unit = block["unit"].string_or("");
    lines.push_back(printable(block["title"].string_or("")) + ": " +
                    printable(value.is_string() ? value.text() : value.dump()) +
                    (unit.empty() ? std::string() : " " + printable(unit)));
  } else if (type == "text" || type == "markdown") {
    lines.emplace_back();
    add_text(lines, block["text"].string_or(""));
  }
}

void add_failures(std::vector<std::string>& lines, const Json& answer) {
  if (answer["failed_tools"].size() + answer["skipped_tools"].size() == 0) return;
  lines.emplace_back();
  lines.emplace_back("Not answered");
  for (const Json& failed : answer["failed_tools"].items()) {
    lines.push_back("  failed: " + printable(failed["tool"].string_or("?")) + " (" +
                    printable(failed["error_code"].string_or("?")) + ") " + printable(failed["message"].string_or("")));
  }
  for (const Json& skipped : answer["skipped_tools"].items()) {
    lines.push_back("  skipped: " + printable(skipped["tool"].string_or("?")) + ", because a call before it failed");
  }
}

void add_references(std::vector<std::string>& lines, const Json& references) {
  if (references.size() == 0) return;
  lines.emplace_back();
  lines.emplace_back("References");
  for (const Json& one : references.items()) {
    std::string line = "  [" + one["ref"].text() + "] " + printable(one["tool"].string_or("?"));
    if (const std::string args = args_text(one["args"]); !args.empty()) line += " (" + args + ")";
    line += ", " + one["row_count"].text() + (one["row_count"].text() == "1" ? " row" : " rows");
    if (one["truncated"].as_bool()) line += ", truncated";
    if (const std::string_view as_of = one["as_of"].string_or(""); !as_of.empty())
      line += ", as of " + printable(as_of);
    lines.push_back(std::move(line));
  }
}

}  // namespace

std::vector<std::string> to_text(const Json& answer) {
  std::vector<std::string> lines;
  if (!answer.is_object()) {
    lines.emplace_back("this is no answer of pg_ops");
    return lines;
  }
  const Json& body = answer["answer"];
  const Json& error = answer["error"];
  if (const std::string_view summary = body["summary"].string_or(""); !summary.empty()) {
    add_text(lines, mark_of(body["severity"].string_or("")) + std::string(summary));
  }
  if (error.is_object()) {
    const std::string_view message = error["message"].string_or("");
    if (body["summary"].string_or("") != message) add_text(lines, message);
    add_text(lines, error["detail"].string_or(""), "  ");
    add_text(lines, error["hint"].string_or(""), "  hint: ");
  }
  for (const Json& block : body["blocks"].items()) add_block(lines, block);
  add_failures(lines, answer);
  if (const Json& clarification = answer["clarification"]; clarification.is_object()) {
    lines.push_back(printable(clarification["question"].string_or("Which one?")));
    for (const Json& option : clarification["options"].items()) {
      lines.push_back("  " + option["choose"].text() + ") " + printable(option["label"].string_or("")));
    }
  }
  add_references(lines, answer["references"]);
  // A direct answer is itself a list of what can be asked.
  if (const Json& next = answer["next_actions"]; next.size() > 0 && answer["route"].string_or("") != "direct") {
    lines.emplace_back();
    lines.emplace_back("You can ask");
    for (const Json& action : next.items()) lines.push_back("  " + printable(action.string_or("")));
  }
  lines.emplace_back();
  std::string foot = "-- " + printable(answer["status"].string_or("?"));
  if (error.is_object()) foot += " " + printable(error["code"].string_or(""));
  if (!answer["duration_ms"].is_null()) foot += ", " + answer["duration_ms"].text() + " ms";
  if (const std::string_view trace = answer["trace_id"].string_or(""); !trace.empty())
    foot += ", trace " + printable(trace);
  if (answer["trace_durable"].is_bool() && !answer["trace_durable"].as_bool()) foot += " (not stored)";
  lines.push_back(std::move(foot));
  return lines;
}

}  // namespace pgops::ask
