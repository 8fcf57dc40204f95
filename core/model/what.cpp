// core/model: what is asked: figures, lists, values, one thing's properties; see interpreter.hpp.
#include <algorithm>

#include "core/model/interpreter.hpp"

namespace pgops::model {
namespace {

constexpr std::string_view kOpeners = "|is|are|was|were|do|does|did|has|have|had|";

}  // namespace

Interpreter::Head Interpreter::head_at(std::size_t i) const {
  Head h;
  h.kind = items_[i].kind;
  h.item = i;
  if (h.kind == Kind::dimension) h.dimension = items_[i].choices.size() == 1 ? dimension_of(i) : kNone;
  if (h.kind == Kind::dimension && h.dimension == kNone) {
    for (const Choice& c : items_[i].choices) {
      if (m_.dimensions[c.dimension].link == kNone) h.dimension = h.dimension == kNone ? c.dimension : h.dimension;
    }
  }
  if (h.kind == Kind::link_noun) h.dimension = m_.links[items_[i].index].key;
  return h;
}

// The last nominal word of the first noun phrase; in Korean of the one before the question. A value that stands alone
// ("how many servers had ...") speaks for what it is a value of.
Interpreter::Head Interpreter::find_head() {
  const auto nominal = [&](std::size_t i) {
    return !items_[i].used &&
           (is(i, Kind::noun) || is(i, Kind::link_noun) || is(i, Kind::dimension) || is(i, Kind::measure));
  };
  std::size_t begin = 0;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const bool asks = is(i, Kind::aspect) && (items_[i].name == "count" || items_[i].name == "share");
    // "by number of events" says what is ranked by, not what is asked for.
    const std::size_t before = previous(i);
    if (asks && !(before != kNone && is(before, Kind::aspect) && items_[before].name == "group")) {
      begin = i + 1;
      break;
    }
  }
  if (begin > 0 && hangul(begin - 1)) {
    for (std::size_t i = begin - 1; i > 0; --i) {
      const std::size_t k = i - 1;
      if (nominal(k)) return head_at(k);
      if (is(k, Kind::value) && !items_[k].used && items_[k].choices.size() == 1 &&
          m_.dimensions[dimension_of(k)].kinds) {
        begin = k;
        break;
      }
      if (is(k, Kind::span) || is(k, Kind::value)) break;
    }
  }
  for (const std::size_t from : {begin, std::size_t{0}}) {
    for (std::size_t i = from; i < items_.size(); ++i) {
      if (!nominal(i) && !(is(i, Kind::value) && !items_[i].used)) continue;
      std::size_t last = i;
      while (last + 1 < items_.size() &&
             (nominal(last + 1) || (is(last + 1, Kind::value) && !items_[last + 1].used) || is(last + 1, Kind::term)))
        ++last;
      for (std::size_t k = last + 1; k > i; --k) {
        if (nominal(k - 1)) return head_at(k - 1);
      }
      while (is(last, Kind::term)) --last;
      // A name or a kind alone: a thing of the link, or a row of our own.
      const bool named = items_[last].choices.size() == 1 && m_.dimensions[dimension_of(last)].key;
      const Dimension& d = m_.dimensions[dimension_of(last)];
      if (!named && d.kinds) {
        Head h;
        h.item = last;
        h.kind = d.link == kNone ? Kind::noun : Kind::link_noun;
        if (d.link != kNone) h.dimension = m_.links[d.link].key;
        return h;
      }
      i = last;
    }
  }
  return {};
}

void Interpreter::use_head() {
  if (head_.item != kNone) items_[head_.item].used = true;
}

