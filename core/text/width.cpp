// core/text: widths by ICU's East Asian Width, see width.hpp.
#include "core/text/width.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace pgops::text {
namespace {

UChar32 next_character(std::string_view text, std::int32_t& at) noexcept {
  UChar32 c = 0;
  U8_NEXT(reinterpret_cast<const std::uint8_t*>(text.data()), at, static_cast<std::int32_t>(text.size()), c);
  return c;
}

std::size_t width_of(UChar32 c) noexcept {
  if (c < 0x300) return 1;
  const auto type = u_charType(c);
  if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_FORMAT_CHAR) return 0;
  const auto syllable = u_getIntPropertyValue(c, UCHAR_HANGUL_SYLLABLE_TYPE);
  if (syllable == U_HST_VOWEL_JAMO || syllable == U_HST_TRAILING_JAMO) return 0;
  const auto east = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
  return east == U_EA_WIDE || east == U_EA_FULLWIDTH ? 2 : 1;
}

bool steers(UChar32 c) noexcept {
  if (c < 0) return true;
  const auto type = u_charType(c);
  return type == U_CONTROL_CHAR || type == U_FORMAT_CHAR || type == U_LINE_SEPARATOR || type == U_PARAGRAPH_SEPARATOR ||
         type == U_SURROGATE || type == U_PRIVATE_USE_CHAR;
}

std::string visible(UChar32 c) {
  if (c == '\t') return " ";
  if (c == '\n') return "\\n";
  if (c == '\r') return "\\r";
  if (c < 0) return "?";
  char out[16];
  const auto code = static_cast<unsigned>(c);
  std::snprintf(out, sizeof(out), c < 0x80 ? "\\x%02X" : c < 0x10000 ? "\\u%04X" : "\\U%08X", code);
  return out;
}

}  // namespace

std::size_t display_width(std::string_view text) noexcept {
  std::size_t width = 0;
  for (std::int32_t at = 0; at < static_cast<std::int32_t>(text.size());) {
    const UChar32 c = next_character(text, at);
    width += c < 0 ? 1 : width_of(c);
  }
  return width;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::int32_t at = 0; at < static_cast<std::int32_t>(text.size());) {
    const auto start = static_cast<std::size_t>(at);
    const UChar32 c = next_character(text, at);
    if (steers(c)) {
      out += visible(c);
    } else {
      out.append(text.substr(start, static_cast<std::size_t>(at) - start));
    }
  }
  return out;
}

std::string cut_to_width(std::string_view text, std::size_t width, std::string_view mark) {
  if (display_width(text) <= width) return std::string(text);
  const std::size_t room = width - std::min(width, display_width(mark));
  std::size_t used = 0;
  for (std::int32_t at = 0; at < static_cast<std::int32_t>(text.size());) {
    const std::int32_t start = at;
    const UChar32 c = next_character(text, at);
    used += c < 0 ? 1 : width_of(c);
    if (used > room) return std::string(text.substr(0, static_cast<std::size_t>(start))).append(mark);
  }
  return std::string(text);
}

std::string pad(std::string_view text, std::size_t width, bool right) {
  const std::size_t own = display_width(text);
  const std::string blank(width > own ? width - own : 0, ' ');
  return right ? blank + std::string(text) : std::string(text) + blank;
}

std::vector<std::string> wrap(std::string_view text, std::size_t width, std::string_view indent) {
  std::vector<std::string> lines;
  std::string head;
  while (width > 0 && display_width(head) + display_width(text) > width) {
    const std::size_t room = width - std::min(width - 1, display_width(head));
    // The last space that still fits, else the last character that does.
    std::size_t used = 0;
    std::size_t space = 0;
    std::size_t end = 0;
    for (std::int32_t at = 0; at < static_cast<std::int32_t>(text.size());) {
      const auto start = static_cast<std::size_t>(at);
      const UChar32 c = next_character(text, at);
      const std::size_t own = c < 0 ? 1 : width_of(c);
      if (c == ' ' && start > 0) space = start;
      if (used + own > room) break;
      used += own;
      end = static_cast<std::size_t>(at);
    }
    if (end == 0) break;  // not even one character fits
    const std::size_t cut = space > 0 ? space : end;
    lines.push_back(head + std::string(text.substr(0, cut)));
    text.remove_prefix(cut);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    head = indent;
    if (text.empty()) return lines;
  }
  lines.push_back(head + std::string(text));
  return lines;
}

}  // namespace pgops::text
