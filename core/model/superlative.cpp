// core/model: averages, sums and extremes of measures, rankings, the latest and the oldest; see interpreter.hpp.
#include <algorithm>

#include "core/model/interpreter.hpp"

namespace pgops::model {

std::size_t Interpreter::duration_measure() const {
  std::size_t found = kNone;
  for (std::size_t i = 0; i < m_.measures.size(); ++i) {
    if (m_.measures[i].from.empty()) continue;
    if (found != kNone) return kNone;
    found = i;
  }
  return found;
}

// The measure that is asked for; one that a comparison took is not. A value can stand for it: "average cpu".
std::size_t Interpreter::take_measure() {
  std::size_t found = kNone;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (!is(i, Kind::measure) || items_[i].used) continue;
    if (found != kNone && found != items_[i].index) conflict("asks for several measures");
    found = items_[i].index;
    items_[i].used = true;
  }
  if (const std::size_t at = aspect("duration"); at != kNone && found == kNone) {
    found = duration_measure();
    if (found != kNone) items_[at].used = true;
  } else if (found != kNone && at != kNone && !m_.measures[found].from.empty()) {
    items_[at].used = true;
  }
  if (found != kNone) return found;
  for (const Filter& f : out_.frame.filters) {
    for (std::size_t k = 0; k < m_.measures.size(); ++k) {
      const bool implied = f.dimension != kNone && !m_.measures[k].required.empty() &&
                           m_.dimension(m_.measures[k].required) == f.dimension && f.op == "=";
      if (implied && !has("count")) found = k;
    }
  }
  // "which cpu is above 90": the comparison says it already.
  for (const Filter& f : out_.frame.filters) {
    if (found != kNone && f.measure == found && !has("average") && !has("max") && !has("min") && !has("sum"))
      return kNone;
  }
  return found;
}

// "the most expensive maintenance", "the three longest outages": rows, by a measure.
bool Interpreter::extreme_rows() {
  std::size_t measure = kNone;
  bool descending = true;
  std::size_t at = find(Kind::high);
  if (at == kNone) {
    at = find(Kind::low);
    descending = false;
  }
  const bool longest = has("longest");
  const bool shortest = has("shortest");
  if (at != kNone) {
    measure = items_[at].index;
  } else if ((longest || shortest) && duration_measure() != kNone) {
    measure = duration_measure();
    descending = longest;
  } else {
    return false;
  }
  // "the longest time to resolve" is a figure, not a row.
  if (at == kNone && find(Kind::measure) != kNone) return false;
  // "what did the cheapest repair cost": the measure once more.
  if (head_.kind != Kind::noun && !(head_.kind == Kind::measure && items_[head_.item].index == measure)) {
    conflict("ranks other things");
    return true;
  }
  if (at != kNone) items_[at].used = true;
  use_aspect("longest");
  use_aspect("shortest");
  use_aspect("list");
  use_head();
  attributes();
  out_.intent = "top";
  out_.frame.ask = Ask::rows;
  out_.frame.attributes.clear();
  out_.frame.extra.push_back(measure);
  out_.frame.order_by = m_.measures[measure].name;
  out_.frame.descending = descending;
  out_.frame.limit = limit_or(head_.item, 1, 10);
  if (!out_.frame.group_by.empty()) conflict("ranks within groups");
  return true;
}

bool Interpreter::aggregate() {
  // The total of a measure is its sum: "total cost".
  const bool latest = has("latest") || has("oldest");
  measure_ = take_measure();
  const std::size_t measure = measure_;
  if (measure == kNone) {
    return false;
  }
  if (latest) return false;  // the measure of one row
  Ask ask = Ask::count;
  int said = 0;
  const auto take = [&](const char* name, Ask a) {
    if (!use_aspect(name)) return;
    if (said == 0 || ask != a) ++said;
    ask = a;
  };
  // "the highest average": an average, ranked.
  const bool both = has("average") && (has("max") || has("min"));
  const bool lowest = both && has("min");
  take("average", Ask::avg);
  if (both) {
    use_aspect("max");
    use_aspect("min");
  }
  take("sum", Ask::sum);
  take("max", Ask::max);
  take("min", Ask::min);
  take("longest", Ask::max);
  take("shortest", Ask::min);
  take("slowest", Ask::max);
  take("fastest", Ask::min);
  take("largest", Ask::max);
  take("smallest", Ask::min);
  if (said > 1) return conflict("asks for several figures"), true;
  const Measure& m = m_.measures[measure];
  const bool ranked = has("top") || has("bottom");
  const bool trend = has("trend");
  const bool descending = !has("bottom") && ask != Ask::min && !lowest;
  if (said == 0 && has("count")) {
    // "total cost", "what did it cost in total"; "how many" of a measure is its sum as well.
    if (head_.kind != Kind::measure && !ordered_by_ &&
        !nlu::listed(norm(aspect("count")), "|total|in|overall|altogether|"))
      return conflict("counts and measures"), true;
    use_aspect("count");
    ask = Ask::sum;
    said = 1;
  }
  if (said == 0) {
    if (m.fallback.empty()) {
      out_.missing.push_back("average, total, highest or lowest " + m.words.en);
      return true;
    }
    ask = m.fallback == "sum" ? Ask::sum : m.fallback == "avg" ? Ask::avg : m.fallback == "min" ? Ask::min : Ask::max;
    ++out_.guesses;
  }
  use_aspect("count");
  (void)trend;
  return aggregate_of(measure, ask, descending, ranked || both || ask == Ask::max || ask == Ask::min);
}

