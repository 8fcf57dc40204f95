// core/planner: questions in several parts, see compound.hpp.
//
// A question is parted at "?" and ";" and at "and" or a comma before a question word, and planned in parts only when
// every part plans. What is said once may be meant for all, and is never lost: a part without a verb ends as the
// last part does ("how many deployments and how many alerts yesterday?"); a period at the very beginning holds for
// all; a part without a noun is the part before with another period ("... and how many today?"). Where a period
// could hold for a complete part as well, nobody knows, and one is asked to ask one thing at a time.
#include "core/planner/compound.hpp"

#include <algorithm>

#include "core/planner/decider.hpp"

namespace pgops::planner {
namespace {

constexpr std::size_t kMaxParts = 4;

std::vector<std::string> parts_of(const std::string& question, const std::vector<nlu::Token>& tokens) {
  std::vector<std::string> out;
  std::size_t from = 0;
  const auto cut = [&](std::size_t to, std::size_t next) {
    std::string part = question.substr(from, to - from);
    if (part.find_first_not_of(" \t\n?;.,") != std::string::npos) out.push_back(std::move(part));
    from = next;
  };
  static constexpr std::string_view kOpeners =
      "|how|what|which|when|who|where|why|show|list|give|tell|is|are|count|average|total|number|";
  const auto opens = [&](std::size_t i) { return i < tokens.size() && nlu::listed(tokens[i].norm, kOpeners); };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string& norm = tokens[i].norm;
    if (norm == "?" || norm == ";") {
      cut(tokens[i].end, tokens[i].end);
    } else if (norm == "그리고" && i > 0) {
      cut(tokens[i].begin, tokens[i].end);
    } else if (norm == "and" && opens(i + 1)) {
      cut(tokens[i].begin, tokens[i].end);
    } else if (norm == "," && i > 0 && i + 1 < tokens.size() && nlu::listed(tokens[i + 1].norm, "|how|what|which|") &&
               out.size() + 1 < kMaxParts && from < tokens[i].begin) {
      cut(tokens[i].begin, tokens[i].end);
    }
  }
  cut(question.size(), question.size());
  return out;
}

// One part, with what matters for sharing.
struct Part {
  std::string text;
  nlu::Analysis a;
  std::vector<const nlu::Span*> times;

  Part(std::string t, const nlu::Calendar& calendar) : text(std::move(t)), a(nlu::analyse(text, calendar)) {
    for (const nlu::Span& s : a.spans) {
      if (s.type == "time" || s.type == "time_point") times.push_back(&s);
    }
  }
  Part(const Part&) = delete;

  bool has_noun() const {
    return !a.words.empty() || std::any_of(a.spans.begin(), a.spans.end(), [](const nlu::Span& s) {
      return s.type == "identifier" || s.type == "quoted";
    });
  }
  bool has_verb() const {
    static constexpr std::string_view kVerbs =
        "|is|are|was|were|do|does|did|have|has|had|been|exist|exists|happened|happen|occurred|occur|show|list|give|tell|";
    return std::any_of(a.tokens.begin(), a.tokens.end(),
                       [](const nlu::Token& t) { return nlu::listed(t.norm, kVerbs); });
  }
  bool begins_with_time() const {
    return times.size() == 1 &&
           std::none_of(a.words.begin(), a.words.end(),
                        [&](const nlu::Word& w) { return w.first < times.front()->first; }) &&
           a.aspects.size() + a.words.size() > 0 &&
           std::none_of(a.aspects.begin(), a.aspects.end(),
                        [&](const nlu::Aspect& x) { return x.first < times.front()->first; });
  }
  // What follows the noun: "did db-02 have in August", "of db-01 yesterday".
  std::string tail() const {
    static constexpr std::string_view kBegins =
        "|is|are|was|were|do|does|did|have|has|had|in|on|at|of|for|since|from|during|within|over|by|between|before|after|with|";
    if (a.words.empty()) return {};
    for (std::size_t i = a.words.front().last; i < a.tokens.size(); ++i) {
      const bool time = std::any_of(times.begin(), times.end(), [&](const nlu::Span* s) { return s->first == i; });
      if (!time && !nlu::listed(a.tokens[i].norm, kBegins)) continue;
      std::size_t end = a.tokens.size();
      while (end > i && a.tokens[end - 1].kind == nlu::TokenKind::symbol) --end;
      return end > i ? text.substr(a.tokens[i].begin, a.tokens[end - 1].end - a.tokens[i].begin) : std::string();
    }
    return {};
  }
};

std::string stripped(std::string text) {
  while (!text.empty() && std::string_view(" \t\n?;.,:").find(text.back()) != std::string_view::npos) text.pop_back();
  return text;
}

class Compound {
 public:
  Compound(const PlannerInput& in, const retrieval::Index& index, const nlu::Calendar& calendar, nlu::Lookup& lookup,
           Decision whole)
      : in_(in), index_(index), cal_(calendar), lookup_(lookup), whole_(std::move(whole)) {}

