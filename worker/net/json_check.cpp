// worker/net: see json_check.hpp. A state machine over bytes: the container stack holds one bit per
// level (object or array), the rest is a position.
#include "worker/net/json_check.hpp"

#include <cstdint>
#include <vector>

namespace pgops::worker {
namespace {

constexpr std::int64_t kMaxDigitsBefore = 131'072;
constexpr std::int64_t kMaxDigitsAfter = 16'383;

class Checker {
 public:
  Checker(std::string_view text, std::size_t max_depth) : text_(text), max_depth_(max_depth) {}

  std::optional<JsonProblem> run() {
    if (!document()) return JsonProblem{what_, at_};
    return {};
  }

 private:
  bool fail(const char* what) {
    what_ = what;
    return false;
  }
  bool more() const { return at_ < text_.size(); }
  char here() const { return more() ? text_[at_] : '\0'; }
  bool digit() const { return more() && text_[at_] >= '0' && text_[at_] <= '9'; }
  bool take(char c) {
    if (!more() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void space() {
    while (more() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
  }

  bool document() {
    for (;;) {
      space();
      bool opened = false;
      if (!value(opened)) return false;
      if (opened) continue;
      // A value is complete: close what ends here, or go on to the next member or element.
      for (;;) {
        space();
        if (in_object_.empty()) return more() ? fail("text after the JSON value") : true;
        if (take(',')) {
          space();
          if (in_object_.back() && !key()) return false;
          break;
        }
        if (!take(in_object_.back() ? '}' : ']'))
          return fail(more() ? "expected ',' or a closing bracket" : "ends too early");
        in_object_.pop_back();
      }
    }
  }

  bool open(bool object, bool& opened) {
    if (in_object_.size() >= max_depth_) return fail("nested too deeply");
    ++at_;
    space();
    if (take(object ? '}' : ']')) return true;
    in_object_.push_back(object);
    opened = true;
    return object ? key() : true;
  }

  bool value(bool& opened) {
    if (!more()) return fail("ends too early");
    switch (here()) {
      case '{': return open(true, opened);
      case '[': return open(false, opened);
      case '"': return string();
      case 't': return word("true");
      case 'f': return word("false");
      case 'n': return word("null");
      default: return number();
    }
  }

  bool key() {
    if (here() != '"') return fail("expected a member name");
    if (!string()) return false;
    space();
    return take(':') ? true : fail("expected ':'");
  }

  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return fail("unknown word");
    at_ += expected.size();
    return true;
  }

  bool number() {
    const std::size_t start = at_;
    take('-');
    if (!digit()) return at_ == start ? fail("unexpected character") : fail("broken number");
    std::int64_t before = 0;
    std::int64_t leading_zeros_after = 0;  // of 0.000x
    bool significant = false;
    if (take('0')) {
      if (digit()) return fail("number with a leading zero");
    } else {
      significant = true;
      while (digit()) ++at_, ++before;
    }
    std::int64_t after = 0;
    if (take('.')) {
      if (!digit()) return fail("broken number");
      for (; digit(); ++at_, ++after) {
        if (text_[at_] != '0') significant = true;
        if (!significant) ++leading_zeros_after;
      }
    }
    std::int64_t exponent = 0;
    if (here() == 'e' || here() == 'E') {
      ++at_;
      const bool negative = here() == '-';
      if (!take('-')) take('+');
      if (!digit()) return fail("broken number");
      for (; digit(); ++at_)
        if (exponent < 10'000'000) exponent = exponent * 10 + (text_[at_] - '0');
      if (negative) exponent = -exponent;
    }
    const std::int64_t first_digit = before > 0 ? before : -leading_zeros_after;
    if (first_digit + exponent > kMaxDigitsBefore || after - exponent > kMaxDigitsAfter) {
      at_ = start;
      return fail("number outside the range of numeric");
    }
    return true;
  }

  bool string() {
    ++at_;
    for (;;) {
      if (!more()) return fail("string without an end");
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c == '\\') {
        if (!escape()) return false;
      } else if (c < 0x20) {
        return fail("control character in a string");
      } else if (c < 0x80) {
        ++at_;
      } else if (!utf8()) {
        return false;
      }
    }
  }

  bool escape() {
    ++at_;
    switch (here()) {
      case '"':
      case '\\':
      case '/':
      case 'b':
      case 'f':
      case 'n':
      case 'r':
      case 't': ++at_; return true;
      case 'u': break;
      default: return fail("unknown escape");
    }
    std::uint32_t unit = 0;
    if (!hex(unit)) return false;
    if (unit == 0) return fail("U+0000 cannot be stored");
    if (unit >= 0xDC00 && unit <= 0xDFFF) return fail("lone surrogate");
    if (unit < 0xD800 || unit > 0xDBFF) return true;
    std::uint32_t low = 0;
    if (!take('\\') || here() != 'u') return fail("lone surrogate");
    if (!hex(low)) return false;
    return low >= 0xDC00 && low <= 0xDFFF ? true : fail("lone surrogate");
  }

  bool hex(std::uint32_t& unit) {  // at 'u'
    ++at_;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = here();
      unit <<= 4;
      if (c >= '0' && c <= '9')
        unit |= static_cast<std::uint32_t>(c - '0');
      else if (c >= 'a' && c <= 'f')
        unit |= static_cast<std::uint32_t>(c - 'a' + 10);
      else if (c >= 'A' && c <= 'F')
        unit |= static_cast<std::uint32_t>(c - 'A' + 10);
      else
        return fail("broken \\u escape");
    }
    return true;
  }

  // RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
  bool utf8() {
    const auto byte = [&](std::size_t i) -> unsigned {
      return at_ + i < text_.size() ? static_cast<unsigned char>(text_[at_ + i]) : 0U;
    };
    const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    const unsigned lead = byte(0);
    std::size_t length = 0;
    if (lead >= 0xC2 && lead <= 0xDF && tail(1)) {
      length = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF && tail(1) && tail(2)) {
      const unsigned second = byte(1);
      if (!(lead == 0xE0 && second < 0xA0) && !(lead == 0xED && second > 0x9F)) length = 3;
    } else if (lead >= 0xF0 && lead <= 0xF4 && tail(1) && tail(2) && tail(3)) {
      const unsigned second = byte(1);
      if (!(lead == 0xF0 && second < 0x90) && !(lead == 0xF4 && second > 0x8F)) length = 4;
    }
    if (length == 0) return fail("invalid UTF-8");
    at_ += length;
    return true;
  }

  std::string_view text_;
  std::size_t max_depth_;
  std::size_t at_ = 0;
  const char* what_ = "";
  std::vector<bool> in_object_;
};

}  // namespace

std::optional<JsonProblem> check_json(std::string_view text, std::size_t max_depth) {
  return Checker(text, max_depth).run();
}

}  // namespace pgops::worker
