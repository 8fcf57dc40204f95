// core/nlu: normalisation and tokenising, see text.hpp.
//
// Hyphenated letters are words of their own ("long-running"); with a digit inside they are an
// identifier ("web-01"). A number with a unit glued to it ("24h") is a number and a word.
#include "core/nlu/text.hpp"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>

#include <algorithm>

#include "core/nlu/hangul.hpp"
#include "core/nlu/lexicon.hpp"

namespace pgops::nlu {
namespace {

struct Point {
  UChar32 c = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
};

std::vector<Point> decode(std::string_view text) {
  std::vector<Point> out;
  out.reserve(text.size());
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto length = static_cast<std::int32_t>(text.size());
  std::int32_t i = 0;
  while (i < length) {
    const std::int32_t start = i;
    UChar32 c = 0;
    U8_NEXT(bytes, i, length, c);
    if (c < 0) c = 0xFFFD;
    out.push_back({c, static_cast<std::size_t>(start), static_cast<std::size_t>(i)});
  }
  return out;
}

// ASCII, which is most of every question, is answered without ICU's tables.
bool is_letter(UChar32 c) {
  if (c < 128) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return u_isalpha(c) || (U_GET_GC_MASK(c) & U_GC_M_MASK) != 0;
}
bool is_digit(UChar32 c) { return c < 128 ? c >= '0' && c <= '9' : u_isdigit(c) != 0; }
bool is_upper(UChar32 c) { return c < 128 ? c >= 'A' && c <= 'Z' : u_isupper(c) != 0; }
bool is_hangul(UChar32 c) { return c >= 128 && is_hangul_syllable(static_cast<char32_t>(c)); }
bool is_apostrophe(UChar32 c) { return c == '\'' || c == 0x2019; }
bool is_joiner(UChar32 c) { return c == '_' || c == '-' || c == '.' || c == '/' || c == '@' || c == ':'; }

UChar32 closing_quote(UChar32 open) {
  switch (open) {
    case '"': return '"';
    case '`': return '`';
    case '\'': return '\'';
    case 0x201C: return 0x201D;
    case 0x2018: return 0x2019;
    case 0x00AB: return 0x00BB;
    case 0x300C: return 0x300D;
    default: return 0;
  }
}

class Tokeniser {
 public:
  explicit Tokeniser(std::string_view text) : text_(text), points_(decode(text)) {}

  std::vector<Token> run() {
    while (at_ < points_.size()) {
      const UChar32 c = points_[at_].c;
      if (quoted()) continue;
      if (is_hangul(c)) {
        hangul();
      } else if (is_digit(c)) {
        number();
      } else if (is_letter(c) || (c == '_' && at_ + 1 < points_.size() && is_letter(points_[at_ + 1].c))) {
        word();
      } else {
        if (!u_isUWhiteSpace(c) && !hyphen_inside()) symbol(c);
        ++at_;
      }
    }
    return std::move(tokens_);
  }

 private:
  std::string_view slice(std::size_t from, std::size_t to) const {
    return text_.substr(points_[from].begin, points_[to - 1].end - points_[from].begin);
  }

  Token& add(TokenKind kind, std::size_t from, std::size_t to) {
    Token token;
    token.kind = kind;
    token.text = std::string(slice(from, to));
    token.norm = normalise(token.text);
    token.begin = points_[from].begin;
    token.end = points_[to - 1].end;
    token.capital = is_upper(points_[from].c);
    token.sentence_start = sentence_start_;
    if (kind != TokenKind::symbol) sentence_start_ = false;
    tokens_.push_back(std::move(token));
    return tokens_.back();
  }

  // "long-running" is two words and no symbol.
  bool hyphen_inside() const {
    return points_[at_].c == '-' && at_ > 0 && at_ + 1 < points_.size() && is_letter(points_[at_ - 1].c) &&
           is_letter(points_[at_ + 1].c);
  }

  void symbol(UChar32 c) {
    Token& token = add(TokenKind::symbol, at_, at_ + 1);
    token.stem = token.norm;
    if (c == '.' || c == '?' || c == '!' || c == ';' || c == ':') sentence_start_ = true;
  }

  bool quoted() {
    const UChar32 open = points_[at_].c;
    const UChar32 close = closing_quote(open);
    if (close == 0) return false;
    if (is_apostrophe(open) && at_ > 0 && is_letter(points_[at_ - 1].c)) return false;
    const std::size_t limit = std::min(points_.size(), at_ + 202);
    for (std::size_t i = at_ + 1; i < limit; ++i) {
      if (points_[i].c != close) continue;
      if (is_apostrophe(close) && i + 1 < points_.size() && is_letter(points_[i + 1].c)) continue;
      if (i == at_ + 1) return false;
      Token& token = add(TokenKind::quoted, at_ + 1, i);
      token.begin = points_[at_].begin;
      token.end = points_[i].end;
      split_parts(token);
      at_ = i + 1;
      return true;
    }
    return false;
  }

