// core/nlu: names in a question as stored things, through resolvers. See slots.hpp.
//
// Every run of up to four tokens that nothing else explains may be a name. Exact names and aliases go before
// prefixes and misspellings, longer runs before shorter ones; a resemblance counts only where it leads to one
// stored thing. Two different names for one argument, or one name for two arguments, fill neither.
#include <algorithm>
#include <set>

#include "core/nlu/slots.hpp"

namespace pgops::nlu {
namespace {

constexpr std::size_t kMaxTokens = 4;

struct Name {
  std::size_t first = 0;
  std::size_t last = 0;
  std::string text;  // normalised
};

bool could_name(const Analysis& a, std::size_t i) {
  const Token& t = a.tokens[i];
  if (t.kind == TokenKind::symbol || t.suffix) return false;
  if (t.kind == TokenKind::identifier || t.kind == TokenKind::quoted) return true;
  return a.roles[i] == Role::word || (a.roles[i] == Role::span && t.kind == TokenKind::number);
}

std::vector<Name> names(const Analysis& a) {
  std::vector<Name> out;
  for (std::size_t first = 0; first < a.tokens.size(); ++first) {
    if (!could_name(a, first)) continue;
    for (std::size_t last = first + 1; last <= a.tokens.size() && last - first <= kMaxTokens; ++last) {
      const Token& end = a.tokens[last - 1];
      if (end.kind == TokenKind::symbol || (end.kind == TokenKind::quoted && last - first > 1)) break;
      if (!could_name(a, last - 1) || (last == first + 1 && end.kind == TokenKind::number)) continue;
      std::string text =
          last == first + 1
              ? end.norm
              : normalise(std::string_view(a.text).substr(a.tokens[first].begin, end.end - a.tokens[first].begin));
      out.push_back({first, last, std::move(text)});
      if (end.kind == TokenKind::quoted) break;
    }
  }
  return out;
}

LookupQuery query(const Slot& slot, const Name& name) {
  return {{LookupDomain::Kind::resolver, slot.entity, {}}, name.text};
}

bool resembles(MatchKind kind) { return kind == MatchKind::prefix || kind == MatchKind::fuzzy; }

class Entities {
 public:
  Entities(const Analysis& a, const std::vector<Slot>& slots, Lookup& lookup, const std::set<std::string>* vocabulary,
           Filling& filling)
      : a_(a), slots_(slots), lookup_(lookup), vocabulary_(vocabulary), out_(filling), names_(names(a)) {}

  void run() {
    lookup_.prepare(entity_queries(a_, slots_));
    for (const Slot& slot : slots_) {
      if (slot.kind != SlotKind::entity || out_.args.find(slot.name) != nullptr) continue;
      if (!take(slot, false)) take(slot, true);
    }
  }

 private:
  bool unexplained(const Name& n) const {
    for (std::size_t i = n.first; i < n.last; ++i) {
      if (out_.token_used[i]) return false;
    }
    return true;
  }

  // A word of the tool's own is no misspelt name.
  bool familiar(const Name& n) const {
    return vocabulary_ != nullptr && std::any_of(a_.words.begin(), a_.words.end(), [&](const Word& w) {
             return w.first >= n.first && w.first < n.last && !w.proper && vocabulary_->count(w.concept_name) != 0;
           });
  }

  // Another argument of the same resolver, unfilled: only the one that is named beside the name gets it.
  bool contested(const Slot& slot) const {
    return std::any_of(slots_.begin(), slots_.end(), [&](const Slot& other) {
      return &other != &slot && other.kind == SlotKind::entity && other.entity == slot.entity;
    });
  }

  bool named_near(const Slot& slot, const Name& n) const {
    return std::any_of(a_.words.begin(), a_.words.end(), [&](const Word& w) {
      const bool near = (w.last <= n.first && n.first - w.last <= 2) || (w.first >= n.last && w.first - n.last <= 1);
      return near && std::find(slot.words.begin(), slot.words.end(), w.concept_name) != slot.words.end();
    });
  }

