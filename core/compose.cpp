// core: composing, see compose.hpp.
#include "core/compose.hpp"

#include <algorithm>

#include "core/ground/ground.hpp"
#include "core/present/format.hpp"
#include "core/present/present.hpp"

namespace pgops::compose {
namespace {

using present::Fact;
using present::TextSpan;

int gravity(std::string_view severity) { return severity == "critical" ? 2 : severity == "attention" ? 1 : 0; }

std::string first_sentence(const std::string& text) {
  std::string out = text.substr(0, text.find('\n'));
  const std::size_t stop = out.find(". ");
  if (stop != std::string::npos) out.resize(stop);
  while (!out.empty() && (out.back() == '.' || out.back() == ' ')) out.pop_back();
  return out;
}

Json fact_json(const Fact& f) {
  Json out = Json::object();
  out.set("value", f.value);
  if (!f.unit.empty()) out.set("unit", f.unit);
  out.set("ref", f.ref);
  out.set("path", f.source.path);
  if (!f.source.fn.empty()) out.set("fn", f.source.fn);
  if (!f.source.of.empty()) out.set("of", f.source.of);
  if (!f.format.empty()) out.set("format", f.format);
  out.set("begin", static_cast<std::int64_t>(f.begin));
  out.set("end", static_cast<std::int64_t>(f.end));
  return out;
}

class Composer {
 public:
  explicit Composer(const Input& in) : in_(in), korean_(in.locale.substr(0, 2) == "ko") {}

  Answer run() {
    if (in_.playbook.empty()) {
      for (const CallOutcome& call : in_.calls) {
        if (call.status == "success") spoken(call);
      }
    } else {
      worst_first();
    }
    period();
    for (const CallOutcome& call : in_.calls) {
      if (call.status != "success") missing(call);
    }
    check();
    return std::move(out_);
  }

 private:
  // The findings of a playbook: the gravest first; what was looked at and needs nothing comes after them.
  void worst_first() {
    std::vector<std::pair<int, const CallOutcome*>> found;
    for (const CallOutcome& call : in_.calls) {
      if (call.status == "success") found.emplace_back(gravity(severity_of(call)), &call);
    }
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    allowed(in_.playbook);
    const int worst = found.empty() ? 0 : found.front().first;
    if (found.empty()) {
      allowed(korean_ ? ": 확인할 수 있는 것이 없었습니다." : ": nothing could be looked at.");
    } else if (worst == 2) {
      allowed(korean_ ? ": 심각한 문제가 있습니다. 심각한 순서:" : ": something is critical. Worst first:");
    } else if (worst == 1) {
      allowed(korean_ ? ": 주의할 점이 있습니다. 심각한 순서:" : ": something deserves attention. Worst first:");
    } else {
      allowed(korean_ ? ": 문제가 발견되지 않았습니다. 확인한 항목:" : ": nothing wrong was found. Looked at:");
    }
    int last = worst;
    for (const auto& [severity, call] : found) {
      if (severity == 0 && last > 0) {
        line();
        allowed(korean_ ? "확인했으며 조치할 것이 없음:" : "Looked at, and nothing to do:");
      }
      last = severity;
      mark_ = severity == 2   ? (korean_ ? "심각: " : "critical: ")
              : severity == 1 ? (korean_ ? "주의: " : "attention: ")
                              : "";
      spoken(*call);
    }
  }

  std::string severity_of(const CallOutcome& call) const {
    present::Present own;
    if (call.speaker == nullptr && !call.present.is_null()) {
      if (auto compiled = present::Present::compile(call.present)) own = std::move(compiled).value();
    }
    const present::Present& speaker = call.speaker != nullptr ? *call.speaker : own;
    return speaker.render(*call.result, call.args, {call.title, in_.intent, in_.locale, 1, 0, {}}).severity;
  }

