// core/model: tagging, see items.hpp.
//
// Longest match wins between the model's words, the grammar's phrases and what the analysis recognised; at
// equal length the model's words win, but never over a phrase of time. The data are asked only when the model's
// own words are in the question, and only about texts that have a token nobody explained.
#include "core/model/items.hpp"

#include <algorithm>
#include <array>

#include "core/nlu/lexicon.hpp"

namespace pgops::model {
namespace {

using nlu::Role;
using nlu::Token;
using nlu::TokenKind;

struct GrammarPhrase {
  std::string_view words;
  std::string_view aspect;
};
// Ways of asking that are phrases of this grammar only.
constexpr std::array<GrammarPhrase, 40> kGrammar = {{
    {"how often", "count"},
    {"how many times", "count"},
    {"how much", "sum"},
    {"how long", "duration"},
    {"share of", "share"},
    {"share", "share"},
    {"percentage of", "share"},
    {"percentage", "share"},
    {"percent of", "share"},
    {"what percent", "share"},
    {"what percent of", "share"},
    {"% of", "share"},
    {"proportion of", "share"},
    {"proportion", "share"},
    {"fraction of", "share"},
    {"fraction", "share"},
    {"ratio of", "share"},
    {"비율", "share"},
    {"비중", "share"},
    {"more", "more"},
    {"less", "more"},
    {"fewer", "more"},
    {"next", "next"},
    {"upcoming", "next"},
    {"has been", "plain"},
    {"went", "plain"},
    {"regarding", "plain"},
    {"concerning", "plain"},
    {"belonging to", "plain"},
    {"related to", "plain"},
    {"affecting", "plain"},
    {"or", "plain"},
    {"at", "plain"},
    {"대", "plain"},
    {"건", "plain"},
    {"개", "plain"},
    {"명", "plain"},
    {"사람", "plain"},
    {"수행", "plain"},
    {"counting", "plain"},
}};

std::size_t grammar_at(const std::vector<Token>& tokens, std::size_t at, std::string_view phrase) {
  std::size_t i = at;
  for (std::size_t from = 0; from < phrase.size(); ++i) {
    const std::size_t to = std::min(phrase.find(' ', from), phrase.size());
    if (i >= tokens.size() || tokens[i].norm != phrase.substr(from, to - from)) {
      if (i >= tokens.size() || tokens[i].stem != phrase.substr(from, to - from)) return 0;
    }
    from = to + 1;
  }
  return i - at;
}

class Tagger {
 public:
  Tagger(const nlu::Analysis& a, const Model& m, const Vocabulary& v, nlu::Lookup& lookup, bool korean)
      : a_(a), m_(m), v_(v), lookup_(lookup), korean_(korean) {}

  Tagged run() {
    for (std::size_t at = 0; at < a_.tokens.size();) at = step(at);
    if (out_.touched || names_own()) {
      resolve();
      confirm();
    }
    return std::move(out_);
  }

 private:
  // Of the analysis: what begins at `at` and how many tokens it takes.
  std::size_t span_at(std::size_t at, std::size_t& index) const {
    for (std::size_t i = 0; i < a_.spans.size(); ++i) {
      if (a_.spans[i].first == at) {
        index = i;
        return a_.spans[i].last - at;
      }
    }
    return 0;
  }

  const nlu::Aspect* aspect_at(std::size_t at) const {
    for (const nlu::Aspect& aspect : a_.aspects) {
      if (aspect.first == at && a_.roles[at] == Role::aspect) return &aspect;
    }
    return nullptr;
  }

  Item& add(Kind kind, std::size_t first, std::size_t last) {
    Item item;
    item.kind = kind;
    item.first = first;
    item.last = last;
    out_.items.push_back(std::move(item));
    return out_.items.back();
  }

