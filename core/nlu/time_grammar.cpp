// core/nlu: points and ranges of time, see time_grammar.hpp.
#include "core/nlu/time_grammar.hpp"

#include <charconv>
#include <cstdio>

#include "core/nlu/lexicon.hpp"

namespace pgops::nlu {
namespace {

std::optional<std::int64_t> to_int(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string date_key(int year, int month, int day) {
  char key[32];
  std::snprintf(key, sizeof key, "%04d-%02d-%02d", year, month, day);
  return key;
}

constexpr std::int64_t kSecond = 1'000'000;

}  // namespace

std::optional<std::int64_t> TimeGrammar::number(std::size_t i) const {
  if (i >= t_.size() || t_[i].kind != TokenKind::number) return std::nullopt;
  return to_int(t_[i].norm);
}

std::optional<std::int64_t> TimeGrammar::count_at(std::size_t i) const {
  if (i >= t_.size()) return std::nullopt;
  const auto n = t_[i].kind == TokenKind::number ? to_int(t_[i].norm) : number_word(t_[i].norm);
  return n && *n > 0 && *n <= 100000 ? n : std::nullopt;
}

std::optional<int> TimeGrammar::year_at(std::size_t i) const {
  const auto n = number(i);
  if (!n || t_[i].norm.size() != 4 || *n < 1900 || *n > 2199) return std::nullopt;
  return static_cast<int>(*n);
}

TimePhrase TimeGrammar::phrase(std::string key, std::optional<std::int64_t> since, std::optional<std::int64_t> until,
                               std::size_t tokens) {
  TimePhrase p;
  p.key = std::move(key);
  p.since_us = since;
  p.until_us = until;
  p.tokens = tokens;
  return p;
}

TimePhrase TimeGrammar::phrase(const TimePoint& p, std::size_t at) const {
  TimePhrase out = phrase(p.since == p.until ? "at:" + p.key : p.key, p.since, p.until, p.next - at);
  out.point = p.since == p.until;
  return out;
}

TimePoint TimeGrammar::span(std::string key, std::int64_t since, std::int64_t until, std::size_t next) const {
  TimePoint p;
  p.kind = TimePoint::Kind::span;
  p.key = std::move(key);
  p.since = since;
  p.until = until;
  p.next = next;
  return p;
}

TimePoint TimeGrammar::day(std::string key, std::int64_t midnight, std::size_t next) const {
  TimePoint p = span(std::move(key), midnight, cal_.next_start("day", midnight, 1), next);
  p.kind = TimePoint::Kind::day;
  p.day = midnight;
  return p;
}

TimePoint TimeGrammar::moment(std::string key, std::int64_t at, std::size_t next) const {
  TimePoint p = span(std::move(key), at, at, next);
  p.kind = TimePoint::Kind::moment;
  return p;
}

// Rolling spans of the same length are one: "past day" is "last 24 hours".
TimePoint TimeGrammar::rolling(const std::string& unit, std::int64_t n, std::size_t next) const {
  if (unit == "month" || unit == "quarter" || unit == "year")
    return span("rolling:" + std::to_string(n) + ":" + unit, cal_.add(unit, now(), -n), now(), next);
  const std::int64_t seconds = n * unit_info(unit)->num;
  return span("rolling:" + std::to_string(seconds) + "s", now() - seconds * kSecond, now(), next);
}

TimePoint TimeGrammar::current(const std::string& unit, std::int64_t offset, std::size_t next) const {
  const std::int64_t begin = cal_.start_of(unit, now());
  const bool clocked = unit == "second" || unit == "minute" || unit == "hour";
  const auto moved = [&](std::int64_t n) {
    return clocked ? cal_.add(unit, begin, n) : cal_.next_start(unit, begin, n);
  };
  const std::int64_t start = moved(offset);
  if (unit == "day")
    return day(offset == 0 ? "today" : offset == -1 ? "yesterday" : "day:" + std::to_string(offset), start, next);
  std::string key = offset == 0 ? "this:" : offset == -1 ? "previous:" : offset == 1 ? "next:" : "";
  if (key.empty()) key = "offset:" + std::to_string(offset) + ":";
  return span(key + unit, start, moved(offset + 1), next);
}

std::optional<TimePoint> TimeGrammar::date(std::optional<int> year, int month, int day_of_month,
                                           std::size_t next) const {
  if (year) {
    const auto midnight = cal_.at_date(*year, month, day_of_month);
    if (!midnight) return std::nullopt;
    return day(date_key(*year, month, day_of_month), *midnight, next);
  }
  // The 29th of February may lie years back; no other day does.
  for (int y = this_year(); y > this_year() - 9; --y) {
    const auto midnight = cal_.at_date(y, month, day_of_month);
    if (!midnight || *midnight > now()) continue;
    TimePoint p = day(date_key(y, month, day_of_month), *midnight, next);
    p.period = "year";
    p.month = month;
    p.day_of_month = day_of_month;
    return p;
  }
  return std::nullopt;
}

std::optional<TimePoint> TimeGrammar::months(std::optional<int> year, int first, int count, std::size_t next) const {
  int y = year.value_or(this_year());
  auto start = cal_.at_date(y, first, 1);
  if (!start) return std::nullopt;
  if (!year && *start > now()) start = cal_.at_date(--y, first, 1);
  TimePoint p = span("month:" + date_key(y, first, 1).substr(0, 7) + (count > 1 ? "+" + std::to_string(count) : ""),
                     *start, cal_.next_start("month", *start, count), next);
  if (!year) {
    p.period = "year";
    p.month = first;
  }
  return p;
}

std::optional<TimePoint> TimeGrammar::month(std::optional<int> year, int number, std::size_t next) const {
  return months(year, number, 1, next);
}

TimePoint TimeGrammar::year(int number, std::size_t next) const {
  const std::int64_t start = *cal_.at_date(number, 1, 1);
  return span("year:" + std::to_string(number), start, cal_.next_start("year", start, 1), next);
}

std::optional<TimePoint> TimeGrammar::on_day(const TimePoint& c, std::int64_t midnight, std::size_t next) const {
  const auto at = cal_.at_clock(midnight, c.hour, c.minute);
  if (!at) return std::nullopt;
  TimePoint p = moment(cal_.iso(*at).substr(0, 16), *at, next);
  p.day = midnight;
  return p;
}

std::optional<TimePoint> TimeGrammar::clock(int hour, int minute, std::size_t next) const {
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return std::nullopt;
  const std::int64_t today = cal_.start_of("day", now());
  auto at = cal_.at_clock(today, hour, minute);
  if (at && *at > now()) at = cal_.at_clock(cal_.next_start("day", today, -1), hour, minute);
  if (!at) return std::nullopt;
  char key[16];
  std::snprintf(key, sizeof key, "%d:%02d", hour, minute);
  TimePoint p = moment(key, *at, next);
  p.kind = TimePoint::Kind::clock;
  p.hour = hour;
  p.minute = minute;
  return p;
}

std::optional<TimePoint> TimeGrammar::written(std::size_t i) const {
  if (i >= t_.size() || t_[i].kind != TokenKind::date) return std::nullopt;
  const std::string& s = t_[i].norm;
  std::vector<std::string_view> parts;
  const std::string_view head = std::string_view(s).substr(0, s.find('t'));
  for (std::size_t from = 0; from <= head.size();) {
    const std::size_t to = std::min(head.find_first_of("-/.", from), head.size());
    parts.push_back(head.substr(from, to - from));
    from = to + 1;
  }
  std::vector<int> n;
  for (const std::string_view part : parts) n.push_back(static_cast<int>(to_int(part).value_or(0)));
  if (n.size() == 2 && parts[0].size() == 4) return month(n[0], n[1] >= 1 && n[1] <= 12 ? n[1] : 0, i + 1);
  if (n.size() != 3) return std::nullopt;
  if (parts[0].size() == 4) {
    const auto d = date(n[0], n[1], n[2], i + 1);
    if (!d || s.size() == head.size()) return d;
    // Date and time; a trailing z means UTC, any other offset is not understood.
    const std::string_view tail = std::string_view(s).substr(head.size() + 1);
    const auto part = [&](std::size_t from) {
      return to_int(tail.substr(std::min(from, tail.size()), 2)).value_or(99);
    };
    std::string_view rest = tail.substr(std::min<std::size_t>(5, tail.size()));
    std::int64_t seconds = 0;
    if (rest.size() >= 3 && rest[0] == ':') {
      seconds = to_int(rest.substr(1, 2)).value_or(99);
      rest.remove_prefix(3);
    }
    if (tail.size() < 5 || tail[2] != ':' || part(0) > 23 || part(3) > 59 || seconds > 59) return std::nullopt;
    const Calendar utc({now(), "UTC"});
    const bool zulu = rest == "z";
    if (!rest.empty() && !zulu) return std::nullopt;
    const std::int64_t midnight = zulu ? *utc.at_date(n[0], n[1], n[2]) : *d->day;
    const auto at = (zulu ? utc : cal_).at_clock(midnight, static_cast<int>(part(0)), static_cast<int>(part(3)));
    if (!at) return std::nullopt;
    TimePoint p = moment(s, *at + seconds * kSecond, i + 1);
    p.day = d->day;
    return p;
  }
  // Day and month in either order: only where one of the orders is no date.
  if (parts[2].size() != 4) return std::nullopt;
  const auto day_first = date(n[2], n[1], n[0], i + 1);
  const auto month_first = date(n[2], n[0], n[1], i + 1);
  if (day_first && month_first && day_first->key != month_first->key) return std::nullopt;
  return day_first ? day_first : month_first;
}

// The latest one that has begun; on a Monday "Monday" is today.
TimePoint TimeGrammar::weekday(int number, std::size_t next) const {
  const std::int64_t monday = cal_.start_of("week", now());
  std::int64_t at = cal_.next_start("day", monday, number - 1);
  if (at > now()) at = cal_.next_start("day", at, -7);
  TimePoint p = day("weekday" + std::to_string(number), at, next);
  p.period = "week";
  return p;
}

bool TimeGrammar::settle(TimePoint& a, TimePoint& b) const {
  using Kind = TimePoint::Kind;
  const auto with_year = [this](TimePoint& p, const TimePoint& other) {
    const std::int64_t last = other.since == other.until ? other.since : other.until - 1;
    const int y = cal_.year_of(last);
    const auto moved = p.day_of_month != 0 ? date(y, p.month, p.day_of_month, p.next)
                       : p.month != 0      ? month(y, p.month, p.next)
                                           : std::nullopt;
    if (moved) p = *moved;
    return moved.has_value();
  };
  const bool a_yearless = a.period == "year";
  const bool b_yearless = b.period == "year";
  if (a_yearless && !b_yearless && b.period.empty() && b.month == 0 && b.kind != Kind::clock &&
      b.key.find("-") != std::string::npos) {
    if (!with_year(a, b)) return false;
  } else if (b_yearless && !a_yearless && a.period.empty() && a.key.size() >= 7 &&
             a.key.find('-') != std::string::npos && a.kind != Kind::clock) {
    if (!with_year(b, a)) return false;
  }
  if (a.kind == Kind::clock && b.day) {
    const auto moved = on_day(a, *b.day, a.next);
    if (!moved) return false;
    a = *moved;
  } else if (b.kind == Kind::clock && (a.day || a.kind == Kind::clock)) {
    const auto moved = on_day(b, a.day ? *a.day : cal_.start_of("day", a.since), b.next);
    if (!moved) return false;
    b = *moved;
  }
  // "from August to October" in September: the latest such period that is past begins a year earlier.
  if (b.until <= a.since && !a.period.empty() && a.period == b.period) {
    if (a.period == "year" && a.day_of_month == 0) {
      if (const auto moved = month(cal_.year_of(a.since) - 1, a.month, a.next)) a = *moved;
    } else if (a.period == "year") {
      const auto moved = date(cal_.year_of(a.since) - 1, a.month, a.day_of_month, a.next);
      if (!moved) return false;
      a = *moved;
    } else {
      a = day(a.key, cal_.next_start("day", a.since, -7), a.next);
    }
  }
  return b.until > a.since;
}

std::optional<TimePhrase> TimeGrammar::between(TimePoint a, TimePoint b, std::size_t at) const {
  const std::size_t next = b.next;
  if (!settle(a, b)) return std::nullopt;
  return phrase("between:" + a.key + ":" + b.key, a.since, b.until, next - at);
}

std::optional<TimePhrase> Calendar::match(const std::vector<Token>& tokens, std::size_t at) const {
  auto english = match_english_time(*this, tokens, at);
  auto korean = match_korean_time(*this, tokens, at);
  if (!english) return korean;
  return korean && korean->tokens > english->tokens ? korean : english;
}

}  // namespace pgops::nlu
