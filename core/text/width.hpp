// core/text: text on a terminal: what a character takes, where a line is cut, and what must not reach it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgops::text {

// Columns of a terminal: 2 for wide East Asian characters, 0 for combining marks.
std::size_t display_width(std::string_view text) noexcept;

// Control characters (terminal escapes among them), format characters (they could make a line read as another) and
// line separators are written visibly: "\x1B", "\u202E", "\n"; a tab becomes a space.
std::string printable(std::string_view text);

// At most `width` columns; what was cut ends with `mark`.
std::string cut_to_width(std::string_view text, std::size_t width, std::string_view mark);

std::string pad(std::string_view text, std::size_t width, bool right);

// Lines of at most `width` columns, broken at spaces where there are some; later lines begin with `indent`.
// width 0: one line.
std::vector<std::string> wrap(std::string_view text, std::size_t width, std::string_view indent);

}  // namespace pgops::text
