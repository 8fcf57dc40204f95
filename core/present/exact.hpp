// core/present: exact decimal arithmetic for the figures of an answer.
//
// A figure is a cell, or is computed from cells; either way it must be exact, so nothing here is a
// double. Numbers of more than kMaxDigits digits written out (1e200000) are not computed with: parse()
// gives nullopt, and the expression that needed them has no value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgops::present {

class Exact {
 public:
  static constexpr std::int64_t kMaxDigits = 400;

  Exact() = default;  // zero
  explicit Exact(std::int64_t value);
  static std::optional<Exact> parse(std::string_view number_token);

  Exact operator+(const Exact& other) const;
  Exact times(std::int64_t factor) const;  // factor >= 0
  int compare(const Exact& other) const;   // -1, 0, 1
  bool is_zero() const { return digits_.empty(); }
  bool negative() const { return negative_; }
  Exact negated() const;
  // Plain notation with the scale of the inputs: 1.50 stays 1.50.
  std::string text() const;

  // numerator / denominator with at most `decimals` places, rounded half away from zero.
  // nullopt: division by zero.
  static std::optional<std::string> ratio(const Exact& numerator, const Exact& denominator, int decimals);

 private:
  bool negative_ = false;
  std::string digits_;      // integer part and fraction without the point, no leading zeros; empty = 0
  std::int64_t scale_ = 0;  // digits after the point
};

}  // namespace pgops::present
