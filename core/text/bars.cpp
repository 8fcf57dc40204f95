// core/text: bars and sparklines, see bars.hpp.
#include "core/text/bars.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace pgops::text {
namespace {

// "▏▎▍▌▋▊▉█": eighths of a column.
constexpr std::array<const char*, 8> kEighths = {"\xE2\x96\x8F", "\xE2\x96\x8E", "\xE2\x96\x8D", "\xE2\x96\x8C",
                                                 "\xE2\x96\x8B", "\xE2\x96\x8A", "\xE2\x96\x89", "\xE2\x96\x88"};
constexpr const char* kHatched = "\xE2\x96\x92";  // "▒"
// "▁▂▃▄▅▆▇█"
constexpr std::array<const char*, 8> kLevels = {"\xE2\x96\x81", "\xE2\x96\x82", "\xE2\x96\x83", "\xE2\x96\x84",
                                                "\xE2\x96\x85", "\xE2\x96\x86", "\xE2\x96\x87", "\xE2\x96\x88"};
constexpr std::array<const char*, 8> kAsciiLevels = {"_", ".", ":", "-", "=", "+", "*", "#"};

}  // namespace

std::string bar(double value, double largest, std::size_t width, bool unicode) {
  if (!(largest > 0) || !std::isfinite(value) || width == 0) return {};
  const double share = std::min(1.0, std::abs(value) / largest) * static_cast<double>(width);
  std::string out;
  if (value < 0) {
    for (auto n = static_cast<std::size_t>(std::lround(share)); n > 0; --n) out += unicode ? kHatched : "-";
    return out;
  }
  if (!unicode) return std::string(static_cast<std::size_t>(std::lround(share)), '#');
  const auto eighths = static_cast<std::size_t>(std::lround(share * 8));
  for (std::size_t n = 0; n < eighths / 8; ++n) out += kEighths[7];
  if (eighths % 8 != 0) out += kEighths[eighths % 8 - 1];
  // Something is more than nothing.
  if (out.empty() && value > 0) out = kEighths[0];
  return out;
}

std::string sparkline(const std::vector<const Json*>& cells, std::size_t width, bool unicode) {
  std::vector<std::optional<double>> points;
  const std::size_t count = std::min(cells.size(), width);
  double low = 0;
  double high = 0;
  bool any = false;
  for (std::size_t p = 0; p < count; ++p) {
    std::optional<double> greatest;
    for (std::size_t i = p * cells.size() / count; i < (p + 1) * cells.size() / count; ++i) {
      const auto value = cells[i]->as_double();
      if (value && std::isfinite(*value) && (!greatest || *value > *greatest)) greatest = value;
    }
    points.push_back(greatest);
    if (!greatest) continue;
    low = any ? std::min(low, *greatest) : *greatest;
    high = any ? std::max(high, *greatest) : *greatest;
    any = true;
  }
  std::string out;
  for (const auto& point : points) {
    if (!point) {
      out += " ";
      continue;
    }
    const double share = high > low ? (*point - low) / (high - low) : 0.5;
    const auto level = static_cast<std::size_t>(std::lround(share * 7));
    out += (unicode ? kLevels : kAsciiLevels)[std::min<std::size_t>(level, 7)];
  }
  return any ? out : std::string();
}

}  // namespace pgops::text
