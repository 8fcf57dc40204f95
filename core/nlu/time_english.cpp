// core/nlu: the closed English grammar of time.
//
//   PERIOD  = today | yesterday | the day before yesterday | tomorrow | N days ago
//           | [last|this] WEEKDAY [[of] last|this week] | last weekend | MONTH [YEAR] | YEAR | Qn [YEAR]
//           | nth quarter|half [of YEAR] | [calendar] week n of YEAR | the UNIT before last
//           | this|last|previous|past|next UNIT | last|past|previous|next N UNIT [and a half | and N UNIT]
//           | MONTH DAY [YEAR] | DAY [of] MONTH [YEAR] | 2026-03-01 and its like
//   MOMENT  = PERIOD(day) [at] CLOCK | CLOCK [on] PERIOD(day) | N UNIT ago | now | the beginning of PERIOD
//   phrase  = [in|on|during|...] PERIOD [and the PERIOD that follows it] | MOMENT
//           | since|after|before|until|up to ..., from ... to ..., between ... and ... | from ... on
//           | PERIOD(day) between|from|after|before|since|until CLOCK ... | year|month|week to date
// last week is the ISO week before; past week, and every "last N", reach back from now by whole units.
#include <array>

#include "core/nlu/lexicon.hpp"
#include "core/nlu/time_grammar.hpp"

namespace pgops::nlu {
namespace {

class English : public TimeGrammar {
 public:
  using TimeGrammar::TimeGrammar;

  std::optional<TimePhrase> match(std::size_t at) const {
    // "every Friday" is no one Friday.
    if (at > 0 && any(at - 1, "|every|each|")) return std::nullopt;
    if (auto p = range(at)) return p;
    if (auto p = bounded(at)) return p;
    if (auto p = to_date(at)) return p;
    return simple(at);
  }

 private:
  using Kind = TimePoint::Kind;

  std::string unit_at(std::size_t i) const {
    if (i >= t_.size() || t_[i].kind != TokenKind::word) return {};
    const auto info = unit_info(t_[i].norm);
    if (!info || info->dimension != "duration") return {};
    // "m" and "s" alone are too short to be a unit unless glued to a number.
    if (t_[i].norm.size() == 1 && (i == 0 || t_[i - 1].kind != TokenKind::number)) return {};
    return std::string(info->calendar);
  }
  // A unit in the singular, as a whole word.
  std::string one_unit_at(std::size_t i) const {
    const std::string unit = unit_at(i);
    return unit.empty() || word(i).size() < 3 || word(i).back() == 's' ? std::string() : unit;
  }

  std::optional<int> day_number(std::size_t i) const {
    if (i >= t_.size()) return std::nullopt;
    std::string_view text = t_[i].norm;
    if (t_[i].kind == TokenKind::identifier && text.size() > 2) {  // 1st, 22nd
      if (!listed(text.substr(text.size() - 2), "|st|nd|rd|th|")) return std::nullopt;
      text.remove_suffix(2);
    } else if (t_[i].kind != TokenKind::number) {
      return std::nullopt;
    }
    int n = 0;
    for (const char c : text) {
      if (c < '0' || c > '9' || n > 31) return std::nullopt;
      n = n * 10 + (c - '0');
    }
    return n >= 1 && n <= 31 ? std::optional<int>(n) : std::nullopt;
  }

  std::optional<int> month_at(std::size_t i) const {
    if (i >= t_.size() || t_[i].kind != TokenKind::word || t_[i].norm.size() < 3) return std::nullopt;
    return month_number(t_[i].norm);
  }

  std::optional<int> weekday_at(std::size_t i) const {
    if (i >= t_.size() || t_[i].kind != TokenKind::word || t_[i].norm.size() < 3) return std::nullopt;
    const auto n = weekday_number(t_[i].norm);
    return n && (t_[i].norm.size() > 3 || t_[i].capital) ? n : std::nullopt;
  }

  // An optional year behind a date or month: "2026", ", 2026", "of 2026".
  std::optional<int> year_behind(std::size_t& next) const {
    const std::size_t at = any(next, "|,|of|") ? next + 1 : next;
    const auto y = year_at(at);
    if (y) next = at + 1;
    return y;
  }

