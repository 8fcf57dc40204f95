// core/planner: the entry: what is no question at all, and questions in several parts. See planner.hpp.
//
// A question in two halves is planned only when both halves plan by themselves.
#include <algorithm>

#include "core/planner/decider.hpp"
#include "core/planner/spelling.hpp"

namespace pgops::planner {
namespace {

using retrieval::Index;

constexpr std::size_t kMaxParts = 4;

// The halves of a compound question: at "?", ";" and at "and" before a question word.
std::vector<std::string> halves(const std::string& question, const std::vector<nlu::Token>& tokens) {
  std::vector<std::string> out;
  std::size_t from = 0;
  const auto cut = [&](std::size_t to, std::size_t next) {
    std::string part = question.substr(from, to - from);
    if (part.find_first_not_of(" \t\n?;.,") != std::string::npos) out.push_back(std::move(part));
    from = next;
  };
  static constexpr std::string_view kOpeners = "|how|what|which|when|who|where|why|show|list|give|tell|is|are|count|";
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].norm == "?" || tokens[i].norm == ";") {
      cut(tokens[i].end, tokens[i].end);
    } else if (tokens[i].norm == "and" && i + 1 < tokens.size() && nlu::listed(tokens[i + 1].norm, kOpeners)) {
      cut(tokens[i].begin, tokens[i].end);
    }
  }
  cut(question.size(), question.size());
  return out;
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

Decision refuse(const PlannerInput& in, Say what, std::string_view arg = {}) {
  Decision d;
  d.code = Code::no_match;
  d.reason = say(what, in.locale, arg);
  d.next_actions.push_back(say(Say::see_help, in.locale));
  d.explain.set("why", d.reason);
  return d;
}

// Every part plans by itself, and the calls are put together; or the question is taken as a whole, but
// then no part may ask for something else than the whole answers.
Decision in_parts(const PlannerInput& in, const Index& index, const nlu::Calendar& calendar, nlu::Lookup& lookup,
                  Decision whole, const std::vector<std::string>& parts) {
  Decision joined;
  Json explains = Json::array();
  bool all_plan = parts.size() <= kMaxParts;
  bool other_calls = false;
  for (std::size_t i = 0; i < parts.size() && i <= kMaxParts; ++i) {
    Decision one = Decider(in, index, calendar, lookup).run(parts[i]);
    if (one.code == Code::unsupported_action) return one;
    explains.push_back(std::move(one.explain));
    if (one.route != Route::plan) {
      all_plan = false;
      continue;
    }
    other_calls = other_calls || !(one.plan_json()["calls"] == whole.plan_json()["calls"]);
    for (PlannedCall& call : one.calls) {
      const bool again = std::any_of(joined.calls.begin(), joined.calls.end(),
                                     [&](const PlannedCall& c) { return c.tool == call.tool && c.args == call.args; });
      if (again) continue;
      call.id = std::string(1, static_cast<char>('a' + joined.calls.size() % 26));
      joined.calls.push_back(std::move(call));
    }
    if (joined.route == Route::reject) joined.intent = one.intent;
    joined.route = Route::plan;
    joined.intervals.insert(joined.intervals.end(), one.intervals.begin(), one.intervals.end());
    joined.notes.insert(joined.notes.end(), one.notes.begin(), one.notes.end());
    joined.reason += (joined.reason.empty() ? "" : " ") + one.reason;
  }
  if (all_plan) {
    joined.explain.set("parts", std::move(explains));
    joined.explain.set("why", joined.reason);
    return joined;
  }
  if (whole.route == Route::plan && other_calls) {
    Decision d = refuse(in, Say::ask_one);
    d.explain.set("parts", std::move(explains));
    return d;
  }
  return whole;
}

// `unknown` gets the words that nobody explains.
Decision decide_parts(const PlannerInput& in, const Index& index, const nlu::Calendar& calendar, nlu::Lookup& lookup,
                      std::vector<nlu::Token>* unknown) {
  Decider decider(in, index, calendar, lookup);
  Decision whole = decider.run(in.question);
  if (whole.route == Route::direct || whole.code == Code::unsupported_action) return whole;
  if (unknown != nullptr) *unknown = decider.unknown_words();
  const std::vector<std::string> parts = halves(in.question, decider.tokens());
  if (parts.size() < 2) return whole;
  return in_parts(in, index, calendar, lookup, std::move(whole), parts);
}

// A question that fails for its spelling alone: understood where the slip is sure and the answer says so, else
// suggested.
Decision respelt(const PlannerInput& in, const Index& index, const nlu::Calendar& calendar, nlu::Lookup& lookup,
                 Decision refused, const std::vector<nlu::Token>& unknown) {
  constexpr std::size_t kMaxSlips = 2;
  if (unknown.empty() || unknown.size() > kMaxSlips) return refused;
  PlannerInput again = in;
  std::vector<std::string> notes;
  bool sure = true;
  for (auto token = unknown.rbegin(); token != unknown.rend(); ++token) {
    const auto meant = correct(token->norm, index.words(), in.model_words);
    if (!meant) return refused;
    sure = sure && meant->sure;
    again.question.replace(token->begin, token->end - token->begin, meant->word);
    notes.insert(notes.begin(), say(Say::understood, in.locale, "\"" + token->text + "\"", "\"" + meant->word + "\""));
  }
  Decision d = decide_parts(again, index, calendar, lookup, nullptr);
  if (d.route != Route::plan) return refused;
  if (sure) {
    d.notes.insert(d.notes.begin(), notes.begin(), notes.end());
    d.explain.set("understood_as", again.question);
    return d;
  }
  refused.next_actions.insert(refused.next_actions.begin(), again.question);
  refused.reason += " " + say(Say::did_you_mean, in.locale, "\"" + again.question + "\"");
  refused.explain.set("suggested", again.question);
  return refused;
}

}  // namespace

Json Decision::plan_json() const {
  Json list = Json::array();
  for (const PlannedCall& call : calls) {
    Json item = Json::object({{"id", call.id}, {"tool", call.tool}});
    item.set("args", call.args);
    list.push_back(std::move(item));
  }
  Json out = Json::object({{"intent", intent}});
  out.set("calls", std::move(list));
  return out;
}

Decision decide(const PlannerInput& in, const Index& index) {
  if (code_points(in.question) > kMaxQuestionChars) return refuse(in, Say::too_long, std::to_string(kMaxQuestionChars));
  if (in.question.find_first_not_of(" \t\r\n") == std::string::npos) return refuse(in, Say::empty);
  const nlu::Calendar calendar({in.now_us, in.timezone});
  nlu::Lookup lookup(in.lookup);
  std::vector<nlu::Token> unknown;
  Decision d = decide_parts(in, index, calendar, lookup, &unknown);
  if (d.code == Code::no_match) d = respelt(in, index, calendar, lookup, std::move(d), unknown);
  d.consulted = lookup.size();
  if (d.consulted > 0) d.explain.set("lookups", lookup.to_json());
  return d;
}

}  // namespace pgops::planner
