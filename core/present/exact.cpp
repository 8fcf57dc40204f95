// core/present: schoolbook arithmetic on digit strings, see exact.hpp. Bounded by kMaxDigits.
#include "core/present/exact.hpp"

#include <algorithm>
#include <charconv>

#include "core/decimal.hpp"

namespace pgops::present {
namespace {

std::string strip(std::string digits) {
  const std::size_t at = digits.find_first_not_of('0');
  return at == std::string::npos ? std::string() : digits.substr(at);
}

int compare_digits(const std::string& a, const std::string& b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  const int c = a.compare(b);
  return c < 0 ? -1 : c > 0 ? 1 : 0;
}

std::string add_digits(const std::string& a, const std::string& b) {
  std::string out;
  int carry = 0;
  for (std::size_t i = 0; i < std::max(a.size(), b.size()) || carry != 0; ++i) {
    const int x = i < a.size() ? a[a.size() - 1 - i] - '0' : 0;
    const int y = i < b.size() ? b[b.size() - 1 - i] - '0' : 0;
    out.push_back(static_cast<char>('0' + (x + y + carry) % 10));
    carry = (x + y + carry) / 10;
  }
  std::reverse(out.begin(), out.end());
  return strip(std::move(out));
}

// a - b, a >= b.
std::string subtract_digits(const std::string& a, const std::string& b) {
  std::string out;
  int borrow = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const int x = a[a.size() - 1 - i] - '0' - borrow;
    const int y = i < b.size() ? b[b.size() - 1 - i] - '0' : 0;
    borrow = x < y ? 1 : 0;
    out.push_back(static_cast<char>('0' + x - y + 10 * borrow));
  }
  std::reverse(out.begin(), out.end());
  return strip(std::move(out));
}

}  // namespace

Exact::Exact(std::int64_t value) : negative_(value < 0), digits_(strip(std::to_string(value < 0 ? -value : value))) {}

std::optional<Exact> Exact::parse(std::string_view token) {
  if (!is_number_token(token)) return std::nullopt;
  Exact out;
  std::int64_t exponent = 0;
  bool after_point = false;
  std::size_t i = token[0] == '-' ? 1 : 0;
  out.negative_ = i == 1;
  for (; i < token.size(); ++i) {
    const char c = token[i];
    if (c == '.') {
      after_point = true;
    } else if (c == 'e' || c == 'E') {
      std::string_view rest = token.substr(i + 1);
      if (rest.front() == '+') rest.remove_prefix(1);
      const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), exponent);
      if (error != std::errc() || exponent > kMaxDigits || exponent < -kMaxDigits) return std::nullopt;
      break;
    } else {
      out.digits_.push_back(c);
      out.scale_ += after_point ? 1 : 0;
    }
  }
  if (static_cast<std::int64_t>(out.digits_.size()) > kMaxDigits) return std::nullopt;
  out.scale_ -= exponent;
  if (out.scale_ < 0) {
    out.digits_.append(static_cast<std::size_t>(-out.scale_), '0');
    out.scale_ = 0;
  }
  out.digits_ = strip(std::move(out.digits_));
  if (out.digits_.empty()) out.negative_ = false;
  return out;
}

Exact Exact::operator+(const Exact& other) const {
  Exact a = *this;
  Exact b = other;
  const std::int64_t scale = std::max(a.scale_, b.scale_);
  for (Exact* x : {&a, &b}) {
    if (!x->digits_.empty()) x->digits_.append(static_cast<std::size_t>(scale - x->scale_), '0');
  }
  Exact out;
  out.scale_ = scale;
  if (a.negative_ == b.negative_) {
    out.digits_ = add_digits(a.digits_, b.digits_);
    out.negative_ = a.negative_;
  } else {
    const bool a_larger = compare_digits(a.digits_, b.digits_) >= 0;
    out.digits_ = a_larger ? subtract_digits(a.digits_, b.digits_) : subtract_digits(b.digits_, a.digits_);
    out.negative_ = a_larger ? a.negative_ : b.negative_;
  }
  if (out.digits_.empty()) out.negative_ = false;
  return out;
}

Exact Exact::times(std::int64_t factor) const {
  Exact out;
  Exact power = *this;
  for (; factor > 0; factor >>= 1) {
    if ((factor & 1) != 0) out = out + power;
    power = power + power;
  }
  return out;
}

Exact Exact::negated() const {
  Exact out = *this;
  out.negative_ = !digits_.empty() && !negative_;
  return out;
}

int Exact::compare(const Exact& other) const {
  const Exact difference = *this + other.negated();
  return difference.digits_.empty() ? 0 : difference.negative_ ? -1 : 1;
}

std::string Exact::text() const {
  std::string digits = digits_;
  const auto scale = static_cast<std::size_t>(scale_);
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  std::string out = negative_ ? "-" : "";
  out += digits.empty() ? "0" : digits.substr(0, digits.size() - scale);
  if (scale > 0) out += "." + digits.substr(digits.size() - scale);
  return out;
}

std::optional<std::string> Exact::ratio(const Exact& numerator, const Exact& denominator, int decimals) {
  if (denominator.digits_.empty()) return std::nullopt;
  std::string top = numerator.digits_;
  std::string bottom = denominator.digits_;
  const std::int64_t shift = denominator.scale_ - numerator.scale_ + decimals;
  if (shift >= 0) {
    if (!top.empty()) top.append(static_cast<std::size_t>(shift), '0');
  } else {
    bottom.append(static_cast<std::size_t>(-shift), '0');
  }
  std::string quotient;
  std::string rest;
  for (const char c : top) {
    rest = strip(rest + c);
    int digit = 0;
    while (compare_digits(rest, bottom) >= 0) {
      rest = subtract_digits(rest, bottom);
      ++digit;
    }
    quotient.push_back(static_cast<char>('0' + digit));
  }
  if (compare_digits(add_digits(rest, rest), bottom) >= 0) quotient = add_digits(quotient, "1");
  Exact out;
  out.digits_ = strip(std::move(quotient));
  out.scale_ = decimals;
  out.negative_ = !out.digits_.empty() && numerator.negative_ != denominator.negative_;
  std::string text = out.text();
  if (decimals > 0) {
    text.resize(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text;
}

}  // namespace pgops::present
