// core/nlu: local calendar arithmetic over CCTZ, see calendar.hpp.
//
// CCTZ reads the system's zone files, which is what the server does: the planner's day and the executor's are the
// same one. (ICU carries rules of its own, years older than the system's.) A zone's name comes from a caller:
// only names below the zone folder reach the library, which would otherwise open any path.
#include "core/nlu/calendar.hpp"

#include <cctz/civil_time.h>
#include <cctz/time_zone.h>

#include <algorithm>
#include <cstdio>

namespace pgops::nlu {
namespace {

using cctz::civil_day;
using cctz::civil_month;
using cctz::civil_second;
using cctz::civil_year;
using Lookup = cctz::time_zone::civil_lookup;

constexpr std::int64_t kMicros = 1'000'000;
constexpr std::size_t kMaxZoneName = 100;

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  const std::int64_t q = a / b;
  return a % b < 0 ? q - 1 : q;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

// "Europe/Berlin", "Etc/GMT-9", "EST5EDT": what may be looked for among the zone files.
bool file_name_form(std::string_view name) {
  if (name.empty() || name.size() > kMaxZoneName || !is_letter(name.front())) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '+' || c == '/';
  });
}

// "<+09>-9", "KST-9", "<+0530>-5:30": a fixed offset as POSIX writes it (positive is west of Greenwich), which is
// how the server names a zone given as a number. Seconds east; nullopt for anything else, rules of summer time
// included. A bare "+09:00" is none: to the server it is west, to whoever writes it east.
std::optional<int> posix_offset(std::string_view name) {
  std::size_t at = 0;
  if (!name.empty() && name.front() == '<') {
    at = name.find('>');
    if (at == std::string_view::npos || at < 4) return std::nullopt;
    ++at;
  } else {
    while (at < name.size() && is_letter(name[at])) ++at;
    if (at < 3) return std::nullopt;
  }
  if (at >= name.size()) return std::nullopt;
  int sign = -1;
  if (name[at] == '-' || name[at] == '+') sign = name[at++] == '-' ? 1 : -1;
  int fields[3] = {0, 0, 0};
  for (int field = 0;; ++field) {
    const std::size_t begin = at;
    while (at < name.size() && is_digit(name[at]) && at - begin < 3) {
      fields[field] = fields[field] * 10 + (name[at++] - '0');
    }
    if (at == begin || fields[field] > (field == 0 ? 24 : 59)) return std::nullopt;
    if (at == name.size()) break;
    if (name[at++] != ':' || field == 2) return std::nullopt;
  }
  return sign * (fields[0] * 3600 + fields[1] * 60 + fields[2]);
}

cctz::time_point<cctz::seconds> point(std::int64_t us) {
  return cctz::time_point<cctz::seconds>(cctz::seconds(floor_div(us, kMicros)));
}
std::int64_t micros(cctz::time_point<cctz::seconds> at) { return at.time_since_epoch().count() * kMicros; }

// By n days, weeks, months, quarters or years; a month's end stays within its month.
civil_day shifted(const civil_day& from, std::string_view unit, std::int64_t n) {
  if (unit == "day" || unit == "week") return from + (unit == "week" ? 7 * n : n);
  const civil_month month = civil_month(from) + (unit == "year" ? 12 * n : unit == "quarter" ? 3 * n : n);
  const civil_day last = civil_day(month + 1) - 1;
  return civil_day(month.year(), month.month(), std::min(from.day(), last.day()));
}

}  // namespace

struct Calendar::Impl {
  cctz::time_zone zone;

  civil_second local(std::int64_t us) const { return cctz::convert(point(us), zone); }
  // The first moment of a local day: where the clock jumps over midnight the jump, where midnight comes twice the
  // first of them.
  std::int64_t start(const civil_day& day) const {
    const Lookup found = zone.lookup(civil_second(day));
    return micros(found.kind == Lookup::SKIPPED ? found.trans : found.pre);
  }
};

Calendar::Calendar(const Clock& clock) : impl_(std::make_shared<Impl>()), now_us_(clock.now_us), zone_(clock.timezone) {
  if (file_name_form(zone_) && cctz::load_time_zone(zone_, &impl_->zone)) return;
  if (const auto offset = posix_offset(zone_)) {
    impl_->zone = cctz::fixed_time_zone(cctz::seconds(*offset));
    return;
  }
  zone_known_ = false;
  impl_->zone = cctz::utc_time_zone();
}