  std::optional<TimePoint> month_day(int number, int dom, std::size_t next) const {
    const auto y = year_behind(next);
    return date(y, number, dom, next);
  }

  std::optional<TimePoint> dated(std::size_t i) const {
    if (auto p = written(i)) return p;
    if (const auto m = month_at(i)) {
      const std::size_t at = is(i + 1, "the") ? i + 2 : i + 1;
      if (const auto d = day_number(at)) return month_day(*m, *d, at + 1);
    }
    if (is(i, "the")) ++i;
    if (const auto d = day_number(i)) {
      const std::size_t at = is(i + 1, "of") ? i + 2 : i + 1;
      if (const auto m = month_at(at)) return month_day(*m, *d, at + 1);
    }
    return std::nullopt;
  }

  std::optional<TimePoint> on_weekday(std::size_t i) const {
    const bool last = any(i, "|last|past|previous|");
    const bool current_week = is(i, "this");
    if (is(i, "next")) return std::nullopt;
    const std::size_t at = last || current_week ? i + 1 : i;
    const auto n = weekday_at(at);
    if (!n) return std::nullopt;
    const std::size_t of = is(at + 1, "of") ? at + 2 : at + 1;
    const std::int64_t monday = cal_.start_of("week", now());
    const auto of_week = [&](std::int64_t weeks) {
      const std::int64_t midnight = cal_.next_start("day", cal_.next_start("week", monday, weeks), *n - 1);
      return day("weekday" + std::to_string(*n) + ":" + std::to_string(weeks), midnight, of + 2);
    };
    if (any(of, "|last|previous|") && is(of + 1, "week") && !last) return of_week(-1);
    if (is(of, "this") && is(of + 1, "week") && !last) return of_week(0);
    TimePoint p = weekday(*n, at + 1);
    if (current_week) {
      p = of_week(0);
      p.next = at + 1;
    } else if (last && p.since == cal_.start_of("day", now())) {
      p = day(p.key, cal_.next_start("day", p.since, -7), p.next);
    }
    return p;
  }

  std::optional<int> ordinal(std::size_t i, int most) const {
    static constexpr std::array<std::string_view, 4> kWords = {"|first|1st|", "|second|2nd|", "|third|3rd|",
                                                               "|fourth|4th|"};
    for (int n = 1; n <= most; ++n) {
      if (any(i, kWords[static_cast<std::size_t>(n - 1)])) return n;
    }
    return std::nullopt;
  }

  // Quarters, halves, weeks of the year.
  std::optional<TimePoint> part_of_year(std::size_t i) const {
    if (is(i, "the")) ++i;
    if (i < t_.size() && t_[i].kind == TokenKind::identifier && word(i).size() == 2 && word(i)[0] == 'q' &&
        word(i)[1] >= '1' && word(i)[1] <= '4') {
      std::size_t next = i + 1;
      const auto y = year_behind(next);
      return months(y, (word(i)[1] - '1') * 3 + 1, 3, next);
    }
    if (const auto n = ordinal(i, 4); n && is(i + 1, "quarter")) {
      std::size_t next = i + 2;
      const auto y = year_behind(next);
      return months(y, (*n - 1) * 3 + 1, 3, next);
    }
    if (const auto n = ordinal(i, 2); n && is(i + 1, "half")) {
      std::size_t next = i + 2;
      if (const auto y = year_behind(next)) return months(y, (*n - 1) * 6 + 1, 6, next);
      return std::nullopt;
    }
    const std::size_t at = any(i, "|calendar|iso|") ? i + 1 : i;
    if (is(at, "week") && number(at + 1)) {
      std::size_t next = at + 2;
      const auto y = year_behind(next);
      if (y) return iso_week(*y, *number(at + 1), next);
    }
    return std::nullopt;
  }

