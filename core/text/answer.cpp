// core/text: text form of an answer, see answer.hpp.
//
//   <summary, with its severity>
//   <blocks: tables, bars, figures>
//   what failed, what was skipped
//   References, next actions, trace
#include "core/text/answer.hpp"

#include <utility>

#include "core/text/width.hpp"

namespace pgops::text {
namespace {

class Writer {
 public:
  Writer(const Json& answer, Form form) : answer_(answer), form_(form) {
    form_.korean = answer["locale"].string_or("").substr(0, 2) == "ko";
  }

  std::vector<std::string> run() {
    if (!answer_.is_object()) return {"this is no answer of pg_ops"};
    const Json& body = answer_["answer"];
    if (const std::string_view summary = body["summary"].string_or(""); !summary.empty()) {
      add(mark_of(body["severity"].string_or("")) + std::string(summary));
    }
    error(body["summary"].string_or(""));
    for (const Json& one : body["blocks"].items()) block(one);
    failures();
    clarification();
    references();
    next_actions();
    foot();
    return std::move(lines_);
  }

 private:
  std::string_view say(std::string_view en, std::string_view ko) const { return form_.korean ? ko : en; }
  void line(std::string text) { lines_.push_back(std::move(text)); }
  void section(std::string_view en, std::string_view ko) {
    line({});
    line(std::string(say(en, ko)));
  }
  // Lines of a text; wrapped where the caller asked for a width.
  void add(std::string_view text, const std::string& indent = {}) {
    while (!text.empty()) {
      const auto end = text.find('\n');
      for (std::string& one :
           wrap(indent + printable(text.substr(0, end)), form_.wrap ? form_.width : 0, indent + "  ")) {
        line(std::move(one));
      }
      if (end == std::string_view::npos) return;
      text.remove_prefix(end + 1);
    }
  }

  std::string mark_of(std::string_view severity) const {
    if (severity == "critical") return std::string(say("[critical] ", "[심각] "));
    if (severity == "attention") return std::string(say("[attention] ", "[주의] "));
    return {};
  }

  void error(std::string_view summary) {
    const Json& error = answer_["error"];
    if (!error.is_object()) return;
    if (error["message"].string_or("") != summary) add(error["message"].string_or(""));
    add(error["detail"].string_or(""), "  ");
    if (const std::string_view hint = error["hint"].string_or(""); !hint.empty()) {
      add(std::string(say("hint: ", "도움말: ")) + std::string(hint), "  ");
    }
  }

  // "[2] " where there is more than one reference to tell apart.
  std::string title_of(const Json& block) const {
    std::string title = printable(block["title"].string_or(""));
    if (answer_["references"].size() > 1 && block["ref"].is_number()) {
      title = "[" + printable(block["ref"].text()) + "]" + (title.empty() ? "" : " ") + title;
    }
    return title;
  }

  void block(const Json& block) {
    const std::string_view type = block["type"].string_or("");
    const std::string title = title_of(block);
    if (type == "table" || type == "timeseries" || type == "chart") {
      std::vector<std::string> made = render_table(block, form_);
      if (made.empty()) return;  // the summary said that there is nothing
      line({});
      if (!title.empty()) line(title);
      for (std::string& one : made) line(std::move(one));
    } else if (type == "number") {
      line({});
      line((title.empty() ? "" : title + ": ") + cell_text(block["value"], block, form_));
    } else if (type == "text" || type == "markdown") {
      line({});
      add(block["text"].string_or(""));
    }
  }

  void failures() {
    const Json& failed = answer_["failed_tools"];
    const Json& skipped = answer_["skipped_tools"];
    if (failed.size() + skipped.size() == 0) return;
    section("Not answered", "답하지 못한 부분");
    for (const Json& one : failed.items()) {
      add(std::string(say("failed: ", "실패: ")) + std::string(one["tool"].string_or("?")) + " (" +
              std::string(one["error_code"].string_or("?")) + ") " + std::string(one["message"].string_or("")),
          "  ");
    }
    for (const Json& one : skipped.items()) {
      add(std::string(say("skipped: ", "건너뜀: ")) + std::string(one["tool"].string_or("?")) +
              std::string(say(", because a call before it failed", " (앞선 호출이 실패함)")),
          "  ");
    }
  }

  void clarification() {
    const Json& asked = answer_["clarification"];
    if (!asked.is_object()) return;
    line(printable(asked["question"].string_or("Which one?")));
    for (const Json& option : asked["options"].items()) {
      line("  " + option["choose"].text() + ") " + printable(option["label"].string_or("")));
    }
  }

  static std::string args_text(const Json& args) {
    std::string out;
    for (const auto& [name, value] : args.members()) {
      if (!out.empty()) out += ", ";
      out += name + "=" + (value.is_string() ? value.text() : value.dump());
    }
    return out;
  }

  // "2026-11-23T17:05:03.123456+09:00" -> "2026-11-23 17:05:03+09:00"
  static std::string moment(std::string text) {
    if (text.size() < 19 || text[10] != 'T') return text;
    text[10] = ' ';
    if (text.size() > 19 && text[19] == '.') {
      const std::size_t end = std::min(text.find_first_not_of("0123456789", 20), text.size());
      text.erase(19, end - 19);
    }
    return text;
  }

  void references() {
    const Json& all = answer_["references"];
    if (all.size() == 0) return;
    section("References", "출처");
    for (const Json& one : all.items()) {
      std::string text = "[" + one["ref"].text() + "] " + std::string(one["tool"].string_or("?"));
      if (const std::string args = args_text(one["args"]); !args.empty()) text += " (" + args + ")";
      const std::string& count = one["row_count"].text();
      text += ", " + count + (form_.korean ? "행" : count == "1" ? " row" : " rows");
      if (one["truncated"].as_bool()) text += say(", truncated", ", 일부만 표시");
      if (const std::string_view as_of = one["as_of"].string_or(""); !as_of.empty()) {
        text += ", " + (form_.korean ? moment(std::string(as_of)) + " 기준" : "as of " + moment(std::string(as_of)));
      }
      add(text, "  ");
    }
  }

  // A direct answer is itself a list of what can be asked.
  void next_actions() {
    const Json& next = answer_["next_actions"];
    if (next.size() == 0 || answer_["route"].string_or("") == "direct") return;
    section("You can ask", "이렇게 물어볼 수 있습니다");
    for (const Json& action : next.items()) add(action.string_or(""), "  ");
  }

  void foot() {
    line({});
    std::string text = "-- " + printable(answer_["status"].string_or("?"));
    if (const Json& error = answer_["error"]; error.is_object()) text += " " + printable(error["code"].string_or(""));
    if (!answer_["duration_ms"].is_null()) text += ", " + answer_["duration_ms"].text() + " ms";
    if (const std::string_view trace = answer_["trace_id"].string_or(""); !trace.empty())
      text += ", trace " + printable(trace);
    if (answer_["trace_durable"].is_bool() && !answer_["trace_durable"].as_bool())
      text += say(" (not stored)", " (저장되지 않음)");
    line(std::move(text));
  }

  const Json& answer_;
  Form form_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> to_text(const Json& answer, Form form) { return Writer(answer, form).run(); }

}  // namespace pgops::text