bool Interpreter::aggregate_of(std::size_t measure, Ask ask, bool descending, bool ranked) {
  const Measure& m = m_.measures[measure];
  out_.frame.ask = ask;
  out_.frame.of = measure;
  out_.intent = "aggregate";
  if (!m.allows(to_string(ask)))
    conflict("the " + std::string(to_string(ask)) + " of " + m.words.en + " makes no sense");
  if (use_aspect("trend") && out_.frame.group_by.empty()) {
    if (m_.time == kNone) return conflict("has no time"), true;
    out_.frame.group_by.push_back({kNone, out_.time_spans.empty() ? "month" : "day"});
    ++out_.guesses;
  }
  // "which item had the highest cpu", "top 5 engineers by cost"
  const bool thing = (head_.kind == Kind::dimension || head_.kind == Kind::link_noun) && head_.item != kNone;
  const bool who = has("who");
  const std::size_t unit = find(Kind::unit);
  const bool superlative = use_aspect("top") || use_aspect("bottom");
  if (thing && (!items_[head_.item].used || is(head_.item, Kind::value)) && head_.dimension != kNone &&
      !(head_.kind == Kind::link_noun && !ranked && !superlative && out_.frame.group_by.empty() &&
        filtered(head_.dimension))) {
    if (!ranked && !superlative) return conflict("does not say which"), true;
    use_head();
    out_.frame.group_by.insert(out_.frame.group_by.begin(), Group{head_.dimension, {}});
    out_.frame.order_by = "measure";
    out_.frame.descending = descending;
    out_.frame.limit = limit_or(head_.item, 1, 10);
    out_.intent = "top";
    return true;
  }
  if (who && superlative) {
    for (std::size_t d = 0; d < m_.dimensions.size(); ++d) {
      if (!m_.dimensions[d].who || m_.dimensions[d].link != kNone || !out_.frame.group_by.empty()) continue;
      use_aspect("who");
      out_.frame.group_by.push_back({d, {}});
    }
  } else if (unit != kNone && (superlative || ranked) && out_.frame.group_by.empty() && m_.time != kNone) {
    items_[unit].used = true;  // "the month with the highest cost"
    out_.frame.group_by.push_back({kNone, items_[unit].name});
    out_.frame.ask = ask == Ask::max && m.allows("sum") ? Ask::sum : ask;
  }
  if (!out_.frame.group_by.empty() && (superlative || (ranked && unit != kNone))) {
    out_.frame.order_by = "measure";
    out_.frame.descending = descending;
    out_.frame.limit = limit_or(kNone, 1, 10);
    out_.intent = "top";
  } else if (superlative) {
    conflict("does not say of what");
  }
  if (head_.kind == Kind::noun) use_head();
  if (m.required.empty()) return true;
  const std::size_t d = m_.dimension(m.required);
  const bool grouped = std::any_of(out_.frame.group_by.begin(), out_.frame.group_by.end(),
                                   [&](const Group& g) { return g.dimension == d; });
  const bool narrowed = std::any_of(out_.frame.filters.begin(), out_.frame.filters.end(),
                                    [&](const Filter& f) { return f.dimension == d && f.op == "="; });
  if (!grouped && !narrowed) out_.missing.push_back(m_.dimensions[d].words.en);
  return true;
}

