// core/nlu: the closed grammar of time phrases.
//
//   today | yesterday | tomorrow
//   [in|during|over|within|for] [the] last|past|previous [N] UNIT       last week = the ISO week before
//   this|current|next UNIT                                              past week = 7 x 24 hours
//   since|after|before|until POINT, from POINT to POINT, between POINT and POINT
//   [on] POINT, in MONTH [YEAR], N UNIT ago
//   POINT = today | yesterday | WEEKDAY | CLOCK | YYYY-MM-DD[Thh:mm] | MONTH DAY [YEAR] | DAY MONTH [YEAR] | midnight
// What the grammar does not cover stays a word that nobody explained, and so rejects the question.
#include <charconv>

#include "core/nlu/calendar.hpp"
#include "core/nlu/lexicon.hpp"

namespace pgops::nlu {
namespace {

std::optional<std::int64_t> to_int(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_any(std::string_view word, std::initializer_list<std::string_view> list) {
  for (const std::string_view w : list) {
    if (w == word) return true;
  }
  return false;
}

// A moment or a day: [since, until).
struct Point {
  std::string key;
  std::int64_t since = 0;
  std::int64_t until = 0;
  std::size_t next = 0;
};

}  // namespace

struct Calendar::Matcher {
  const Calendar& cal;
  const std::vector<Token>& t;

  std::string_view word(std::size_t i) const { return i < t.size() ? std::string_view(t[i].norm) : std::string_view(); }
  bool is(std::size_t i, std::string_view w) const { return word(i) == w; }
  std::int64_t now() const { return cal.now_us(); }

  std::optional<std::int64_t> count_at(std::size_t i) const {
    if (i >= t.size()) return std::nullopt;
    if (t[i].kind == TokenKind::number) {
      const auto n = to_int(t[i].norm);
      return n && *n > 0 && *n <= 100000 ? n : std::nullopt;
    }
    const auto n = number_word(t[i].norm);
    return n && *n > 0 ? n : std::nullopt;
  }

  std::string unit_at(std::size_t i) const {
    if (i >= t.size() || t[i].kind != TokenKind::word) return {};
    const auto info = unit_info(t[i].norm);
    if (!info || info->dimension != "duration") return {};
    // "m" and "s" alone are too short to be a unit unless glued to a number.
    if (t[i].norm.size() == 1 && (i == 0 || t[i - 1].kind != TokenKind::number)) return {};
    return std::string(info->calendar);
  }

  static TimePhrase make(std::string key, std::optional<std::int64_t> since, std::optional<std::int64_t> until,
                         std::size_t tokens) {
    TimePhrase p;
    p.key = std::move(key);
    p.since_us = since;
    p.until_us = until;
    p.tokens = tokens;
    return p;
  }

  Point day_point(std::string key, std::int64_t midnight, std::size_t next) const {
    return {std::move(key), midnight, cal.add("day", midnight, 1), next};
  }

  std::optional<std::int64_t> year_at(std::size_t i) const {
    if (i >= t.size() || t[i].kind != TokenKind::number || t[i].norm.size() != 4) return std::nullopt;
    return to_int(t[i].norm);
  }

  std::optional<std::int64_t> day_of_month(std::size_t i, std::size_t& next) const {
    if (i >= t.size()) return std::nullopt;
    std::string_view text = t[i].norm;
    next = i + 1;
    if (t[i].kind == TokenKind::identifier && text.size() > 2) {  // 1st, 22nd
      const std::string_view tail = text.substr(text.size() - 2);
      if (!is_any(tail, {"st", "nd", "rd", "th"})) return std::nullopt;
      text.remove_suffix(2);
    } else if (t[i].kind != TokenKind::number) {
      return std::nullopt;
    }
    const auto n = to_int(text);
    return n && *n >= 1 && *n <= 31 ? n : std::nullopt;
  }

  std::optional<Point> dated(int month, std::int64_t day, std::size_t next) const {
    std::int64_t year = 0;
    if (is(next, ",") && year_at(next + 1)) ++next;
    if (const auto y = year_at(next)) {
      year = *y;
      ++next;
    } else {
      // The latest past one.
      year = *to_int(cal.iso(now()).substr(0, 4));
      const auto at = cal.at_date(static_cast<int>(year), month, static_cast<int>(day));
      if (!at || *at > now()) --year;
    }
    const auto midnight = cal.at_date(static_cast<int>(year), month, static_cast<int>(day));
    if (!midnight) return std::nullopt;
    char key[32];
    std::snprintf(key, sizeof key, "%04d-%02d-%02d", static_cast<int>(year), month, static_cast<int>(day));
    return day_point(key, *midnight, next);
  }

