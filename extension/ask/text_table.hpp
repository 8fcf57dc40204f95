// extension/ask: plain-text tables, aligned by display width.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"

namespace pgops::ask {

// Control characters (terminal escapes among them) become '?': a result must not steer a terminal.
std::string printable(std::string_view text);

// Columns are [{"name":..}], rows objects. Numbers right-aligned; cells longer than 60 columns are cut;
// rows beyond max_rows are counted in a last line.
std::vector<std::string> render_table(const Json& columns, const Json& rows, std::size_t max_rows);

}  // namespace pgops::ask