  std::optional<TimePoint> iso_week(int y, std::int64_t n, std::size_t next) const {
    // The week that holds the 4th of January is the first.
    const std::int64_t first = cal_.start_of("week", *cal_.at_date(y, 1, 4));
    const std::int64_t start = cal_.next_start("week", first, n - 1);
    if (n < 1 || n > 53 || start >= cal_.start_of("week", *cal_.at_date(y + 1, 1, 4))) return std::nullopt;
    return span("week:" + std::to_string(y) + "-" + std::to_string(n), start, cal_.next_start("week", start, 1), next);
  }

  std::optional<TimePoint> weekend(std::size_t i) const {
    const bool last = any(i, "|last|past|previous|");
    if (!last || !is(i + 1, "weekend")) return std::nullopt;
    const std::int64_t monday = cal_.start_of("week", now());
    // On a weekend "last weekend" may be this one.
    if (cal_.next_start("day", monday, 5) <= now()) return std::nullopt;
    return span("weekend", cal_.next_start("day", monday, -2), monday, i + 2);
  }

  std::optional<TimePoint> relative(std::size_t i) const {
    const bool last = any(i, "|last|previous|preceding|");
    const bool past = is(i, "past");
    const bool following = any(i, "|next|coming|");
    if (is(i, "the")) {
      const std::string unit = one_unit_at(i + 1);
      if (!unit.empty() && is(i + 2, "before") && is(i + 3, "last") && unit != "hour" && unit != "day")
        return current(unit, -2, i + 4);
      return std::nullopt;
    }
    if (any(i, "|this|current|")) {
      const std::string unit = one_unit_at(i + 1);
      if (!unit.empty()) return current(unit, 0, i + 2);
      if (const auto m = month_at(i + 1); m && is(i, "this")) return month(this_year(), *m, i + 2);
      return std::nullopt;
    }
    if (!last && !past && !following) return std::nullopt;
    if (const auto n = count_at(i + 1)) return counted(i + 2, *n, following);
    const bool half = is(i + 1, "half");
    if (half && is(i + 2, "an") && is(i + 3, "hour")) return rolling("minute", 30, i + 4);
    if (half && is(i + 2, "hour")) return rolling("minute", 30, i + 3);
    if (const auto m = month_at(i + 1); m && last) {
      // The latest one that is over.
      auto p = month(std::nullopt, *m, i + 2);
      if (p && p->until > now()) p = month(cal_.year_of(p->since) - 1, *m, i + 2);
      return p;
    }
    // "the last days" does not say how many.
    const std::string unit = one_unit_at(i + 1);
    if (unit.empty()) return std::nullopt;
    if (following) return current(unit, 1, i + 2);
    const bool calendar = unit == "week" || unit == "month" || unit == "quarter" || unit == "year";
    if (past || (is(i, "last") && !calendar)) return counted(i + 1, 1, false);
    return current(unit, -1, i + 2);
  }

  // "2 hours", "hour and a half", "2 hours and 30 minutes", back from now (or ahead).
  std::optional<TimePoint> counted(std::size_t i, std::int64_t n, bool ahead) const {
    const std::string unit = unit_at(i);
    if (unit.empty()) return std::nullopt;
    if (ahead) return span("next:" + std::to_string(n) + unit, now(), cal_.add(unit, now(), n), i + 1);
    const bool clocked = unit == "hour" || unit == "minute" || unit == "day";
    if (clocked && is(i + 1, "and") && is(i + 2, "a") && is(i + 3, "half"))
      return rolling("second", n * unit_info(unit)->num + unit_info(unit)->num / 2, i + 4);
    if (clocked && is(i + 1, "and") && number(i + 2)) {
      const std::string smaller = unit_at(i + 3);
      if (!smaller.empty() && unit_info(smaller)->num > 0 && unit_info(smaller)->num < unit_info(unit)->num)
        return rolling("second", n * unit_info(unit)->num + *number(i + 2) * unit_info(smaller)->num, i + 4);
    }
    return rolling(unit, n, i + 1);
  }

