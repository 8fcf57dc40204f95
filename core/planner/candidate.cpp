// core/planner: coverage, nearness and score of one tool, see candidate.hpp.
//
// A word that only the prose of the tool knows counts when it stands there beside the same neighbour:
// "every severity (critical, warning)" does not make "critical events" understood.
// The weights are constants; they were set on invented registries (regress/planner) and never on
// questions a test counts.
#include "core/planner/candidate.hpp"

#include <algorithm>
#include <cmath>

#include "core/planner/agreement.hpp"

namespace pgops::planner {
namespace {

constexpr double kBias = -5.0;
constexpr double kBest3 = 2.5;
constexpr double kCentroid = 1.0;
constexpr double kBm25 = 0.5;
constexpr double kReverse = 4.0;
constexpr double kOverlap = 3.5;
constexpr double kSoft = -0.3;
constexpr double kDefault = -0.1;

bool used(const nlu::Filling& filling, std::size_t first, std::size_t last) {
  for (std::size_t i = first; i < last; ++i) {
    if (!filling.token_used[i]) return false;
  }
  return true;
}

bool beside_in_prose(const retrieval::Profile& p, const std::string& word, const std::string& neighbour) {
  for (const auto& sentence : p.prose) {
    for (std::size_t i = 0; i < sentence.size(); ++i) {
      if (sentence[i] != word) continue;
      const std::size_t from = i >= 2 ? i - 2 : 0;
      for (std::size_t k = from; k < sentence.size() && k <= i + 2; ++k) {
        if (k != i && sentence[k] == neighbour) return true;
      }
    }
  }
  return false;
}

class Coverage {
 public:
  Coverage(const nlu::Analysis& a, const nlu::Filling& f, const retrieval::Entry& entry)
      : a_(a), filling_(f), entry_(entry) {}

  std::vector<std::string> unused() const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < a_.words.size(); ++i) {
      if (!explained(i)) out.push_back(a_.words[i].text);
    }
    for (std::size_t i = 0; i < a_.spans.size(); ++i) {
      if (!span_explained(i)) out.push_back(a_.spans[i].text);
    }
    return out;
  }

 private:
  bool explained(std::size_t i) const {
    const nlu::Word& w = a_.words[i];
    const retrieval::Profile& p = entry_.profile;
    if (used(filling_, w.first, w.last)) return true;
    if (p.vocabulary.count(w.concept_name) != 0) return true;
    if (is_group_target(w)) return true;
    // A participle restricts ("starting with"): prose that has the noun does not explain it.
    const bool participle = w.text.size() > 4 && (w.text.ends_with("ing") || w.text.ends_with("ed"));
    if (w.time_word || w.proper || participle) return false;
    for (const nlu::Slot& slot : entry_.slots) {
      const bool filled = std::any_of(filling_.origins.begin(), filling_.origins.end(), [&](const nlu::Origin& o) {
        return o.argument == slot.name && o.from == "question";
      });
      if (filled && std::find(slot.words.begin(), slot.words.end(), w.concept_name) != slot.words.end()) return true;
    }
    return prose_knows(i);
  }

  bool prose_knows(std::size_t i) const {
    const retrieval::Profile& p = entry_.profile;
    const std::string& word = a_.words[i].concept_name;
    const bool known = std::any_of(p.prose.begin(), p.prose.end(), [&](const auto& sentence) {
      return std::find(sentence.begin(), sentence.end(), word) != sentence.end();
    });
    if (!known) return false;
    if (a_.words.size() == 1) return true;
    return (i > 0 && beside_in_prose(p, word, a_.words[i - 1].concept_name)) ||
           (i + 1 < a_.words.size() && beside_in_prose(p, word, a_.words[i + 1].concept_name));
  }

  bool is_group_target(const nlu::Word& w) const {
    for (const nlu::Aspect& aspect : a_.aspects) {
      if (aspect.name != "group" || w.first < aspect.last) continue;
      if (entry_.profile.group_targets.count(w.concept_name) != 0 &&
          std::find(aspect.targets.begin(), aspect.targets.end(), w.concept_name) != aspect.targets.end()) {
        return true;
      }
      // "per day": the target is a unit of time.
      for (const std::string& target : aspect.targets) {
        if (target.rfind("time:", 0) == 0 && w.time_word && entry_.profile.group_targets.count(target) != 0)
          return true;
      }
    }
    return false;
  }

