// Local days, weeks and months: where the clock jumps, at month ends, and in zones whose rules changed lately.
#include <gtest/gtest.h>

#include "core/nlu/calendar.hpp"

namespace pgops::nlu {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

std::int64_t utc(int year, int month, int day, int hour = 0, int minute = 0) {
  return *Calendar({0, "UTC"}).at_date(year, month, day) + (hour * 3600 + minute * 60) * kSecond;
}

struct Local : Calendar {
  explicit Local(const std::string& zone) : Calendar({0, zone}) {}
  std::string day(std::int64_t us) const {
    const std::int64_t from = start_of("day", us);
    return iso(from) + " " + iso(add("day", from, 1));
  }
};

TEST(Calendar, LocalDaysHave23And25Hours) {
  const Local berlin("Europe/Berlin");
  EXPECT_EQ(berlin.day(utc(2026, 3, 29, 12)), "2026-03-29T00:00:00+01:00 2026-03-30T00:00:00+02:00");
  EXPECT_EQ(berlin.day(utc(2026, 10, 25, 12)), "2026-10-25T00:00:00+02:00 2026-10-26T00:00:00+01:00");
  EXPECT_EQ(Local("America/New_York").day(utc(2026, 11, 1, 12)), "2026-11-01T00:00:00-04:00 2026-11-02T00:00:00-05:00");
  EXPECT_EQ(Local("Asia/Kolkata").day(utc(2026, 5, 1, 20)), "2026-05-02T00:00:00+05:30 2026-05-03T00:00:00+05:30");
}

TEST(Calendar, DaysWhoseMidnightIsSkippedOrComesTwice) {
  // Santiago goes from 24:00 to 01:00 in September, and from 24:00 back to 23:00 in April.
  const Local santiago("America/Santiago");
  EXPECT_EQ(santiago.day(utc(2026, 9, 6, 12)), "2026-09-06T01:00:00-03:00 2026-09-07T00:00:00-03:00");
  EXPECT_EQ(santiago.day(utc(2026, 9, 5, 12)), "2026-09-05T00:00:00-04:00 2026-09-06T01:00:00-03:00");
  EXPECT_EQ(santiago.day(utc(2026, 4, 4, 12)), "2026-04-04T00:00:00-03:00 2026-04-05T00:00:00-04:00");
  // Havana goes from 01:00 back to 00:00: that midnight comes twice, and the day begins with the first.
  EXPECT_EQ(Local("America/Havana").day(utc(2026, 11, 1, 15)), "2026-11-01T00:00:00-04:00 2026-11-02T00:00:00-05:00");
  const std::int64_t skipped = santiago.start_of("day", utc(2026, 9, 6, 12));
  EXPECT_EQ(santiago.add("day", skipped, -1), santiago.start_of("day", utc(2026, 9, 5, 12)));
}

TEST(Calendar, RulesAreTheSystems) {
  // Egypt has had summer time again since 2023, Mexico none since 2022.
  EXPECT_EQ(Local("Africa/Cairo").day(utc(2026, 7, 1, 12)), "2026-07-01T00:00:00+03:00 2026-07-02T00:00:00+03:00");
  EXPECT_EQ(Local("America/Mexico_City").iso(utc(2026, 7, 1, 12)), "2026-07-01T06:00:00-06:00");
}

TEST(Calendar, WeeksMonthsQuartersAndYears) {
  const Calendar c({0, "Asia/Seoul"});
  const std::int64_t at = utc(2026, 3, 1, 15, 30);  // Monday 2 March, 00:30 in Seoul
  EXPECT_EQ(c.iso(c.start_of("week", at)), "2026-03-02T00:00:00+09:00");
  EXPECT_EQ(c.iso(c.start_of("week", at - 3600 * kSecond)), "2026-02-23T00:00:00+09:00");
  EXPECT_EQ(c.iso(c.start_of("month", at)), "2026-03-01T00:00:00+09:00");
  EXPECT_EQ(c.iso(c.start_of("quarter", at)), "2026-01-01T00:00:00+09:00");
  EXPECT_EQ(c.iso(c.start_of("year", at)), "2026-01-01T00:00:00+09:00");
  EXPECT_EQ(c.iso(c.add("month", utc(2026, 1, 31, 3), 1)), "2026-02-28T12:00:00+09:00");
  EXPECT_EQ(c.iso(c.add("year", utc(2024, 2, 29, 3), 1)), "2025-02-28T12:00:00+09:00");
  EXPECT_EQ(c.iso(c.add("quarter", utc(2026, 1, 1, 3), -1)), "2025-10-01T12:00:00+09:00");
  EXPECT_FALSE(c.at_date(2026, 2, 29));
  EXPECT_FALSE(c.at_date(2026, 13, 1));
  EXPECT_EQ(c.iso(c.start_of("hour", utc(2026, 3, 1, 15, 30) + 7)), "2026-03-02T00:00:00+09:00");
  EXPECT_EQ(c.iso(utc(2026, 3, 1) + 7), "2026-03-01T09:00:00.000007+09:00");
}

TEST(Calendar, HoursAreClockHours) {
  const Calendar c({0, "Europe/Berlin"});
  EXPECT_EQ(c.iso(*c.at_clock(utc(2026, 3, 29, 12), 9, 0)), "2026-03-29T09:00:00+02:00");
  EXPECT_FALSE(c.at_clock(utc(2026, 3, 29, 12), 2, 30));  // the clock jumps over it
  EXPECT_EQ(c.iso(*c.at_clock(utc(2026, 10, 25, 12), 2, 30)), "2026-10-25T02:30:00+02:00");
}

TEST(Calendar, NamesOfZones) {
  for (const char* zone : {"UTC", "Etc/GMT-9", "EST5EDT", "<+09>-9", "KST-9", "<-0330>3:30"}) {
    EXPECT_TRUE(Calendar({0, zone}).zone_known()) << zone;
  }
  EXPECT_EQ(Calendar({0, "<+09>-9"}).iso(0), "1970-01-01T09:00:00+09:00");
  EXPECT_EQ(Calendar({0, "<-0330>3:30"}).iso(0), "1969-12-31T20:30:00-03:30");
  EXPECT_EQ(Calendar({0, "ABC+5"}).iso(0), "1969-12-31T19:00:00-05:00");
  // West to the server, east to whoever writes it; and names that would lead out of the zone folder.
  for (const char* zone :
       {"", "+09:00", "-3", "Mars/Olympus", "/etc/passwd", "../../etc/passwd", "file:/etc/passwd",
        "Europe/../Europe/Berlin", "EST5EDT,M3.2.0,M11.1.0", "<+09>-9:75", "<+09>-99", "KST", "<>-9"}) {
    EXPECT_FALSE(Calendar({0, zone}).zone_known()) << zone;
  }
}

}  // namespace
}  // namespace pgops::nlu
