// core/nlu: phrases of time as half-open intervals in the caller's zone.
//
// A phrase resolves from (now, IANA zone) alone; days are local days, so that a day with a DST change
// has 23 or 25 hours. `key` is the form that does not depend on now ("last:1:day"): two phrases mean
// the same when their keys are equal.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/nlu/text.hpp"

namespace pgops::nlu {

struct Clock {
  std::int64_t now_us = 0;  // microseconds since 1970-01-01 UTC
  std::string timezone = "UTC";
};

struct TimePhrase {
  std::string key;
  std::optional<std::int64_t> since_us;  // inclusive
  std::optional<std::int64_t> until_us;  // exclusive
  bool point = false;                    // "5 minutes ago": since == until
  std::size_t tokens = 0;
};

class Calendar {
 public:
  explicit Calendar(const Clock& clock);
  ~Calendar();
  Calendar(const Calendar&) = delete;
  Calendar& operator=(const Calendar&) = delete;

  bool zone_known() const noexcept { return zone_known_; }
  const std::string& zone() const noexcept { return zone_; }
  std::int64_t now_us() const noexcept {
    now_asked_ = true;
    return now_us_;
  }
  // Whether anybody has asked for now. If not, nothing that was learned from this object depends on it.
  bool now_asked() const noexcept { return now_asked_; }

  // The longest phrase of time that begins at tokens[at].
  std::optional<TimePhrase> match(const std::vector<Token>& tokens, std::size_t at) const;

  // ISO 8601 with the zone's offset at that moment; microseconds only when there are some.
  std::string iso(std::int64_t us) const;
  // "2026-11-21 00:00": for people.
  std::string human(std::int64_t us) const;

  std::int64_t start_of(std::string_view unit, std::int64_t us) const;             // local day, ISO week, month...
  std::int64_t add(std::string_view unit, std::int64_t us, std::int64_t n) const;  // local calendar arithmetic
  // The beginning of the day that is `n` days, weeks, months, quarters or years after the day of `us`.
  std::int64_t next_start(std::string_view unit, std::int64_t us, std::int64_t n) const;
  std::optional<std::int64_t> at_date(int year, int month, int day) const;  // local midnight; nullopt: no such day
  // A time of the local day that holds `us`; nullopt where the clock jumps over it.
  std::optional<std::int64_t> at_clock(std::int64_t us, int hour, int minute) const;
  int year_of(std::int64_t us) const;   // local
  int month_of(std::int64_t us) const;  // 1..12

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
  std::int64_t now_us_ = 0;
  mutable bool now_asked_ = false;
  std::string zone_;
  bool zone_known_ = true;
};

}  // namespace pgops::nlu