  bool span_explained(std::size_t i) const {
    const nlu::Span& s = a_.spans[i];
    if (filling_.span_used[i]) return true;
    const retrieval::Profile& p = entry_.profile;
    // A period is built into a tool only if it says so: nearly all of its examples or its description name it.
    if (s.type == "time" || s.type == "time_point")
      return p.core_keys.count(s.key) != 0 || p.prose_keys.count(s.key) != 0;
    if (p.keys.count(s.key) != 0) return true;
    if (s.type != "identifier" && s.type != "quoted") return false;
    return !s.parts.empty() && std::all_of(s.parts.begin(), s.parts.end(),
                                           [&](const std::string& part) { return p.vocabulary.count(part) != 0; });
  }

  const nlu::Analysis& a_;
  const nlu::Filling& filling_;
  const retrieval::Entry& entry_;
};

void nearness(Candidate& c, const std::set<std::string>& concepts, const retrieval::Index& index) {
  double question = 0;
  for (const std::string& name : concepts) question += index.idf(name);
  const auto& examples = c.entry->profile.example_concepts;
  for (std::size_t e = 0; e < examples.size(); ++e) {
    double both = 0;
    double all = 0;
    const double* weight = c.entry->example_weights[e].data();
    for (const std::string& name : examples[e]) {
      const double w = *weight++;
      const bool said = concepts.count(name) != 0;
      // An argument the question does not give is asked for or optional; it does not make the tool distant.
      if (!said && nlu::is_argument_concept(name)) continue;
      all += w;
      if (said) both += w;
    }
    if (all <= 0) continue;
    c.reverse = std::max(c.reverse, both / all);
    if (question > 0) c.overlap = std::max(c.overlap, 2 * both / (all + question));
  }
}

}  // namespace

std::set<std::string> concepts_of(const nlu::Analysis& a) {
  std::set<std::string> out;
  for (const nlu::Word& w : a.words) {
    out.insert(w.concept_name);
    // "idle in transaction" speaks of transactions too.
    for (std::size_t i = w.first; w.last - w.first > 1 && i < w.last; ++i) out.insert(a.tokens[i].stem);
  }
  for (const nlu::Span& s : a.spans) out.insert(s.parts.begin(), s.parts.end());
  return out;
}

Candidate judge(const nlu::Analysis& a, const nlu::Calendar& calendar, const retrieval::Index& index,
                const retrieval::Scored& score, nlu::Lookup* lookup) {
  Candidate c;
  c.entry = &index.entries()[score.entry];
  c.score = score;
  c.filling = nlu::fill(a, c.entry->slots, calendar, lookup, &c.entry->profile.vocabulary);
  c.unused = Coverage(a, c.filling, *c.entry).unused();
  const std::set<std::string> concepts = concepts_of(a);
  Agreement agreement = agree(a, c.filling, c.entry->profile, concepts);
  c.conflicts = std::move(agreement.conflicts);
  c.soft = agreement.soft;
  // Nearness to an example is judged without what the arguments took.
  std::set<std::string> rest;
  for (const nlu::Word& w : a.words) {
    if (!used(c.filling, w.first, w.last)) rest.insert(w.concept_name);
  }
  for (std::size_t i = 0; i < a.spans.size(); ++i) {
    if (!c.filling.span_used[i]) rest.insert(a.spans[i].parts.begin(), a.spans[i].parts.end());
  }
  for (const nlu::Origin& o : c.filling.origins) {
    if (o.from == "question") rest.insert(nlu::argument_concept(o.argument));
  }
  // "which events happen most" asks for the type, said or not.
  if ((a.has("top") || a.has("bottom")) && c.entry->profile.core_concepts.count("type") != 0) rest.insert("type");
  nearness(c, rest, index);
  c.logit = kBias + kBest3 * score.best3 + kCentroid * score.centroid + kBm25 * score.bm25 + kReverse * c.reverse +
            kOverlap * c.overlap + kSoft * c.soft + kDefault * c.filling.defaults;
  c.p = 1.0 / (1.0 + std::exp(-c.logit));
  return c;
}

Json to_json(const Candidate& c) {
  Json out = Json::object({{"tool", c.entry->doc.name}, {"version", c.entry->doc.version}});
  out.set("p", Json::millis(c.p));
  out.set("features", Json::object({{"best3", Json::millis(c.score.best3)},
                                    {"centroid", Json::millis(c.score.centroid)},
                                    {"bm25", Json::millis(c.score.bm25)},
                                    {"reverse", Json::millis(c.reverse)},
                                    {"overlap", Json::millis(c.overlap)},
                                    {"soft", c.soft},
                                    {"defaults", c.filling.defaults}}));
  out.set("args", c.filling.args);
  const auto list = [](const std::vector<std::string>& items) {
    Json array = Json::array();
    for (const std::string& item : items) array.push_back(item);
    return array;
  };
  out.set("unused", list(c.unused));
  out.set("conflicts", list(c.conflicts));
  out.set("missing", list(c.filling.missing));
  return out;
}

}  // namespace pgops::planner