bool Interpreter::anchored() const {
  // A word for a property is a question about rows only where the property is asked for.
  const Frame& f = out_.frame;
  const bool asked = f.ask == Ask::values || f.ask == Ask::distinct || !f.attributes.empty() || key_filter() ||
                     (f.order_by == "measure" && !f.group_by.empty());
  return std::any_of(items_.begin(), items_.end(), [&](const Item& item) {
    switch (item.kind) {
      case Kind::noun:
      case Kind::measure:
      case Kind::high:
      case Kind::low: return true;
      case Kind::present:
      case Kind::missing: return m_.dimensions[item.index].link == kNone;
      case Kind::dimension:
        // A word that the link's things have as well is about nobody.
        return asked && std::all_of(item.choices.begin(), item.choices.end(),
                                    [&](const Choice& c) { return m_.dimensions[c.dimension].link == kNone; });
      case Kind::value: {
        const Dimension& d = m_.dimensions[item.choices.front().dimension];
        // "about billing" may mean much; "fw-07" is one thing only.
        const std::string& said = item.choices.front().label;
        const bool numbered = std::any_of(said.begin(), said.end(), [](char c) { return c >= '0' && c <= '9'; });
        const bool about = numbered || out_.intent == "lookup" || out_.intent == "status";
        return d.link == kNone && (d.kinds || (d.key && about));
      }
      default: return false;
    }
  });
}

std::int64_t Interpreter::limit_or(std::size_t noun_item, std::int64_t one, std::int64_t many) {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (!span_is(i, "limit") || items_[i].used) continue;
    items_[i].used = true;
    std::int64_t n = 0;
    for (const char c : span(i).number) n = n < kMaxLimit * 10 ? n * 10 + (c - '0') : n;
    if (n < 1 || n > kMaxLimit) conflict("asks for too many");
    return n;
  }
  // "which three services had the most ..."
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (!span_is(i, "number") || items_[i].used || noun_item == kNone || i > noun_item || noun_item > i + 3) continue;
    bool near = true;
    for (std::size_t k = i + 1; k < noun_item; ++k) near = near && is(k, Kind::value);
    const auto n = Json::number(span(i).number).as_int();
    if (!near || !n || *n < 1 || *n > kMaxLimit) continue;
    items_[i].used = true;
    return *n;
  }
  return plural(noun_item) ? many : one;
}

void Interpreter::what() {
  // In the order of how much they say: a share may hold a count, a ranking may hold an average.
  if (share() || extreme_rows() || aggregate() || top() || latest() || count() || trend() || exists() || values() ||
      lookup() || list()) {
    return;
  }
  conflict("asks for nothing that is known");
}

// "what share of the events is critical": what follows the verb is the part, what stands before it the whole.
bool Interpreter::share() {
  const std::size_t at = aspect("share");
  if (at == kNone) return false;
  out_.intent = "aggregate";
  out_.frame.ask = Ask::share;
  use_aspect("share");
  use_head();
  std::size_t verb = kNone;
  bool noun = false;
  for (std::size_t i = at + 1; i < items_.size() && verb == kNone; ++i) {
    noun = noun || is(i, Kind::noun) || (is(i, Kind::value) && i > at);
    if (noun && is(i, Kind::function) && nlu::listed(norm(i), kOpeners)) verb = i;
  }
  std::vector<Filter> before;
  std::vector<Filter> after;
  for (const Filter& f : out_.frame.filters) {
    if (f.dimension == kNone) {
      after.push_back(f);
      continue;
    }
    bool later = false;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const bool value = is(i, Kind::value) && dimension_of(i) == f.dimension;
      const bool state = (is(i, Kind::present) || is(i, Kind::missing)) && items_[i].index == f.dimension;
      if (value || state) later = verb != kNone && i > verb;
    }
    (later ? after : before).push_back(f);
  }
  if (after.empty()) {
    // "the share of critical events": one property only, else it is not clear which is the part.
    if (before.size() != 1 || verb != kNone) conflict("does not say what the share is of");
    out_.frame.part = before;
    out_.frame.filters.clear();
  } else {
    out_.frame.part = std::move(after);
    out_.frame.filters = std::move(before);
  }
  if (head_.kind == Kind::link_noun) conflict("asks for a share of other things");
  use_aspect("count");
  return true;
}

// "how many": of rows, of things of a link, of different values.
bool Interpreter::count() {
  const bool distinct = has("distinct");
  if (!has("count") && !(distinct && head_.kind == Kind::dimension && has("count"))) return false;
  use_aspect("count");
  out_.intent = out_.frame.group_by.empty() ? "count" : "aggregate";
  use_head();
  if (head_.kind == Kind::dimension || head_.kind == Kind::link_noun) {
    if (head_.dimension == kNone) {
      conflict("counts something that has no name");
      return true;
    }
    use_aspect("distinct");
    out_.frame.ask = Ask::distinct;
    out_.frame.of = head_.dimension;
    // Each item once for every group is another figure than its rows.
    if (!out_.frame.having_op.empty()) conflict("counts what has so many");
    return true;
  }
  if (distinct) return conflict("asks for different ones"), true;
  out_.frame.ask = Ask::count;
  if (!out_.frame.having_op.empty() && out_.frame.group_by.empty()) conflict("compares a count of nothing");
  return true;
}