  // A Korean word becomes its pieces; what is glued to a name or number ("web-01에서", "24시간") as well.
  void hangul() {
    const std::size_t from = at_;
    while (at_ < points_.size() && is_hangul(points_[at_].c)) ++at_;
    const bool glued =
        !tokens_.empty() && tokens_.back().end == points_[from].begin && tokens_.back().kind != TokenKind::symbol;
    const Before before = !glued                                     ? Before::nothing
                          : tokens_.back().kind == TokenKind::number ? Before::number
                                                                     : Before::other;
    constexpr std::size_t kBytes = 3;
    for (const HangulPiece& piece : split_hangul(slice(from, at_), before)) {
      Token& token = add(TokenKind::word, from + piece.begin / kBytes, from + piece.end / kBytes);
      token.stem = token.norm;
      token.suffix = piece.suffix;
    }
  }

  // The end of a run of letters, digits and joiners that have a letter or digit on both sides.
  std::size_t run_end(std::size_t from) const {
    std::size_t i = from;
    while (i < points_.size()) {
      const UChar32 c = points_[i].c;
      if (is_hangul(c)) break;
      if (is_letter(c) || is_digit(c) || c == '_') {
        ++i;
      } else if (is_joiner(c) && i + 1 < points_.size() && !is_hangul(points_[i + 1].c) &&
                 (is_letter(points_[i + 1].c) || is_digit(points_[i + 1].c))) {
        ++i;
      } else {
        break;
      }
    }
    return i;
  }

  bool all_of(std::size_t from, std::size_t to, std::string_view extra) const {
    for (std::size_t i = from; i < to; ++i) {
      const UChar32 c = points_[i].c;
      if (!is_digit(c) && (c > 127 || extra.find(static_cast<char>(c)) == std::string_view::npos)) return false;
    }
    return true;
  }

  std::size_t count(std::size_t from, std::size_t to, UChar32 wanted) const {
    std::size_t n = 0;
    for (std::size_t i = from; i < to; ++i) n += points_[i].c == wanted ? 1 : 0;
    return n;
  }

  // 2026-03-01, 2026/3/1, 2026.3.1, 25/12/2025, 25.12.2025, 2026-03: which of them are dates is the calendar's
  // matter.
  bool written_date(std::size_t from, std::size_t end) const {
    for (const UChar32 separator : {'-', '/', '.'}) {
      const std::string only(1, static_cast<char>(separator));
      const std::size_t n = count(from, end, separator);
      if (!all_of(from, end, only) || n == 0) continue;
      std::vector<std::size_t> digits(1);
      for (std::size_t i = from; i < end; ++i) {
        if (points_[i].c == separator) {
          digits.push_back(0);
        } else {
          ++digits.back();
        }
      }
      const auto small = [&](std::size_t i) { return digits[i] == 1 || digits[i] == 2; };
      if (n == 2 && digits[0] == 4 && small(1) && small(2)) return true;
      if (n == 2 && separator != '-' && small(0) && small(1) && digits[2] == 4) return true;
      if (n == 1 && separator == '-' && digits[0] == 4 && digits[1] == 2) return true;
    }
    return false;
  }

  // "9:30pm", "9am": the half of the day is a word of its own.
  bool half_of_day(std::size_t from, std::size_t end) {
    if (end - from < 3) return false;
    const std::string half = normalise(slice(end - 2, end));
    if (half != "am" && half != "pm") return false;
    const std::size_t time = end - 2;
    const bool hour = all_of(from, time, "") && time - from <= 2;
    if (!hour && !(all_of(from, time, ":") && count(from, time, ':') == 1 && time - from <= 5)) return false;
    add(hour ? TokenKind::number : TokenKind::clock, from, time);
    add(TokenKind::word, time, end).stem = half;
    return true;
  }

  void number() {
    std::size_t end = run_end(at_);
    const std::size_t from = at_;
    at_ = end;
    if (written_date(from, end)) {
      add(TokenKind::date, from, end);
      return;
    }
    if (end - from >= 16 && all_of(from, end, "-:.TZtz") && count(from, from + 10, '-') == 2) {
      add(TokenKind::date, from, end);
      return;
    }
    if (half_of_day(from, end)) return;
    if (all_of(from, end, ":") && count(from, end, ':') >= 1 && count(from, end, ':') <= 2 && end - from <= 8) {
      add(TokenKind::clock, from, end);
      return;
    }
    // Digits, an optional decimal part, thousands separated by commas.
    std::size_t i = from;
    while (i < points_.size() && (is_digit(points_[i].c) || ((points_[i].c == '.' || points_[i].c == ',') &&
                                                             i + 1 < points_.size() && is_digit(points_[i + 1].c)))) {
      ++i;
    }
    if (i >= end && count(from, i, '.') <= 1) {
      add(TokenKind::number, from, i);
      at_ = i;
      return;
    }
    if (i < end && count(from, i, '.') <= 1) {
      bool letters = true;
      for (std::size_t k = i; k < end; ++k) letters = letters && is_letter(points_[k].c);
      if (letters && is_unit_word(normalise(slice(i, end)))) {
        add(TokenKind::number, from, i);
        Token& unit = add(TokenKind::word, i, end);
        unit.stem = stem(unit.norm);
        return;
      }
    }
    split_parts(add(TokenKind::identifier, from, std::max(end, from + 1)));
  }

