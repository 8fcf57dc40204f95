// guard: PostgreSQL's lexical level, as far as the guard needs it.
//
// One pass over a statement, no allocation, no recursion: every byte belongs to exactly one token.
// Follows src/backend/parser/scan.l of PostgreSQL 15 with standard_conforming_strings = on. It never
// decides what a statement means: the text it helps to rewrite or to measure is parsed afterwards,
// so a disagreement with the server's lexer costs a clear error, never an admission.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pgops::guard {

enum class TokenKind : std::uint8_t {
  end,
  space,       // white space and comments
  identifier,  // bare or "quoted" (U&"" included), keywords included
  string,      // '', E'', B'', X'', N'', U&'', $tag$ $tag$; continuation lines included
  number,
  parameter,  // $1
  cast,       // ::
  assign,     // :=
  colon,      // a single :
  open,       // ( or [
  close,      // ) or ]
  comma,
  semicolon,
  dot,
  op,       // a run of operator characters
  unknown,  // any other byte, left to the parser to refuse
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::size_t begin = 0;
  std::size_t end = 0;
  bool terminated = true;  // false: a string, identifier or comment that runs into the end of the text
};

class Lexer {
 public:
  explicit Lexer(std::string_view text, std::size_t from = 0) noexcept : text_(text), pos_(from) {}
  Token next() noexcept;

 private:
  char at(std::size_t i) const noexcept { return i < text_.size() ? text_[i] : '\0'; }
  bool skip_block_comment(std::size_t& i) const noexcept;
  bool skip_quoted(std::size_t& i, char quote, bool escapes) const noexcept;
  bool skip_continuation(std::size_t& i) const noexcept;
  bool skip_dollar_quote(std::size_t& i) const noexcept;
  void skip_number(std::size_t& i) const noexcept;
  Token token(TokenKind kind, std::size_t begin, std::size_t end, bool terminated = true) noexcept;

  std::string_view text_;
  std::size_t pos_ = 0;
};

bool is_identifier_start(char c) noexcept;
bool is_identifier_part(char c) noexcept;

}  // namespace pgops::guard