Calendar::~Calendar() = default;

std::int64_t Calendar::start_of(std::string_view unit, std::int64_t us) const {
  if (unit == "second") return floor_div(us, kMicros) * kMicros;
  const civil_second local = impl_->local(us);
  if (unit == "minute" || unit == "hour") {
    // Within an hour the offset may still change; minutes are taken off the instant instead.
    const std::int64_t minute = unit == "hour" ? local.minute() : 0;
    return (floor_div(us, kMicros) - local.second() - minute * 60) * kMicros;
  }
  civil_day day(local);
  if (unit == "week") day = cctz::next_weekday(day, cctz::weekday::monday) - 7;
  if (unit == "month") day = civil_day(civil_month(day));
  if (unit == "quarter") day = civil_day(day.year(), (day.month() - 1) / 3 * 3 + 1, 1);
  if (unit == "year") day = civil_day(civil_year(day));
  return impl_->start(day);
}

std::int64_t Calendar::add(std::string_view unit, std::int64_t us, std::int64_t n) const {
  if (unit == "second") return us + n * kMicros;
  if (unit == "minute") return us + n * 60 * kMicros;
  if (unit == "hour") return us + n * 3600 * kMicros;
  const civil_second local = impl_->local(us);
  const civil_day from(local);
  const civil_day to = shifted(from, unit, n);
  if (us == impl_->start(from)) return impl_->start(to);
  const Lookup found =
      impl_->zone.lookup(civil_second(to.year(), to.month(), to.day(), local.hour(), local.minute(), local.second()));
  return micros(found.pre) + (us - floor_div(us, kMicros) * kMicros);
}

// From the date and not from the instant: a day may begin at 01:00.
std::int64_t Calendar::next_start(std::string_view unit, std::int64_t us, std::int64_t n) const {
  return impl_->start(shifted(civil_day(impl_->local(us)), unit, n));
}

std::optional<std::int64_t> Calendar::at_date(int year, int month, int day) const {
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) return std::nullopt;
  const civil_day date(year, month, day);
  if (date.day() != day) return std::nullopt;
  return impl_->start(date);
}

std::optional<std::int64_t> Calendar::at_clock(std::int64_t us, int hour, int minute) const {
  const civil_day day(impl_->local(us));
  const Lookup found = impl_->zone.lookup(civil_second(day.year(), day.month(), day.day(), hour, minute, 0));
  if (found.kind == Lookup::SKIPPED) return std::nullopt;
  return micros(found.pre);
}

int Calendar::year_of(std::int64_t us) const { return static_cast<int>(impl_->local(us).year()); }

int Calendar::month_of(std::int64_t us) const { return impl_->local(us).month(); }

std::string Calendar::iso(std::int64_t us) const {
  const cctz::time_zone::absolute_lookup at = impl_->zone.lookup(point(us));
  const int fraction = static_cast<int>(us - floor_div(us, kMicros) * kMicros);
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%04d-%02d-%02dT%02d:%02d:%02d", static_cast<int>(at.cs.year()), at.cs.month(),
                at.cs.day(), at.cs.hour(), at.cs.minute(), at.cs.second());
  std::string out = buffer;
  if (fraction != 0) {
    std::snprintf(buffer, sizeof buffer, ".%06d", fraction);
    out += buffer;
  }
  const int magnitude = at.offset < 0 ? -at.offset : at.offset;
  std::snprintf(buffer, sizeof buffer, "%c%02d:%02d", at.offset < 0 ? '-' : '+', magnitude / 3600, magnitude / 60 % 60);
  out += buffer;
  if (magnitude % 60 != 0) {  // local mean time of old years
    std::snprintf(buffer, sizeof buffer, ":%02d", magnitude % 60);
    out += buffer;
  }
  return out;
}

std::string Calendar::human(std::int64_t us) const {
  std::string out = iso(us).substr(0, 16);
  out[10] = ' ';
  return out;
}

}  // namespace pgops::nlu
