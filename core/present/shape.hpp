// core/present: what a result looks like, from its columns and cells alone; decides sentence and block
// where the tool's author says nothing.
//
// Vocabulary: a *measure* is a column whose cells are numbers and whose name is not that of a key (id,
// pid, code ...: numbers that name something are no quantities); a *series* has moments in its first
// column, in order and each once, and measures in all others; *categories* are two columns, a short text
// that occurs once and a measure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/json.hpp"

namespace pgops::present {

enum class Shape : std::uint8_t { nothing, value, row, series, categories, rows };

constexpr std::size_t kMaxCategories = 60;

// `result` has columns and rows, as a tool's result has.
Shape shape_of(const Json& result);

// Index of the row whose cell in `column` is the greatest (sign 1) or least (-1); the first of equals.
// The result's size when no cell is a number.
std::size_t extreme_row(const Json& result, std::string_view column, int sign);

}  // namespace pgops::present