  std::optional<TimePoint> ago(std::size_t i) const {
    const bool article = any(i, "|a|an|");
    const auto n = article ? std::optional<std::int64_t>(1) : count_at(i);
    if (!n) return std::nullopt;
    const std::string unit = unit_at(i + 1);
    if (unit.empty() || !is(i + 2, "ago") || (article && word(i + 1).size() < 3)) return std::nullopt;
    if (unit == "day") return current("day", -*n, i + 3);
    if (unit != "second" && unit != "minute" && unit != "hour") {
      // A week ago: that day, that week, or that moment.
      return moment("ago:" + std::to_string(*n) + ":" + unit, cal_.add(unit, now(), -*n), i + 3);
    }
    return moment("ago:" + std::to_string(*n) + ":" + unit, cal_.add(unit, now(), -*n), i + 3);
  }

  std::optional<TimePoint> clock_at(std::size_t i) const {
    if (i >= t_.size()) return std::nullopt;
    if (is(i, "midnight")) return clock(0, 0, i + 1);
    if (any(i, "|noon|midday|")) return clock(12, 0, i + 1);
    int hour = 0;
    int minute = 0;
    const bool written_out = t_[i].kind == TokenKind::clock;
    if (written_out) {
      const std::string_view s = t_[i].norm;
      const std::size_t colon = s.find(':');
      if (s.size() != colon + 3) return std::nullopt;
      for (const char c : s.substr(0, colon)) hour = hour * 10 + (c - '0');
      minute = (s[colon + 1] - '0') * 10 + (s[colon + 2] - '0');
    } else if (const auto n = number(i); n && *n <= 12) {
      hour = static_cast<int>(*n);
    } else {
      return std::nullopt;
    }
    const bool am = any(i + 1, "|am|a.m|");
    const bool pm = any(i + 1, "|pm|p.m|");
    if (!am && !pm) return written_out ? clock(hour, minute, i + 1) : std::nullopt;
    if (hour < 1 || hour > 12) return std::nullopt;
    return clock(hour % 12 + (pm ? 12 : 0), minute, i + 2);
  }

  // A day, without a time of day behind it.
  std::optional<TimePoint> day_at(std::size_t i) const {
    if (is(i, "today")) return current("day", 0, i + 1);
    if (is(i, "yesterday")) return current("day", -1, i + 1);
    if (is(i, "tomorrow")) return current("day", 1, i + 1);
    const std::size_t before = is(i, "the") ? i + 1 : i;
    if (is(before, "day") && is(before + 1, "before") && is(before + 2, "yesterday"))
      return current("day", -2, before + 3);
    if (auto p = dated(i)) return p;
    if (auto p = on_weekday(i)) return p;
    if (auto p = ago(i); p && p->day) return p;
    return std::nullopt;
  }

  std::optional<TimePoint> point(std::size_t i) const {
    if (i >= t_.size()) return std::nullopt;
    if (is(i, "now")) return moment("now", now(), i + 1);
    if (auto d = day_at(i)) {
      const std::size_t at = is(d->next, "at") ? d->next + 1 : d->next;
      if (d->kind == Kind::day) {
        // "March 1 to 5": the 5 is no time of day.
        if (const auto c = clock_at(at)) return on_day(*c, *d->day, c->next);
      }
      return d;
    }
    if (auto c = clock_at(i)) {
      const std::size_t at = any(c->next, "|on|of|") ? c->next + 1 : c->next;
      if (const auto d = day_at(at); d && d->kind == Kind::day) return on_day(*c, *d->day, d->next);
      return c;
    }
    if (auto p = ago(i)) return p;
    if (auto p = weekend(i)) return p;
    if (auto p = beginning(i)) return p;
    if (auto p = part_of_year(i)) return p;
    if (auto p = relative(i)) return p;
    if (const auto m = month_at(i)) {
      std::size_t next = i + 1;
      const auto y = year_behind(next);
      return month(y, *m, next);
    }
    std::size_t at = is(i, "the") ? i + 1 : i;
    if (at > i && is(at, "year")) ++at;
    if (const auto y = year_at(at)) return year(*y, at + 1);
    if (is(i, "the")) return relative(i + 1) ? relative(i + 1) : weekend(i + 1);
    return std::nullopt;
  }

