// guard: see lexer.hpp. Each skip_* starts at the first byte of its token and leaves `i` after it;
// it returns false when the token is not closed before the end of the text.
#include "guard/lexer.hpp"

namespace pgops::guard {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
bool is_newline(char c) noexcept { return c == '\n' || c == '\r'; }

bool is_operator(char c) noexcept { return std::string_view("~!@#^&|`?+-*/%<>=").find(c) != std::string_view::npos; }

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

bool is_identifier_start(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (static_cast<unsigned char>(c) & 0x80U) != 0;
}

bool is_identifier_part(char c) noexcept { return is_identifier_start(c) || is_digit(c) || c == '$'; }

Token Lexer::token(TokenKind kind, std::size_t begin, std::size_t end, bool terminated) noexcept {
  pos_ = end;
  return Token{kind, begin, end, terminated};
}

bool Lexer::skip_block_comment(std::size_t& i) const noexcept {
  std::size_t depth = 0;
  while (i < text_.size()) {
    if (at(i) == '/' && at(i + 1) == '*') {
      ++depth;
      i += 2;
    } else if (at(i) == '*' && at(i + 1) == '/') {
      i += 2;
      if (--depth == 0) return true;
    } else {
      ++i;
    }
  }
  return false;
}

// Two adjacent string literals separated by white space with a newline are one literal, and keep the
// first one's escape rules: E'a'<newline>'\'' is one string.
bool Lexer::skip_continuation(std::size_t& i) const noexcept {
  std::size_t j = i;
  bool newline = false;
  while (j < text_.size()) {
    if (is_space(at(j))) {
      newline = newline || is_newline(at(j));
      ++j;
    } else if (at(j) == '-' && at(j + 1) == '-') {
      while (j < text_.size() && !is_newline(at(j))) ++j;
    } else {
      break;
    }
  }
  if (!newline || at(j) != '\'') return false;
  i = j;
  return true;
}

bool Lexer::skip_quoted(std::size_t& i, char quote, bool escapes) const noexcept {
  do {
    ++i;  // the opening quote
    bool closed = false;
    while (i < text_.size() && !closed) {
      if (escapes && at(i) == '\\') {
        i += 2;
      } else if (at(i) != quote) {
        ++i;
      } else if (at(i + 1) == quote) {
        i += 2;
      } else {
        ++i;
        closed = true;
      }
    }
    if (!closed) {
      i = text_.size();
      return false;
    }
  } while (quote == '\'' && skip_continuation(i));
  return true;
}

// $$...$$ or $tag$...$tag$. Leaves `i` untouched when this is no dollar quote at all.
bool Lexer::skip_dollar_quote(std::size_t& i) const noexcept {
  std::size_t j = i + 1;
  if (is_identifier_start(at(j))) {
    while (is_identifier_start(at(j)) || is_digit(at(j))) ++j;
  }
  if (at(j) != '$') return true;
  const std::string_view tag = text_.substr(i, j + 1 - i);
  const std::size_t close = text_.find(tag, j + 1);
  i = close == std::string_view::npos ? text_.size() : close + tag.size();
  return close != std::string_view::npos;
}

void Lexer::skip_number(std::size_t& i) const noexcept {
  while (is_digit(at(i))) ++i;
  if (at(i) == '.' && at(i + 1) != '.') {
    ++i;
    while (is_digit(at(i))) ++i;
  }
  if (lower(at(i)) == 'e') {
    std::size_t j = i + 1;
    if (at(j) == '+' || at(j) == '-') ++j;
    if (is_digit(at(j))) {
      i = j;
      while (is_digit(at(i))) ++i;
    }
  }
}

Token Lexer::next() noexcept {
  const std::size_t begin = pos_;
  if (begin >= text_.size()) return token(TokenKind::end, begin, begin);
  std::size_t i = begin;
  const char c = at(i);
  const char d = at(i + 1);

  if (is_space(c)) {
    while (is_space(at(i)) && i < text_.size()) ++i;
    return token(TokenKind::space, begin, i);
  }
  if (c == '-' && d == '-') {
    while (i < text_.size() && !is_newline(at(i))) ++i;
    return token(TokenKind::space, begin, i);
  }
  if (c == '/' && d == '*') {
    const bool closed = skip_block_comment(i);
    return token(TokenKind::space, begin, i, closed);
  }
  if (c == '\'') {
    const bool closed = skip_quoted(i, '\'', false);
    return token(TokenKind::string, begin, i, closed);
  }
  if (c == '"') {
    const bool closed = skip_quoted(i, '"', false);
    return token(TokenKind::identifier, begin, i, closed);
  }
  if (d == '\'' && std::string_view("ebxn").find(lower(c)) != std::string_view::npos) {
    ++i;
    const bool closed = skip_quoted(i, '\'', lower(c) == 'e');
    return token(TokenKind::string, begin, i, closed);
  }
  if (lower(c) == 'u' && d == '&' && (at(i + 2) == '\'' || at(i + 2) == '"')) {
    const char quote = at(i + 2);
    i += 2;
    const bool closed = skip_quoted(i, quote, false);
    return token(quote == '"' ? TokenKind::identifier : TokenKind::string, begin, i, closed);
  }
  if (is_identifier_start(c)) {
    while (i < text_.size() && is_identifier_part(at(i))) ++i;
    return token(TokenKind::identifier, begin, i);
  }
  if (is_digit(c) || (c == '.' && is_digit(d))) {
    skip_number(i);
    return token(TokenKind::number, begin, i);
  }
  if (c == '$') {
    if (is_digit(d)) {
      ++i;
      while (is_digit(at(i))) ++i;
      return token(TokenKind::parameter, begin, i);
    }
    const bool closed = skip_dollar_quote(i);
    if (i != begin) return token(TokenKind::string, begin, i, closed);
    return token(TokenKind::unknown, begin, begin + 1);
  }
  switch (c) {
    case ':':
      if (d == ':') return token(TokenKind::cast, begin, begin + 2);
      if (d == '=') return token(TokenKind::assign, begin, begin + 2);
      return token(TokenKind::colon, begin, begin + 1);
    case '(':
    case '[': return token(TokenKind::open, begin, begin + 1);
    case ')':
    case ']': return token(TokenKind::close, begin, begin + 1);
    case ',': return token(TokenKind::comma, begin, begin + 1);
    case ';': return token(TokenKind::semicolon, begin, begin + 1);
    case '.': return token(TokenKind::dot, begin, begin + 1);
    default: break;
  }
  if (is_operator(c)) {
    // An operator ends where a comment begins.
    while (i < text_.size() && is_operator(at(i))) {
      if (i > begin && ((at(i) == '-' && at(i + 1) == '-') || (at(i) == '/' && at(i + 1) == '*'))) break;
      ++i;
    }
    return token(TokenKind::op, begin, i);
  }
  return token(TokenKind::unknown, begin, begin + 1);
}

}  // namespace pgops::guard
