// core: UUID version 7, see uuid7.hpp.
#include "core/uuid7.hpp"

#include <algorithm>

namespace pgops {
namespace {

constexpr std::int64_t kMaxMs = (std::int64_t{1} << 48) - 1;
constexpr std::uint64_t kLowMask = (std::uint64_t{1} << 62U) - 1;

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The random fields of an id.
std::uint64_t high_of(const Uuid& id) noexcept {
  return (static_cast<std::uint64_t>(id.bytes[6] & 0x0FU) << 8U) | id.bytes[7];
}

std::uint64_t low_of(const Uuid& id) noexcept {
  std::uint64_t low = id.bytes[8] & 0x3FU;
  for (std::size_t i = 9; i < 16; ++i) low = (low << 8U) | id.bytes[i];
  return low;
}

}  // namespace

std::string Uuid::to_string() const {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out.push_back('-');
    out.push_back(kHex[bytes[i] >> 4U]);
    out.push_back(kHex[bytes[i] & 15U]);
  }
  return out;
}

std::optional<Uuid> Uuid::parse(std::string_view text) noexcept {
  if (text.size() != 36) return std::nullopt;
  Uuid out;
  std::size_t at = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      if (text[at++] != '-') return std::nullopt;
    }
    const int high = hex_digit(text[at]);
    const int low = hex_digit(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
    at += 2;
  }
  return out;
}

std::optional<std::int64_t> Uuid::unix_ms() const noexcept {
  if (version() != 7 || (bytes[8] & 0xC0U) != 0x80U) return std::nullopt;
  std::int64_t ms = 0;
  for (std::size_t i = 0; i < 6; ++i) ms = ms * 256 + bytes[i];
  return ms;
}

Uuid make_uuid7(std::int64_t unix_ms, std::uint64_t random_high, std::uint64_t random_low) noexcept {
  const auto ms = static_cast<std::uint64_t>(std::clamp<std::int64_t>(unix_ms, 0, kMaxMs));
  Uuid out;
  for (std::size_t i = 0; i < 6; ++i) out.bytes[i] = static_cast<std::uint8_t>(ms >> (40U - 8U * i));
  out.bytes[6] = static_cast<std::uint8_t>(0x70U | ((random_high >> 8U) & 0x0FU));
  out.bytes[7] = static_cast<std::uint8_t>(random_high);
  random_low &= kLowMask;
  for (std::size_t i = 8; i < 16; ++i) out.bytes[i] = static_cast<std::uint8_t>(random_low >> (56U - 8U * (i - 8U)));
  out.bytes[8] = static_cast<std::uint8_t>(out.bytes[8] | 0x80U);
  return out;
}

Uuid first_uuid7(std::int64_t unix_ms) noexcept { return make_uuid7(unix_ms, 0, 0); }

Uuid Uuid7Generator::next(std::int64_t unix_ms, std::uint64_t random_high, std::uint64_t random_low) noexcept {
  Uuid id = make_uuid7(unix_ms, random_high, random_low);
  if (id <= last_) {
    // Same or earlier millisecond: step on from the last id by a random amount
    // (RFC 9562, 6.2, method 2).
    const std::uint64_t step = (random_low & 0xFFFFFFFFU) + 1;
    std::uint64_t low = low_of(last_) + step;
    std::uint64_t high = high_of(last_);
    std::int64_t ms = last_.unix_ms().value_or(0);
    if (low > kLowMask) {
      low &= kLowMask;
      if (++high > 0xFFFU) {
        high = 0;
        ++ms;
      }
    }
    id = make_uuid7(ms, high, low);
  }
  last_ = id;
  return id;
}

}  // namespace pgops