  void words(std::string_view en, std::string_view ko) { out_.summary += korean_ ? ko : en; }
  // Text that may hold digits, names and number words without being a figure of a result.
  void allowed(std::string_view text) {
    const std::size_t begin = out_.summary.size();
    out_.summary += text;
    allowed_.push_back({begin, out_.summary.size()});
  }
  void fact(Fact f) {
    f.begin = out_.summary.size();
    out_.summary += present::format_value(f.value, f.unit, f.format, in_.locale);
    f.end = out_.summary.size();
    facts_.push_back(std::move(f));
  }
  void line() {
    if (!out_.summary.empty()) out_.summary += "\n";
  }

  void spoken(const CallOutcome& call) {
    const int ref = static_cast<int>(references_.size()) + 1;
    const Json& result = *call.result;
    references_.push_back({&result, &call.args});
    out_.any = true;
    const std::string title = call.title.empty() ? call.tool : first_sentence(call.title);
    refer(call, ref, title);
    // A spec that does not compile was refused when it was stored; should one be here all the same, the
    // sentence is made from the shape.
    present::Present own;
    if (call.speaker == nullptr && !call.present.is_null()) {
      if (auto compiled = present::Present::compile(call.present)) own = std::move(compiled).value();
    }
    const present::Present& speaker = call.speaker != nullptr ? *call.speaker : own;
    present::Present::Context context{title, in_.intent, in_.locale, ref, in_.block_rows, {}};
    for (const std::string& name : call.given) {
      if (!in_period(call.args[name])) context.given.push_back(name);
    }
    present::Rendered r = speaker.render(result, call.args, context);
    line();
    if (!in_.playbook.empty()) out_.summary += "- " + mark_;
    if (in_.calls.size() > 1 && !r.titled) {
      allowed(r.title);
      out_.summary += ": ";
    }
    const std::size_t offset = out_.summary.size();
    out_.summary += r.text;
    for (const TextSpan& s : r.author) allowed_.push_back({s.begin + offset, s.end + offset});
    const bool shown = in_.playbook.empty() || gravity(r.severity) > 0;  // of a playbook, what calls for a look
    for (Json& b : r.blocks) {
      if (shown) out_.blocks.push_back(std::move(b));
    }
    if (gravity(r.severity) > gravity(out_.severity)) out_.severity = r.severity;
    truncated(call, ref, r);
    applied(call, ref, context.given, speaker, r);
    if (in_.playbook.empty()) defaults(call, ref, speaker, r);
    data_of(ref, r);
    without_filter(call, r.title);
    for (Fact& f : r.facts) {
      f.begin += offset;
      f.end += offset;
      facts_.push_back(std::move(f));
    }
  }

  bool in_period(const Json& value) const {
    for (const Period& period : in_.intervals) {
      for (const Period::Bound& b : period.bounds) {
        if (value.is_string() && value.text() == b.iso) return true;
      }
    }
    return false;
  }

  void refer(const CallOutcome& call, int ref, const std::string& title) {
    Json r = Json::object({{"ref", ref}, {"tool_call_id", call.tool_call_id}, {"tool", call.tool}, {"title", title}});
    r.set("args", call.args);
    r.set("as_of", call.as_of.empty() ? Json() : Json(call.as_of));
    r.set("row_count", (*call.result)["row_count"]);
    r.set("truncated", Json((*call.result)["truncated"].as_bool()));
    if (!call.result_digest.empty()) r.set("result_digest", call.result_digest);
    out_.references.push_back(std::move(r));
  }

  void truncated(const CallOutcome& call, int ref, const present::Rendered& r) {
    if (!(*call.result)["truncated"].as_bool()) return;
    const bool said = r.titled || std::any_of(r.facts.begin(), r.facts.end(),
                                              [](const Fact& f) { return f.source.path == "$.truncated"; });
    if (said) return;
    const Json& count = (*call.result)["row_count"];
    if (count.is_null()) return;
    allowed(korean_ ? " 처음 " : " Only the first ");
    Fact f;
    f.value = count;
    f.ref = ref;
    f.source.path = "$.row_count";
    fact(std::move(f));
    words(" rows were read; there are more.", "개 행만 읽었으며 더 있습니다.");
  }

