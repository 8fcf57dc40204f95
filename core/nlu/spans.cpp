// core/nlu: recognisers of time, limits, comparisons, quantities, numbers, quoted strings, identifiers.
#include "core/nlu/spans.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/nlu/lexicon.hpp"

namespace pgops::nlu {
namespace {

using Tokens = std::vector<Token>;

std::string_view word(const Tokens& t, std::size_t i) {
  return i < t.size() ? std::string_view(t[i].norm) : std::string_view();
}

bool is_hangul(const Token& token) { return !token.norm.empty() && static_cast<unsigned char>(token.norm[0]) >= 0xEA; }

bool is_counter(const Tokens& t, std::size_t i) {
  return i < t.size() && listed(t[i].norm, "|개|건|명|대|회|번|가지|곳|종류|종|");
}

std::string digits_of(std::string_view norm) {
  std::string out;
  for (const char c : norm) {
    if (c != ',') out.push_back(c);
  }
  return out;
}

// A number as decimal text: "1,000", "2.5", "five".
std::optional<std::string> number_at(const Tokens& t, std::size_t i) {
  if (i >= t.size()) return std::nullopt;
  if (t[i].kind == TokenKind::number) return digits_of(t[i].norm);
  if (t[i].kind != TokenKind::word || t[i].suffix) return std::nullopt;
  const auto n = number_word(t[i].norm);
  if (!n) return std::nullopt;
  // Korean number words are other words as well, unless something is counted.
  if (is_hangul(t[i]) && !(is_counter(t, i + 1) || (i + 1 < t.size() && unit_info(t[i + 1].norm)))) return std::nullopt;
  return std::to_string(*n);
}

std::optional<std::string> whole_at(const Tokens& t, std::size_t i) {
  auto n = number_at(t, i);
  if (!n || n->size() > 9 || n->find('.') != std::string::npos || *n == "0") return std::nullopt;
  return n;
}

std::optional<UnitInfo> unit_at(const Tokens& t, std::size_t i) {
  if (i >= t.size() || i == 0) return std::nullopt;
  if (t[i].suffix) return std::nullopt;
  if (t[i].norm == "m" || t[i].norm == "s" || t[i].norm == "b" || t[i].norm == "d" || t[i].norm == "w" ||
      t[i].norm == "h") {
    if (t[i - 1].end != t[i].begin) return std::nullopt;  // a lone letter counts only when glued on
  }
  return unit_info(t[i].norm);
}

Span make(const Tokens& t, std::size_t first, std::size_t last, std::string type, std::string key, Json value) {
  Span s;
  s.type = std::move(type);
  s.key = std::move(key);
  s.value = std::move(value);
  s.first = first;
  s.last = last;
  s.begin = t[first].begin;
  s.end = t[last - 1].end;
  return s;
}

std::optional<Recognised> time_span(const Tokens& t, std::size_t at, const Calendar& cal) {
  const auto phrase = cal.match(t, at);
  if (!phrase) return std::nullopt;
  Json value = Json::object();
  if (phrase->since_us) value.set("since", cal.iso(*phrase->since_us));
  if (phrase->until_us) value.set("until", cal.iso(*phrase->until_us));
  Span s =
      make(t, at, at + phrase->tokens, phrase->point ? "time_point" : "time", "time:" + phrase->key, std::move(value));
  s.since_us = phrase->since_us;
  s.until_us = phrase->until_us;
  return Recognised{std::move(s), {}};
}

Span limit(const Tokens& t, std::size_t first, std::size_t last, const std::string& n) {
  Span s = make(t, first, last, "limit", "limit:" + n, Json::number(n));
  s.number = n;
  return s;
}

bool superlative_at(const Tokens& t, std::size_t i) {
  if (i >= t.size() || t[i].kind != TokenKind::word) return false;
  const auto phrase = match_phrase(t, i);
  return phrase && phrase->kind == PhraseKind::aspect && is_superlative(phrase->name);
}

std::optional<Recognised> limit_span(const Tokens& t, std::size_t at) {
  const std::string_view w = word(t, at);
  const bool top = w == "top";
  const bool first = w == "first";
  const bool bottom = w == "bottom";
  const bool last = w == "last" || w == "latest" || w == "newest";
  if (top || first || last || bottom) {
    const auto n = whole_at(t, at + 1);
    if (!n) return std::nullopt;
    if (unit_at(t, at + 2)) return std::nullopt;  // "last 5 days" is time
    std::string aspect = top ? "top" : first ? "first_n" : bottom ? "bottom" : "latest";
    // "top 5 largest tables": the superlative itself follows as an aspect.
    if (superlative_at(t, at + 2)) aspect.clear();
    return Recognised{limit(t, at, at + 2, *n), std::move(aspect)};
  }
  if (const auto n = whole_at(t, at)) {
    // "the 5 latest events", "3 most frequent types"
    if (superlative_at(t, at + 1)) return Recognised{limit(t, at, at + 1, *n), {}};
  }
  if (superlative_at(t, at)) {
    // "most recent 5 events": the number belongs to the superlative before it, which stays an aspect.
    return std::nullopt;
  }
  if (at > 0 && t[at].norm != "one" && whole_at(t, at) && !unit_at(t, at + 1)) {
    const auto n = whole_at(t, at);
    for (std::size_t back = 1; back <= 3 && back <= at; ++back) {
      const auto phrase = t[at - back].kind == TokenKind::word ? match_phrase(t, at - back) : std::nullopt;
      if (phrase && phrase->kind == PhraseKind::aspect && is_superlative(phrase->name) && phrase->tokens == back) {
        return Recognised{limit(t, at, at + 1, *n), {}};
      }
    }
  }
  return std::nullopt;
}

struct Comparator {
  std::string_view words;
  std::string_view op;
};
constexpr std::array<Comparator, 42> kComparators = {{
    {"more than", ">"},
    {"greater than", ">"},
    {"longer than", ">"},
    {"older than", ">"},
    {"larger than", ">"},
    {"bigger than", ">"},
    {"higher than", ">"},
    {"over", ">"},
    {"above", ">"},
    {"exceeding", ">"},
    {"beyond", ">"},
    {"at least", ">="},
    {"no less than", ">="},
    {"minimum of", ">="},
    {"not less than", ">="},
    {"a minimum of", ">="},
    {"less than", "<"},
    {"fewer than", "<"},
    {"shorter than", "<"},
    {"younger than", "<"},
    {"smaller than", "<"},
    {"lower than", "<"},
    {"under", "<"},
    {"below", "<"},
    {"at most", "<="},
    {"no more than", "<="},
    {"not more than", "<="},
    {"up to", "<="},
    {"maximum of", "<="},
    {"exactly", "="},
    {"equal to", "="},
    {"equals", "="},
    {"> =", ">="},
    {"< =", "<="},
    {">", ">"},
    {"<", "<"},
    {"=", "="},
    {"newer than", "<"},
    {"slower than", ">"},
    {"faster than", "<"},
    {"in excess of", ">"},
    {"quicker than", "<"},
}};

std::size_t words_at(const Tokens& t, std::size_t at, std::string_view phrase) {
  std::size_t i = at;
  std::size_t from = 0;
  while (from < phrase.size()) {
    const std::size_t to = std::min(phrase.find(' ', from), phrase.size());
    if (word(t, i) != phrase.substr(from, to - from)) return 0;
    ++i;
    from = to + 1;
  }
  return i - at;
}

void set_quantity(Span& s, const std::string& number, const std::optional<UnitInfo>& unit) {
  s.number = number;
  if (unit) {
    s.dimension = std::string(unit->dimension);
    s.unit_num = unit->num;
    s.unit_den = unit->den;
  }
}

// "300s" for both "5 minutes" and "300 seconds" where the units divide evenly.
std::string quantity_key(const std::string& number, const std::optional<UnitInfo>& unit) {
  if (!unit) return number;
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), n);
  if (error == std::errc() && end == number.data() + number.size() && unit->den == 1 && unit->num > 0 &&
      n < 1'000'000) {
    return std::to_string(n * unit->num) + std::string(unit->dimension);
  }
  return number + std::string(unit->calendar) + std::string(unit->dimension) + std::to_string(unit->den);
}

