// core/text: tables as psql prints them, with units, bars and sparklines.
//
// Figures are never cut: where a table is too wide, long texts are cut with an ellipsis; where that does not help,
// few rows are written one value a line, and of many rows the last columns are left out and named.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/json.hpp"

namespace pgops::text {

struct Form {
  std::size_t width = 100;  // columns a line may take
  bool wrap = false;        // sentences too
  bool korean = false;
  bool unicode = true;  // the client can show more than ASCII: block characters and the ellipsis
  std::size_t max_rows = 50;

  std::string ellipsis() const { return unicode ? "\xE2\x80\xA6" : "..."; }
};

// `block` has columns [{"name","title","unit","format"}] and rows of objects; type chart and timeseries draw the
// first measure as bars, and a timeseries each measure as a sparkline. Empty when there is nothing to show.
std::vector<std::string> render_table(const Json& block, const Form& form);

// A cell for people: formatted by the column's unit and format, NULL as nothing.
std::string cell_text(const Json& value, const Json& column, const Form& form);

}  // namespace pgops::text
