// core: exact decimals, see decimal.hpp. Nothing here allocates in proportion to an exponent.
#include "core/decimal.hpp"

#include <algorithm>
#include <limits>

namespace pgops {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// The parts of a number token.
struct Token {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  std::int64_t exponent = 0;
};

bool split(std::string_view text, Token& token) noexcept {
  std::size_t i = 0;
  const std::size_t n = text.size();
  if (i < n && text[i] == '-') {
    token.negative = true;
    ++i;
  }
  const std::size_t whole = i;
  while (i < n && is_digit(text[i])) ++i;
  token.whole = text.substr(whole, i - whole);
  if (token.whole.empty() || (token.whole.size() > 1 && token.whole[0] == '0')) return false;
  if (i < n && text[i] == '.') {
    const std::size_t fraction = ++i;
    while (i < n && is_digit(text[i])) ++i;
    token.fraction = text.substr(fraction, i - fraction);
    if (token.fraction.empty()) return false;
  }
  if (i < n && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    bool negative = false;
    if (i < n && (text[i] == '+' || text[i] == '-')) negative = text[i++] == '-';
    const std::size_t start = i;
    std::int64_t value = 0;
    while (i < n && is_digit(text[i])) {
      value = std::min(value * 10 + (text[i] - '0'), Decimal::kExponentLimit);
      ++i;
    }
    if (i == start) return false;
    token.exponent = negative ? -value : value;
  }
  return i == n;
}

std::size_t leading_zeros(std::string_view digits) noexcept {
  const auto at = digits.find_first_not_of('0');
  return at == std::string_view::npos ? digits.size() : at;
}

}  // namespace

bool is_number_token(std::string_view text) noexcept {
  Token token;
  return split(text, token);
}

std::optional<Decimal> Decimal::parse(std::string_view text) {
  Token token;
  if (!split(text, token)) return std::nullopt;
  Decimal out;
  const std::size_t whole_zeros = leading_zeros(token.whole);
  const std::string_view whole = token.whole.substr(whole_zeros);
  std::string_view fraction = token.fraction;
  if (const auto last = fraction.find_last_not_of('0'); last != std::string_view::npos) {
    fraction = fraction.substr(0, last + 1);
  } else {
    fraction = {};
  }
  if (!whole.empty()) {
    out.digits_.reserve(whole.size() + fraction.size());
    out.digits_.append(whole).append(fraction);
    out.magnitude_ = static_cast<std::int64_t>(whole.size()) - 1 + token.exponent;
  } else if (!fraction.empty()) {
    const std::size_t zeros = leading_zeros(fraction);
    out.digits_.assign(fraction.substr(zeros));
    out.magnitude_ = token.exponent - static_cast<std::int64_t>(zeros) - 1;
  }
  while (!out.digits_.empty() && out.digits_.back() == '0') out.digits_.pop_back();
  if (out.digits_.empty()) return Decimal{};
  out.negative_ = token.negative;
  return out;
}

bool Decimal::is_integer() const noexcept {
  return is_zero() || magnitude_ >= static_cast<std::int64_t>(digits_.size()) - 1;
}

std::optional<std::int64_t> Decimal::to_int64() const noexcept {
  if (is_zero()) return 0;
  if (!is_integer() || magnitude_ > 18) return std::nullopt;
  // At most 19 digits, which always fit an unsigned 64-bit integer.
  std::uint64_t value = 0;
  for (std::int64_t i = 0; i <= magnitude_; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const unsigned digit = at < digits_.size() ? static_cast<unsigned>(digits_[at] - '0') : 0U;
    value = value * 10 + digit;
  }
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (value > kMax + (negative_ ? 1U : 0U)) return std::nullopt;
  return static_cast<std::int64_t>(negative_ ? 0U - value : value);
}

std::strong_ordering Decimal::operator<=>(const Decimal& other) const noexcept {
  const int sign = is_zero() ? 0 : (negative_ ? -1 : 1);
  const int other_sign = other.is_zero() ? 0 : (other.negative_ ? -1 : 1);
  if (sign != other_sign) return sign <=> other_sign;
  if (sign == 0) return std::strong_ordering::equal;
  std::strong_ordering order = magnitude_ <=> other.magnitude_;
  // Both start at the same power of ten, so the digit strings compare like fractions.
  if (order == 0) order = digits_.compare(other.digits_) <=> 0;
  return sign > 0 ? order : 0 <=> order;
}

bool Decimal::is_multiple_of(const Decimal& divisor) const noexcept {
  if (divisor.is_zero() || divisor.negative_ || divisor.digits_.size() > 18) return false;
  if (is_zero()) return true;
  __extension__ using Wide = unsigned __int128;
  // this = X * 10^a, divisor = M * 10^b, with X and M free of trailing zeros.
  const std::int64_t a = magnitude_ - static_cast<std::int64_t>(digits_.size()) + 1;
  const std::int64_t b = divisor.magnitude_ - static_cast<std::int64_t>(divisor.digits_.size()) + 1;
  if (a < b) return false;  // X would have to end in a zero
  std::uint64_t modulus = 0;
  for (const char c : divisor.digits_) modulus = modulus * 10 + static_cast<unsigned>(c - '0');
  std::uint64_t rest = 0;
  for (const char c : digits_) {
    rest = static_cast<std::uint64_t>((static_cast<Wide>(rest) * 10 + static_cast<unsigned>(c - '0')) % modulus);
  }
  std::uint64_t base = 10 % modulus;
  for (auto power = static_cast<std::uint64_t>(a - b); power != 0; power >>= 1U) {
    if (power & 1U) rest = static_cast<std::uint64_t>(static_cast<Wide>(rest) * base % modulus);
    base = static_cast<std::uint64_t>(static_cast<Wide>(base) * base % modulus);
  }
  return rest % modulus == 0;
}

bool fits_numeric(std::string_view number_token) noexcept {
  constexpr std::int64_t kBefore = 131072;
  constexpr std::int64_t kAfter = 16383;
  Token token;
  if (!split(number_token, token)) return false;
  // The scale follows the text, trailing zeros included, as numeric's input function counts it.
  if (static_cast<std::int64_t>(token.fraction.size()) - token.exponent > kAfter) return false;
  const std::string_view whole = token.whole.substr(leading_zeros(token.whole));
  const auto before = whole.empty() ? token.exponent - static_cast<std::int64_t>(leading_zeros(token.fraction))
                                    : token.exponent + static_cast<std::int64_t>(whole.size());
  return before <= kBefore;
}

}  // namespace pgops
