// core/present: formats, see format.hpp. Digits are grouped only where the author says so ("thousands"): a figure
// must be found again as text.
#include "core/present/format.hpp"

#include <array>
#include <charconv>
#include <optional>

#include "core/format.hpp"
#include "core/present/exact.hpp"

namespace pgops::present {
namespace {

constexpr std::array<std::string_view, 12> kFormats = {"",        "integer",  "thousands", "decimal",
                                                       "percent", "duration", "bytes",     "datetime",
                                                       "minute",  "date",     "text",      "short"};
constexpr std::size_t kShort = 80;

// One line, without control characters; cut at a character boundary when `limit` is not 0.
std::string plain(std::string_view text, std::size_t limit) {
  std::string out;
  for (const char c : text) {
    if (limit != 0 && out.size() >= limit && (static_cast<unsigned char>(c) & 0xC0U) != 0x80U) return out + "...";
    out.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c);
  }
  return out;
}

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size() || text.size() > 9 || n < 0) return std::nullopt;
  return n;
}

// Seconds of "[N day[s] ]HH:MM:SS[.f]", as PostgreSQL writes intervals.
std::optional<Exact> interval_seconds(std::string_view text) {
  std::int64_t seconds = 0;
  const std::size_t day = text.find(" day");
  if (day != std::string_view::npos) {
    const auto days = whole(text.substr(0, day));
    if (!days) return std::nullopt;
    seconds = *days * 86400;
    const std::size_t next = text.find(' ', day + 1);
    if (next == std::string_view::npos) return Exact(seconds);
    text = text.substr(next + 1);
  }
  const std::size_t a = text.find(':');
  if (a == std::string_view::npos || text.size() < a + 6 || text[a + 3] != ':') return std::nullopt;
  const auto hours = whole(text.substr(0, a));
  const auto minutes = whole(text.substr(a + 1, 2));
  std::string_view rest = text.substr(a + 4);
  if (rest.size() > 1 && rest[0] == '0' && rest[1] != '.') rest.remove_prefix(1);
  const auto part = Exact::parse(rest);
  if (!hours || !minutes || !part || part->negative()) return std::nullopt;
  return Exact(seconds + *hours * 3600 + *minutes * 60) + *part;
}

struct Units {  // with the space before them, where the language has one
  const char* s;
  const char* min;
  const char* h;
  const char* d;
};
constexpr Units kEnglish = {" s", " min", " h", " d"};
constexpr Units kKorean = {"초", "분", "시간", "일"};

std::string two_units(std::int64_t big, const char* big_unit, std::int64_t small, const char* small_unit) {
  std::string out = std::to_string(big) + big_unit;
  if (small != 0) out += " " + std::to_string(small) + small_unit;
  return out;
}

std::string duration(const Exact& amount, std::string_view unit, const Units& units) {
  if (amount.negative()) return "-" + duration(amount.negated(), unit, units);
  const std::int64_t den = unit == "us" ? 1'000'000 : unit == "ms" ? 1000 : 1;
  const std::int64_t num = unit == "min" ? 60 : unit == "h" ? 3600 : unit == "d" ? 86400 : 1;
  const Exact scaled = amount.times(num);
  const auto s = whole(*Exact::ratio(scaled, Exact(den), 0));
  if (!s) return *Exact::ratio(scaled, Exact(den), 1) + units.s;
  if (*s < 60) {
    const std::string out = Exact::ratio(scaled, Exact(den), *s == 0 ? 3 : 1).value_or("0");
    return out == "60" ? two_units(1, units.min, 0, units.s) : out + units.s;
  }
  if (*s < 3600) return two_units(*s / 60, units.min, *s % 60, units.s);
  if (*s < 86400) return two_units(*s / 3600, units.h, *s % 3600 / 60, units.min);
  return two_units(*s / 86400, units.d, *s % 86400 / 3600, units.h);
}

std::string bytes(const Exact& amount, std::string_view unit) {
  if (amount.negative()) return "-" + bytes(amount.negated(), unit);
  static constexpr std::array<std::string_view, 6> kUnits = {"B", "kB", "MB", "GB", "TB", "PB"};
  std::size_t at = 0;
  for (std::size_t i = 0; i < kUnits.size(); ++i) {
    if (unit == kUnits[i]) at = i;
  }
  std::int64_t divisor = 1;
  while (at + 1 < kUnits.size() && amount.compare(Exact(divisor * 1024)) >= 0) {
    divisor *= 1024;
    ++at;
  }
  return *Exact::ratio(amount, Exact(divisor), divisor == 1 && unit.size() < 2 ? 0 : 1) + " " + std::string(kUnits[at]);
}

// "2026-03-11T15:30:00.123+09:00" without T and fraction.
std::string datetime(std::string text) {
  text[10] = ' ';
  const std::size_t dot = text.find('.');
  if (dot != std::string::npos) {
    const std::size_t end = std::min(text.find_first_not_of("0123456789", dot + 1), text.size());
    text.erase(dot, end - dot);
  }
  return plain(text, kShort);
}

}  // namespace

bool known_format(std::string_view format) {
  for (const std::string_view f : kFormats) {
    if (f == format) return true;
  }
  return false;
}

std::string format_value(const Json& value, std::string_view unit, std::string_view format, std::string_view locale) {
  if (value.is_null()) return locale.substr(0, 2) == "ko" ? "없음" : "none";
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  const std::string raw = value.is_string() || value.is_number() ? value.text() : value.dump();
  const bool korean = locale.substr(0, 2) == "ko";
  const Units& units = korean ? kKorean : kEnglish;
  const auto with_unit = [&](std::string text) { return unit.empty() ? text : text + " " + std::string(unit); };
  // A numeric may come as text; "NaN" stays text.
  const auto number = value.is_number() || value.is_string() ? Exact::parse(raw) : std::nullopt;
  if (format == "duration") {
    if (number) return duration(*number, unit, units);
    const auto seconds = interval_seconds(raw);
    if (seconds) return duration(*seconds, "s", units);
  }
  if (format == "bytes" && number) return bytes(*number, unit);
  if (format == "percent" && number) return *Exact::ratio(*number, Exact(1), 1) + (korean ? "%" : " %");
  if (format == "integer" && number) return with_unit(*Exact::ratio(*number, Exact(1), 0));
  if (format == "thousands" && number) return with_unit(format_number(raw));
  if (format == "decimal" && number) return with_unit(*Exact::ratio(*number, Exact(1), 2));
  if (format == "datetime" && raw.size() >= 19 && raw[10] == 'T') return datetime(raw);
  if (format == "minute" && raw.size() >= 16 && raw[10] == 'T')
    return plain(raw.substr(0, 10) + " " + raw.substr(11, 5), 0);
  if (format == "date" && raw.size() >= 10 && raw[4] == '-') return plain(raw.substr(0, 10), 0);
  if (value.is_number() && raw.size() <= kShort) return with_unit(raw);
  return with_unit(plain(raw, format == "text" ? 0 : kShort));
}

}  // namespace pgops::present
