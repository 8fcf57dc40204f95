// core/planner: the decision, see planner.hpp.
//
// Order: questions that are none, help, actions; then the fifty nearest tools are judged, and of those
// that explain everything the best decides. Within the margin, tools of one capability answer side by
// side and tools of different ones are asked back. A question in two halves is planned only when both
// halves plan by themselves.
#include <algorithm>
#include <cmath>

#include "core/nlu/lexicon.hpp"
#include "core/planner/candidate.hpp"
#include "core/planner/planner.hpp"
#include "core/planner/wording.hpp"

namespace pgops::planner {
namespace {

using retrieval::Entry;
using retrieval::Index;
using retrieval::ToolDoc;

constexpr std::size_t kCandidates = 50;
constexpr double kThreshold = 0.75;
constexpr double kMinReverse = 0.5;
constexpr double kMargin = 0.35;  // in logits
constexpr std::size_t kMaxSideBySide = 3;
constexpr std::size_t kMaxParts = 4;
constexpr std::size_t kNearest = 3;

std::string intent_of(const nlu::Analysis& a, const nlu::Filling* filling) {
  if (a.has("why")) return "diagnose";
  if (a.has("trend")) return "trend";
  if (a.has("compare")) return "compare";
  if (a.has("latest") || a.has("oldest")) return "latest";
  if (a.has("group") || a.has("sum") || a.has("average") || a.has("max") || a.has("min")) return "aggregate";
  if (!a.superlatives().empty()) return "top";
  if (a.has("count")) return "count";
  if (a.has("distinct")) return "distinct";
  if (a.has("list")) return "list";
  if (a.has("exist")) return "status";
  if (!a.tokens.empty()) {
    const std::string& first = a.tokens.front().norm;
    if (first == "is" || first == "are" || first == "does" || first == "do" || first == "has" || first == "how")
      return "status";
  }
  for (std::size_t i = 0; filling != nullptr && i < a.spans.size(); ++i) {
    const bool named = a.spans[i].type == "quoted" || a.spans[i].type == "identifier";
    if (named && filling->span_used[i]) return "lookup";
  }
  return "list";
}

std::string first_sentence(const std::string& text) {
  const std::size_t at = text.find(". ");
  return at == std::string::npos ? text : text.substr(0, at + 1);
}

std::string label_of(const ToolDoc& doc) {
  if (!doc.title.empty()) return doc.title;
  if (!doc.description.empty()) return first_sentence(doc.description);
  return doc.name;
}

bool same_capability(const ToolDoc& a, const ToolDoc& b) {
  return std::any_of(a.capabilities.begin(), a.capabilities.end(), [&](const std::string& c) {
    return std::find(b.capabilities.begin(), b.capabilities.end(), c) != b.capabilities.end();
  });
}

class Decider {
 public:
  Decider(const PlannerInput& in, const Index& index, const nlu::Calendar& calendar)
      : in_(in), index_(index), cal_(calendar) {}

  // What the question was cut into; after run().
  const std::vector<nlu::Token>& tokens() const noexcept { return a_.tokens; }

  Decision run(const std::string& question) {
    a_ = nlu::analyse(question, cal_);
    d_.explain.set("spans", nlu::spans_json(a_));
    d_.intent = intent_of(a_, nullptr);
    if (a_.help) return help();
    if (a_.action && !in_.allow_write) return action();
    if (const auto refused = senseless(question)) return reject(Code::no_match, *refused);
    rank();
    return choose();
  }

 private:
  bool eligible(const Entry& e) const {
    const ToolDoc& doc = e.doc;
    if (!doc.callable || doc.deprecated || doc.examples.empty()) return false;
    // A tool that writes is only for a question that tells it to.
    if (!doc.read_only && !(a_.action && in_.allow_write)) return false;
    if (doc.read_only && a_.action) return false;
    return !in_.callable || in_.callable(doc);
  }

  std::optional<std::string> senseless(const std::string& question) {
    const auto& entries = index_.entries();
    if (std::none_of(entries.begin(), entries.end(), [this](const Entry& e) { return eligible(e); })) {
      return say(a_.action ? Say::no_agreement : Say::no_tools, in_.locale);
    }
    if (nlu::non_latin_share(question) > 0.5) {
      const bool known =
          nlu::hangul_share(question) > 0.3 &&
          std::any_of(entries.begin(), entries.end(), [this](const Entry& e) { return e.hangul && eligible(e); });
      if (!known) return say(Say::other_language, in_.locale);
    }
    std::size_t meaningful = a_.words.size() + a_.spans.size();
    if (a_.tokens.empty() || (a_.tokens.size() < 2 && meaningful == 0)) return say(Say::too_short, in_.locale);
    if (meaningful == 0) return say(Say::no_content, in_.locale);
    if (!a_.zone_known && std::any_of(a_.spans.begin(), a_.spans.end(),
                                      [](const nlu::Span& s) { return s.type == "time" || s.type == "time_point"; })) {
      return say(Say::zone_unknown, in_.locale, "\"" + in_.timezone + "\"");
    }
    return std::nullopt;
  }

