// core: exact decimal arithmetic on JSON number texts, as far as judging needs it.
//
// A number token is never turned into a double: it is read as sign, significant digits and the power
// of ten of the first digit, so 1e131071 costs nothing and 0.1 is a tenth. Exponents beyond
// +-kExponentLimit saturate there (far outside anything PostgreSQL's numeric can hold).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgops {

// True for exactly one number token of RFC 8259, without surrounding space.
bool is_number_token(std::string_view text) noexcept;

class Decimal {
 public:
  static constexpr std::int64_t kExponentLimit = 1'000'000'000'000;

  // nullopt unless `text` is a number token.
  static std::optional<Decimal> parse(std::string_view text);

  bool is_zero() const noexcept { return digits_.empty(); }
  bool negative() const noexcept { return negative_; }
  // Significant digits without leading and trailing zeros; empty for zero.
  const std::string& digits() const noexcept { return digits_; }
  // Power of ten of the first digit: 0 for 1..9, 2 for 100..999, -1 for 0.1..0.9.
  std::int64_t magnitude() const noexcept { return magnitude_; }
  bool is_integer() const noexcept;
  std::optional<std::int64_t> to_int64() const noexcept;

  std::strong_ordering operator<=>(const Decimal& other) const noexcept;
  bool operator==(const Decimal& other) const noexcept = default;

  // True when *this / divisor is an integer. The divisor must be positive and have at most 18
  // significant digits; any other divisor gives false.
  bool is_multiple_of(const Decimal& divisor) const noexcept;

 private:
  bool negative_ = false;
  std::string digits_;
  std::int64_t magnitude_ = 0;
};

// True when PostgreSQL's numeric can hold the token as written: at most 131072 digits before and
// 16383 after the decimal point.
bool fits_numeric(std::string_view number_token) noexcept;

}  // namespace pgops
