// core/planner: the entry: what is no question at all, questions in several parts, slips of typing. See planner.hpp.
#include <algorithm>

#include "core/planner/compound.hpp"
#include "core/planner/decider.hpp"
#include "core/planner/spelling.hpp"

namespace pgops::planner {
namespace {

using retrieval::Index;

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// `unknown` gets the words that nobody explains.
Decision decide_parts(const PlannerInput& in, const Index& index, const nlu::Calendar& calendar, nlu::Lookup& lookup,
                      std::vector<nlu::Token>* unknown) {
  Decider decider(in, index, calendar, lookup);
  Decision whole = decider.run(in.question);
  if (whole.route == Route::direct || whole.code == Code::unsupported_action) return whole;
  if (unknown != nullptr) *unknown = decider.unknown_words();
  return compound(in, index, calendar, lookup, std::move(whole), decider.tokens());
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
  d.repeatable = d.consulted == 0 && !in.read_models && !calendar.now_asked();
  if (d.consulted > 0) d.explain.set("lookups", lookup.to_json());
  return d;
}

}  // namespace pgops::planner
