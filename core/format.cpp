// core: figures as people read them, see format.hpp.
#include "core/format.hpp"

#include <array>
#include <algorithm>
#include <optional>

#include "core/decimal.hpp"

namespace pgops {
namespace {

constexpr std::int64_t kDigitsShown = 60;

// A number as digits of an integer count of 10^-places units; magnitude rounds half away from zero.
std::optional<std::string> scaled_digits(const Decimal& number, unsigned places) {
  if (number.is_zero()) return "0";
  if (number.magnitude() > kDigitsShown) return std::nullopt;
  const std::int64_t count = number.magnitude() + 1 + places;  // digits kept
  if (count < 0) return "0";
  std::string out;
  const std::string& digits = number.digits();
  for (std::int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    out.push_back(at < digits.size() ? digits[at] : '0');
  }
  const auto next = static_cast<std::size_t>(count);
  if (next < digits.size() && digits[next] >= '5') {
    std::size_t at = out.size();
    while (at > 0 && out[at - 1] == '9') out[--at] = '0';
    if (at > 0) {
      ++out[at - 1];
    } else {
      out.insert(out.begin(), '1');
    }
  }
  return out.empty() ? "0" : out;
}

std::optional<std::int64_t> rounded(std::string_view text, unsigned places) {
  const auto number = Decimal::parse(text);
  if (!number) return std::nullopt;
  const auto digits = scaled_digits(*number, places);
  if (!digits || digits->size() > 18) return std::nullopt;
  const std::int64_t value = std::stoll(*digits);
  return number->negative() ? -value : value;
}

std::string tenths(std::int64_t value) {
  std::string out = value < 0 ? "-" : "";
  const std::int64_t size = value < 0 ? -value : value;
  out += std::to_string(size / 10);
  if (size % 10 != 0) out += "." + std::to_string(size % 10);
  return out;
}

}  // namespace

Locale locale_from_name(std::string_view name) noexcept {
  return name == "ko" || name.starts_with("ko-") || name.starts_with("ko_") ? Locale::ko : Locale::en;
}

std::string round_decimal(std::string_view number, unsigned places) {
  const auto decimal = Decimal::parse(number);
  if (!decimal || places > 20) return std::string(number);
  auto digits = scaled_digits(*decimal, places);
  if (!digits) return std::string(number);
  if (digits->size() <= places) digits->insert(0, places + 1 - digits->size(), '0');
  const bool zero = digits->find_first_not_of('0') == std::string::npos;
  std::string out = decimal->negative() && !zero ? "-" : "";
  out += digits->substr(0, digits->size() - places);
  if (places > 0) out += "." + digits->substr(digits->size() - places);
  return out;
}

std::string format_number(std::string_view number) {
  if (!is_number_token(number) || number.find_first_of("eE") != std::string_view::npos) return std::string(number);
  const std::size_t start = number[0] == '-' ? 1 : 0;
  const std::size_t end = std::min(number.find('.'), number.size());
  std::string out(number.substr(0, start));
  for (std::size_t i = start; i < end; ++i) {
    if (i > start && (end - i) % 3 == 0) out.push_back(',');
    out.push_back(number[i]);
  }
  out += number.substr(end);
  return out;
}

std::string format_bytes(std::string_view bytes) {
  const auto value = rounded(bytes, 0);
  if (!value) return std::string(bytes) + " bytes";
  constexpr std::array<std::string_view, 6> kUnits{"bytes", "kB", "MB", "GB", "TB", "PB"};
  const bool negative = *value < 0;
  auto size = static_cast<std::uint64_t>(negative ? -*value : *value);
  std::size_t unit = 0;
  // Like the server: halves are kept one step longer, and a unit changes at 10240 of the last (rounded).
  if (size >= 10 * 1024) {
    size >>= 9U;
    unit = 1;
    while (size >= 20 * 1024 - 1 && unit + 1 < kUnits.size()) {
      size >>= 10U;
      ++unit;
    }
    size = (size + 1) / 2;
  }
  return (negative ? "-" : "") + std::to_string(size) + " " + std::string(kUnits[unit]);
}

std::string format_seconds(std::string_view seconds, Locale locale) {
  const bool ko = locale == Locale::ko;
  const auto whole = rounded(seconds, 0);
  const auto ms = rounded(seconds, 3);
  if (!whole || !ms) return std::string(seconds) + (ko ? "초" : " s");
  const bool negative = *ms < 0;
  const std::int64_t abs_ms = negative ? -*ms : *ms;
  const std::string sign = negative ? "-" : "";
  if (abs_ms < 1000) return sign + std::to_string(abs_ms) + (ko ? "ms" : " ms");
  const std::int64_t abs_tenths = *rounded(seconds, 1) * (negative ? -1 : 1);
  if (abs_tenths < 600) return sign + tenths(abs_tenths) + (ko ? "초" : " s");
  const std::int64_t total = negative ? -*whole : *whole;
  struct Unit {
    std::int64_t seconds;
    std::string_view en;
    std::string_view ko;
  };
  constexpr std::array<Unit, 4> kUnits{
      {{86400, " d", "일"}, {3600, " h", "시간"}, {60, " min", "분"}, {1, " s", "초"}}};
  for (std::size_t i = 0; i + 1 < kUnits.size(); ++i) {
    if (total < kUnits[i].seconds) continue;
    const std::int64_t big = total / kUnits[i].seconds;
    const std::int64_t small = total % kUnits[i].seconds / kUnits[i + 1].seconds;
    std::string out = sign + std::to_string(big) + std::string(ko ? kUnits[i].ko : kUnits[i].en);
    if (small != 0) out += " " + std::to_string(small) + std::string(ko ? kUnits[i + 1].ko : kUnits[i + 1].en);
    return out;
  }
  return sign + std::to_string(total) + (ko ? "초" : " s");
}

std::string format_percent(std::string_view ratio, Locale locale) {
  const auto thousandths = rounded(ratio, 3);
  if (!thousandths) return std::string(ratio);
  return tenths(*thousandths) + (locale == Locale::ko ? "%" : " %");
}

}  // namespace pgops