std::optional<Recognised> comparison_span(const Tokens& t, std::size_t at) {
  if (word(t, at) == "between") {
    const auto low = number_at(t, at + 1);
    if (!low) return std::nullopt;
    std::size_t i = at + 2;
    const auto low_unit = unit_at(t, i);
    if (low_unit) ++i;
    if (word(t, i) != "and") return std::nullopt;
    const auto high = number_at(t, i + 1);
    if (!high) return std::nullopt;
    i += 2;
    const auto unit = unit_at(t, i);
    if (unit) ++i;
    Span s = make(t, at, i, "comparison", {},
                  Json::object({{"op", "between"}, {"low", Json::number(*low)}, {"high", Json::number(*high)}}));
    s.key = "cmp:between:" + quantity_key(*low, low_unit ? low_unit : unit) + ":" + quantity_key(*high, unit);
    s.op = "between";
    set_quantity(s, *high, unit);
    return Recognised{std::move(s), {}};
  }
  std::size_t length = 0;
  std::string_view op;
  const std::string_view begins = word(t, at);
  for (const Comparator& c : kComparators) {
    if (!c.words.starts_with(begins)) continue;
    const std::size_t n = words_at(t, at, c.words);
    if (n > length) {
      length = n;
      op = c.op;
    }
  }
  if (length == 0) return std::nullopt;
  auto n = number_at(t, at + length);
  // "more than an hour"; "longer than a w" is no week.
  const bool article = word(t, at + length) == "a" || word(t, at + length) == "an";
  if (!n && article && word(t, at + length + 1).size() > 2 && unit_at(t, at + length + 1)) n = "1";
  if (!n) return std::nullopt;
  std::size_t last = at + length + 1;
  const auto unit = unit_at(t, last);
  if (unit) ++last;
  Span s = make(t, at, last, "comparison", {}, Json::object({{"op", std::string(op)}, {"value", Json::number(*n)}}));
  if (unit) s.value.set("unit", std::string(unit->dimension));
  s.op = std::string(op);
  set_quantity(s, *n, unit);
  s.key = "cmp:" + s.op + ":" + quantity_key(*n, unit);
  return Recognised{std::move(s), {}};
}