// "the most common event type", "top 5 items by number of events", "who did the most repairs"
bool Interpreter::top() {
  const bool most = has("top") || has("max") || has("largest");
  const bool least = has("bottom") || has("min") || has("smallest");
  if (!most && !least) return false;
  // "the maximum number of events" of nothing is no ranking.
  Group g;
  std::size_t item = kNone;
  if ((head_.kind == Kind::dimension || head_.kind == Kind::link_noun) && head_.dimension != kNone) {
    g.dimension = head_.dimension;
    item = head_.item;
    use_head();
  } else if (!out_.frame.group_by.empty()) {
    g = out_.frame.group_by.front();
    out_.frame.group_by.erase(out_.frame.group_by.begin());
  } else if (has("who") || has("where")) {
    const bool who = use_aspect("who");
    if (!who) use_aspect("where");
    // "who owns the most items": the word says which person.
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (!is(i, Kind::dimension) || items_[i].used) continue;
      const std::size_t d = head_at(i).dimension;
      if (d == kNone || !(who ? m_.dimensions[d].who : m_.dimensions[d].where)) continue;
      g.dimension = d;
      items_[i].used = true;
    }
    for (std::size_t d = 0; d < m_.dimensions.size() && g.dimension == kNone; ++d) {
      const bool asked = who ? m_.dimensions[d].who : m_.dimensions[d].where;
      if (asked && m_.dimensions[d].link == kNone) g.dimension = d;
    }
  } else if (const std::size_t unit = find(Kind::unit); unit != kNone && m_.time != kNone) {
    items_[unit].used = true;
    g.unit = items_[unit].name;
  } else if (const std::size_t when = aspect("when"); when != kNone && m_.time != kNone) {
    // "on which day were the most events": the lexicon's phrase holds the unit.
    for (std::size_t t = items_[when].first; t < items_[when].last; ++t) {
      if (a_.tokens[t].norm == "day" || a_.tokens[t].norm == "date") g.unit = "day";
    }
    if (!g.unit.empty()) items_[when].used = true;
  } else {
    // "which items had the most events" with the noun of our own first: a dimension said later.
    for (std::size_t i = 0; i < items_.size() && item == kNone; ++i) {
      if (items_[i].used || (!is(i, Kind::dimension) && !is(i, Kind::link_noun))) continue;
      const Head h = head_at(i);
      if (h.dimension == kNone) continue;
      g.dimension = h.dimension;
      item = i;
      items_[i].used = true;
    }
  }
  if (g.dimension == kNone && g.unit.empty()) return false;
  for (const char* name : {"top", "bottom", "max", "min", "largest", "smallest", "count", "list"}) use_aspect(name);
  // What has none at all is not among the rows, so the fewest of a link would be wrong.
  if (least && g.dimension != kNone && m_.dimensions[g.dimension].link != kNone) conflict("ranks what may have none");
  if (filtered(g.dimension) && g.dimension != kNone) conflict("ranks one thing");
  out_.intent = "top";
  out_.frame.ask = Ask::count;
  out_.frame.group_by.insert(out_.frame.group_by.begin(), g);
  if (out_.frame.group_by.size() > 1) conflict("ranks within groups");
  out_.frame.order_by = "measure";
  out_.frame.descending = !least;
  out_.frame.limit = limit_or(item, 1, 10);
  return true;
}

std::size_t Interpreter::time_dimension() {
  if (temporal_ != kNone) {
    const std::size_t d = temporal_;
    temporal_ = kNone;
    return d;
  }
  if (m_.time != kNone) return m_.time;
  std::size_t only = kNone;
  for (std::size_t d = 0; d < m_.dimensions.size(); ++d) {
    if (m_.dimensions[d].link != kNone || !m_.dimensions[d].temporal()) continue;
    if (only != kNone) return kNone;
    only = d;
  }
  return only;
}

// "the latest event", "when was db-02 last patched", "the next maintenance of web-01"
bool Interpreter::latest() {
  const bool newest = has("latest");
  const bool oldest = has("oldest");
  const bool coming = has("next");
  if (newest + oldest + coming == 0) return false;
  if (newest + oldest + coming > 1) return conflict("asks for both ends"), true;
  const std::size_t time = time_dimension();
  if (time == kNone || (coming && !m_.future)) return conflict("has no time"), true;
  use_aspect("latest");
  use_aspect("oldest");
  use_aspect("next");
  use_aspect("when");
  use_aspect("list");
  use_aspect("future");
  out_.intent = "latest";
  out_.frame.ask = Ask::rows;
  const std::size_t noun = head_.item;
  if (head_.kind == Kind::noun) use_head();
  if (head_.kind == Kind::link_noun && head_.dimension != kNone) {
    // "which item had the latest event": the row says it.
    use_head();
    out_.frame.attributes.push_back(head_.dimension);
    if (m_.time != kNone) out_.frame.attributes.push_back(m_.time);
  }
  attributes();
  if (has("who")) {
    for (std::size_t d = 0; d < m_.dimensions.size(); ++d) {
      if (m_.dimensions[d].who && m_.dimensions[d].link == kNone && use_aspect("who"))
        out_.frame.attributes.push_back(d);
    }
  }
  if (measure_ != kNone) out_.frame.extra.push_back(measure_);
  if ((!out_.frame.attributes.empty() || !out_.frame.extra.empty()) &&
      std::find(out_.frame.attributes.begin(), out_.frame.attributes.end(), time) == out_.frame.attributes.end()) {
    out_.frame.attributes.push_back(time);
  }
  if (out_.frame.attributes.empty() && std::find(m_.shown.begin(), m_.shown.end(), time) == m_.shown.end()) {
    if (m_.key() != kNone) out_.frame.attributes.push_back(m_.key());
    out_.frame.attributes.push_back(time);
  }
  out_.frame.order_by = time == m_.time ? "time" : m_.dimensions[time].name;
  out_.frame.descending = newest;
  out_.frame.limit = limit_or(noun, 1, 10);
  if (!out_.frame.group_by.empty()) conflict("asks for the latest of each");
  if (!out_.frame.having_op.empty()) conflict("compares a count of nothing");
  // Plans are not what happened last, and the past is not what comes next.
  if (coming) {
    if (out_.frame.since.empty()) out_.frame.since = cal_.iso(cal_.now_us());
  } else if (m_.future && newest && out_.frame.until.empty()) {
    out_.frame.until = cal_.iso(cal_.now_us());
  }
  return true;
}

}  // namespace pgops::model