  static bool scalar(const Json& value) { return value.is_string() || value.is_number() || value.is_bool(); }
  static bool shows(const present::Rendered& r, const std::string& argument) {
    return std::any_of(r.facts.begin(), r.facts.end(),
                       [&](const Fact& f) { return f.source.path == "$.args." + argument; });
  }
  // A bound that was not reached has shaped nothing.
  static bool idle_limit(const CallOutcome& call, const std::string& name) {
    const auto bound = name == call.limit ? call.args[name].as_int() : std::nullopt;
    return bound && !(*call.result)["truncated"].as_bool() && (*call.result)["row_count"].as_int().value_or(0) < *bound;
  }
  void argument(int ref, const std::string& name, const Json& value, const present::Present& speaker) {
    allowed(name);
    out_.summary += " = ";
    const present::Style style = speaker.style_of(name);
    Fact f;
    f.value = value;
    f.ref = ref;
    f.unit = style.unit;
    f.format = style.format.empty() ? "short" : style.format;
    f.source = {"$.args." + name, "", "", name};
    fact(std::move(f));
  }

  // What the answer is limited to, unless its text says so: an argument it shows, or the number of its rows.
  void applied(const CallOutcome& call, int ref, const std::vector<std::string>& given, const present::Present& speaker,
               const present::Rendered& r) {
    bool any = false;
    for (const std::string& name : given) {
      const Json& value = call.args[name];
      const bool is_figure = name == call.limit && std::any_of(r.facts.begin(), r.facts.end(),
                                                               [&](const Fact& f) { return f.value == value; });
      if (!scalar(value) || is_figure || shows(r, name) || idle_limit(call, name)) continue;
      words(any ? ", " : " Applied: ", any ? ", " : " 적용: ");
      any = true;
      argument(ref, name, value, speaker);
    }
    if (any) out_.summary += ".";
  }

  void defaults(const CallOutcome& call, int ref, const present::Present& speaker, const present::Rendered& r) {
    bool any = false;
    for (const std::string& name : call.defaulted) {
      const Json& value = call.args[name];
      if (!scalar(value) || shows(r, name) || idle_limit(call, name)) continue;
      words(any ? ", " : " Assumed by default: ", any ? ", " : " 기본값 사용: ");
      any = true;
      argument(ref, name, value, speaker);
    }
    if (any) out_.summary += ".";
  }

  // Nothing matched: is there anything at all?
  void without_filter(const CallOutcome& call, const std::string& title) {
    if (call.unfiltered == nullptr) return;
    const Json& all = *call.unfiltered;
    const bool figure = all["rows"].size() == 1 && all["columns"].size() == 1;
    const std::string column = figure ? all["columns"].items()[0]["name"].text() : std::string();
    const std::string path = figure ? "$.rows[0]." + column : "$.row_count";
    const present::Value count = present::evaluate({path, "", "", ""}, all, call.unfiltered_args);
    if (!count.defined || !count.json.is_number()) return;
    references_.push_back({&all, &call.unfiltered_args});
    const int ref = static_cast<int>(references_.size());
    CallOutcome again;
    again.tool = call.tool;
    again.tool_call_id = call.unfiltered_call_id;
    again.args = call.unfiltered_args;
    again.result = call.unfiltered;
    again.as_of = call.as_of;
    refer(again, ref, title);
    const auto bound = call.limit.empty() ? std::nullopt : call.unfiltered_args[call.limit].as_int();
    const bool more = all["truncated"].as_bool() || (!figure && bound && count.json.as_int().value_or(0) >= *bound);
    words(more ? " Without the filter: at least " : " Without the filter: ", " 조건 없이는: ");
    Fact f;
    f.value = count.json;
    f.ref = ref;
    f.source = count.source;
    fact(std::move(f));
    words(".", more ? " 이상." : ".");
  }

  // Where the tool says how old its data are.
  void data_of(int ref, const present::Rendered& r) {
    if (!r.as_of) return;
    words(" Data as of ", " 데이터 기준 시각: ");
    Fact f;
    f.value = r.as_of->json;
    f.ref = ref;
    f.format = "datetime";
    f.source = r.as_of->source;
    fact(std::move(f));
    out_.summary += ".";
  }

