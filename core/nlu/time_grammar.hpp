// core/nlu: what the English and the Korean grammar of time share. Internal to Calendar::match().
//
// A *point* is one part of a phrase: a day, a span of days, a moment, or a time of day that still needs its day.
// Both grammars give the same key for the same meaning. What is not covered, does not exist or says two things
// matches nothing; its words are then left over, and the question is not answered.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/nlu/calendar.hpp"

namespace pgops::nlu {

struct TimePoint {
  enum class Kind : std::uint8_t { day, span, moment, clock };
  Kind kind = Kind::day;
  std::string key;
  std::int64_t since = 0;  // clock: of the latest such time that has come
  std::int64_t until = 0;  // exclusive; since == until for a moment or a clock
  std::size_t next = 0;    // token behind it
  int hour = 0;            // clock
  int minute = 0;
  std::optional<std::int64_t> day;  // midnight of the day that a day or a moment names
  std::string period;               // "year", "week": it was taken to be the latest past one of these
  int month = 0;                    // of a date or month named without its year
  int day_of_month = 0;
};

class TimeGrammar {
 public:
  TimeGrammar(const Calendar& calendar, const std::vector<Token>& tokens) : cal_(calendar), t_(tokens) {}

 protected:
  std::string_view word(std::size_t i) const { return i < t_.size() ? std::string_view(t_[i].norm) : ""; }
  bool is(std::size_t i, std::string_view w) const { return i < t_.size() && t_[i].norm == w; }
  bool any(std::size_t i, std::string_view list) const { return i < t_.size() && listed(t_[i].norm, list); }
  std::int64_t now() const { return cal_.now_us(); }
  int this_year() const { return cal_.year_of(now()); }

  std::optional<std::int64_t> number(std::size_t i) const;    // digits only
  std::optional<std::int64_t> count_at(std::size_t i) const;  // 1..100000, in words too
  std::optional<int> year_at(std::size_t i) const;            // four digits

  static TimePhrase phrase(std::string key, std::optional<std::int64_t> since, std::optional<std::int64_t> until,
                           std::size_t tokens);
  TimePhrase phrase(const TimePoint& p, std::size_t at) const;

  TimePoint day(std::string key, std::int64_t midnight, std::size_t next) const;
  TimePoint span(std::string key, std::int64_t since, std::int64_t until, std::size_t next) const;
  TimePoint moment(std::string key, std::int64_t at, std::size_t next) const;
  // `n` units up to now; days and weeks are 24 hours each.
  TimePoint rolling(const std::string& unit, std::int64_t n, std::size_t next) const;
  TimePoint current(const std::string& unit, std::int64_t offset, std::size_t next) const;  // -1: the one before
  // Without a year the latest one that has begun.
  std::optional<TimePoint> date(std::optional<int> year, int month, int day, std::size_t next) const;
  std::optional<TimePoint> month(std::optional<int> year, int month, std::size_t next) const;
  std::optional<TimePoint> months(std::optional<int> year, int first, int count, std::size_t next) const;
  TimePoint year(int year, std::size_t next) const;
  std::optional<TimePoint> clock(int hour, int minute, std::size_t next) const;
  // 2026-03-01, 2026/3/1, 2026.3.1, 25/12/2025 (where only one reading exists), with a time, 2026-03.
  std::optional<TimePoint> written(std::size_t i) const;
  TimePoint weekday(int number, std::size_t next) const;
  // The time of day of `c` on the day that begins at `midnight`; nullopt where it does not exist.
  std::optional<TimePoint> on_day(const TimePoint& c, std::int64_t midnight, std::size_t next) const;

  // From the beginning of `a` to the end of `b`; each may lend the other its year or its day.
  std::optional<TimePhrase> between(TimePoint a, TimePoint b, std::size_t at) const;
  // 'a' adjusted to 'b' and back; used by between().
  bool settle(TimePoint& a, TimePoint& b) const;

  const Calendar& cal_;
  const std::vector<Token>& t_;
};

std::optional<TimePhrase> match_english_time(const Calendar& calendar, const std::vector<Token>& tokens,
                                             std::size_t at);
std::optional<TimePhrase> match_korean_time(const Calendar& calendar, const std::vector<Token>& tokens, std::size_t at);

}  // namespace pgops::nlu