// A number in a Korean phrase: "5개 이상", "90% 초과", "3건보다 많은", "최소 5분", "상위 5개", "최근 이벤트 5건".
struct KoreanNumber {
  std::string number;
  std::optional<UnitInfo> unit;
  std::size_t last = 0;  // behind unit or counter
  bool counted = false;
};

std::optional<KoreanNumber> korean_number(const Tokens& t, std::size_t at) {
  const auto n = number_at(t, at);
  if (!n) return std::nullopt;
  KoreanNumber out{*n, std::nullopt, at + 1, false};
  if (const auto unit = unit_at(t, at + 1)) {
    out.unit = unit;
    ++out.last;
  } else if (is_counter(t, at + 1)) {
    out.counted = true;
    ++out.last;
  }
  return out;
}

Recognised korean_comparison(const Tokens& t, std::size_t first, std::size_t last, const KoreanNumber& n,
                             std::string_view op) {
  Span s = make(t, first, last, "comparison", {},
                Json::object({{"op", std::string(op)}, {"value", Json::number(n.number)}}));
  if (n.unit) s.value.set("unit", std::string(n.unit->dimension));
  s.op = std::string(op);
  set_quantity(s, n.number, n.unit);
  s.key = "cmp:" + s.op + ":" + quantity_key(n.number, n.unit);
  return {std::move(s), {}};
}

std::optional<Recognised> korean_amount(const Tokens& t, std::size_t at) {
  const std::string_view w = word(t, at);
  const auto limited = [&](std::size_t number) -> std::optional<Recognised> {
    const auto whole = whole_at(t, number);
    const auto n = korean_number(t, number);
    if (!whole || !n || n->unit) return std::nullopt;
    const std::size_t last = word(t, n->last) == "만" ? n->last + 1 : n->last;
    return Recognised{limit(t, at, last, *whole), {}};
  };
  if (listed(w, "|최소|적어도|최대|")) {
    const auto n = korean_number(t, at + 1);
    if (!n) return std::nullopt;
    const std::size_t last = listed(word(t, n->last), "|이상|이하|") ? n->last + 1 : n->last;
    return korean_comparison(t, at, last, *n, w == "최대" ? "<=" : ">=");
  }
  if (listed(w, "|상위|하위|처음|첫|마지막|최근|최신|")) {
    auto r = limited(at + 1);
    if (r) r->aspect = w == "상위" ? "top" : w == "하위" ? "bottom" : w == "처음" || w == "첫" ? "first_n" : "latest";
    return r;
  }
  const auto n = korean_number(t, at);
  if (!n || n->last >= t.size() + 1) return std::nullopt;
  const std::string_view next = word(t, n->last);
  const auto compared = [&](std::string_view op, std::size_t more) {
    return std::optional<Recognised>(korean_comparison(t, at, n->last + more, *n, op));
  };
  if (next == "이상") return compared(">=", 1);
  if (next == "이하") return compared("<=", 1);
  if (listed(next, "|초과|넘는|넘게|넘은|")) return compared(">", 1);
  if (next == "미만") return compared("<", 1);
  if (listed(next, "|을|를|") && listed(word(t, n->last + 1), "|넘는|넘은|초과|")) return compared(">", 2);
  if (next == "보다") {
    if (listed(word(t, n->last + 1), "|큰|많은|긴|높은|오래된|느린|오래|")) return compared(">", 2);
    if (listed(word(t, n->last + 1), "|작은|적은|짧은|낮은|빠른|")) return compared("<", 2);
    return std::nullopt;
  }
  if (!n->counted && !listed(next, "|만|")) return std::nullopt;
  // "5건만", and the number of a superlative that stands before.
  bool ranked = next == "만";
  for (std::size_t back = 0; back < at && !ranked; ++back) ranked = superlative_at(t, back);
  return ranked ? limited(at) : std::nullopt;
}