bool Interpreter::trend() {
  if (!has("trend") && out_.frame.group_by.empty() && !open_group_) return false;
  const bool trend = use_aspect("trend");
  use_aspect("list");
  if (open_group_ && out_.frame.group_by.empty()) {
    // "distribution of event types"
    if (head_.kind == Kind::dimension && head_.dimension != kNone) {
      use_head();
      out_.frame.group_by.push_back({head_.dimension, {}});
    } else {
      return conflict("does not say by what"), true;
    }
  }
  if (trend && out_.frame.group_by.empty()) {
    if (m_.time == kNone) return conflict("has no time"), true;
    // Steps that a person can look at, from the length of the period.
    std::string unit = "month";
    for (const std::size_t s : out_.time_spans) {
      if (!a_.spans[s].since_us) continue;
      const std::int64_t until = std::min(a_.spans[s].until_us.value_or(cal_.now_us()), cal_.now_us());
      const std::int64_t days = (until - *a_.spans[s].since_us) / 86'400'000'000;
      unit = days <= 2 ? "hour" : days <= 62 ? "day" : days <= 190 ? "week" : "month";
    }
    out_.frame.group_by.push_back({kNone, unit});
    ++out_.guesses;
  }
  out_.intent = trend ? "trend" : "aggregate";
  if (head_.kind == Kind::noun) use_head();
  if (head_.kind == Kind::link_noun && !items_[head_.item].used) {
    // "items by owner" asks for things of the link only where nothing of our own is named.
    use_head();
    if (head_.dimension == kNone) return conflict("counts something that has no name"), true;
    out_.frame.ask = Ask::distinct;
    out_.frame.of = head_.dimension;
    return true;
  }
  out_.frame.ask = Ask::count;
  return true;
}

// "are there any ...", "did web-01 have ...", "is web-01 active?"
bool Interpreter::exists() {
  const bool opens = !a_.tokens.empty() && nlu::listed(a_.tokens.front().norm, kOpeners);
  if (!has("exist") && !opens) return false;
  if (!out_.frame.group_by.empty() || has("who") || has("where") || has("when")) return false;
  use_aspect("exist");
  out_.intent = "status";
  out_.frame.ask = Ask::exists;
  use_head();
  attributes();
  out_.frame.attributes.clear();
  return true;
}

// "which locations do we have", "which items had critical alarms": the different values.
bool Interpreter::values() {
  const bool linked = head_.kind == Kind::link_noun;
  if (head_.kind != Kind::dimension && !linked) return false;
  if (head_.dimension == kNone) return false;
  if (!linked && (key_filter() || has("who") || has("where") || has("when"))) return false;
  // Another word for a dimension: properties of rows are asked for.
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (i != head_.item && is(i, Kind::dimension) && !items_[i].used && !filtered(dimension_of(i))) {
      return linked ? (conflict("asks for properties of other things"), true) : false;
    }
  }
  use_head();
  attributes();
  out_.frame.attributes.clear();
  use_aspect("distinct");
  use_aspect("list");
  if (!out_.frame.having_op.empty()) {
    out_.intent = "list";
    out_.frame.ask = Ask::count;
    out_.frame.group_by.push_back({head_.dimension, {}});
    out_.frame.order_by = "measure";
    return true;
  }
  out_.intent = "distinct";
  out_.frame.ask = Ask::values;
  out_.frame.of = head_.dimension;
  return true;
}

// Dimension words that nothing else took: properties to show.
void Interpreter::attributes() {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (!is(i, Kind::dimension) || items_[i].used) continue;
    const std::size_t d = head_at(i).dimension;
    if (d == kNone) continue;
    items_[i].used = true;
    if (filtered(d) && out_.frame.ask != Ask::rows) continue;  // it only names what the value is of
    auto& list = out_.frame.attributes;
    if (std::find(list.begin(), list.end(), d) == list.end()) list.push_back(d);
  }
}