  void rank() {
    std::vector<std::string> words = nlu::delexicalised(a_);
    for (std::string& marker : index_.enum_markers(a_)) words.push_back(std::move(marker));
    const auto scored =
        index_.retrieve(words, concepts_of(a_), kCandidates, [this](const Entry& e) { return eligible(e); });
    for (const retrieval::Scored& s : scored) all_.push_back(judge(a_, cal_, index_, s));
    // Whoever could answer, and the three nearest that could not: the trace of every request carries this.
    Json candidates = Json::array();
    std::size_t others = 0;
    for (const Candidate& c : all_) {
      if (c.explains_all() || others++ < 3) candidates.push_back(to_json(c));
    }
    d_.explain.set("candidates", std::move(candidates));
    if (others > 3) d_.explain.set("candidates_left_out", Json(static_cast<std::int64_t>(others - 3)));
  }

  Decision choose() {
    std::vector<const Candidate*> good;
    std::vector<const Candidate*> incomplete;
    bool unsure = false;
    for (const Candidate& c : all_) {
      if (!c.explains_all()) continue;
      if (c.p < kThreshold || c.reverse < kMinReverse) {
        unsure = true;
      } else {
        (c.complete() ? good : incomplete).push_back(&c);
      }
    }
    const auto better = [](const Candidate* x, const Candidate* y) {
      return x->logit != y->logit ? x->logit > y->logit : x->entry->doc.name < y->entry->doc.name;
    };
    std::sort(good.begin(), good.end(), better);
    std::sort(incomplete.begin(), incomplete.end(), better);
    if (good.empty() && !incomplete.empty()) return ask_for_argument(*incomplete.front());
    if (good.empty()) return reject(Code::no_match, why_not(unsure));
    std::vector<const Candidate*> close;
    for (const Candidate* c : good) {
      if (good.front()->logit - c->logit <= kMargin) close.push_back(c);
    }
    if (close.size() > 1) {
      const bool together =
          close.size() <= kMaxSideBySide && std::all_of(close.begin(), close.end(), [&](const Candidate* c) {
            return c == close.front() || same_capability(c->entry->doc, close.front()->entry->doc);
          });
      if (!together) return ask_back(close);
    }
    return plan(close);
  }

  Decision plan(const std::vector<const Candidate*>& chosen) {
    d_.route = Route::plan;
    d_.intent = intent_of(a_, &chosen.front()->filling);
    std::vector<std::string> names;
    for (const Candidate* c : chosen) {
      PlannedCall call = call_of(*c, d_.calls.size());
      names.push_back(call.tool);
      d_.calls.push_back(std::move(call));
    }
    for (const nlu::Span& s : a_.spans) {
      if (s.type != "time") continue;
      Period interval;
      const auto bound = [&](std::string_view before, std::int64_t us) {
        interval.text += before;
        const std::size_t begin = interval.text.size();
        interval.text += cal_.human(us);
        interval.bounds.push_back({cal_.iso(us), begin, interval.text.size()});
      };
      if (s.since_us) bound(s.until_us ? "" : "since ", *s.since_us);
      if (s.until_us) bound(s.since_us ? " to " : "until ", *s.until_us);
      interval.text += " " + in_.timezone;
      d_.intervals.push_back(std::move(interval));
    }
    d_.reason = names.size() == 1 ? say(Say::planned, in_.locale, names.front())
                                  : say(Say::planned_several, in_.locale, join_quoted(names, in_.locale));
    d_.explain.set("why", d_.reason);
    return std::move(d_);
  }

  static PlannedCall call_of(const Candidate& c, std::size_t position) {
    PlannedCall call;
    call.id = std::string(1, static_cast<char>('a' + position % 26));
    call.tool = c.entry->doc.name;
    call.version = c.entry->doc.version;
    call.args = c.filling.args;
    call.origins = c.filling.origins;
    return call;
  }