  std::size_t step(std::size_t at) {
    std::size_t span = kNone;
    const std::size_t span_length = span_at(at, span);
    const nlu::Aspect* aspect = aspect_at(at);
    const std::size_t aspect_length = aspect == nullptr ? 0 : aspect->last - at;
    std::size_t length = 0;
    const auto entries = v_.match(a_.tokens, at, length);
    const bool time = span != kNone && a_.spans[span].type.starts_with("time");
    const bool named = span != kNone && (a_.spans[span].type == "identifier" || a_.spans[span].type == "quoted");
    std::size_t grammar_length = 0;
    std::string_view grammar;
    for (const GrammarPhrase& g : kGrammar) {
      if (const std::size_t n = grammar_at(a_.tokens, at, g.words); n > grammar_length) {
        grammar_length = n;
        grammar = g.aspect;
      }
    }
    const std::size_t other = std::max({span_length, aspect_length, grammar_length});
    if (length > 0 && (length > other || (length == other && !time))) return vocabulary(entries, at, length);
    if (grammar_length > 0 && grammar_length >= std::max(span_length, aspect_length)) {
      if (grammar == "plain") {
        add(Kind::function, at, at + grammar_length);
      } else {
        add(Kind::aspect, at, at + grammar_length).name = grammar;
      }
      return at + grammar_length;
    }
    if (span_length > 0) {
      // "top 5" is a limit and says what is asked as well.
      for (std::size_t i = 0; i < a_.aspects.size() && !named; ++i) {
        if (a_.aspects[i].first != at || a_.roles[at] != Role::span || a_.spans[span].type != "limit") continue;
        Item& item = add(Kind::aspect, at, at + span_length);
        item.name = a_.aspects[i].name;
        item.index = i;
      }
      add(named ? Kind::unknown : Kind::span, at, at + span_length).index = span;
      return at + span_length;
    }
    if (aspect != nullptr) {
      Item& item = add(Kind::aspect, at, at + aspect_length);
      item.name = aspect->name;
      item.index = static_cast<std::size_t>(aspect - a_.aspects.data());
      return at + aspect_length;
    }
    const Token& t = a_.tokens[at];
    if (t.kind == TokenKind::symbol) {
      add(Kind::symbol, at, at + 1);
    } else if (a_.roles[at] == Role::function || says_nothing(at)) {
      add(Kind::function, at, at + 1);
    } else if (const auto unit = nlu::unit_info(t.norm); unit && !unit->calendar.empty()) {
      add(Kind::unit, at, at + 1).name = unit->calendar;
    } else if (t.stem == "시간대") {
      add(Kind::unit, at, at + 1).name = "hour";
    } else {
      add(Kind::unknown, at, at + 1);
    }
    return at + 1;
  }

  // What is left of an aspect whose beginning belongs to a word of the model ("response time of"); "take" of "how
  // long".
  bool says_nothing(std::size_t at) const {
    if (a_.roles[at] == Role::aspect) {
      const auto phrase = nlu::match_phrase(a_.tokens, at);
      return phrase && phrase->tokens == 1 && phrase->kind == nlu::PhraseKind::function;
    }
    const bool how_long = std::any_of(out_.items.begin(), out_.items.end(), [](const Item& item) {
      return item.kind == Kind::aspect && item.name == "duration";
    });
    return how_long && nlu::listed(a_.tokens[at].norm, "|take|takes|took|taken|last|lasts|lasted|");
  }

  std::size_t vocabulary(const std::vector<const Vocabulary::Entry*>& entries, std::size_t at, std::size_t length) {
    // A word that is several things: a noun of the model before a value, own things before linked ones.
    const auto rank = [&](const Vocabulary::Entry* e) {
      const bool own = (e->kind != Kind::value && e->kind != Kind::dimension) || m_.dimensions[e->index].link == kNone;
      const int kind = e->kind == Kind::noun ? 0 : e->kind == Kind::term ? 1 : e->kind == Kind::link_noun ? 4 : 2;
      return kind + (own ? 0 : 3);
    };
    const auto* best = *std::min_element(entries.begin(), entries.end(),
                                         [&](const auto* x, const auto* y) { return rank(x) < rank(y); });
    Item& item = add(best->kind, at, at + length);
    item.index = best->index;
    for (const Vocabulary::Entry* e : entries) {
      if (e->kind != best->kind || (e->kind != Kind::value && e->kind != Kind::dimension)) continue;
      Choice c;
      c.dimension = e->index;
      if (e->kind == Kind::value) {
        const Value& v = m_.dimensions[e->index].values[e->value];
        c.value = v.value;
        c.label = v.words.say(korean_);
      }
      if (std::find(item.choices.begin(), item.choices.end(), c) == item.choices.end()) item.choices.push_back(c);
    }
    const bool linked =
        best->kind == Kind::link_noun ||
        ((best->kind == Kind::value || best->kind == Kind::dimension) && m_.dimensions[best->index].link != kNone);
    out_.touched = out_.touched || !linked;
    return at + length;
  }

  // Nothing but the name of a thing: "show me web-01".
  bool names_own() const {
    const std::size_t key = m_.key();
    return key != kNone && m_.dimensions[key].looked_up() && a_.tokens.size() <= 12;
  }

  // ---- values in the data ----

  struct Window {
    std::size_t first, last;  // items
    std::string text;
  };

  bool open(const Item& item) const {
    if (item.kind == Kind::unknown) return true;
    // A name may be a word that says nothing elsewhere ("returns").
    return item.kind == Kind::function && item.last == item.first + 1 && a_.tokens[item.first].norm.size() >= 6;
  }

  bool inside(const Item& item) const {
    if (item.kind == Kind::symbol || item.kind == Kind::aspect) return false;
    if (item.kind != Kind::span) return true;
    const std::string& type = a_.spans[item.index].type;
    return type == "number" || type == "identifier" || type == "quoted";
  }

