// core/model: what the figures are broken down by; see interpreter.hpp.
#include <algorithm>

#include "core/model/interpreter.hpp"

namespace pgops::model {
namespace {

constexpr std::string_view kBy = "|by|per|each|every|to|into|별|across|";

}  // namespace

void Interpreter::groups() {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (!is(i, Kind::aspect) || items_[i].name != "group" || items_[i].used) continue;
    if (items_[i].index != kNone) {
      const nlu::Aspect& aspect = a_.aspects[items_[i].index];
      // "hourly", "daily"
      if (!aspect.targets.empty() && aspect.last == aspect.first + 1 && aspect.targets.front().starts_with("time:") &&
          !nlu::listed(norm(i), kBy)) {
        out_.frame.group_by.push_back({kNone, aspect.targets.front().substr(5)});
        items_[i].used = true;
        continue;
      }
    }
    const std::string& last = a_.tokens[items_[i].last - 1].norm;
    if (nlu::listed(last, "|별|별로|마다|")) {
      group_before(i);
    } else {
      group_after(i, nlu::listed(last, kBy));
    }
  }
}

bool Interpreter::group_item(std::size_t i) {
  Group g;
  if (is(i, Kind::unit)) {
    g.unit = items_[i].name;
    if (g.unit == "second" || g.unit == "minute" || m_.time == kNone) return false;
  } else if (is(i, Kind::dimension) && items_[i].choices.size() == 1) {
    g.dimension = dimension_of(i);
  } else if (is(i, Kind::dimension)) {
    // A word of several dimensions: the model's own one.
    std::size_t own = 0;
    for (const Choice& c : items_[i].choices) {
      if (m_.dimensions[c.dimension].link != kNone) continue;
      g.dimension = c.dimension;
      ++own;
    }
    if (own != 1) return false;
  } else if (is(i, Kind::link_noun) && m_.links[items_[i].index].key != kNone) {
    g.dimension = m_.links[items_[i].index].key;
  } else {
    return false;
  }
  if (g.dimension != kNone && m_.dimensions[g.dimension].temporal()) return false;
  items_[i].used = true;
  auto& by = out_.frame.group_by;
  if (std::find(by.begin(), by.end(), g) == by.end()) by.push_back(std::move(g));  // or said twice
  return true;
}

void Interpreter::group_after(std::size_t at, bool by) {
  std::size_t i = next(at);
  if (i == kNone || !joined(at, i, {})) return;
  // "by event type", "per item type": the noun belongs to the dimension.
  const auto modifier = [&](std::size_t k) {
    return (is(k, Kind::noun) || is(k, Kind::link_noun)) && next(k) != kNone && adjacent(k, next(k)) &&
           is(next(k), Kind::dimension);
  };
  if (modifier(i)) {
    items_[i].used = true;
    i = next(i);
  }
  if (by && is(i, Kind::aspect) && items_[i].name != "group") {
    // "ranked by number of events", "by average cost"
    items_[at].used = true;
    ordered_by_ = true;
    return;
  }
  if (by && (is(i, Kind::measure) || is(i, Kind::noun))) {
    // "top 3 owners by items"
    const bool ranked = has("top") || has("bottom");
    if (is(i, Kind::measure) || ranked) {
      items_[at].used = true;
      ordered_by_ = true;
    }
    return;
  }
  if (is(i, Kind::value) && norm(at) == "by") {
    items_[at].used = true;  // "done by kim"
    return;
  }
  if (!by) {
    items_[at].used = true;
    open_group_ = true;
    return;
  }
  if (!group_item(i)) return;
  items_[at].used = true;
  // "by type and severity", "per day and location"
  for (std::size_t more = next(i); more != kNone; more = next(more)) {
    bool list = more > i + 1;
    for (std::size_t k = i + 1; k < more; ++k) {
      list = list && (norm(k) == "," || nlu::listed(norm(k), "|and|by|per|also|each|then|"));
    }
    if (is(more, Kind::aspect) && items_[more].name == "group" && list) {
      break;  // "per day and per type": its own turn
    }
    if (!list) break;
    if (modifier(more)) {
      items_[more].used = true;
      more = next(more);
    }
    if (out_.frame.group_by.size() >= 3 || !group_item(more)) break;
    for (std::size_t k = i + 1; k < more; ++k) items_[k].used = true;
    i = more;
  }
}

// Korean: the word stands before its suffix.
void Interpreter::group_before(std::size_t at) {
  const std::size_t i = previous(at);
  if (i != kNone && group_item(i)) {
    items_[at].used = true;
    if (i > 0 && is(i, Kind::dimension) && (is(i - 1, Kind::noun) || is(i - 1, Kind::link_noun)) && adjacent(i - 1, i))
      items_[i - 1].used = true;
  }
}

}  // namespace pgops::model