  void word() {
    const std::size_t from = at_;
    const std::size_t end = run_end(from);
    bool protectd = false;
    for (std::size_t i = from; i < end; ++i) {
      const UChar32 c = points_[i].c;
      protectd = protectd || is_digit(c) || c == '_' || c == '@' || c == '/' || c == '.' || c == ':';
    }
    if (protectd) {
      at_ = end;
      split_parts(add(TokenKind::identifier, from, end));
      return;
    }
    // Letters only: stop at a hyphen; an apostrophe between letters belongs to the word.
    std::size_t i = from;
    std::size_t apostrophe = 0;
    while (i < points_.size()) {
      const UChar32 c = points_[i].c;
      if (is_letter(c) && !is_hangul(c)) {
        ++i;
      } else if (is_apostrophe(c) && apostrophe == 0 && i + 1 < points_.size() && is_letter(points_[i + 1].c)) {
        apostrophe = i;
        ++i;
      } else {
        break;
      }
    }
    at_ = i;
    Token& token = add(TokenKind::word, from, i);
    token.all_caps = i - from >= 2;
    for (std::size_t k = from; k < i; ++k) token.all_caps = token.all_caps && is_upper(points_[k].c);
    if (apostrophe != 0) {
      const std::string tail = normalise(slice(apostrophe + 1, i));
      const std::string head = normalise(slice(from, apostrophe));
      // "what's", "we've", "i'd": the tail carries no meaning; "don't" keeps its negation.
      token.norm = tail == "t" ? head + "t" : head;
    }
    token.stem = stem(token.norm);
  }

  void split_parts(Token& token) {
    std::string part;
    const auto flush = [&] {
      if (!part.empty()) token.parts.push_back(stem(part));
      part.clear();
    };
    for (const Point& p : decode(token.norm)) {
      if (is_letter(p.c) || is_digit(p.c)) {
        part.append(token.norm, p.begin, p.end - p.begin);
      } else {
        flush();
      }
    }
    flush();
    token.stem = token.norm;
  }

  std::string_view text_;
  std::vector<Point> points_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  bool sentence_start_ = true;
};

bool is_ascii(std::string_view text) noexcept {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 128; });
}

template <class Wanted>
double letter_share(std::string_view text, Wanted wanted) {
  if (is_ascii(text)) return 0.0;  // nothing but Latin
  std::size_t letters = 0;
  std::size_t hits = 0;
  for (const Point& p : decode(text)) {
    if (!u_isalpha(p.c)) continue;
    ++letters;
    UErrorCode status = U_ZERO_ERROR;
    const UScriptCode script = uscript_getScript(p.c, &status);
    hits += U_SUCCESS(status) && wanted(script) ? 1 : 0;
  }
  return letters == 0 ? 0.0 : static_cast<double>(hits) / static_cast<double>(letters);
}

}  // namespace

std::string normalise(std::string_view text) {
  std::string out;
  if (is_ascii(text)) {
    out.reserve(text.size());
    for (const char c : text) out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    return out;
  }
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* form = icu::Normalizer2::getNFKCCasefoldInstance(status);
  if (U_FAILURE(status) || form == nullptr) return std::string(text);
  const icu::UnicodeString source =
      icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
  form->normalize(source, status).toUTF8String(out);
  return U_FAILURE(status) ? std::string(text) : out;
}

std::vector<Token> tokenise(std::string_view text) { return Tokeniser(text).run(); }

bool listed(std::string_view word, std::string_view list) noexcept {
  for (std::size_t at = list.find(word, 1); at != std::string_view::npos; at = list.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if (list[at - 1] == '|' && end < list.size() && list[end] == '|') return true;
  }
  return false;
}

double hangul_share(std::string_view text) {
  return letter_share(text, [](UScriptCode s) { return s == USCRIPT_HANGUL; });
}

double non_latin_share(std::string_view text) {
  return letter_share(text, [](UScriptCode s) { return s != USCRIPT_LATIN && s != USCRIPT_COMMON; });
}

}  // namespace pgops::nlu
