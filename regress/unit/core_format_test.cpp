// Unit: figures as people read them.
#include "core/format.hpp"

#include <gtest/gtest.h>

namespace pgops {
namespace {

TEST(RoundDecimal, RoundsHalfAwayFromZeroByDecimals) {
  EXPECT_EQ(round_decimal("2.675", 2), "2.68");
  EXPECT_EQ(round_decimal("-2.5", 0), "-3");
  EXPECT_EQ(round_decimal("0.5", 0), "1");
  EXPECT_EQ(round_decimal("0.49", 0), "0");
  EXPECT_EQ(round_decimal("-0.4", 0), "0");
  EXPECT_EQ(round_decimal("9.995", 2), "10.00");
  EXPECT_EQ(round_decimal("1e3", 1), "1000.0");
  EXPECT_EQ(round_decimal("1e-9", 2), "0.00");
  EXPECT_EQ(round_decimal("0.05", 1), "0.1");
  EXPECT_EQ(round_decimal("12345678901234567890.125", 2), "12345678901234567890.13");
  EXPECT_EQ(round_decimal("1e999999", 2), "1e999999");
  EXPECT_EQ(round_decimal("abc", 2), "abc");
}

TEST(FormatNumber, SeparatesThousandsAndKeepsEveryDigit) {
  EXPECT_EQ(format_number("0"), "0");
  EXPECT_EQ(format_number("999"), "999");
  EXPECT_EQ(format_number("1000"), "1,000");
  EXPECT_EQ(format_number("-1234567.1234"), "-1,234,567.1234");
  EXPECT_EQ(format_number("1e400"), "1e400");
  EXPECT_EQ(format_number("x"), "x");
}

// Values as PostgreSQL 15's pg_size_pretty(bigint) prints them.
TEST(FormatBytes, FollowsTheServer) {
  EXPECT_EQ(format_bytes("0"), "0 bytes");
  EXPECT_EQ(format_bytes("10239"), "10239 bytes");
  EXPECT_EQ(format_bytes("10240"), "10 kB");
  EXPECT_EQ(format_bytes("10485247"), "10239 kB");
  EXPECT_EQ(format_bytes("10485248"), "10 MB");
  EXPECT_EQ(format_bytes("1073741824"), "1024 MB");
  EXPECT_EQ(format_bytes("10737418240"), "10 GB");
  EXPECT_EQ(format_bytes("-10240"), "-10 kB");
  EXPECT_EQ(format_bytes("9223372036854775807"), "9223372036854775807 bytes") << "beyond 18 digits nothing is computed";
  EXPECT_EQ(format_bytes("999999999999999999"), "888 PB");
}

TEST(FormatSeconds, ChoosesTwoUnits) {
  EXPECT_EQ(format_seconds("0.3504"), "350 ms");
  EXPECT_EQ(format_seconds("4.25"), "4.3 s");
  EXPECT_EQ(format_seconds("59.94"), "59.9 s");
  EXPECT_EQ(format_seconds("59.96"), "1 min");
  EXPECT_EQ(format_seconds("252"), "4 min 12 s");
  EXPECT_EQ(format_seconds("11100"), "3 h 5 min");
  EXPECT_EQ(format_seconds("187200"), "2 d 4 h");
  EXPECT_EQ(format_seconds("-252"), "-4 min 12 s");
  EXPECT_EQ(format_seconds("252", Locale::ko), "4분 12초");
  EXPECT_EQ(format_seconds("187200", Locale::ko), "2일 4시간");
  EXPECT_EQ(format_seconds("0.35", Locale::ko), "350ms");
  EXPECT_EQ(format_seconds("1e400"), "1e400 s");
}

TEST(FormatPercent, HasAtMostOnePlace) {
  EXPECT_EQ(format_percent("0.125"), "12.5 %");
  EXPECT_EQ(format_percent("0.5"), "50 %");
  EXPECT_EQ(format_percent("1"), "100 %");
  EXPECT_EQ(format_percent("-0.0333"), "-3.3 %");
  EXPECT_EQ(format_percent("0.125", Locale::ko), "12.5%");
  EXPECT_EQ(format_percent("x"), "x");
}

TEST(Locale, ReadsItsNames) {
  EXPECT_EQ(locale_from_name("ko_KR.UTF-8"), Locale::ko);
  EXPECT_EQ(locale_from_name("ko"), Locale::ko);
  EXPECT_EQ(locale_from_name("kok"), Locale::en);
  EXPECT_EQ(locale_from_name(""), Locale::en);
}

}  // namespace
}  // namespace pgops
