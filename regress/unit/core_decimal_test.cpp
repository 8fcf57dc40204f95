// Unit: exact decimals: ordering, integrality, multiples and numeric's range, without doubles.
#include "core/decimal.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace pgops {
namespace {

Decimal dec(std::string_view text) { return Decimal::parse(text).value(); }

TEST(Decimal, AcceptsExactlyTheNumberTokensOfJson) {
  for (const auto* good : {"0", "-0", "12", "0.5", "-0.5e3", "1E+2", "1e-2", "10.00"})
    EXPECT_TRUE(is_number_token(good)) << good;
  for (const auto* bad :
       {"", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x1", "1 ", " 1", "NaN", "Infinity", "1_0", "--1", "1.2.3"}) {
    EXPECT_FALSE(is_number_token(bad)) << bad;
    EXPECT_FALSE(Decimal::parse(bad)) << bad;
  }
}

TEST(Decimal, EqualValuesCompareEqualHoweverWritten) {
  EXPECT_EQ(dec("1.0"), dec("1"));
  EXPECT_EQ(dec("1e2"), dec("100"));
  EXPECT_EQ(dec("-0.0e5"), dec("0"));
  EXPECT_EQ(dec("0.00120"), dec("1.2E-3"));
  EXPECT_NE(dec("0.1"), dec("0.10000000000000000000000000000001"));
}

TEST(Decimal, OrdersBeyondDoubles) {
  EXPECT_LT(dec("9007199254740992"), dec("9007199254740993"));
  EXPECT_GT(dec("-9007199254740992"), dec("-9007199254740993"));
  EXPECT_LT(dec("1e400"), dec("1.0000000001e400"));
  EXPECT_LT(dec("-1e400"), dec("1e-400"));
  EXPECT_LT(dec("0"), dec("1e-16383"));
  EXPECT_LT(dec("-1"), dec("0"));
  EXPECT_LT(dec("12"), dec("123"));
  EXPECT_LT(dec("99"), dec("100"));
}

TEST(Decimal, OrderOfRandomIntegersIsThatOfTheIntegers) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    const auto a = static_cast<std::int64_t>(random()) >> (random() % 60);
    const auto b = static_cast<std::int64_t>(random()) >> (random() % 60);
    ASSERT_EQ(dec(std::to_string(a)) <=> dec(std::to_string(b)), a <=> b) << a << " " << b;
    ASSERT_EQ(dec(std::to_string(a)).to_int64(), a);
  }
}

TEST(Decimal, IntegersReadBackUpToTheEdges) {
  EXPECT_EQ(dec("9223372036854775807").to_int64(), INT64_MAX);
  EXPECT_EQ(dec("-9223372036854775808").to_int64(), INT64_MIN);
  EXPECT_FALSE(dec("9223372036854775808").to_int64());
  EXPECT_FALSE(dec("-9223372036854775809").to_int64());
  EXPECT_FALSE(dec("1e19").to_int64());
  EXPECT_FALSE(dec("1.5").to_int64());
  EXPECT_EQ(dec("1.50e1").to_int64(), 15);
  EXPECT_FALSE(dec("1e999999999999999999999999").to_int64());
}

TEST(Decimal, MultiplesAreExact) {
  EXPECT_TRUE(dec("0.3").is_multiple_of(dec("0.1")));
  EXPECT_TRUE(dec("19.99").is_multiple_of(dec("0.01")));
  EXPECT_FALSE(dec("19.995").is_multiple_of(dec("0.01")));
  EXPECT_FALSE(dec("1e131071").is_multiple_of(dec("7e-3")));
  EXPECT_TRUE(dec("1e131071").is_multiple_of(dec("0.0625")));
  EXPECT_TRUE(dec("-21").is_multiple_of(dec("7")));
  EXPECT_FALSE(dec("5").is_multiple_of(dec("10")));
  EXPECT_TRUE(dec("0").is_multiple_of(dec("10")));
  EXPECT_FALSE(dec("5").is_multiple_of(dec("0")));
  EXPECT_FALSE(dec("5").is_multiple_of(dec("-5")));
  std::mt19937_64 random(11);
  for (int i = 0; i < 5000; ++i) {
    const auto a = static_cast<std::int64_t>(random() >> 20U);
    const auto m = static_cast<std::int64_t>(random() % 1000 + 1);
    ASSERT_EQ(dec(std::to_string(a)).is_multiple_of(dec(std::to_string(m))), a % m == 0) << a << " " << m;
  }
}

TEST(Decimal, NumericsRangeEndsWhereTheServersDoes) {
  EXPECT_TRUE(fits_numeric("1e131071"));
  EXPECT_FALSE(fits_numeric("1e131072"));
  EXPECT_TRUE(fits_numeric(std::string(131072, '9')));
  EXPECT_FALSE(fits_numeric(std::string(131073, '9')));
  EXPECT_TRUE(fits_numeric("1e-16383"));
  EXPECT_FALSE(fits_numeric("1e-16384"));
  EXPECT_FALSE(fits_numeric("1.5e-16383"));
  EXPECT_TRUE(fits_numeric("0." + std::string(16383, '0')));
  EXPECT_FALSE(fits_numeric("0." + std::string(16384, '0')));
  EXPECT_FALSE(fits_numeric("1e99999999999999999999"));
  EXPECT_FALSE(fits_numeric("1e-99999999999999999999"));
}

}  // namespace
}  // namespace pgops
