// core: UTF-8 at the level of code points: decoding one, encoding one, counting. Everything that needs
// properties of characters (case, scripts, boundaries) uses ICU instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pgops {

// Length in bytes (1..4) of the well-formed sequence at `at`; 0 when there is none (RFC 3629: no
// overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t utf8_length_at(std::string_view text, std::size_t at) noexcept;

// The code point of the well-formed sequence at `at` (check utf8_length_at first).
std::uint32_t utf8_decode_at(std::string_view text, std::size_t at) noexcept;

// `code_point` must be a Unicode scalar value.
void append_utf8(std::string& out, std::uint32_t code_point);

// Code points; a byte that belongs to no well-formed sequence counts as one.
std::size_t utf8_count(std::string_view text) noexcept;

// At most max_bytes bytes of `text`, cut between code points.
std::string_view utf8_truncate(std::string_view text, std::size_t max_bytes) noexcept;

}  // namespace pgops