  std::optional<Point> iso_date(std::size_t i) const {
    const std::string& s = t[i].norm;
    const auto part = [&](std::size_t from, std::size_t n) { return to_int(std::string_view(s).substr(from, n)); };
    if (s.size() < 10 || !part(0, 4) || !part(5, 2) || !part(8, 2)) return std::nullopt;
    const auto midnight =
        cal.at_date(static_cast<int>(*part(0, 4)), static_cast<int>(*part(5, 2)), static_cast<int>(*part(8, 2)));
    if (!midnight) return std::nullopt;
    if (s.size() == 10) return day_point(s, *midnight, i + 1);
    // Date and time; a trailing z means UTC, any other offset is not understood.
    if (s[10] != 't' || !part(11, 2) || !part(14, 2) || *part(11, 2) > 23 || *part(14, 2) > 59) return std::nullopt;
    std::int64_t us = (*part(11, 2) * 3600 + *part(14, 2) * 60) * 1'000'000;
    std::size_t at = 16;
    if (s.size() >= 19 && s[16] == ':') {
      const auto seconds = part(17, 2);
      if (!seconds || *seconds > 59) return std::nullopt;
      us += *seconds * 1'000'000;
      at = 19;
    }
    if (at == s.size()) {
      us += *midnight;
    } else if (at + 1 == s.size() && s[at] == 'z') {
      Calendar utc({now(), "UTC"});
      us += *utc.at_date(static_cast<int>(*part(0, 4)), static_cast<int>(*part(5, 2)), static_cast<int>(*part(8, 2)));
    } else {
      return std::nullopt;
    }
    return Point{s, us, us, i + 1};
  }

  std::optional<Point> clock(std::size_t i) const {
    const std::string& s = t[i].norm;
    const std::size_t colon = s.find(':');
    const auto hour = to_int(std::string_view(s).substr(0, colon));
    const auto minute = to_int(std::string_view(s).substr(colon + 1, 2));
    if (!hour || !minute || *hour > 23 || *minute > 59 || s.size() > colon + 3) return std::nullopt;
    if (is_any(word(i + 1), {"am", "pm"})) return std::nullopt;
    std::int64_t at = cal.start_of("day", now()) + (*hour * 3600 + *minute * 60) * 1'000'000;
    if (at > now()) at = cal.add("day", at, -1);
    return Point{s, at, at, i + 1};
  }

  std::optional<Point> point(std::size_t i) const {
    if (i >= t.size()) return std::nullopt;
    if (t[i].kind == TokenKind::date) return iso_date(i);
    if (t[i].kind == TokenKind::clock) return clock(i);
    if (is_any(word(i), {"today", "midnight", "yesterday", "tomorrow"})) {
      const std::int64_t today = cal.start_of("day", now());
      if (is(i, "today")) return day_point("today", today, i + 1);
      if (is(i, "midnight")) return Point{"today", today, today, i + 1};
      if (is(i, "yesterday")) return day_point("yesterday", cal.add("day", today, -1), i + 1);
      return day_point("tomorrow", cal.add("day", today, 1), i + 1);
    }
    if (t[i].kind == TokenKind::word && t[i].norm.size() >= 3) {
      if (const auto weekday = weekday_number(t[i].norm); weekday && (t[i].norm.size() > 3 || t[i].capital)) {
        // The latest one that has begun; on a Monday "Monday" is today.
        const std::int64_t monday = cal.start_of("week", now());
        std::int64_t at = cal.add("day", monday, *weekday - 1);
        if (at > now()) at = cal.add("day", at, -7);
        return day_point("weekday" + std::to_string(*weekday), at, i + 1);
      }
      if (const auto month = month_number(t[i].norm)) {
        std::size_t next = 0;
        if (const auto day = day_of_month(i + 1, next)) return dated(*month, *day, next);
      }
    }
    std::size_t next = 0;
    if (const auto day = day_of_month(i, next)) {
      if (is(next, "of")) ++next;
      if (next < t.size() && month_number(t[next].norm)) return dated(*month_number(t[next].norm), *day, next + 1);
    }
    return std::nullopt;
  }

  std::optional<TimePhrase> relative(std::size_t at, std::size_t i) const {
    const bool last = is(i, "last") || is(i, "previous");
    const bool past = is(i, "past");
    const bool current = is(i, "this") || is(i, "current");
    const bool next = is(i, "next");
    if (!last && !past && !current && !next) return std::nullopt;
    if ((last || past) && count_at(i + 1)) {
      const std::int64_t n = *count_at(i + 1);
      const std::string unit = unit_at(i + 2);
      if (unit.empty()) return std::nullopt;
      return make(rolling_key(unit, n), cal.add(unit, now(), -n), now(), i + 3 - at);
    }
    const std::string unit = unit_at(i + 1);
    // "the last days" does not say how many.
    if (unit.empty() || word(i + 1).size() < 3 || word(i + 1).back() == 's') return std::nullopt;
    const std::size_t tokens = i + 2 - at;
    const bool calendar_unit = unit == "week" || unit == "month" || unit == "year";
    if (past || (last && !calendar_unit)) return make(rolling_key(unit, 1), cal.add(unit, now(), -1), now(), tokens);
    const std::int64_t start = cal.start_of(unit, now());
    if (last) return make("previous:" + unit, cal.add(unit, start, -1), start, tokens);
    const std::int64_t following = cal.add(unit, start, 1);
    if (current && unit == "day") return make("today", start, following, tokens);
    if (current) return make("this:" + unit, start, following, tokens);
    return make("next:" + unit, following, cal.add(unit, following, 1), tokens);
  }

