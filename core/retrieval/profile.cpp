// core/retrieval: profiles, see profile.hpp.
//
// What an argument of the tool takes from an example is not part of the vocabulary: an example "how
// many hardware CIs" of a tool with an enum argument says nothing about hardware.
#include "core/retrieval/profile.hpp"

#include <algorithm>
#include <cmath>

#include "core/nlu/lexicon.hpp"

namespace pgops::retrieval {
namespace {

struct Counted {
  std::map<std::string, int> concepts;
  std::map<std::string, int> aspects;
  std::map<std::string, int> keys;
};

bool tokens_used(const nlu::Filling& filling, std::size_t first, std::size_t last) {
  for (std::size_t i = first; i < last; ++i) {
    if (!filling.token_used[i]) return false;
  }
  return true;
}

std::set<std::string> frequent(const std::map<std::string, int>& counts, std::size_t examples) {
  const int needed = static_cast<int>(std::ceil(0.8 * static_cast<double>(examples) - 1e-9));
  std::set<std::string> out;
  for (const auto& [name, n] : counts) {
    if (n >= needed) out.insert(name);
  }
  return out;
}

// Without stored values at hand, what names a thing in an example is read off its form: written in braces, quoted,
// an identifier, a proper name, or else a word that only this example has. `rare` are such words of the tool.
void take_names(const nlu::Analysis& a, const std::vector<nlu::Slot>& slots, const std::set<std::string>& rare,
                nlu::Filling& filling) {
  std::vector<const nlu::Slot*> open;
  for (const nlu::Slot& slot : slots) {
    if (slot.kind == nlu::SlotKind::entity) open.push_back(&slot);
  }
  const auto take = [&](std::size_t first, std::size_t last) {
    const auto braced = [&](const nlu::Slot* slot) { return first + 1 == last && a.tokens[first].norm == slot->name; };
    auto slot = std::find_if(open.begin(), open.end(), braced);
    if (slot == open.end()) slot = open.begin();
    for (std::size_t i = first; i < last; ++i) filling.token_used[i] = true;
    filling.origins.push_back({(*slot)->name, "question", a.tokens[first].begin, a.tokens[last - 1].end});
    filling.markers.emplace_back(first, "<" + (*slot)->entity + ">");
    open.erase(slot);
  };
  const auto in_braces = [&](std::size_t i) {
    return i > 0 && i + 1 < a.tokens.size() && a.tokens[i - 1].norm == "{" && a.tokens[i + 1].norm == "}";
  };
  for (const bool form : {true, false}) {
    for (std::size_t i = 0; form && i < a.spans.size() && !open.empty(); ++i) {
      if (filling.span_used[i] || (a.spans[i].type != "quoted" && a.spans[i].type != "identifier")) continue;
      filling.span_used[i] = true;
      take(a.spans[i].first, a.spans[i].last);
    }
    for (const nlu::Word& w : a.words) {
      if (open.empty() || tokens_used(filling, w.first, w.last)) continue;
      if (form ? w.proper || in_braces(w.first) : rare.count(w.concept_name) != 0) take(w.first, w.last);
    }
  }
}

// Words that one example has and nothing else of the tool.
std::set<std::string> rare_words(const ToolDoc& doc, const std::vector<nlu::Slot>& slots,
                                 const nlu::Calendar& calendar) {
  std::map<std::string, int> seen;
  if (!nlu::takes_entities(slots) || doc.examples.size() < 2) return {};
  for (const std::string& example : doc.examples) {
    std::set<std::string> concepts;
    for (const nlu::Word& w : nlu::analyse(example, calendar).words) concepts.insert(w.concept_name);
    for (const std::string& c : concepts) ++seen[c];
  }
  const auto add = [&](const std::string& text) {
    for (const std::string& c : nlu::concepts_of_name(text)) seen[c] += 2;
  };
  add(doc.name);
  add(doc.description);
  add(doc.title);
  for (const auto& c : doc.capabilities) add(c);
  for (const auto& v : doc.vocabulary) add(v);
  std::set<std::string> out;
  for (const auto& [c, n] : seen) {
    if (n == 1 && nlu::shipped_words().count(c) == 0) out.insert(c);
  }
  return out;
}

void add_example(const std::string& text, const std::vector<nlu::Slot>& slots, const nlu::Calendar& calendar,
                 const std::set<std::string>& rare, ProfiledTool& out, Counted& counted) {
  const nlu::Analysis a = nlu::analyse(text, calendar);
  nlu::Filling filling = nlu::fill(a, slots, calendar);
  if (nlu::takes_entities(slots)) take_names(a, slots, rare, filling);
  Profile& p = out.profile;
  std::set<std::string> concepts;
  std::set<std::string> keys;
  for (const nlu::Word& w : a.words) {
    if (!tokens_used(filling, w.first, w.last)) concepts.insert(w.concept_name);
  }
  for (std::size_t i = 0; i < a.spans.size(); ++i) {
    if (filling.span_used[i]) continue;
    const nlu::Span& s = a.spans[i];
    keys.insert(s.key);
    concepts.insert(s.parts.begin(), s.parts.end());
  }
  p.vocabulary.insert(a.places.begin(), a.places.end());
  for (const nlu::Aspect& aspect : a.aspects) {
    if (aspect.name != "group") continue;
    p.group_targets.insert(aspect.targets.begin(), aspect.targets.end());
    p.open_group = p.open_group || aspect.targets.empty();
  }
  p.bare_example = p.bare_example || (a.aspects.empty() && !a.words.empty() && a.words.front().first == 0);
  if (a.count_head) {
    if (tokens_used(filling, a.count_head->first, a.count_head->last)) {
      p.counts_argument = true;
    } else {
      p.count_heads.insert(a.count_head->concept_name);
    }
  }
  for (const std::string& c : concepts) ++counted.concepts[c];
  for (const std::string& k : keys) ++counted.keys[k];
  for (const std::string& name : a.aspect_names()) ++counted.aspects[name];
  p.vocabulary.insert(concepts.begin(), concepts.end());
  p.keys.insert(keys.begin(), keys.end());
  const auto names = a.aspect_names();
  p.aspects.insert(names.begin(), names.end());
  for (const nlu::Origin& o : filling.origins) {
    if (o.from == "question") concepts.insert(nlu::argument_concept(o.argument));
  }
  p.example_concepts.push_back(std::move(concepts));
  std::vector<std::string> words = nlu::delexicalised(a);
  for (const auto& [token, marker] : filling.markers) words.push_back(marker);
  out.example_words.push_back(std::move(words));
}

void add_prose(const std::string& text, Profile& p, const nlu::Calendar& calendar) {
  const nlu::Analysis a = nlu::analyse(text, calendar);
  std::vector<std::string> sequence;
  for (const nlu::Word& w : a.words) sequence.push_back(w.concept_name);
  for (const nlu::Span& s : a.spans) {
    if (s.type == "time") p.prose_keys.insert(s.key);
  }
  // "Number of events per type" says what the rows are grouped by.
  for (const nlu::Aspect& aspect : a.aspects) {
    if (aspect.name != "group" || aspect.targets.empty()) continue;
    p.aspects.insert("group");
    p.group_targets.insert(aspect.targets.begin(), aspect.targets.end());
  }
  p.prose.push_back(std::move(sequence));
}

bool summary_counts(const Json& present) {
  for (const Json& entry : present["summary"].items()) {
    if (entry["text"].dump().find("row_count}") != std::string::npos) return true;
  }
  return false;
}

}  // namespace

ProfiledTool profile_of(const ToolDoc& doc, const std::vector<nlu::Slot>& slots) {
  // Keys do not depend on now, so any clock serves; this one makes every date of an example the past.
  const nlu::Calendar calendar({std::int64_t{4'000'000'000} * 1'000'000, "UTC"});
  ProfiledTool out;
  Counted counted;
  const std::set<std::string> rare = rare_words(doc, slots, calendar);
  for (const std::string& example : doc.examples) add_example(example, slots, calendar, rare, out, counted);
  Profile& p = out.profile;
  if (!doc.examples.empty()) {
    p.core_concepts = frequent(counted.concepts, doc.examples.size());
    p.core_aspects = frequent(counted.aspects, doc.examples.size());
    p.core_keys = frequent(counted.keys, doc.examples.size());
  }
  const auto add_names = [&](const std::string& name) {
    for (std::string& c : nlu::concepts_of_name(name)) p.vocabulary.insert(std::move(c));
  };
  add_names(doc.name);
  for (const std::string& c : doc.capabilities) add_names(c);
  for (const std::string& v : doc.vocabulary) add_names(v);
  add_prose(doc.description, p, calendar);
  add_prose(doc.title, p, calendar);
  p.counts_rows = summary_counts(doc.present);
  return out;
}

}  // namespace pgops::retrieval
