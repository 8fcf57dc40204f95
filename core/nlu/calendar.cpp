// core/nlu: local calendar arithmetic over ICU, see calendar.hpp.
#include "core/nlu/calendar.hpp"

#include <unicode/gregocal.h>
#include <unicode/timezone.h>

#include <cstdio>

namespace pgops::nlu {
namespace {

constexpr std::int64_t kMicros = 1'000'000;

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  const std::int64_t q = a / b;
  return a % b < 0 ? q - 1 : q;
}

bool offset_form(std::string_view name) {
  return name.size() >= 3 && (name[0] == '+' || name[0] == '-') && name[1] >= '0' && name[1] <= '9';
}

}  // namespace

// Holds no state between two calls: each begins by loading the instant it is about.
struct Calendar::Impl {
  bool known = true;
  std::unique_ptr<icu::TimeZone> zone;
  std::unique_ptr<icu::GregorianCalendar> calendar;

  void load(std::int64_t us) const {
    UErrorCode status = U_ZERO_ERROR;
    calendar->setTime(static_cast<double>(floor_div(us, 1000)), status);
  }
  std::int64_t store() const {
    UErrorCode status = U_ZERO_ERROR;
    return static_cast<std::int64_t>(calendar->getTime(status)) * 1000;
  }
  int get(UCalendarDateFields field) const {
    UErrorCode status = U_ZERO_ERROR;
    return calendar->get(field, status);
  }
};

// ICU reads a zone's rules and its week data anew for each calendar, which costs more than all that is asked
// of it; so a thread keeps the last one it used.
Calendar::Calendar(const Clock& clock) : now_us_(clock.now_us), zone_(clock.timezone) {
  thread_local std::string last_zone;
  thread_local std::shared_ptr<Impl> last;
  if (last != nullptr && last_zone == zone_) {
    impl_ = last;
    zone_known_ = impl_->known;
    return;
  }
  impl_ = std::make_shared<Impl>();
  const std::string id = offset_form(zone_) ? "GMT" + zone_ : zone_;
  impl_->zone.reset(icu::TimeZone::createTimeZone(icu::UnicodeString::fromUTF8(id)));
  if (impl_->zone == nullptr || *impl_->zone == icu::TimeZone::getUnknown()) {
    impl_->known = false;
    impl_->zone.reset(icu::TimeZone::getGMT()->clone());
  }
  zone_known_ = impl_->known;
  UErrorCode status = U_ZERO_ERROR;
  impl_->calendar = std::make_unique<icu::GregorianCalendar>(*impl_->zone, status);
  // Of a local time that comes twice the first; of one that does not come the moment the clock has jumped to.
  impl_->calendar->setRepeatedWallTimeOption(UCAL_WALLTIME_FIRST);
  impl_->calendar->setSkippedWallTimeOption(UCAL_WALLTIME_NEXT_VALID);
  impl_->calendar->setFirstDayOfWeek(UCAL_MONDAY);
  impl_->calendar->setMinimalDaysInFirstWeek(4);
  // A Gregorian calendar for every date: PostgreSQL's is proleptic too.
  impl_->calendar->setGregorianChange(-8.64e15, status);
  last_zone = zone_;
  last = impl_;
}

Calendar::~Calendar() = default;

std::int64_t Calendar::start_of(std::string_view unit, std::int64_t us) const {
  if (unit == "second") return floor_div(us, kMicros) * kMicros;
  impl_->load(us);
  icu::GregorianCalendar& c = *impl_->calendar;
  c.set(UCAL_MILLISECOND, 0);
  c.set(UCAL_SECOND, 0);
  if (unit == "minute" || unit == "hour") {
    // Within an hour the offset may still change; minutes are taken off the instant instead.
    impl_->load(us);
    const std::int64_t minute = unit == "hour" ? impl_->get(UCAL_MINUTE) : 0;
    return floor_div(us, 60 * kMicros) * 60 * kMicros - minute * 60 * kMicros;
  }
  c.set(UCAL_MINUTE, 0);
  c.set(UCAL_HOUR_OF_DAY, 0);
  if (unit == "week") {
    const std::int64_t day = impl_->store();
    const int back = (impl_->get(UCAL_DAY_OF_WEEK) + 5) % 7;  // Monday = 0
    return back == 0 ? day : next_start("day", day, -back);
  }
  if (unit == "month" || unit == "quarter" || unit == "year") c.set(UCAL_DAY_OF_MONTH, 1);
  if (unit == "quarter") c.set(UCAL_MONTH, impl_->get(UCAL_MONTH) / 3 * 3);
  if (unit == "year") c.set(UCAL_MONTH, UCAL_JANUARY);
  return impl_->store();
}