// "what is the status of web-01", "who owns billing", "where is db-02", "when was web-01 installed"
bool Interpreter::lookup() {
  if (!key_filter()) return false;
  out_.frame.ask = Ask::rows;
  attributes();
  const auto d_is_where = [&](std::size_t d) { return m_.dimensions[d].where; };
  const auto ask_for = [&](const char* name, auto flag) {
    if (!has(name)) return;
    for (std::size_t d = 0; d < m_.dimensions.size(); ++d) {
      if (!flag(m_.dimensions[d])) continue;
      auto& list = out_.frame.attributes;
      const bool own = m_.dimensions[d].link == kNone;
      const bool said = std::any_of(list.begin(), list.end(), [&](std::size_t x) { return flag(m_.dimensions[x]); });
      // "who patched it": of a kind of work, who did it; "who installed it" is not the owner.
      const bool did = d_is_where(d) || std::any_of(items_.begin(), items_.end(), [&](const Item& item) {
                         return item.kind == Kind::value && m_.dimensions[item.choices.front().dimension].kinds &&
                                m_.dimensions[item.choices.front().dimension].link == kNone;
                       });
      if (said || (own && did)) use_aspect(name);
      if (!said && own && did) list.push_back(d);
    }
  };
  ask_for("who", [](const Dimension& d) { return d.who; });
  ask_for("where", [](const Dimension& d) { return d.where; });
  if (temporal_ != kNone && has("when")) {
    use_aspect("when");
    out_.frame.attributes.push_back(temporal_);
    temporal_ = kNone;
  }
  if (has("when")) {
    const auto& list = out_.frame.attributes;
    if (std::any_of(list.begin(), list.end(), [&](std::size_t d) { return m_.dimensions[d].temporal(); }))
      use_aspect("when");
  }
  if (out_.frame.attributes.empty()) return list();
  use_aspect("list");
  out_.intent = "lookup";
  // The name beside what is asked of it.
  for (const Filter& f : out_.frame.filters) {
    if (f.dimension == kNone || !m_.dimensions[f.dimension].key) continue;
    auto& list = out_.frame.attributes;
    std::erase(list, f.dimension);
    list.insert(list.begin(), f.dimension);
  }
  order_rows();
  return true;
}

bool Interpreter::list() {
  if (head_.kind == Kind::measure || head_.kind == Kind::link_noun) return false;
  out_.frame.ask = Ask::rows;
  use_head();
  if (!out_.frame.having_op.empty()) return conflict("compares a count of nothing"), true;
  attributes();
  if (out_.frame.attributes.empty() && key_filter() && m_.key() != kNone && filtered(m_.key())) {
    // One thing, all that is known of it; "how is it doing?" asks for a judgement.
    if (!a_.tokens.empty() && a_.tokens.front().norm == "how") conflict("asks how it is");
    for (std::size_t d = 0; d < m_.dimensions.size(); ++d) {
      if (m_.dimensions[d].link == kNone) out_.frame.attributes.push_back(d);
    }
  } else if (!out_.frame.attributes.empty()) {
    // "the items with their owner": beside what names them.
    std::vector<std::size_t> named;
    const std::size_t key = m_.key();
    if (key != kNone) named.push_back(key);
    if (key == kNone) named = m_.shown;
    auto& list = out_.frame.attributes;
    for (const std::size_t d : list) {
      if (std::find(named.begin(), named.end(), d) == named.end()) named.push_back(d);
    }
    list = std::move(named);
  }
  use_aspect("list");
  out_.intent = "list";
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (span_is(i, "limit") && !items_[i].used) out_.frame.limit = limit_or(kNone, 1, 1);
  }
  order_rows();
  return true;
}

void Interpreter::order_rows() {
  if (!out_.frame.order_by.empty()) return;
  if (m_.time != kNone) {
    out_.frame.order_by = "time";
    out_.frame.descending = true;
  } else if (m_.key() != kNone) {
    out_.frame.order_by = m_.dimensions[m_.key()].name;
    out_.frame.descending = false;
  }
}

}  // namespace pgops::model
