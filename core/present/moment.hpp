// core/present: moments as cells write them, for comparing. Pure text: "2026-03-11", "2026-03-11T15:30:00.12+09:00".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pgops::present {

// Microseconds since 1970 of a date or timestamp; without an offset as if in UTC, so that two of one column
// compare as they should on both sides of a change of the clock. nullopt: anything else, years beyond 9999.
std::optional<std::int64_t> moment_us(std::string_view text);

}  // namespace pgops::present
