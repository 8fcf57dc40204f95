// core/planner: questions without a plan: refusals with their reasons, actions, help. See decider.hpp.
#include <algorithm>
#include <map>

#include "core/planner/decider.hpp"

namespace pgops::planner {
namespace {

using retrieval::Entry;

constexpr std::size_t kNearest = 3;

}  // namespace

bool Decider::anything_to_ask() const {
  const auto& entries = index_.entries();
  return (in_.read_models && !a_.action) ||
         std::any_of(entries.begin(), entries.end(), [this](const Entry& e) { return eligible(e); });
}

std::optional<std::string> Decider::senseless(const std::string& question) const {
  if (!anything_to_ask()) return say(a_.action ? Say::no_agreement : Say::no_tools, in_.locale);
  if (nlu::non_latin_share(question) > 0.5) {
    const auto& entries = index_.entries();
    const bool known = nlu::hangul_share(question) > 0.3 &&
                       (in_.read_models || std::any_of(entries.begin(), entries.end(),
                                                       [this](const Entry& e) { return e.hangul && eligible(e); }));
    if (!known) return say(Say::other_language, in_.locale);
  }
  for (const nlu::Aspect& aspect : a_.aspects) {
    if (aspect.name != "reference") continue;
    return say(Say::refers_back, in_.locale, "\"" + a_.tokens[aspect.first].text + "\"");
  }
  // A period alone ("and last month?") says when and not what.
  const auto timeless = [](const nlu::Span& s) { return s.type != "time" && s.type != "time_point"; };
  const std::size_t meaningful =
      a_.words.size() + static_cast<std::size_t>(std::count_if(a_.spans.begin(), a_.spans.end(), timeless));
  if (a_.tokens.empty() || (a_.tokens.size() < 2 && meaningful == 0)) return say(Say::too_short, in_.locale);
  if (meaningful == 0) return say(Say::no_content, in_.locale);
  if (!a_.zone_known && std::any_of(a_.spans.begin(), a_.spans.end(),
                                    [](const nlu::Span& s) { return s.type == "time" || s.type == "time_point"; })) {
    return say(Say::zone_unknown, in_.locale, "\"" + in_.timezone + "\"");
  }
  return std::nullopt;
}

bool Decider::nobody_explains(const nlu::Word& word) const {
  const auto left = [&](const auto& one) {
    return std::find(one.unused.begin(), one.unused.end(), word.text) != one.unused.end();
  };
  return !index_.known(word.concept_name) && !(all_.empty() && readings_.empty()) &&
         std::all_of(all_.begin(), all_.end(), left) && std::all_of(readings_.begin(), readings_.end(), left);
}

std::vector<nlu::Token> Decider::unknown_words() const {
  std::vector<nlu::Token> out;
  for (const nlu::Word& w : a_.words) {
    if (w.last == w.first + 1 && !w.proper && nobody_explains(w)) out.push_back(a_.tokens[w.first]);
  }
  return out;
}

// Words that nobody knows are the clearest; else what the nearest tool or reading could not place.
std::string Decider::why_not(bool unsure) {
  if (unsure) return say(Say::too_unsure, in_.locale);
  for (const nlu::Word& w : a_.words) {
    if (nobody_explains(w)) d_.not_understood.push_back(w.text);
  }
  if (!a_.words.empty() && d_.not_understood.size() == a_.words.size()) return say(Say::nothing_known, in_.locale);
  const std::vector<std::string>* nearest = nullptr;
  std::size_t distance = 0;
  const auto closer = [&](const auto& one) {
    const std::size_t far = one.unused.size() + one.conflicts.size();
    if (nearest != nullptr && far >= distance) return;
    nearest = &one.unused;
    distance = far;
  };
  for (const Reading& r : readings_) closer(r);
  for (const Candidate& c : all_) closer(c);
  if (d_.not_understood.empty() && nearest != nullptr) d_.not_understood = *nearest;
  if (!d_.not_understood.empty()) {
    return say(Say::not_understood, in_.locale, join_quoted(d_.not_understood, in_.locale));
  }
  return say(a_.has("future") ? Say::no_future : a_.has("modal") ? Say::no_modal : Say::no_agreement, in_.locale);
}

Decision Decider::reject(Code code, std::string reason) {
  d_.route = Route::reject;
  d_.code = code;
  d_.reason = std::move(reason);
  if (code == Code::no_match) {
    const auto offer = [this](const std::string& question) {
      const auto& have = d_.next_actions;
      if (have.size() < kNearest && std::find(have.begin(), have.end(), question) == have.end())
        d_.next_actions.push_back(question);
    };
    for (const Reading& r : readings_) {
      for (const std::string& suggestion : r.suggestions) offer(suggestion);
    }
    for (const Candidate& c : all_) offer(c.entry->doc.examples.front());
    for (const Reading& r : readings_) {
      for (const std::string& example : r.examples) offer(example);
    }
  }
  if (d_.next_actions.empty()) d_.next_actions.push_back(say(Say::see_help, in_.locale));
  d_.explain.set("why", d_.reason);
  Json words = Json::array();
  for (const std::string& w : d_.not_understood) words.push_back(w);
  d_.explain.set("not_understood", std::move(words));
  return std::move(d_);
}

Decision Decider::action() {
  d_.intent = "action";
  return reject(Code::unsupported_action, say(Say::action, in_.locale, *a_.action));
}

Decision Decider::help() {
  d_.route = Route::direct;
  d_.intent = "help";
  std::map<std::string, Json> by_capability;
  std::vector<std::string> examples;
  for (const Entry& e : index_.entries()) {
    if (!eligible(e)) continue;
    Json tool = Json::object({{"tool", e.doc.name}, {"description", e.doc.description}});
    Json list = Json::array();
    for (const std::string& example : e.doc.examples) list.push_back(example);
    tool.set("examples", std::move(list));
    examples.push_back(e.doc.examples.front());
    const std::string name = e.doc.capabilities.empty() ? e.doc.name : e.doc.capabilities.front();
    by_capability[name].push_back(std::move(tool));
  }
  Json capabilities = Json::array();
  for (auto& [name, tools] : by_capability) {
    Json item = Json::object({{"capability", name}});
    item.set("tools", std::move(tools));
    capabilities.push_back(std::move(item));
  }
  d_.direct_facts = Json::object();
  d_.direct_facts.set("capabilities", std::move(capabilities));
  d_.direct_text = say(examples.empty() ? Say::help_none : Say::help_head, in_.locale);
  for (std::size_t i = 0; i < examples.size() && i < 20; ++i) d_.direct_text += "\n- " + examples[i];
  d_.next_actions.assign(examples.begin(),
                         examples.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(5, examples.size())));
  d_.reason = d_.direct_text.substr(0, d_.direct_text.find('\n'));
  d_.explain.set("why", "help");
  return std::move(d_);
}

}  // namespace pgops::planner