  // Rolling spans of the same length are one: "past day" is "last 24 hours".
  static std::string rolling_key(const std::string& unit, std::int64_t n) {
    if (unit == "month" || unit == "year") return "rolling:" + std::to_string(n) + ":" + unit;
    const std::int64_t seconds = n * unit_info(unit)->num;
    return "rolling:" + std::to_string(seconds) + "s";
  }

  std::optional<TimePhrase> range(std::size_t at, std::size_t i) const {
    const bool between = is(i, "between");
    if (!between && !is(i, "from")) return std::nullopt;
    const auto a = point(i + 1);
    if (!a) return std::nullopt;
    const bool joined = between ? is(a->next, "and") : is_any(word(a->next), {"to", "until", "till", "through"});
    if (!joined) return std::nullopt;
    const auto b = point(a->next + 1);
    if (!b || b->until < a->since) return std::nullopt;
    return make("between:" + a->key + ":" + b->key, a->since, b->until, b->next - at);
  }

  std::optional<TimePhrase> bounded(std::size_t at, std::size_t i) const {
    const bool since = is(i, "since");
    const bool after = is(i, "after");
    const bool before = is(i, "before");
    const bool up_to = is(i, "up") && is(i + 1, "to");
    const bool until = is_any(word(i), {"until", "till"}) || up_to;
    if (!since && !after && !before && !until) return std::nullopt;
    const auto p = point(i + (up_to ? 2 : 1));
    if (!p) return std::nullopt;
    const std::size_t tokens = p->next - at;
    if (since) return make(p->key == "today" ? "today" : "since:" + p->key, p->since, std::nullopt, tokens);
    if (after) return make("after:" + p->key, p->until, std::nullopt, tokens);
    if (before) return make("before:" + p->key, std::nullopt, p->since, tokens);
    return make("until:" + p->key, std::nullopt, p->until, tokens);
  }

  std::optional<TimePhrase> month(std::size_t at, std::size_t i) const {
    if (i == at || i >= t.size() || t[i].kind != TokenKind::word) return std::nullopt;  // needs "in" or "during"
    const auto number = month_number(t[i].norm);
    if (!number) return std::nullopt;
    std::size_t next = i + 1;
    std::int64_t year = 0;
    if (const auto y = year_at(next)) {
      year = *y;
      ++next;
    } else {
      year = *to_int(cal.iso(now()).substr(0, 4));
      if (*cal.at_date(static_cast<int>(year), *number, 1) > now()) --year;
    }
    const auto start = cal.at_date(static_cast<int>(year), *number, 1);
    if (!start) return std::nullopt;
    return make("month:" + cal.iso(*start).substr(0, 7), *start, cal.add("month", *start, 1), next - at);
  }

  std::optional<TimePhrase> ago(std::size_t at) const {
    const auto n = count_at(at);
    if (!n) return std::nullopt;
    const std::string unit = unit_at(at + 1);
    if (unit.empty() || !is(at + 2, "ago")) return std::nullopt;
    const std::int64_t when = cal.add(unit, now(), -*n);
    TimePhrase p = make("ago:" + std::to_string(*n) + ":" + unit, when, when, 3);
    p.point = true;
    return p;
  }

  std::optional<TimePhrase> match(std::size_t at) const {
    if (const auto p = ago(at)) return p;
    std::size_t i = at;
    if (is(i, "in") || is(i, "during") || is(i, "over") || is(i, "within") || is(i, "for") || is(i, "on") ||
        is(i, "of") || is(i, "from")) {
      ++i;
    }
    const bool preposition = i > at;
    if (preposition && is(i, "the")) ++i;
    const bool bare_the = !preposition && is(i, "the");
    if (bare_the) ++i;
    if (const auto p = range(at, at)) return p;
    if (const auto p = bounded(at, at)) return p;
    if (const auto p = relative(at, i)) return p;
    if (bare_the) return std::nullopt;
    if (preposition && (is(at, "in") || is(at, "during") || is(at, "of") || is(at, "from"))) {
      if (const auto p = month(at, i)) return p;
    }
    const bool day = !preposition || is(at, "on") || is(at, "from") || is(at, "of") || is(at, "for");
    if (!day || (!preposition && i < t.size() && t[i].kind == TokenKind::clock)) return std::nullopt;
    if (i < t.size() && t[i].kind == TokenKind::clock) return std::nullopt;
    const auto p = point(i);
    if (!p || is(i, "midnight")) return std::nullopt;
    if (p->since == p->until) {
      TimePhrase moment = make("at:" + p->key, p->since, p->until, p->next - at);
      moment.point = true;
      return moment;
    }
    return make(p->key, p->since, p->until, p->next - at);
  }
};

std::optional<TimePhrase> Calendar::match(const std::vector<Token>& tokens, std::size_t at) const {
  return Matcher{*this, tokens}.match(at);
}

}  // namespace pgops::nlu