  std::optional<TimePoint> beginning(std::size_t i) const {
    if (is(i, "the")) ++i;
    if (!any(i, "|beginning|start|") || !is(i + 1, "of")) return std::nullopt;
    std::optional<TimePoint> p;
    if (is(i + 2, "the") && !one_unit_at(i + 3).empty()) {
      p = current(one_unit_at(i + 3), 0, i + 4);
    } else {
      p = point(i + 2);
    }
    if (!p || p->since == p->until) return std::nullopt;
    return moment("start:" + p->key, p->since, p->next);
  }

  bool joins(std::size_t i, bool between_them) const {
    return between_them ? is(i, "and") : any(i, "|to|until|till|through|thru|-|–|");
  }

  std::optional<TimePhrase> range(std::size_t at) const {
    const bool between_them = is(at, "between");
    const bool from = is(at, "from");
    const std::size_t i = between_them || from ? at + 1 : any(at, "|on|in|during|for|") ? at + 1 : at;
    const auto a = point(i);
    const std::size_t bare = a ? a->next : is(i, "the") ? i + 2 : i + 1;
    if (!joins(bare, between_them)) return std::nullopt;
    const auto b = point(bare + 1);
    if (!a) {
      // "from 1 to 5 March"
      const auto d = day_number(is(i, "the") ? i + 1 : i);
      if (!d || !b || b->kind != Kind::day || (b->day_of_month == 0 && b->key.size() != 10)) return std::nullopt;
      const int y = cal_.year_of(b->since);
      const auto first = date(y, cal_.month_of(b->since), *d, i + 1);
      return first ? between(*first, *b, at) : std::nullopt;
    }
    if (!between_them && !from && (a->kind != Kind::day && a->kind != Kind::moment)) return std::nullopt;
    if (b) return between(*a, *b, at);
    // "March 1 to 5"
    const auto d = day_number(bare + 1);
    if (!d || a->kind != Kind::day || a->key.size() != 10) return std::nullopt;
    std::size_t next = bare + 2;
    const auto y = year_behind(next);
    const auto last = date(y ? *y : cal_.year_of(a->since), cal_.month_of(a->since), *d, next);
    return last ? between(*a, *last, at) : std::nullopt;
  }

  std::optional<TimePhrase> bounded(std::size_t at) const {
    std::size_t i = at;
    enum class Bound : std::uint8_t { since, after, before, until } bound = Bound::since;
    if (is(i, "since")) {
      ++i;
    } else if (is(i, "starting")) {
      i += any(i + 1, "|from|on|at|with|") ? 2 : 1;
    } else if (is(i, "after")) {
      bound = Bound::after;
      ++i;
    } else if (is(i, "before") || (is(i, "prior") && is(i + 1, "to"))) {
      bound = Bound::before;
      i += is(i, "before") ? 1 : 2;
    } else if (any(i, "|until|till|through|") || (is(i, "up") && any(i + 1, "|to|until|"))) {
      bound = Bound::until;
      i += is(i, "up") ? 2 : 1;
    } else if (is(i, "from")) {
      const auto p = point(i + 1);
      if (!p || !any(p->next, "|on|onward|onwards|")) return std::nullopt;
      // "from Monday on 2026-03-01" says two days.
      if (is(p->next, "on") && point(p->next + 1)) return std::nullopt;
      return phrase("since:" + p->key, p->since, std::nullopt, p->next + 1 - at);
    } else {
      return std::nullopt;
    }
    const auto p = point(i);
    if (!p) return std::nullopt;
    switch (bound) {
      case Bound::since: {
        if (any(p->next, "|until|till|to|")) {
          const auto b = point(p->next + 1);
          return b ? between(*p, *b, at) : std::nullopt;
        }
        if (p->key == "today" || p->key == "0:00") return phrase("today", p->since, std::nullopt, p->next - at);
        if (p->key.rfind("rolling:", 0) == 0) return phrase(p->key, p->since, p->until, p->next - at);
        return phrase("since:" + p->key, p->since, std::nullopt, p->next - at);
      }
      case Bound::after: return phrase("after:" + p->key, p->until, std::nullopt, p->next - at);
      case Bound::before: return phrase("before:" + p->key, std::nullopt, p->since, p->next - at);
      case Bound::until: break;
    }
    return phrase("until:" + p->key, std::nullopt, p->until, p->next - at);
  }

