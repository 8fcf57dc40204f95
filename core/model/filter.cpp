// core/model: values, negations and words of states as filters; see interpreter.hpp.
#include <algorithm>

#include "core/model/interpreter.hpp"

namespace pgops::model {
namespace {

constexpr std::string_view kDescribes =
    "|of|by|in|to|is|are|was|were|the|a|an|with|at|for|as|on|being|be|from|has|have|our|my|";
constexpr std::string_view kCoordinates = "|and|or|nor|either|the|a|an|in|of|by|with|";
// Negations that deny a property; the others deny that there is anything.
constexpr std::string_view kDeniesProperty =
    "|not|except|excluding|other|apart|besides|isnt|arent|wasnt|werent|non|dont|doesnt|didnt|hasnt|havent|hadnt|없는|아닌|제외|";
constexpr std::string_view kHaving = "|have|has|had|having|get|got|see|saw|there|";

}  // namespace

// A word for a dimension beside one of its values repeats what the value says: "status active", "owned by kim".
std::vector<Item> Interpreter::narrowed() {
  narrow();
  return std::move(items_);
}

void Interpreter::narrow() {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (!is(i, Kind::value)) continue;
    const auto takes = [&](std::size_t word) {
      if (!is(word, Kind::dimension) || items_[word].used) return false;
      std::vector<Choice> kept;
      for (const Choice& c : items_[i].choices) {
        const auto& words = items_[word].choices;
        if (std::any_of(words.begin(), words.end(), [&](const Choice& w) { return w.dimension == c.dimension; }))
          kept.push_back(c);
      }
      if (kept.empty()) return false;
      items_[i].choices = std::move(kept);
      items_[word].used = true;
      return true;
    };
    std::size_t before = previous(i);
    // "owned by kim": no grouping.
    if (before != kNone && is(before, Kind::aspect) && items_[before].name == "group" && norm(before) == "by" &&
        adjacent(before, i))
      before = previous(before);
    if (before != kNone && (joined(before, i, kDescribes) || i == before + 2)) {
      if (takes(before)) continue;
      // "owned by kim or lee"
    }
    if (const std::size_t after = next(i); after != kNone && (adjacent(i, after) || hangul(after))) takes(after);
  }
  // "by kim" is who did it, "in seoul" a place.
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (!is(i, Kind::value) || items_[i].choices.size() < 2) continue;
    const std::string_view before = i > 0 ? norm(i - 1) : std::string_view();
    const auto keep = [&](auto wanted) {
      std::vector<Choice> kept;
      std::copy_if(items_[i].choices.begin(), items_[i].choices.end(), std::back_inserter(kept), wanted);
      if (!kept.empty()) items_[i].choices = std::move(kept);
    };
    const bool own = std::any_of(items_[i].choices.begin(), items_[i].choices.end(),
                                 [&](const Choice& c) { return m_.dimensions[c.dimension].link == kNone; });
    if (before == "in") keep([&](const Choice& c) { return m_.dimensions[c.dimension].where; });
    if (own && before == "by") keep([&](const Choice& c) { return m_.dimensions[c.dimension].link == kNone; });
  }
}

void Interpreter::attach() {
  // "server web-01", "the billing service": the kind beside the name says nothing more.
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (!is(i, Kind::value) || items_[i].choices.size() != 1 || !m_.dimensions[dimension_of(i)].key) continue;
    const std::size_t link = m_.dimensions[dimension_of(i)].link;
    for (const std::size_t beside : {i - 1, i + 1}) {
      if (beside >= items_.size() || items_[beside].used) continue;
      if (is(beside, Kind::link_noun) && items_[beside].index == link) items_[beside].used = true;
      if (!is(beside, Kind::value) || items_[beside].choices.front().looked_up) continue;
      const Dimension& d = m_.dimensions[dimension_of(beside)];
      if (!d.key && d.link == link) items_[beside].used = true;
    }
  }
}

std::size_t Interpreter::negation_before(std::size_t i, bool& strict) const {
  strict = false;
  for (std::size_t after = next(i); after != kNone; after = next(after)) {
    if (is(after, Kind::dimension) && items_[after].used) continue;
    if (span_is(after, "negation") && hangul(after)) return after;
    break;
  }
  std::size_t at = i;
  while (at > 0) {
    --at;
    if (items_[at].kind == Kind::function) continue;
    // The word for the dimension may stand between: "not owned by kim".
    if (is(at, Kind::dimension) && items_[at].used) continue;
    if (!span_is(at, "negation") || hangul(at)) return kNone;
    const std::string_view word = norm(at);
    strict = !nlu::listed(word, kDeniesProperty) || between_has(at, i, kHaving);
    // "do not have", "has not had"
    return at;
  }
  return kNone;
}

bool Interpreter::one_choice(std::size_t i) {
  if (items_[i].choices.size() == 1) return true;
  out_.unused.push_back(text_of(items_[i]));
  items_[i].used = true;
  return false;
}