  std::string text_of(std::size_t first, std::size_t last) const {
    std::string out;
    for (std::size_t i = out_.items[first].first; i < out_.items[last - 1].last; ++i) {
      const Token& t = a_.tokens[i];
      if (!out.empty()) out.push_back(a_.tokens[i - 1].end == t.begin ? '-' : ' ');
      const bool end = i + 1 == out_.items[last - 1].last;
      const bool hangul = !t.norm.empty() && static_cast<unsigned char>(t.norm[0]) >= 0xEA;
      out += end && hangul ? t.stem : t.norm;
    }
    return out;
  }

  std::vector<Window> windows() const {
    std::vector<Window> out;
    const auto& items = out_.items;
    for (std::size_t first = 0; first < items.size(); ++first) {
      bool any = false;
      for (std::size_t last = first + 1; last <= items.size() && last <= first + 4; ++last) {
        const Item& added = items[last - 1];
        if (!inside(added)) break;
        const bool lone = last == first + 1;
        any = any || added.kind == Kind::unknown || (lone && open(added));
        const bool edge = lone || (items[first].kind != Kind::function && added.kind != Kind::function);
        if (any && edge) out.push_back({first, last, text_of(first, last)});
        if (lone && added.kind == Kind::function) any = false;
      }
    }
    return out;
  }

  std::vector<std::size_t> domains() const {
    std::vector<std::size_t> out;
    for (std::size_t d = 0; d < m_.dimensions.size(); ++d) {
      if (m_.dimensions[d].looked_up()) out.push_back(d);
    }
    return out;
  }

  nlu::LookupQuery query(std::size_t d, const std::string& text) const {
    const Dimension& dimension = m_.dimensions[d];
    nlu::LookupDomain domain;
    domain.kind = dimension.resolver.empty() ? nlu::LookupDomain::Kind::model : nlu::LookupDomain::Kind::resolver;
    domain.asset = dimension.domain;
    domain.dimension = dimension.domain_dimension;
    return {domain, text};
  }

  void resolve() {
    if (!lookup_.available()) return;
    const auto spans = windows();
    const auto where = domains();
    if (spans.empty() || where.empty()) return;
    std::vector<nlu::LookupQuery> queries;
    for (const std::size_t d : where) {
      for (const Window& w : spans) queries.push_back(query(d, w.text));
    }
    lookup_.prepare(queries);
    struct Hit {
      const Window* window;
      std::vector<Choice> choices;
      nlu::MatchKind match;
    };
    std::vector<Hit> hits;
    for (const Window& w : spans) {
      Hit hit{&w, {}, nlu::MatchKind::fuzzy};
      for (const std::size_t d : where) take(d, w, hit.choices, hit.match);
      if (!hit.choices.empty()) hits.push_back(std::move(hit));
    }
    // What is said exactly before what is nearly said, more tokens before fewer, earlier before later.
    const auto quality = [](nlu::MatchKind k) { return k == nlu::MatchKind::alias ? nlu::MatchKind::exact : k; };
    std::stable_sort(hits.begin(), hits.end(), [&](const Hit& x, const Hit& y) {
      if (quality(x.match) != quality(y.match)) return quality(x.match) < quality(y.match);
      return x.window->last - x.window->first > y.window->last - y.window->first;
    });
    std::vector<const Hit*> kept;
    for (const Hit& hit : hits) {
      const bool overlaps = std::any_of(kept.begin(), kept.end(), [&](const Hit* k) {
        return hit.window->first < k->window->last && k->window->first < hit.window->last;
      });
      if (!overlaps) kept.push_back(&hit);
    }
    std::sort(kept.begin(), kept.end(), [](const Hit* x, const Hit* y) { return x->window->first > y->window->first; });
    for (const Hit* hit : kept) replace(*hit->window, hit->choices);
  }

  // A value of the vocabulary that the caller's own data do not have is not known to them: no answer, rather than none.
  void confirm() {
    if (!lookup_.available()) return;
    std::vector<nlu::LookupQuery> queries;
    const auto each = [&](auto f) {
      for (Item& item : out_.items) {
        if (item.kind != Kind::value) continue;
        for (const Choice& c : item.choices) {
          const Dimension& d = m_.dimensions[c.dimension];
          if (d.sample && !c.looked_up && c.value.is_string()) f(item, c);
        }
      }
    };
    each([&](Item&, const Choice& c) { queries.push_back(query(c.dimension, nlu::normalise(c.value.text()))); });
    lookup_.prepare(queries);
    each([&](Item& item, const Choice& c) {
      const auto best = lookup_.find(query(c.dimension, nlu::normalise(c.value.text()))).best();
      const bool there =
          std::any_of(best.begin(), best.end(), [&](const nlu::LookupCandidate& x) { return x.value == c.value; });
      if (!there) item.used = true;
    });
    for (Item& item : out_.items) {
      if (item.kind == Kind::value && item.used) item.kind = Kind::unknown;
      item.used = false;
    }
  }

