// Unit: version 7 ids: layout, text form, order.
#include <gtest/gtest.h>

#include <random>

#include "core/uuid7.hpp"

namespace pgops {
namespace {

TEST(Uuid7, MatchesTheExampleOfTheStandard) {
  // RFC 9562, appendix A.6.
  const Uuid id = make_uuid7(0x017F22E279B0, 0xCC3, 0x18C4DC0C0C07398F);
  EXPECT_EQ(id.to_string(), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  EXPECT_EQ(id.version(), 7);
  EXPECT_EQ(id.unix_ms(), 0x017F22E279B0);
}

TEST(Uuid7, TextFormReadsBack) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; ++i) {
    const Uuid id = make_uuid7(static_cast<std::int64_t>(random() >> 16U), random(), random());
    ASSERT_EQ(Uuid::parse(id.to_string()), id);
  }
  EXPECT_TRUE(Uuid::parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"));
  for (const auto* bad : {"", "017f22e279b07cc398c4dc0c0c07398f", "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}",
                          "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
                          "017f22e2_79b0-7cc3-98c4-dc0c0c07398f", "017f22e-279b0-7cc3-98c4-dc0c0c07398f"}) {
    EXPECT_FALSE(Uuid::parse(bad)) << bad;
  }
}

TEST(Uuid7, OtherVersionsHaveNoTime) {
  EXPECT_FALSE(Uuid::parse("017f22e2-79b0-4cc3-98c4-dc0c0c07398f")->unix_ms());
  EXPECT_FALSE(Uuid{}.unix_ms());
}

TEST(Uuid7, ClockIsClamped) {
  EXPECT_EQ(make_uuid7(-5, 0, 0).unix_ms(), 0);
  EXPECT_EQ(make_uuid7(INT64_MAX, 0, 0).unix_ms(), (std::int64_t{1} << 48) - 1);
}

TEST(Uuid7, OneGeneratorOnlyEverRises) {
  std::mt19937_64 random(2);
  Uuid7Generator generator;
  Uuid last{};
  std::int64_t clock = 1700000000000;
  for (int i = 0; i < 20000; ++i) {
    clock += static_cast<std::int64_t>(random() % 5) - 2;  // stands still and steps back
    const Uuid id = generator.next(clock, random(), random());
    ASSERT_LT(last, id);
    ASSERT_EQ(id.version(), 7);
    ASSERT_TRUE(id.unix_ms());
    last = id;
  }
}

TEST(Uuid7, ExhaustedRandomBitsCarryIntoTheNextMillisecond) {
  Uuid7Generator generator;
  const Uuid full = generator.next(1000, ~0ULL, ~0ULL);
  const Uuid next = generator.next(1000, ~0ULL, ~0ULL);
  EXPECT_EQ(full.unix_ms(), 1000);
  EXPECT_EQ(next.unix_ms(), 1001);
  EXPECT_LT(full, next);
}

TEST(Uuid7, FirstOfAMillisecondIsItsLowerBound) {
  EXPECT_LE(first_uuid7(5000), make_uuid7(5000, 0, 0));
  EXPECT_LT(make_uuid7(4999, ~0ULL, ~0ULL), first_uuid7(5000));
}

}  // namespace
}  // namespace pgops