void Interpreter::add_filter(Filter filter) {
  for (Filter& other : out_.frame.filters) {
    if (other == filter) return;
    const auto inside = [](const Filter& one, const Filter& list) {
      return one.op == "=" && list.op == "in" &&
             std::find(list.values.begin(), list.values.end(), one.values.front()) != list.values.end();
    };
    if (filter.dimension != kNone && other.dimension == filter.dimension) {
      // "open alarms": the narrower of the two.
      if (inside(other, filter)) return;
      if (inside(filter, other)) {
        other = std::move(filter);
        return;
      }
    }
    if (filter.dimension != kNone && other.dimension == filter.dimension)
      return conflict("says two things of one kind");
  }
  out_.frame.filters.push_back(std::move(filter));
}

bool Interpreter::filtered(std::size_t dimension) const {
  return std::any_of(out_.frame.filters.begin(), out_.frame.filters.end(),
                     [&](const Filter& f) { return f.dimension == dimension; });
}

bool Interpreter::key_filter() const {
  return std::any_of(out_.frame.filters.begin(), out_.frame.filters.end(), [&](const Filter& f) {
    return f.dimension != kNone && m_.dimensions[f.dimension].key && (f.op == "=" || f.op == "in");
  });
}

// "critical and warning": values of one dimension that are listed; values of different ones narrow each other, but
// not where "and" or "or" joins them: "critical events and deployments" are two things.
void Interpreter::value_run(std::size_t first) {
  if (!one_choice(first)) return;
  const std::size_t d = dimension_of(first);
  std::vector<Json> values = {items_[first].choices.front().value};
  items_[first].used = true;
  bool strict = false;
  const std::size_t negation = negation_before(first, strict);
  std::size_t last = first;
  for (;;) {
    const std::size_t i = next(last);
    if (i == kNone || !is(i, Kind::value) || items_[i].used || adjacent(last, i)) break;
    bool list = true;
    bool comma = false;
    for (std::size_t k = last + 1; k < i; ++k) {
      comma = comma || norm(k) == ",";
      list = list && (norm(k) == "," || norm(k) == "/" || nlu::listed(norm(k), kCoordinates));
    }
    const bool coordinated = list && (comma || between_has(last, i, "|and|or|nor|/|"));
    if (!coordinated) break;
    const bool same = items_[i].choices.size() == 1 && dimension_of(i) == d;
    if (!same) {
      // "in production and owned by kim" narrows; a bare value after "and" is another thing.
      const bool preposition = between_has(last, i, "|in|of|by|with|");
      if (!preposition) conflict("joins different things");
      break;
    }
    values.push_back(items_[i].choices.front().value);
    items_[i].used = true;
    for (std::size_t k = last + 1; k < i; ++k) items_[k].used = true;
    last = i;
  }
  Filter f;
  f.dimension = d;
  f.values = std::move(values);
  if (negation != kNone) {
    if (strict) return conflict("asks for what is not there");
    const std::size_t after = next(last);
    const bool noun_follows =
        after != kNone && adjacent(last, after) && (is(after, Kind::noun) || is(after, Kind::link_noun));
    const bool verb = norm(negation).ends_with("nt");
    if (noun_follows && verb) return conflict("asks for what is not there");
    items_[negation].used = true;
  }
  const bool one = f.values.size() == 1;
  f.op = negation != kNone ? (one ? "<>" : "not in") : (one ? "=" : "in");
  add_filter(std::move(f));
}

void Interpreter::filters() {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (is(i, Kind::value) && !items_[i].used) value_run(i);
  }
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const bool state = is(i, Kind::present) || is(i, Kind::missing);
    if (!state || items_[i].used) continue;
    bool strict = false;
    const std::size_t negation = negation_before(i, strict);
    if (negation != kNone) items_[negation].used = true;
    const bool temporal = m_.dimensions[items_[i].index].temporal();
    // "when was it installed", "the last installed": asked for, not a condition.
    if (is(i, Kind::present) && negation == kNone && temporal && (has("when") || has("latest") || has("oldest"))) {
      temporal_ = items_[i].index;
      items_[i].used = true;
      continue;
    }
    items_[i].used = true;
    if (is(i, Kind::present) && negation == kNone && items_[i].index == m_.time) continue;
    Filter f;
    f.dimension = items_[i].index;
    f.op = (is(i, Kind::missing) != (negation != kNone)) ? "missing" : "present";
    add_filter(std::move(f));
  }
  // "without an owner"
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (!is(i, Kind::dimension) || items_[i].used || items_[i].choices.size() != 1) continue;
    bool strict = false;
    const std::size_t negation = negation_before(i, strict);
    if (negation == kNone || !strict || items_[negation].used) continue;
    items_[negation].used = true;
    items_[i].used = true;
    Filter f;
    f.dimension = dimension_of(i);
    f.op = "missing";
    add_filter(std::move(f));
  }
}

void Interpreter::terms() {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (!is(i, Kind::term) || items_[i].used) continue;
    bool strict = false;
    const std::size_t negation = negation_before(i, strict);
    Json frame = Json::object();
    frame.set("measure", Json::object({{"name", "count"}}));
    frame.set("filters", at_moment(m_.terms[items_[i].index].filters, cal_.iso(cal_.now_us())));
    const auto read = parse_frame(frame, m_);
    if (!read || negation != kNone) {
      conflict("denies \"" + text_of(items_[i]) + "\"");
      continue;
    }
    items_[i].used = true;
    for (const Filter& f : read->filters) add_filter(f);
  }
}

}  // namespace pgops::model
