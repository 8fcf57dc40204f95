// guard: named parameters of a tool's SQL.
//
// `:name` becomes `$n` (the same name the same n, numbered in order of first appearance). It is never
// text substitution: the value is bound. Casts, literals, comments, quoted identifiers and `:=` are
// left alone; directly inside square brackets a colon is a slice, a parameter there is written `(:n)`.
// The text that results is what every later layer parses; PositionMap leads a byte offset in it back
// to the character the author wrote.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgops::guard {

class PositionMap {
 public:
  PositionMap() = default;
  explicit PositionMap(std::string_view user_text) : user_text_(user_text) {}

  // From here on, byte `out` of the rewritten text is byte `user` of the user's.
  void add(std::size_t out, std::size_t user);
  // 0-based byte of the rewritten text -> 1-based character of the user's text.
  int user_position(std::size_t out_offset) const noexcept;
  // The server counts errors in 1-based characters of the text it was given.
  int user_position_of_character(std::string_view rewritten, int character) const noexcept;
  static int character_of(std::string_view text, std::size_t offset) noexcept;  // 1-based

 private:
  struct Segment {
    std::size_t out;
    std::size_t user;
  };
  std::string user_text_;
  std::vector<Segment> segments_;
};

struct ParamUse {
  std::size_t index;  // 0-based into names
  int position;       // 1-based character of the user's text
};

struct Rewritten {
  bool ok = false;
  std::string sql;                 // with $1, $2, ...
  std::vector<std::string> names;  // names[0] is $1
  std::vector<ParamUse> uses;      // every occurrence, in order
  PositionMap map;
  // When !ok: a stable rule name, a sentence, what to do, and where.
  std::string rule;
  std::string message;
  std::string hint;
  int position = 0;
};

// Accepts any bytes; text that is not UTF-8 is refused later, by the parse guard.
Rewritten rewrite_params(std::string_view user_text);

}  // namespace pgops::guard