  void period() {
    if (!out_.any) return;
    for (const Period& period : in_.intervals) {
      words(" Period: ", " 기간: ");
      std::size_t at = 0;
      for (const Period::Bound& b : period.bounds) {
        allowed(period.text.substr(at, b.begin - at));
        moment(b.iso, period.text.substr(b.begin, b.end - b.begin));
        at = b.end;
      }
      allowed(period.text.substr(at));
      out_.summary += ".";
    }
    for (const std::string& note : in_.notes) allowed(" " + note);
  }

  // A moment that a call took as an argument is a fact of that call. One that no argument took stands in
  // the question and in the tool's own words: its fact says so instead of naming a reference.
  void moment(const std::string& iso, const std::string& text) {
    for (std::size_t i = 0; i < references_.size(); ++i) {
      for (const auto& [name, value] : references_[i].args->members()) {
        if (!value.is_string() || value.text() != iso) continue;
        Fact f;
        f.value = value;
        f.ref = static_cast<int>(i) + 1;
        f.format = "minute";
        f.source = {"$.args." + name, "", "", name};
        fact(std::move(f));
        return;
      }
    }
    Json f = Json::object({{"value", iso}, {"from", "question"}});
    f.set("begin", static_cast<std::int64_t>(out_.summary.size()));
    allowed(text);
    f.set("end", static_cast<std::int64_t>(out_.summary.size()));
    asked_.push_back(std::move(f));
  }

  void missing(const CallOutcome& call) {
    out_.complete = false;
    line();
    const std::size_t begin = out_.summary.size();
    words("Missing: ", "누락: ");
    allowed(call.title.empty() ? call.tool : first_sentence(call.title));
    out_.summary += ": ";
    if (call.status == "skipped" && !call.because_of.empty()) {
      words("skipped, because ", "건너뜀: ");
      allowed(call.because_of);
      words(" did not end well.", "이(가) 정상적으로 끝나지 않았습니다.");
    } else if (call.status == "cancelled" && call.error_code.empty()) {
      words("cancelled.", "취소되었습니다.");
    } else {
      const Code code = code_from_name(call.error_code).value_or(Code::internal_error);
      allowed(korean_ ? info(code).user_message_ko : info(code).user_message);
    }
    out_.fallback_text += (out_.fallback_text.empty() ? "" : "\n") + out_.summary.substr(begin);
  }

  void check() {
    if (in_.calls.empty()) words("There is nothing to answer from.", "답할 내용이 없습니다.");
    out_.grounded = ground::check(out_.summary, facts_, allowed_, references_, in_.locale);
    for (const Json& block : out_.blocks.items()) {
      if (out_.grounded) out_.grounded = ground::check_block(block, references_, in_.locale);
    }
    if (!out_.grounded) {
      out_.summary.clear();
      words("The answer was withheld: a figure in it could not be traced to a result.",
            "답변의 수치를 결과에서 확인할 수 없어 답변을 보류했습니다.");
      out_.severity = "critical";
      out_.blocks = Json::array();
      return;
    }
    for (const Fact& f : facts_) out_.facts.push_back(fact_json(f));
    for (Json& f : asked_) out_.facts.push_back(std::move(f));
  }

  const Input& in_;
  bool korean_;
  Answer out_;
  std::vector<Fact> facts_;
  std::vector<Json> asked_;  // facts of the question
  std::vector<TextSpan> allowed_;
  std::vector<ground::Referenced> references_;
  std::string mark_;  // severity before a finding of a playbook
};

}  // namespace

Json Answer::to_json() && {
  Json out = Json::object({{"summary", std::move(summary)}, {"severity", std::move(severity)}});
  out.add("facts", std::move(facts));
  out.add("blocks", std::move(blocks));
  return out;
}

Answer compose(const Input& input) { return Composer(input).run(); }

Answer say(const std::string& text) {
  Answer out;
  out.summary = text;
  out.any = true;
  return out;
}

}  // namespace pgops::compose