  // True when the argument is settled: filled, to be chosen, or in doubt.
  bool take(const Slot& slot, bool resembling) {
    const Name* best = nullptr;
    std::vector<LookupCandidate> found;
    bool doubt = false;
    for (const Name& n : names_) {
      if (!unexplained(n)) continue;
      const std::vector<LookupCandidate> candidates = lookup_.find(query(slot, n)).best();
      if (candidates.empty() || resembles(candidates.front().kind) != resembling) continue;
      if (resembling && familiar(n)) continue;
      if (contested(slot) && !named_near(slot, n)) continue;
      const bool within = best != nullptr && n.first >= best->first && n.last <= best->last;
      const bool around = best != nullptr && n.first <= best->first && n.last >= best->last;
      if (best == nullptr || (around && !within)) {
        best = &n;
        found = candidates;
        doubt = false;
      } else if (!within) {
        doubt = doubt || !(candidates.size() == found.size() && candidates.front().value == found.front().value);
      }
    }
    if (best == nullptr) return false;
    if (doubt) return true;
    const bool one = std::all_of(found.begin(), found.end(),
                                 [&](const LookupCandidate& c) { return c.value == found.front().value; });
    const std::size_t begin = a_.tokens[best->first].begin;
    const std::size_t end = a_.tokens[best->last - 1].end;
    const std::string spelt = a_.text.substr(begin, end - begin);
    explain(slot, *best);
    if (!one) {
      out_.choices.push_back({slot.name, spelt, std::move(found)});
      return true;
    }
    out_.args.set(slot.name, found.front().value);
    out_.origins.push_back({slot.name, "question", begin, end});
    out_.any_from_question = true;
    if (resembling) out_.understood.emplace_back(spelt, found.front().label);
    out_.markers.emplace_back(best->first, "<" + slot.entity + ">");
    return true;
  }

  // The name, and the word of the argument beside it: "host web-01".
  void explain(const Slot& slot, const Name& n) {
    for (std::size_t i = n.first; i < n.last; ++i) out_.token_used[i] = true;
    for (std::size_t i = 0; i < a_.spans.size(); ++i) {
      if (a_.spans[i].first >= n.first && a_.spans[i].last <= n.last) out_.span_used[i] = true;
    }
    for (const Word& w : a_.words) {
      const bool near = (w.last <= n.first && n.first - w.last <= 2) || (w.first >= n.last && w.first - n.last <= 1);
      if (!near || slot.words.empty() || slot.words.back() != w.concept_name) continue;
      for (std::size_t i = w.first; i < w.last; ++i) out_.token_used[i] = true;
    }
  }

  const Analysis& a_;
  const std::vector<Slot>& slots_;
  Lookup& lookup_;
  const std::set<std::string>* vocabulary_;
  Filling& out_;
  std::vector<Name> names_;
};

}  // namespace

bool takes_entities(const std::vector<Slot>& slots) {
  return std::any_of(slots.begin(), slots.end(), [](const Slot& s) { return s.kind == SlotKind::entity; });
}

std::vector<LookupQuery> entity_queries(const Analysis& a, const std::vector<Slot>& slots) {
  std::vector<LookupQuery> out;
  if (!takes_entities(slots)) return out;
  const std::vector<Name> all = names(a);
  for (const Slot& slot : slots) {
    if (slot.kind != SlotKind::entity) continue;
    for (const Name& n : all) out.push_back(query(slot, n));
  }
  return out;
}

void fill_entities(const Analysis& analysis, const std::vector<Slot>& slots, Lookup& lookup,
                   const std::set<std::string>* vocabulary, Filling& filling) {
  if (lookup.available() && takes_entities(slots)) Entities(analysis, slots, lookup, vocabulary, filling).run();
}

}  // namespace pgops::nlu