  Decision run(const std::vector<std::string>& texts) {
    if (texts.size() > kMaxParts) return whole_or_refuse(true);
    std::vector<std::unique_ptr<Part>> parts;
    for (const std::string& text : texts) parts.push_back(std::make_unique<Part>(text, cal_));
    std::vector<Decision> planned;
    bool all = true;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      planned.push_back(ask(parts, i));
      if (planned.back().code == Code::unsupported_action) return std::move(planned.back());
      all = all && planned.back().route == Route::plan;
    }
    const bool other_calls = std::any_of(planned.begin(), planned.end(), [&](const Decision& d) {
      return d.route == Route::plan && !(d.plan_json()["calls"] == whole_.plan_json()["calls"]);
    });
    if (!all) return whole_or_refuse(other_calls);
    if (doubt_) return refuse(in_, Say::ask_one);
    return joined(std::move(planned));
  }

 private:
  Decision decide_one(const std::string& text) { return Decider(in_, index_, cal_, lookup_).run(text); }

  // Part `i`, completed with what another part says for it.
  Decision ask(const std::vector<std::unique_ptr<Part>>& parts, std::size_t i) {
    const Part& part = *parts[i];
    std::size_t timed = 0;
    std::size_t with_time = 0;
    for (std::size_t k = 0; k < parts.size(); ++k) {
      if (parts[k]->times.empty()) continue;
      ++timed;
      with_time = k;
    }
    if (!part.has_noun()) {
      // "... and how many today?"
      const Part* before = i > 0 ? parts[i - 1].get() : nullptr;
      if (before == nullptr || before->times.size() != 1 || part.times.size() != 1) return decide_one(part.text);
      std::string text = before->text;
      const nlu::Span& old = *before->times.front();
      text.replace(old.begin, old.end - old.begin, part.times.front()->text);
      return decide_one(text);
    }
    const Part& last = *parts.back();
    if (timed == 1 && part.times.empty() && with_time == 0 && parts[0]->begins_with_time())
      return decide_one(stripped(part.text) + " " + parts[0]->times.front()->text);
    const bool gapped = i + 1 < parts.size() && !part.has_verb() && part.tail().empty() && last.has_noun();
    if (gapped && (timed == 0 || (timed == 1 && with_time + 1 == parts.size()))) {
      const std::string tail = last.tail();
      if (!tail.empty()) return decide_one(stripped(part.text) + " " + tail);
    }
    Decision one = decide_one(part.text);
    if (timed == 1 && part.times.empty() && one.route == Route::plan) {
      // Could the period of the other part hold for this one as well?
      const Decision with = decide_one(stripped(part.text) + " " + parts[with_time]->times.front()->text);
      doubt_ = doubt_ || with.route == Route::plan;
    }
    return one;
  }

  Decision whole_or_refuse(bool other_calls) {
    return whole_.route == Route::plan && other_calls ? refuse(in_, Say::ask_one) : std::move(whole_);
  }

  static Decision joined(std::vector<Decision> parts) {
    Decision out;
    Json explains = Json::array();
    for (Decision& one : parts) {
      explains.push_back(std::move(one.explain));
      for (PlannedCall& call : one.calls) {
        const bool again = std::any_of(out.calls.begin(), out.calls.end(), [&](const PlannedCall& c) {
          return c.tool == call.tool && c.args == call.args;
        });
        if (again) continue;
        call.id = std::string(1, static_cast<char>('a' + out.calls.size() % 26));
        out.calls.push_back(std::move(call));
      }
      if (out.route == Route::reject) out.intent = one.intent;
      out.route = Route::plan;
      for (Period& period : one.intervals) {
        const bool again = std::any_of(out.intervals.begin(), out.intervals.end(),
                                       [&](const Period& p) { return p.text == period.text; });
        if (!again) out.intervals.push_back(std::move(period));
      }
      out.notes.insert(out.notes.end(), one.notes.begin(), one.notes.end());
      out.reason += (out.reason.empty() ? "" : " ") + one.reason;
    }
    out.explain.set("parts", std::move(explains));
    out.explain.set("why", out.reason);
    return out;
  }

  const PlannerInput& in_;
  const retrieval::Index& index_;
  const nlu::Calendar& cal_;
  nlu::Lookup& lookup_;
  Decision whole_;
  bool doubt_ = false;
};

}  // namespace

Decision refuse(const PlannerInput& in, Say what, std::string_view arg) {
  Decision d;
  d.code = Code::no_match;
  d.reason = say(what, in.locale, arg);
  d.next_actions.push_back(say(Say::see_help, in.locale));
  d.explain.set("why", d.reason);
  return d;
}

Decision compound(const PlannerInput& in, const retrieval::Index& index, const nlu::Calendar& calendar,
                  nlu::Lookup& lookup, Decision whole, const std::vector<nlu::Token>& tokens) {
  const std::vector<std::string> parts = parts_of(in.question, tokens);
  if (parts.size() < 2) return whole;
  return Compound(in, index, calendar, lookup, std::move(whole)).run(parts);
}

}  // namespace pgops::planner
