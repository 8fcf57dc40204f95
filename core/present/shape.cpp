// core/present: shapes of results, see shape.hpp.
#include "core/present/shape.hpp"

#include <optional>
#include <set>
#include <string>

#include "core/decimal.hpp"
#include "core/present/moment.hpp"

namespace pgops::present {
namespace {

constexpr std::size_t kMaxCategoryBytes = 80;

bool ends_with_word(std::string_view name, std::string_view word) {
  if (!name.ends_with(word)) return false;
  return name.size() == word.size() || name[name.size() - word.size() - 1] == '_';
}

bool names_a_key(std::string_view name) {
  for (const std::string_view word : {"id", "pid", "oid", "xid", "code", "key", "number", "port", "year", "version"}) {
    if (ends_with_word(name, word)) return true;
  }
  return false;
}

// Every cell a number or null, and at least one a number.
bool is_measure(const Json& rows, const Json& column) {
  const std::string& name = column["name"].text();
  if (names_a_key(name)) return false;
  bool any = false;
  for (const Json& row : rows.items()) {
    const Json& cell = row[name];
    if (cell.is_null()) continue;
    if (!cell.is_number()) return false;
    any = true;
  }
  return any;
}

bool is_series(const Json& rows, const Json::Array& columns) {
  const std::string& when = columns[0]["name"].text();
  std::optional<std::int64_t> before;
  int direction = 0;
  for (const Json& row : rows.items()) {
    const Json& cell = row[when];
    const auto at = cell.is_string() ? moment_us(cell.text()) : std::nullopt;
    if (!at) return false;
    if (before) {
      const int order = *at > *before ? 1 : *at == *before ? 0 : -1;
      if (order == 0 || (direction != 0 && order != direction)) return false;
      direction = order;
    }
    before = at;
  }
  for (std::size_t c = 1; c < columns.size(); ++c) {
    if (!is_measure(rows, columns[c])) return false;
  }
  return true;
}

bool are_categories(const Json& rows, const Json::Array& columns) {
  const std::string& name = columns[0]["name"].text();
  std::set<std::string_view> seen;
  for (const Json& row : rows.items()) {
    const Json& cell = row[name];
    if (cell.is_null()) continue;  // a group of its own
    if (!cell.is_string() || cell.text().size() > kMaxCategoryBytes || moment_us(cell.text())) return false;
    if (!seen.insert(cell.text()).second) return false;
  }
  return !seen.empty() && is_measure(rows, columns[1]);
}

}  // namespace

Shape shape_of(const Json& result) {
  const Json::Array& columns = result["columns"].items();
  const Json& rows = result["rows"];
  if (rows.size() == 0 || columns.empty()) return Shape::nothing;
  if (rows.size() == 1) return columns.size() == 1 ? Shape::value : Shape::row;
  if (columns.size() < 2) return Shape::rows;
  if (is_series(rows, columns)) return Shape::series;
  if (columns.size() == 2 && rows.size() <= kMaxCategories && are_categories(rows, columns)) return Shape::categories;
  return Shape::rows;
}

std::size_t extreme_row(const Json& result, std::string_view column, int sign) {
  const Json::Array& rows = result["rows"].items();
  std::size_t best = rows.size();
  std::optional<Decimal> value;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Json& cell = rows[i][column];
    if (!cell.is_number()) continue;
    const auto number = Decimal::parse(cell.text());
    if (!number) continue;
    if (!value || (sign > 0 ? *value < *number : *number < *value)) {
      best = i;
      value = number;
    }
  }
  return best;
}

}  // namespace pgops::present
