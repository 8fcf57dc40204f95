// core/present: reading moments, see moment.hpp.
#include "core/present/moment.hpp"

#include <chrono>

namespace pgops::present {
namespace {

// `count` digits at text[at]; -1 when they are not all digits.
int number_at(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return -1;
  int out = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    out = out * 10 + (text[i] - '0');
  }
  return out;
}

}  // namespace

std::optional<std::int64_t> moment_us(std::string_view text) {
  const int year = number_at(text, 0, 4);
  const int month = number_at(text, 5, 2);
  const int day = number_at(text, 8, 2);
  if (year < 1 || text[4] != '-' || text[7] != '-' || month < 1 || day < 1) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  std::int64_t seconds = std::chrono::sys_days{date}.time_since_epoch().count() * std::int64_t{86400};
  if (text.size() == 10) return seconds * 1'000'000;
  const int hour = number_at(text, 11, 2);
  const int minute = number_at(text, 14, 2);
  const int second = number_at(text, 17, 2);
  if ((text[10] != 'T' && text[10] != ' ') || hour < 0 || minute < 0 || second < 0) return std::nullopt;
  if (text[13] != ':' || text[16] != ':' || hour > 24 || minute > 59 || second > 60) return std::nullopt;
  seconds += hour * std::int64_t{3600} + minute * std::int64_t{60} + second;
  std::size_t at = 19;
  std::int64_t micros = 0;
  if (at < text.size() && text[at] == '.') {
    std::int64_t unit = 100'000;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10)
      micros += (text[at] - '0') * unit;
  }
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
    const int sign = text[at] == '-' ? -1 : 1;
    const int hours = number_at(text, at + 1, 2);
    if (hours < 0) return std::nullopt;
    std::int64_t offset = hours * std::int64_t{3600};
    at += 3;
    for (const int unit : {60, 1}) {  // minutes, seconds; with or without a colon
      if (at >= text.size()) break;
      if (text[at] == ':') ++at;
      const int part = number_at(text, at, 2);
      if (part < 0) return std::nullopt;
      offset += part * unit;
      at += 2;
    }
    seconds -= sign * offset;
  } else if (at < text.size() && text[at] == 'Z') {
    ++at;
  }
  if (at != text.size()) return std::nullopt;
  return seconds * 1'000'000 + micros;
}

}  // namespace pgops::present