  std::optional<TimePhrase> to_date(std::size_t at) const {
    if (is(at, "ytd")) return phrase("this:year", cal_.start_of("year", now()), now(), 1);
    const std::string unit = one_unit_at(at);
    if (unit.empty() || !is(at + 1, "to") || !is(at + 2, "date")) return std::nullopt;
    return phrase("this:" + unit, cal_.start_of(unit, now()), now(), 3);
  }

  // "yesterday between 9:00 and 17:00", "today after 9:00"
  std::optional<TimePhrase> within_day(const TimePoint& d, std::size_t at) const {
    const std::size_t i = is(d.next, ",") ? d.next + 1 : d.next;
    const auto moment_at = [&](std::size_t k) {
      const auto c = clock_at(k);
      return c ? on_day(*c, *d.day, c->next) : std::nullopt;
    };
    if (is(i, "between") || is(i, "from")) {
      const auto a = moment_at(i + 1);
      if (!a || !joins(a->next, is(i, "between"))) return std::nullopt;
      const auto b = moment_at(a->next + 1);
      return b ? between(*a, *b, at) : std::nullopt;
    }
    const auto p = moment_at(i + 1);
    if (!p) return std::nullopt;
    if (any(i, "|after|since|")) return phrase("between:" + p->key + ":" + d.key, p->since, d.until, p->next - at);
    if (any(i, "|before|until|till|"))
      return phrase("between:" + d.key + ":" + p->key, d.since, p->since, p->next - at);
    return std::nullopt;
  }

  std::optional<TimePhrase> simple(std::size_t at) const {
    std::size_t i = at;
    const bool preposition = any(i, "|in|during|over|within|for|on|of|from|throughout|across|at|");
    if (preposition) ++i;
    const auto p = point(i);
    if (!p && is(i, "the")) {
      const auto q = point(i + 1);
      return q && q->kind == Kind::span ? finish(*q, at) : std::nullopt;
    }
    if (!p) return std::nullopt;
    // A name of a month or a number may be something else: it needs its preposition or its year.
    const bool bare_month = p->month != 0 && p->day_of_month == 0 && month_at(i);
    if (bare_month && !any(at, "|in|during|of|for|from|throughout|")) return std::nullopt;
    if (p->key.rfind("year:", 0) == 0) {
      const bool ends = p->next >= t_.size() || t_[p->next].kind == TokenKind::symbol;
      if (!any(at, "|in|during|throughout|") && !(any(at, "|of|for|from|") && ends) && !is(i, "the"))
        return std::nullopt;
    }
    if (p->key == "now" || (!preposition && p->kind == Kind::clock)) return std::nullopt;
    if (is(at, "at") && p->kind != Kind::clock && p->kind != Kind::moment) return std::nullopt;
    return finish(*p, at);
  }

  std::optional<TimePhrase> finish(const TimePoint& p, std::size_t at) const {
    if (p.kind == Kind::day) {
      if (auto inside = within_day(p, at)) return inside;
    }
    // "yesterday and today", "in March and April"
    if ((p.kind == Kind::day || p.kind == Kind::span) && is(p.next, "and")) {
      const std::size_t i = any(p.next + 1, "|in|on|") ? p.next + 2 : p.next + 1;
      if (const auto q = point(i); q && q->since == p.until && q->until > q->since)
        return phrase("between:" + p.key + ":" + q->key, p.since, q->until, q->next - at);
    }
    return phrase(p, at);
  }
};

}  // namespace

std::optional<TimePhrase> match_english_time(const Calendar& calendar, const std::vector<Token>& tokens,
                                             std::size_t at) {
  return English(calendar, tokens).match(at);
}

}  // namespace pgops::nlu
