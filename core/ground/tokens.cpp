// core/ground: which parts of a text say something exact, see ground.hpp.
//
// One pass over code points. ASCII letters, digits, '_' and characters of Unicode's number categories (full-width,
// superscript, Roman, fractions, ...) make words; inner punctuation joins them ("2026-03-11", "3.5", "a@b.c").
// Hangul is no part of a word: a counter written onto a figure ("3건") stays outside of it.
#include <algorithm>
#include <array>
#include <string>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "core/ground/ground.hpp"

namespace pgops::ground {
namespace {

// Sorted.
constexpr std::array<std::string_view, 66> kNumberWords = {
    "billion",  "billions",  "couple",   "double",  "doubled",  "dozen",     "dozens",   "eight",    "eighteen",
    "eighth",   "eighty",    "eleven",   "fifteen", "fifth",    "fifty",     "first",    "five",     "forty",
    "four",     "fourteen",  "fourth",   "half",    "halves",   "hundred",   "hundreds", "million",  "millions",
    "nil",      "nine",      "nineteen", "ninety",  "ninth",    "nought",    "once",     "one",      "percent",
    "quarter",  "quarters",  "score",    "second",  "seven",    "seventeen", "seventh",  "seventy",  "six",
    "sixteen",  "sixth",     "sixty",    "ten",     "tenth",    "third",     "thirds",   "thirteen", "thirty",
    "thousand", "thousands", "three",    "thrice",  "trillion", "triple",    "tripled",  "twelve",   "twenty",
    "twice",    "two",       "zero"};

// Standing alone, or (the second list) before a counter.
constexpr std::array<std::string_view, 8> kKoreanAlone = {"하나", "둘", "셋", "넷", "다섯", "여섯", "절반", "두배"};
constexpr std::array<std::string_view, 40> kKoreanNumbers = {
    "한",   "두", "세",   "네",   "다섯", "여섯", "일곱", "여덟", "아홉", "열",   "열한", "열두", "스무", "서른",
    "마흔", "쉰", "예순", "일흔", "여든", "아흔", "일",   "이",   "삼",   "사",   "오",   "육",   "칠",   "팔",
    "구",   "십", "백",   "천",   "만",   "억",   "수십", "수백", "수천", "수만", "이십", "삼십"};
constexpr std::array<std::string_view, 20> kKoreanCounters = {"개", "건", "명", "번", "회",     "대",   "시간",
                                                              "일", "분", "초", "곳", "종",     "가지", "행",
                                                              "배", "달", "주", "년", "퍼센트", "번째"};

bool is_letter(UChar32 c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_number(UChar32 c) {
  if (c < 0x80) return c >= '0' && c <= '9';
  const auto type = u_charType(c);
  return type == U_DECIMAL_DIGIT_NUMBER || type == U_LETTER_NUMBER || type == U_OTHER_NUMBER;
}
bool is_inner(UChar32 c) {
  return c == '.' || c == ':' || c == '-' || c == '/' || c == ',' || c == '@' || c == '+' || c == 0x2212 ||
         c == 0xFF0E || c == 0xFF0C || c == 0x2044;
}
bool is_sign(UChar32 c) { return c == '-' || c == '+' || c == 0x2212 || c == 0x2013 || c == 0xFF0D || c == 0x00B1; }
bool is_hangul(UChar32 c) { return c >= 0xAC00 && c <= 0xD7A3; }

struct Point {
  UChar32 c = 0;
  std::size_t begin = 0;
};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {
    points_.reserve(text.size());
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    const auto size = static_cast<std::int32_t>(text.size());
    for (std::int32_t at = 0; at < size;) {
      const auto begin = static_cast<std::size_t>(at);
      UChar32 c = 0;
      U8_NEXT(bytes, at, size, c);
      points_.push_back({c, begin});
    }
  }

  std::vector<present::TextSpan> run() {
    while (i_ < points_.size()) {
      if (!quoted() && !word() && !korean()) ++i_;
    }
    return std::move(out_);
  }

 private:
  UChar32 at(std::size_t i) const { return i < points_.size() ? points_[i].c : ' '; }
  std::size_t byte(std::size_t i) const { return i < points_.size() ? points_[i].begin : text_.size(); }
  void take(std::size_t from, std::size_t to) { out_.push_back({byte(from), byte(to)}); }
  bool in_word(std::size_t i) const { return is_letter(at(i)) || is_number(at(i)); }

  // "..", `..`, and '..' where the marks stand outside of words.
  bool quoted() {
    UChar32 close = at(i_);
    if (close == 0x201C) close = 0x201D;
    if (close == 0x2018) close = 0x2019;
    const bool single = close == '\'' || close == 0x2019;
    if (close != '"' && close != '`' && close != 0x201D && !single) return false;
    if (single && i_ > 0 && (in_word(i_ - 1) || is_hangul(at(i_ - 1)))) return false;
    for (std::size_t end = i_ + 1; end < points_.size(); ++end) {
      if (points_[end].c != close || (single && in_word(end + 1))) continue;
      take(i_ + 1, end);
      i_ = end + 1;
      return true;
    }
    return false;
  }

  bool word() {
    if (!in_word(i_)) return false;
    const std::size_t from = i_;
    bool counts = false;
    bool letters_joined = false;
    while (i_ < points_.size()) {
      const bool joins = is_inner(at(i_)) && in_word(i_ + 1);
      if (!in_word(i_) && !joins) break;
      counts = counts || is_number(at(i_)) || at(i_) == '_';
      letters_joined = letters_joined || (joins && (at(i_) == '.' || at(i_) == '@'));
      ++i_;
    }
    if (counts || letters_joined) {
      const bool sign = from > 0 && is_number(at(from)) && is_sign(at(from - 1)) && !(from > 1 && in_word(from - 2));
      take(sign ? from - 1 : from, i_);
    } else {
      spelt(from, i_);
    }
    return true;
  }

  // Numbers in words, part by part of "twenty-one".
  void spelt(std::size_t from, std::size_t to) {
    std::string part;
    std::size_t begin = from;
    for (std::size_t i = from; i <= to; ++i) {
      if (i < to && is_letter(at(i))) {
        if (part.empty()) begin = i;
        part.push_back(static_cast<char>(at(i) | 0x20));
        continue;
      }
      if (std::binary_search(kNumberWords.begin(), kNumberWords.end(), part)) take(begin, i);
      part.clear();
    }
  }

  // At the beginning of a Hangul word: a number alone, or one before a counter.
  bool korean() {
    if (!is_hangul(at(i_))) return false;
    std::size_t end = i_;
    while (end < points_.size() && is_hangul(at(end))) ++end;
    const std::string_view word = text_.substr(byte(i_), byte(end) - byte(i_));
    for (const std::string_view alone : kKoreanAlone) {
      if (word.starts_with(alone) && word.size() <= alone.size() + 6) {
        take(i_, end);
        i_ = end;
        return true;
      }
    }
    for (const std::string_view number : kKoreanNumbers) {
      if (!word.starts_with(number)) continue;
      std::string_view rest = word.substr(number.size());
      const std::size_t next = byte(end);
      if (rest.empty() && at(end) == ' ') rest = text_.substr(next + 1);
      for (const std::string_view counter : kKoreanCounters) {
        if (!rest.starts_with(counter)) continue;
        take(i_, end);
        i_ = end;
        return true;
      }
    }
    i_ = end;
    return true;
  }

  std::string_view text_;
  std::vector<Point> points_;
  std::vector<present::TextSpan> out_;
  std::size_t i_ = 0;
};

}  // namespace

std::vector<present::TextSpan> tokens_to_cover(std::string_view text) { return Scanner(text).run(); }

}  // namespace pgops::ground
