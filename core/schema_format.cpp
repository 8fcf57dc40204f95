// core: the formats a schema may ask of a string. Strict where software reads the value next
// (date-time per RFC 3339, uuid, addresses), minimal where only a person does (email, uri).
#include <array>

#include "core/address.hpp"
#include "core/schema_node.hpp"
#include "core/uuid7.hpp"

namespace pgops {
namespace {

// In the order of enum Format, from date_time on.
constexpr std::array<std::string_view, 7> kNames{"date-time", "date", "uuid", "uri", "ipv4", "ipv6", "email"};

// Reads exactly `count` digits at `at`; -1 when they are not there.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const int year = digits(text, 0, 4);
  const int month = digits(text, 5, 2);
  const int day = digits(text, 8, 2);
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return day <= kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

bool is_date_time(std::string_view text) {
  if (text.size() < 20 || text.size() > 40 || !is_date(text.substr(0, 10))) return false;
  if ((text[10] != 'T' && text[10] != 't') || text[13] != ':' || text[16] != ':') return false;
  const int hour = digits(text, 11, 2);
  const int minute = digits(text, 14, 2);
  const int second = digits(text, 17, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return false;
  std::size_t at = 19;
  if (text[at] == '.') {
    const std::size_t first = ++at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    if (at == first) return false;
  }
  const std::string_view zone = text.substr(at);
  if (zone == "Z" || zone == "z") return true;
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return false;
  const int zone_hour = digits(zone, 1, 2);
  const int zone_minute = digits(zone, 4, 2);
  return zone_hour >= 0 && zone_hour <= 23 && zone_minute >= 0 && zone_minute <= 59;
}

bool visible(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F) return false;
  }
  return true;
}

bool is_uri(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size() || !visible(text)) return false;
  for (std::size_t i = 0; i < colon; ++i) {
    const char c = text[i];
    const bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!alpha && (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'))) return false;
  }
  return text.find_first_of("<>\"{}|\\^`") == std::string_view::npos;
}

bool is_email(std::string_view text) {
  const auto at = text.find('@');
  if (at == std::string_view::npos || at == 0 || at != text.rfind('@') || !visible(text)) return false;
  const std::string_view domain = text.substr(at + 1);
  return !domain.empty() && domain.front() != '.' && domain.back() != '.' && text.size() <= 254;
}

}  // namespace

std::span<const std::string_view> format_names() noexcept { return kNames; }

std::optional<Format> format_from_name(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Format>(i + 1);
  }
  return std::nullopt;
}

bool matches_format(Format format, std::string_view text) {
  switch (format) {
    case Format::none: return true;
    case Format::date_time: return is_date_time(text);
    case Format::date: return is_date(text);
    case Format::uuid: return Uuid::parse(text).has_value();
    case Format::uri: return is_uri(text);
    case Format::ipv4: return text.find(':') == std::string_view::npos && Address::parse(text).has_value();
    case Format::ipv6: return text.find(':') != std::string_view::npos && Address::parse(text).has_value();
    case Format::email: return is_email(text);
  }
  return false;
}

}  // namespace pgops
