// core/text: magnitudes drawn with characters. For the eye only, so doubles will do.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/json.hpp"

namespace pgops::text {

// value / largest of `width` columns; in ASCII '#'. A negative value is drawn hatched (ASCII '-').
std::string bar(double value, double largest, std::size_t width, bool unicode);

// One character per value, the least at the bottom; more values than `width` are drawn by the greatest of each
// stretch. Cells that are no numbers leave a gap.
std::string sparkline(const std::vector<const Json*>& cells, std::size_t width, bool unicode);

}  // namespace pgops::text
