// extension/trace: from a trace id to its partition. Header-only, pure, free of PostgreSQL.
//
// Vocabulary: a *day* is the number of whole UTC days since 1970-01-01. A trace id is a UUID version 7
// (RFC 9562): its first 48 bits are milliseconds since then, so the ids of one day are one range.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace pgops::trace {

using Day = std::int32_t;
using TraceId = std::array<std::uint8_t, 16>;

inline constexpr std::int64_t kDayMs = 86'400'000;
inline constexpr std::string_view kTracePrefix = "trace_p";
inline constexpr std::string_view kToolCallPrefix = "tool_call_p";

inline std::int64_t milliseconds_of(const TraceId& id) noexcept {
  std::int64_t ms = 0;
  for (std::size_t i = 0; i < 6; i++) ms = (ms << 8) | id[i];
  return ms;
}
inline Day day_of(const TraceId& id) noexcept { return static_cast<Day>(milliseconds_of(id) / kDayMs); }
inline Day day_of_us(std::int64_t unix_us) noexcept { return static_cast<Day>(unix_us / 1000 / kDayMs); }

// The smallest id of the day, as text: the inclusive lower bound, and the exclusive upper one of the day before.
inline std::string bound_of(Day day) {
  const auto ms = static_cast<unsigned long long>(day) * static_cast<unsigned long long>(kDayMs);
  char text[48];
  std::snprintf(text, sizeof text, "%08llx-%04llx-0000-0000-000000000000", ms >> 16, ms & 0xFFFF);
  return text;
}

// "20261123"
inline std::string suffix_of(Day day) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  char text[32];
  std::snprintf(text, sizeof text, "%04d%02u%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()));
  return text;
}

// The day of a partition's name with this prefix; nullopt when it is not one of ours.
inline std::optional<Day> day_of_name(std::string_view name, std::string_view prefix) noexcept {
  if (name.size() != prefix.size() + 8 || name.substr(0, prefix.size()) != prefix) return std::nullopt;
  int digits = 0;
  for (const char c : name.substr(prefix.size())) {
    if (c < '0' || c > '9') return std::nullopt;
    digits = digits * 10 + (c - '0');
  }
  const std::chrono::year_month_day date{std::chrono::year{digits / 10000},
                                         std::chrono::month{static_cast<unsigned>(digits / 100 % 100)},
                                         std::chrono::day{static_cast<unsigned>(digits % 100)}};
  if (!date.ok()) return std::nullopt;
  return static_cast<Day>(std::chrono::sys_days{date}.time_since_epoch().count());
}

}  // namespace pgops::trace