  void take(std::size_t d, const Window& w, std::vector<Choice>& choices, nlu::MatchKind& best) {
    const nlu::LookupAnswer& answer = lookup_.find(query(d, w.text));
    const bool plain = out_.items[w.first].kind == Kind::function;
    for (const nlu::LookupCandidate& c : answer.best()) {
      if (plain && c.kind != nlu::MatchKind::exact) continue;
      const auto level = [](nlu::MatchKind k) { return k == nlu::MatchKind::alias ? nlu::MatchKind::exact : k; };
      if (!choices.empty() && level(c.kind) > level(best)) continue;
      if (!choices.empty() && level(c.kind) < level(best)) choices.clear();
      best = c.kind;
      choices.push_back({d, c.value, c.label, c.kind, true});
    }
    if (answer.more && !choices.empty()) choices.push_back({d, Json(), "...", best, true});
  }

  void replace(const Window& w, const std::vector<Choice>& choices) {
    Item item;
    item.kind = Kind::value;
    item.first = out_.items[w.first].first;
    item.last = out_.items[w.last - 1].last;
    item.choices = choices;
    const auto begin = out_.items.begin() + static_cast<std::ptrdiff_t>(w.first);
    out_.items.erase(begin, out_.items.begin() + static_cast<std::ptrdiff_t>(w.last));
    out_.items.insert(out_.items.begin() + static_cast<std::ptrdiff_t>(w.first), std::move(item));
  }

  const nlu::Analysis& a_;
  const Model& m_;
  const Vocabulary& v_;
  nlu::Lookup& lookup_;
  bool korean_;
  Tagged out_;
};

}  // namespace

Vocabulary::Vocabulary(const Model& m) {
  add(m.nouns.phrases, Kind::noun, kNone);
  for (std::size_t i = 0; i < m.links.size(); ++i) add(m.links[i].nouns.phrases, Kind::link_noun, i);
  for (std::size_t d = 0; d < m.dimensions.size(); ++d) {
    const Dimension& dimension = m.dimensions[d];
    add(dimension.words.phrases, Kind::dimension, d);
    add(dimension.present, Kind::present, d);
    add(dimension.missing, Kind::missing, d);
    for (std::size_t v = 0; v < dimension.values.size(); ++v) add(dimension.values[v].words.phrases, Kind::value, d, v);
  }
  for (std::size_t i = 0; i < m.measures.size(); ++i) {
    add(m.measures[i].words.phrases, Kind::measure, i);
    add(m.measures[i].high, Kind::high, i);
    add(m.measures[i].low, Kind::low, i);
  }
  for (std::size_t i = 0; i < m.terms.size(); ++i) add(m.terms[i].words.phrases, Kind::term, i);
}

void Vocabulary::add(const std::vector<Phrase>& phrases, Kind kind, std::size_t index, std::size_t value) {
  for (const Phrase& p : phrases) {
    if (!p.empty()) entries_[p.front()].push_back({p, kind, index, value});
  }
}

std::vector<const Vocabulary::Entry*> Vocabulary::match(const std::vector<Token>& tokens, std::size_t at,
                                                        std::size_t& length) const {
  std::vector<const Entry*> out;
  length = 0;
  const Token& start = tokens[at];
  if (start.kind == TokenKind::symbol) return out;
  const auto it = entries_.find(start.parts.empty() ? start.stem : start.parts.front());
  if (it == entries_.end()) return out;
  for (const Entry& e : it->second) {
    std::size_t k = 0;
    std::size_t i = at;
    while (k < e.phrase.size() && i < tokens.size()) {
      const Token& t = tokens[i];
      const std::string* parts = t.parts.empty() ? &t.stem : t.parts.data();
      const std::size_t count = t.parts.empty() ? 1 : t.parts.size();
      if (t.kind == TokenKind::symbol || k + count > e.phrase.size() ||
          !std::equal(parts, parts + count, e.phrase.begin() + static_cast<std::ptrdiff_t>(k)))
        break;
      k += count;
      ++i;
    }
    if (k != e.phrase.size()) continue;
    if (i - at > length) {
      length = i - at;
      out.clear();
    }
    if (i - at == length) out.push_back(&e);
  }
  return out;
}

Tagged tag(const nlu::Analysis& analysis, const Model& model, const Vocabulary& vocabulary, nlu::Lookup& lookup,
           bool korean) {
  return Tagger(analysis, model, vocabulary, lookup, korean).run();
}

}  // namespace pgops::model
