// core/model: "more than 100 events", "cost over 500 euros", "cpu above 90 %"; see interpreter.hpp.
#include <algorithm>
#include <charconv>

#include "core/model/interpreter.hpp"
#include "core/nlu/lexicon.hpp"

namespace pgops::model {
namespace {

// number * num / den in the measure's unit, exact; nullopt when it does not come out or does not fit.
std::optional<std::string> converted(const std::string& number, const nlu::Span& s, const std::string& unit) {
  if (s.dimension.empty()) return number;
  const auto to = nlu::unit_info(unit);
  if (!to || to->dimension != s.dimension || to->num == 0) return std::nullopt;
  const std::int64_t top = s.unit_num * to->den;
  const std::int64_t bottom = s.unit_den * to->num;
  if (top == bottom) return number;
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), n);
  if (error != std::errc() || end != number.data() + number.size() || n > 1'000'000'000 || top > 1'000'000'000)
    return std::nullopt;
  if (n * top % bottom != 0) return std::nullopt;
  return std::to_string(n * top / bottom);
}

}  // namespace

void Interpreter::comparisons() {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (!span_is(i, "comparison") || items_[i].used) continue;
    const nlu::Span& s = span(i);
    // The measure said before or after it, or the one that a value beside it is about ("cpu above 90 %").
    std::size_t measure = kNone;
    std::string unit;
    const auto about = [&](std::size_t at) {
      if (at == kNone || measure != kNone) return;
      if (is(at, Kind::measure)) {
        measure = items_[at].index;
        items_[at].used = true;
      } else if (is(at, Kind::value)) {
        for (std::size_t k = 0; k < m_.measures.size(); ++k) {
          const std::size_t d = m_.measures[k].required.empty() ? kNone : m_.dimension(m_.measures[k].required);
          if (d == kNone || dimension_of(at) != d) continue;
          measure = k;
          for (const auto& [value, one] : m_.measures[k].unit_by) {
            if (value == items_[at].choices.front().value.text()) unit = one;
          }
        }
      }
    };
    const std::size_t before = previous(i);
    const std::size_t after = next(i);
    about(before);
    // "more than 5 cpu samples" counts samples.
    const bool counts = after != kNone && is(after, Kind::value) && next(after) != kNone &&
                        adjacent(after, next(after)) && is(next(after), Kind::noun);
    if (after != kNone && !counts && (adjacent(i, after) || joined(i, after, "|of|in|"))) about(after);
    // "cpu samples above 90"
    if (before != kNone && is(before, Kind::noun) && previous(before) != kNone && adjacent(previous(before), before))
      about(previous(before));
    if (measure == kNone && !s.dimension.empty()) {
      // A unit that only one measure has: "longer than 2 hours".
      std::size_t fits = 0;
      for (std::size_t k = 0; k < m_.measures.size(); ++k) {
        const auto known = nlu::unit_info(m_.measures[k].unit);
        if (known && known->dimension == s.dimension) {
          measure = k;
          ++fits;
        }
      }
      if (fits != 1) measure = kNone;
    }
    if (measure != kNone) {
      // The same measure once more, as a unit: "cost over 500 euros".
      if (after != kNone && is(after, Kind::measure) && items_[after].index == measure) items_[after].used = true;
      Filter f;
      f.measure = measure;
      f.op = s.op;
      bool ok = true;
      const auto add = [&](const std::string& number) {
        const auto value = converted(number, s, unit.empty() ? m_.measures[measure].unit : unit);
        ok = ok && value.has_value();
        if (value) f.values.push_back(Json::number(*value));
      };
      if (s.op == "between") add(s.value["low"].text());
      add(s.number);
      if (!ok) {
        conflict("compares with another unit");
        continue;
      }
      items_[i].used = true;
      add_filter(std::move(f));
      continue;
    }
    // "more than 100 events", "at least 3 critical alarms": how many there are of each.
    std::size_t noun = after;
    while (noun != kNone && is(noun, Kind::value) && next(noun) != kNone && adjacent(noun, next(noun)))
      noun = next(noun);
    const bool counted = noun != kNone && (is(noun, Kind::noun) ||
                                           (is(noun, Kind::value) && m_.dimensions[dimension_of(noun)].link == kNone));
    if (!counted || !s.dimension.empty() || s.op == "between" || !out_.frame.having_op.empty()) continue;
    items_[i].used = true;
    out_.frame.having_op = s.op;
    out_.frame.having_value = s.number;
  }
}

}  // namespace pgops::model