  Decision ask_back(const std::vector<const Candidate*>& close) {
    d_.clarification = say(Say::ambiguous, in_.locale);
    for (const Candidate* c : close) {
      if (d_.options.size() >= kMaxParts) break;
      Decision one;
      one.intent = d_.intent;
      one.calls.push_back(call_of(*c, 0));
      d_.options.push_back({label_of(c->entry->doc), one.plan_json()});
    }
    return reject(Code::ambiguous, d_.clarification);
  }

  Decision ask_for_argument(const Candidate& c) {
    const std::string& name = c.filling.missing.front();
    std::string spoken = name;
    std::replace(spoken.begin(), spoken.end(), '_', ' ');
    d_.clarification = say(Say::needs_argument, in_.locale, spoken);
    d_.explain.set("missing_argument", name);
    d_.explain.set("tool", c.entry->doc.name);
    for (const nlu::Slot& slot : c.entry->slots) {
      if (slot.name != name || slot.kind != nlu::SlotKind::enumeration || c.filling.missing.size() != 1) continue;
      for (const nlu::EnumValue& value : slot.values) {
        if (d_.options.size() >= 10) break;
        Decision one;
        one.intent = d_.intent;
        one.calls.push_back(call_of(c, 0));
        one.calls.front().args.set(name, value.value);
        d_.options.push_back({value.label, one.plan_json()});
      }
    }
    return reject(Code::ambiguous, d_.clarification);
  }

  std::string why_not(bool unsure) {
    if (unsure) return say(Say::too_unsure, in_.locale);
    // Words that no tool knows are the clearest; else what the nearest tool could not place.
    bool any_known = false;
    for (const nlu::Word& w : a_.words) {
      const bool everywhere = !all_.empty() && std::all_of(all_.begin(), all_.end(), [&](const Candidate& c) {
        return std::find(c.unused.begin(), c.unused.end(), w.text) != c.unused.end();
      });
      if (everywhere && !index_.known(w.concept_name)) d_.not_understood.push_back(w.text);
      any_known = any_known || index_.known(w.concept_name);
    }
    if (!a_.words.empty() && d_.not_understood.size() == a_.words.size() && !any_known)
      return say(Say::nothing_known, in_.locale);
    const Candidate* nearest = nullptr;
    for (const Candidate& c : all_) {
      if (nearest == nullptr ||
          c.unused.size() + c.conflicts.size() < nearest->unused.size() + nearest->conflicts.size())
        nearest = &c;
    }
    if (d_.not_understood.empty() && nearest != nullptr) d_.not_understood = nearest->unused;
    if (!d_.not_understood.empty()) {
      return say(Say::not_understood, in_.locale, join_quoted(d_.not_understood, in_.locale));
    }
    return say(a_.has("future") ? Say::no_future : a_.has("modal") ? Say::no_modal : Say::no_agreement, in_.locale);
  }

  Decision reject(Code code, std::string reason) {
    d_.route = Route::reject;
    d_.code = code;
    d_.reason = std::move(reason);
    if (code == Code::no_match) {
      for (const Candidate& c : all_) {
        if (d_.next_actions.size() >= kNearest) break;
        d_.next_actions.push_back(c.entry->doc.examples.front());
      }
    }
    if (d_.next_actions.empty()) d_.next_actions.push_back(say(Say::see_help, in_.locale));
    d_.explain.set("why", d_.reason);
    Json words = Json::array();
    for (const std::string& w : d_.not_understood) words.push_back(w);
    d_.explain.set("not_understood", std::move(words));
    return std::move(d_);
  }

  Decision action() {
    d_.intent = "action";
    return reject(Code::unsupported_action, say(Say::action, in_.locale, *a_.action));
  }

  Decision help() {
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

  const PlannerInput& in_;
  const Index& index_;
  const nlu::Calendar& cal_;
  nlu::Analysis a_;
  std::vector<Candidate> all_;
  Decision d_;
};

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
Decision in_parts(const PlannerInput& in, const Index& index, const nlu::Calendar& calendar, Decision whole,
                  const std::vector<std::string>& parts) {
  Decision joined;
  Json explains = Json::array();
  bool all_plan = parts.size() <= kMaxParts;
  bool other_calls = false;
  for (std::size_t i = 0; i < parts.size() && i <= kMaxParts; ++i) {
    Decision one = Decider(in, index, calendar).run(parts[i]);
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
  Decider decider(in, index, calendar);
  Decision whole = decider.run(in.question);
  if (whole.route == Route::direct || whole.code == Code::unsupported_action) return whole;
  const std::vector<std::string> parts = halves(in.question, decider.tokens());
  if (parts.size() < 2) return whole;
  return in_parts(in, index, calendar, std::move(whole), parts);
}

}  // namespace pgops::planner
