// extension/ask: plain-text tables. See text_table.hpp.
#include "extension/ask/text_table.hpp"

#include <algorithm>
#include <cstdint>
#include <unicode/uchar.h>
#include <unicode/utf8.h>
#include <utility>

namespace pgops::ask {

namespace {

constexpr std::size_t kMaxCellWidth = 60;

std::size_t width_of(UChar32 c) noexcept {
  const auto type = u_charType(c);
  if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_FORMAT_CHAR) return 0;
  const auto east = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
  return east == U_EA_WIDE || east == U_EA_FULLWIDTH ? 2 : 1;
}

UChar32 next_character(std::string_view text, std::int32_t& at) noexcept {
  UChar32 c = 0;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto length = static_cast<std::int32_t>(text.size());
  U8_NEXT(bytes, at, length, c);
  return c;
}

std::size_t display_width(std::string_view text) noexcept {
  std::size_t width = 0;
  for (std::int32_t at = 0; at < static_cast<std::int32_t>(text.size());) {
    const UChar32 c = next_character(text, at);
    width += c < 0 ? 1 : width_of(c);
  }
  return width;
}

std::string cut_to_width(const std::string& text, std::size_t width) {
  if (display_width(text) <= width) return text;
  std::size_t used = 0;
  std::int32_t at = 0;
  while (at < static_cast<std::int32_t>(text.size())) {
    const std::int32_t start = at;
    const UChar32 c = next_character(text, at);
    used += c < 0 ? 1 : width_of(c);
    if (used + 3 > width) return text.substr(0, static_cast<std::size_t>(start)) + "...";
  }
  return text;
}

std::string pad(const std::string& text, std::size_t width, bool right) {
  const std::size_t own = display_width(text);
  const std::string blank(width > own ? width - own : 0, ' ');
  return right ? blank + text : text + blank;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::int32_t at = 0; at < static_cast<std::int32_t>(text.size());) {
    const auto start = static_cast<std::size_t>(at);
    const UChar32 c = next_character(text, at);
    const int type = c < 0 ? static_cast<int>(U_CONTROL_CHAR) : static_cast<int>(u_charType(c));
    // Bidirectional overrides are format characters: they could make a line read as another.
    const bool steering = type == U_CONTROL_CHAR || type == U_FORMAT_CHAR || type == U_LINE_SEPARATOR ||
                          type == U_PARAGRAPH_SEPARATOR || type == U_SURROGATE;
    if (steering) {
      out += c == '\t' ? ' ' : '?';
    } else {
      out.append(text.substr(start, static_cast<std::size_t>(at) - start));
    }
  }
  return out;
}

std::vector<std::string> render_table(const Json& columns, const Json& rows, std::size_t max_rows) {
  std::vector<std::string> names;
  std::vector<std::size_t> widths;
  std::vector<bool> numeric;
  for (const Json& column : columns.items()) {
    names.push_back(cut_to_width(printable(column["name"].string_or("")), kMaxCellWidth));
    widths.push_back(display_width(names.back()));
    numeric.push_back(true);
  }
  const std::size_t shown = std::min(max_rows, rows.size());
  std::vector<std::vector<std::string>> cells;
  for (std::size_t r = 0; r < shown; r++) {
    std::vector<std::string> line;
    for (std::size_t c = 0; c < names.size(); c++) {
      const Json& value = rows.items()[r][columns.items()[c]["name"].text()];
      if (!value.is_number() && !value.is_null()) numeric[c] = false;
      std::string text;
      if (!value.is_null())
        text = printable(value.is_string() ? value.text() : value.is_number() ? value.text() : value.dump());
      line.push_back(cut_to_width(text, kMaxCellWidth));
      widths[c] = std::max(widths[c], display_width(line.back()));
    }
    cells.push_back(std::move(line));
  }
  std::vector<std::string> out;
  std::string head;
  std::string rule;
  for (std::size_t c = 0; c < names.size(); c++) {
    head += (c == 0 ? " " : " | ") + pad(names[c], widths[c], numeric[c]);
    rule += (c == 0 ? "-" : "-+-") + std::string(widths[c], '-');
  }
  out.push_back(head);
  out.push_back(rule + "-");
  for (const auto& line : cells) {
    std::string text;
    for (std::size_t c = 0; c < line.size(); c++) text += (c == 0 ? " " : " | ") + pad(line[c], widths[c], numeric[c]);
    out.push_back(std::move(text));
  }
  if (rows.size() > shown) out.push_back("... and " + std::to_string(rows.size() - shown) + " more rows");
  return out;
}

}  // namespace pgops::ask
