// core/planner: ranking, judging and choosing, see decider.hpp.
//
// Order: questions that are none, help, actions; then the fifty nearest tools are judged and the models read
// the question. Of what explains everything: a tool that was given this very question as an example, then a
// model's reading, then the best tool. Within the margin, tools of one capability answer side by side; tools of
// different ones, and readings that ask for different things, are asked back.
#include "core/planner/decider.hpp"

#include <algorithm>

namespace pgops::planner {
namespace {

using retrieval::Entry;

constexpr std::size_t kCandidates = 50;
constexpr std::size_t kLookups = 10;  // tools whose entities are looked up
constexpr double kThreshold = 0.75;
constexpr double kMinReverse = 0.5;
constexpr double kThresholdAlone = 0.45;
constexpr double kMinReverseAlone = 0.35;
constexpr double kMargin = 0.35;    // in logits
constexpr double kVerbatim = 0.95;  // overlap with an example from which on a tool goes before a reading
constexpr std::size_t kMaxSideBySide = 3;
constexpr std::size_t kMaxOptions = 4;
constexpr std::size_t kMaxValues = 10;  // values of an argument that are offered
constexpr std::size_t kMaxCompleted = 3;

PlannedCall call_of(const Candidate& c, std::size_t position) {
  PlannedCall call;
  call.id = std::string(1, static_cast<char>('a' + position % 26));
  call.tool = c.entry->doc.name;
  call.version = c.entry->doc.version;
  call.args = c.filling.args;
  call.origins = c.filling.origins;
  return call;
}

PlannedCall call_of(const Reading& reading) {
  PlannedCall call;
  call.id = std::string(1, 'a');  // from a literal, GCC 12 warns of a copy that cannot be
  call.tool = reading.tool;
  call.version = reading.version;
  call.args = reading.args;
  call.origins = reading.origins;
  return call;
}

Json texts(const std::vector<std::string>& items) {
  Json array = Json::array();
  for (const std::string& item : items) array.push_back(item);
  return array;
}

Json to_json(const Reading& r) {
  Json out = Json::object({{"tool", r.tool}, {"label", r.label}, {"guesses", r.guesses}});
  out.set("args", r.args);
  out.set("unused", texts(r.unused));
  out.set("conflicts", texts(r.conflicts));
  out.set("missing", texts(r.missing));
  return out;
}

// Of the complete readings, those with the fewest guesses, each meaning once.
std::vector<const Reading*> complete_readings(const std::vector<Reading>& readings) {
  std::vector<const Reading*> out;
  for (const Reading& r : readings) {
    if (!r.complete()) continue;
    if (!out.empty() && r.guesses > out.front()->guesses) continue;
    if (!out.empty() && r.guesses < out.front()->guesses) out.clear();
    const bool again =
        std::any_of(out.begin(), out.end(), [&](const Reading* o) { return o->tool == r.tool && o->args == r.args; });
    if (!again) out.push_back(&r);
  }
  return out;
}

}  // namespace

Decision Decider::run(const std::string& question) {
  a_ = nlu::analyse(question, cal_);
  d_.explain.set("spans", nlu::spans_json(a_));
  d_.intent = intent_of(a_, nullptr);
  korean_ = nlu::hangul_share(question) > 0.5 && !a_.help;
  if (a_.help) return help();
  if (a_.action && !in_.allow_write) return action();
  if (const auto refused = senseless(question)) return reject(Code::no_match, *refused);
  rank();
  read();
  note_candidates();
  return choose();
}

bool Decider::eligible(const Entry& e) const {
  const retrieval::ToolDoc& doc = e.doc;
  if (!doc.callable || doc.deprecated || doc.examples.empty()) return false;
  // The shipped lists translate words, but who may be asked in Korean is the tool's own statement.
  if (korean_ && !e.hangul) return false;
  // A tool that writes is only for a question that tells it to.
  if (!doc.read_only && !(a_.action && in_.allow_write)) return false;
  if (doc.read_only && a_.action) return false;
  return !in_.callable || in_.callable(doc);
}

void Decider::rank() {
  std::vector<std::string> words = nlu::delexicalised(a_);
  for (std::string& marker : index_.enum_markers(a_)) words.push_back(std::move(marker));
  const auto scored =
      index_.retrieve(words, concepts_of(a_), kCandidates, [this](const Entry& e) { return eligible(e); });
  for (const retrieval::Scored& s : scored) all_.push_back(judge(a_, cal_, index_, s));
  look_up_entities();
}

// The nearest tools that could answer but for a name, all of them with one question to the data.
void Decider::look_up_entities() {
  if (!lookup_.available()) return;
  std::vector<Candidate*> hopeful;
  std::vector<nlu::LookupQuery> queries;
  for (Candidate& c : all_) {
    if (hopeful.size() >= kLookups || !c.conflicts.empty() || !nlu::takes_entities(c.entry->slots)) continue;
    hopeful.push_back(&c);
    for (nlu::LookupQuery& query : nlu::entity_queries(a_, c.entry->slots)) queries.push_back(std::move(query));
  }
  lookup_.prepare(queries);
  for (Candidate* c : hopeful) *c = judge(a_, cal_, index_, c->score, &lookup_);
}

void Decider::read() {
  if (in_.read_models && !a_.action) readings_ = in_.read_models(a_, cal_, lookup_);
}

// Whoever could answer, and the three nearest that could not: the trace of every request carries this.
void Decider::note_candidates() {
  Json candidates = Json::array();
  std::size_t others = 0;
  for (const Candidate& c : all_) {
    if (c.explains_all() || others++ < 3) candidates.push_back(planner::to_json(c));
  }
  d_.explain.set("candidates", std::move(candidates));
  if (others > 3) d_.explain.set("candidates_left_out", Json(static_cast<std::int64_t>(others - 3)));
  if (readings_.empty()) return;
  Json readings = Json::array();
  for (const Reading& r : readings_) readings.push_back(to_json(r));
  d_.explain.set("readings", std::move(readings));
}

Decision Decider::choose() {
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
  // One tool alone explains every word: then it need not be that near to one of its examples.
  if (good.empty() && incomplete.empty() && readings_.empty()) {
    const auto explains = [](const Candidate& c) { return c.explains_all(); };
    const auto only = std::find_if(all_.begin(), all_.end(), explains);
    if (only != all_.end() && std::find_if(only + 1, all_.end(), explains) == all_.end() &&
        only->p >= kThresholdAlone && only->reverse >= kMinReverseAlone) {
      (only->complete() ? good : incomplete).push_back(&*only);
    }
  }
  const auto better = [](const Candidate* x, const Candidate* y) {
    return x->logit != y->logit ? x->logit > y->logit : x->entry->doc.name < y->entry->doc.name;
  };
  std::sort(good.begin(), good.end(), better);
  std::sort(incomplete.begin(), incomplete.end(), better);
  const std::vector<const Reading*> readings = complete_readings(readings_);
  const bool verbatim = !good.empty() && good.front()->overlap >= kVerbatim && good.front()->reverse >= kVerbatim;
  if (!readings.empty() && !verbatim) {
    if (readings.size() > 1) return ask_back({}, readings);
    return plan(*readings.front());
  }
  if (good.empty() && !incomplete.empty()) return ask_for_argument(*incomplete.front());
  if (good.empty()) {
    for (const Reading& r : readings_) {
      if (r.unused.empty() && r.conflicts.empty()) return ask_for(r);
    }
    return reject(Code::no_match, why_not(unsure));
  }
  std::vector<const Candidate*> close;
  for (const Candidate* c : good) {
    if (good.front()->logit - c->logit <= kMargin) close.push_back(c);
  }
  if (close.size() > 1) {
    const bool together =
        close.size() <= kMaxSideBySide && std::all_of(close.begin(), close.end(), [&](const Candidate* c) {
          return c == close.front() || same_capability(c->entry->doc, close.front()->entry->doc);
        });
    if (!together) return ask_back(close, {});
  }
  return plan(close);
}

Decision Decider::plan(const std::vector<const Candidate*>& chosen) {
  d_.route = Route::plan;
  d_.intent = intent_of(a_, &chosen.front()->filling);
  std::vector<std::string> names;
  for (const Candidate* c : chosen) {
    PlannedCall call = call_of(*c, d_.calls.size());
    names.push_back(call.tool);
    d_.calls.push_back(std::move(call));
  }
  for (const nlu::Span& s : a_.spans) {
    if (s.type == "time" || s.type == "time_point") add_interval(s);
  }
  for (const Candidate* c : chosen) {
    for (const auto& [text, label] : c->filling.understood) {
      d_.notes.push_back(say(Say::understood, in_.locale, "\"" + text + "\"", "\"" + label + "\""));
    }
  }
  d_.reason = names.size() == 1 ? say(Say::planned, in_.locale, names.front())
                                : say(Say::planned_several, in_.locale, join_quoted(names, in_.locale));
  d_.explain.set("why", d_.reason);
  return std::move(d_);
}

Decision Decider::plan(const Reading& reading) {
  d_.route = Route::plan;
  if (!reading.intent.empty()) d_.intent = reading.intent;
  d_.calls.push_back(call_of(reading));
  for (const std::size_t i : reading.time_spans) add_interval(a_.spans.at(i));
  d_.notes = reading.notes;
  d_.reason = say(Say::planned_reading, in_.locale, reading.label);
  d_.explain.set("why", d_.reason);
  return std::move(d_);
}

void Decider::add_interval(const nlu::Span& s) {
  Period interval;
  const auto bound = [&](std::string_view before, std::int64_t us) {
    interval.text += before;
    const std::size_t begin = interval.text.size();
    interval.text += cal_.human(us);
    interval.bounds.push_back({cal_.iso(us), begin, interval.text.size()});
  };
  const bool korean = is_korean(in_.locale);
  if (s.since_us) bound(s.until_us || korean ? "" : "since ", *s.since_us);
  if (korean && s.since_us && !s.until_us) interval.text += "부터";
  if (s.until_us && s.type == "time") {
    bound(s.since_us ? (korean ? " ~ " : " to ") : (korean ? "" : "until "), *s.until_us);
    if (korean && !s.since_us) interval.text += "까지";
  }
  interval.text += " " + in_.timezone;
  d_.intervals.push_back(std::move(interval));
}

Decision Decider::ask_back(const std::vector<const Candidate*>& close, const std::vector<const Reading*>& readings) {
  d_.clarification = say(Say::ambiguous, in_.locale);
  const auto offer_plan = [this](std::string label, PlannedCall call) {
    if (d_.options.size() >= kMaxOptions) return;
    Decision one;
    one.intent = d_.intent;
    one.calls.push_back(std::move(call));
    d_.options.push_back({std::move(label), one.plan_json()});
  };
  for (const Reading* r : readings) offer_plan(r->label, call_of(*r));
  for (const Candidate* c : close) offer_plan(label_of(c->entry->doc), call_of(*c, 0));
  return reject(Code::ambiguous, d_.clarification);
}

Decision Decider::ask_for_argument(const Candidate& c) {
  if (!c.filling.choices.empty()) return ask_which(c);
  const std::string& name = c.filling.missing.front();
  std::string spoken = name;
  std::replace(spoken.begin(), spoken.end(), '_', ' ');
  d_.clarification = say(Say::needs_argument, in_.locale, spoken);
  d_.explain.set("missing_argument", name);
  d_.explain.set("tool", c.entry->doc.name);
  const bool only = c.filling.missing.size() == 1;
  for (const nlu::Slot& slot : c.entry->slots) {
    if (slot.name != name) continue;
    if (slot.kind == nlu::SlotKind::enumeration) {
      for (const nlu::EnumValue& value : slot.values) {
        if (only) offer(c, name, value.label, value.value);
        complete_with(c, {value.label, spoken + " " + value.label});
      }
    } else if (slot.kind == nlu::SlotKind::since || slot.kind == nlu::SlotKind::until) {
      const bool korean = is_korean(in_.locale);
      complete_with(c, {korean ? "최근 24시간" : "in the last 24 hours"});
      complete_with(c, {korean ? "어제" : "yesterday"});
    } else if (slot.kind == nlu::SlotKind::at) {
      complete_with(c, {is_korean(in_.locale) ? "5분 전" : "5 minutes ago"});
    }
  }
  for (const std::string& example : c.entry->doc.examples) {
    if (d_.next_actions.size() < kMaxCompleted) d_.next_actions.push_back(example);
  }
  return reject(Code::ambiguous, d_.clarification);
}

Decision Decider::ask_which(const Candidate& c) {
  const nlu::EntityChoice& choice = c.filling.choices.front();
  d_.clarification = say(Say::which_name, in_.locale, "\"" + choice.text + "\"");
  d_.explain.set("tool", c.entry->doc.name);
  for (const nlu::LookupCandidate& candidate : choice.candidates) {
    if (c.filling.choices.size() == 1 && c.filling.missing.empty())
      offer(c, choice.argument, candidate.label, candidate.value);
  }
  return reject(Code::ambiguous, d_.clarification);
}

void Decider::offer(const Candidate& c, const std::string& argument, const std::string& label, const Json& value) {
  if (d_.options.size() >= kMaxValues) return;
  Decision one;
  one.intent = d_.intent;
  one.calls.push_back(call_of(c, 0));
  one.calls.front().args.set(argument, value);
  d_.options.push_back({label, one.plan_json()});
}

// The question with what it lacks, where that is understood: the first of `endings` that gives a plan of this tool.
void Decider::complete_with(const Candidate& c, const std::vector<std::string>& endings) {
  if (probing_ || d_.next_actions.size() >= kMaxCompleted) return;
  std::string stripped = a_.text;
  while (!stripped.empty() && (stripped.back() == '?' || stripped.back() == '.' || stripped.back() == ' ')) {
    stripped.pop_back();
  }
  for (const std::string& ending : endings) {
    for (const bool front : {true, false}) {
      const std::string question = front ? ending + " " + stripped : stripped + " " + ending;
      Decider inner(in_, index_, cal_, lookup_);
      inner.probing_ = true;
      const Decision d = inner.run(question);
      if (d.route != Route::plan || d.calls.front().tool != c.entry->doc.name) continue;
      d_.next_actions.push_back(question);
      return;
    }
  }
}

Decision Decider::ask_for(const Reading& reading) {
  d_.clarification = say(Say::needs_argument, in_.locale, reading.missing.front());
  d_.explain.set("missing_argument", reading.missing.front());
  d_.explain.set("tool", reading.tool);
  return reject(Code::ambiguous, d_.clarification);
}

}  // namespace pgops::planner