std::optional<Recognised> quantity_span(const Tokens& t, std::size_t at) {
  const auto n = number_at(t, at);
  // "one" is more often a pronoun than a number ("the latest one").
  if (!n || (t[at].norm == "one" && !unit_at(t, at + 1))) return std::nullopt;
  const auto unit = unit_at(t, at + 1);
  const std::size_t last = unit || (is_counter(t, at + 1) && is_hangul(t[at + 1])) ? at + 2 : at + 1;
  Span s = make(t, at, last, unit ? "quantity" : "number", {}, Json::number(*n));
  set_quantity(s, *n, unit);
  s.key = (unit ? "quantity:" : "number:") + quantity_key(*n, unit);
  return Recognised{std::move(s), {}};
}

constexpr std::string_view kKoreanNegations =
    "|없는|없이|없던|없었던|없나요|없는지|없어|없습니까|없었나요|아닌|아니고|않은|않는|않고|않았|안|못|못한|안된|제외|빼고|뺀|말고|외에|이외|이외에|외|";

constexpr std::array<std::string_view, 30> kNegations = {
    "not",    "no",      "without", "except", "excluding", "nor",     "never",    "none",  "non",    "neither",
    "cannot", "besides", "lacking", "dont",   "doesnt",    "didnt",   "isnt",     "arent", "wasnt",  "werent",
    "havent", "hasnt",   "hadnt",   "cant",   "wont",      "couldnt", "excluded", "minus", "unless", "lacks"};

}  // namespace

std::optional<Recognised> recognise(const Tokens& t, std::size_t at, const Calendar& calendar) {
  const Token& token = t[at];
  if (token.kind == TokenKind::quoted) {
    return Recognised{make(t, at, at + 1, "quoted", "quoted:" + token.norm, token.text), {}};
  }
  if (auto r = time_span(t, at, calendar)) return r;
  if (token.kind == TokenKind::identifier) {
    return Recognised{make(t, at, at + 1, "identifier", "ident:" + token.norm, token.text), {}};
  }
  if (token.kind == TokenKind::date || token.kind == TokenKind::clock) {
    return Recognised{make(t, at, at + 1, "unknown_time", "unknown:" + token.norm, token.text), {}};
  }
  if (auto r = korean_amount(t, at)) return r;
  if (auto r = limit_span(t, at)) return r;
  if (auto r = comparison_span(t, at)) return r;
  if (auto r = quantity_span(t, at)) return r;
  if (token.kind == TokenKind::word) {
    const bool pair =
        (token.norm == "other" && word(t, at + 1) == "than") || (token.norm == "apart" && word(t, at + 1) == "from");
    if (listed(token.norm, kKoreanNegations)) {
      // "중복 없이" and "제외하고" are phrases of their own where the lists have them.
      const std::size_t last = listed(word(t, at + 1), "|하고|한|된|하면|") && t[at + 1].suffix ? at + 2 : at + 1;
      return Recognised{make(t, at, last, "negation", "neg", true), {}};
    }
    if (pair || std::find(kNegations.begin(), kNegations.end(), token.norm) != kNegations.end()) {
      return Recognised{make(t, at, pair ? at + 2 : at + 1, "negation", "neg", true), {}};
    }
  }
  return std::nullopt;
}

}  // namespace pgops::nlu
