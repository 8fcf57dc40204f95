// regress/unit: partitions of traces: the day of an id, its bounds and its name.
#include "extension/trace/days.hpp"

#include <gtest/gtest.h>

namespace {

using namespace pgops::trace;

TraceId id_at(std::int64_t ms, std::uint8_t rest) {
  TraceId id;
  id.fill(rest);
  for (std::size_t i = 0; i < 6; i++) id[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  return id;
}

TEST(TraceDays, MidnightBelongsToTheDayItBegins) {
  const std::int64_t midnight = 20780LL * kDayMs;  // 2026-11-23T00:00:00Z
  EXPECT_EQ(day_of(id_at(midnight - 1, 0xFF)), 20779);
  EXPECT_EQ(day_of(id_at(midnight, 0x00)), 20780);
  EXPECT_EQ(day_of(id_at(midnight + kDayMs - 1, 0xFF)), 20780);
  EXPECT_EQ(suffix_of(20780), "20261123");
}

TEST(TraceDays, BoundsOfNeighboursMeet) {
  EXPECT_EQ(bound_of(0), "00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(bound_of(20780), "01a205b3-d000-0000-0000-000000000000");
  EXPECT_LT(bound_of(20779), bound_of(20780));
}

TEST(TraceDays, NamesReadBackAndOthersAreNotOurs) {
  for (const Day day : {0, 11016, 20780, 20788}) {
    EXPECT_EQ(day_of_name("trace_p" + suffix_of(day), kTracePrefix), day);
  }
  for (const char* name : {"trace_p2026112", "trace_p202611231", "trace_p20261399", "trace_pabcdefgh", "trace_store",
                           "tool_call_p20261123", "trace_p2026-123"}) {
    EXPECT_FALSE(day_of_name(name, kTracePrefix).has_value()) << name;
  }
}

}  // namespace