std::int64_t Calendar::add(std::string_view unit, std::int64_t us, std::int64_t n) const {
  if (unit == "second") return us + n * kMicros;
  if (unit == "minute") return us + n * 60 * kMicros;
  if (unit == "hour") return us + n * 3600 * kMicros;
  UCalendarDateFields field = UCAL_DATE;
  if (unit == "week") n *= 7;
  if (unit == "quarter") n *= 3;
  if (unit == "month" || unit == "quarter") field = UCAL_MONTH;
  if (unit == "year") field = UCAL_YEAR;
  const std::int64_t below_ms = us - floor_div(us, 1000) * 1000;
  impl_->load(us);
  UErrorCode status = U_ZERO_ERROR;
  impl_->calendar->add(field, static_cast<std::int32_t>(n), status);
  return impl_->store() + below_ms;
}

// From the date and not from the instant: a day may begin at 01:00.
std::int64_t Calendar::next_start(std::string_view unit, std::int64_t us, std::int64_t n) const {
  impl_->load(us);
  icu::GregorianCalendar& c = *impl_->calendar;
  const int year = impl_->get(UCAL_YEAR);
  const int month = impl_->get(UCAL_MONTH);
  const int day = impl_->get(UCAL_DAY_OF_MONTH);
  const auto steps = static_cast<int>(n);
  c.clear();
  if (unit == "day" || unit == "week") {
    c.set(year, month, day + (unit == "week" ? 7 : 1) * steps, 0, 0, 0);
  } else {
    c.set(year, month + (unit == "year" ? 12 : unit == "quarter" ? 3 : 1) * steps, day, 0, 0, 0);
  }
  return impl_->store();
}

std::optional<std::int64_t> Calendar::at_date(int year, int month, int day) const {
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) return std::nullopt;
  icu::GregorianCalendar& c = *impl_->calendar;
  c.clear();
  c.set(year, month - 1, day, 0, 0, 0);
  const std::int64_t us = impl_->store();
  impl_->load(us);
  if (impl_->get(UCAL_DAY_OF_MONTH) != day) return std::nullopt;
  return us;
}

std::optional<std::int64_t> Calendar::at_clock(std::int64_t us, int hour, int minute) const {
  impl_->load(us);
  icu::GregorianCalendar& c = *impl_->calendar;
  c.set(UCAL_HOUR_OF_DAY, hour);
  c.set(UCAL_MINUTE, minute);
  c.set(UCAL_SECOND, 0);
  c.set(UCAL_MILLISECOND, 0);
  const std::int64_t at = impl_->store();
  impl_->load(at);
  if (impl_->get(UCAL_HOUR_OF_DAY) != hour || impl_->get(UCAL_MINUTE) != minute) return std::nullopt;
  return at;
}

int Calendar::year_of(std::int64_t us) const {
  impl_->load(us);
  return impl_->get(UCAL_YEAR);
}

int Calendar::month_of(std::int64_t us) const {
  impl_->load(us);
  return impl_->get(UCAL_MONTH) + 1;
}

std::string Calendar::iso(std::int64_t us) const {
  impl_->load(us);
  const int offset = (impl_->get(UCAL_ZONE_OFFSET) + impl_->get(UCAL_DST_OFFSET)) / 60000;
  const int fraction = static_cast<int>(us - floor_div(us, kMicros) * kMicros);
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%04d-%02d-%02dT%02d:%02d:%02d", impl_->get(UCAL_YEAR),
                impl_->get(UCAL_MONTH) + 1, impl_->get(UCAL_DAY_OF_MONTH), impl_->get(UCAL_HOUR_OF_DAY),
                impl_->get(UCAL_MINUTE), impl_->get(UCAL_SECOND));
  std::string out = buffer;
  if (fraction != 0) {
    std::snprintf(buffer, sizeof buffer, ".%06d", fraction);
    out += buffer;
  }
  const int magnitude = offset < 0 ? -offset : offset;
  std::snprintf(buffer, sizeof buffer, "%c%02d:%02d", offset < 0 ? '-' : '+', magnitude / 60, magnitude % 60);
  return out + buffer;
}

std::string Calendar::human(std::int64_t us) const {
  std::string out = iso(us).substr(0, 16);
  out[10] = ' ';
  return out;
}

}  // namespace pgops::nlu
