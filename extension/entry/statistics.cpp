// extension/entry: SQL functions that the health tools read from (sql/69_health_sources.sql).
#include "extension/pg/function.hpp"

#include "extension/health/statements.hpp"
#include "extension/pg/column_widths.hpp"

PGOPS_FUNCTION(pgops_column_widths) {
  args.begin_rows();
  for (const auto& column : pgops::pg::column_widths()) {
    const std::optional<std::string> cells[] = {std::to_string(column.relation), std::to_string(column.attribute),
                                                std::to_string(column.width), std::to_string(column.null_fraction)};
    args.row(cells);
  }
  return args.end_rows();
}

PGOPS_FUNCTION(pgops_statement_statistics) {
  const auto statistics = pgops::health::statement_statistics();
  args.begin_rows();
  std::vector<std::optional<std::string>> cells(11);
  cells[0] = statistics.state;
  if (statistics.state != "ok") args.row(cells);
  for (const auto& row : statistics.rows.rows) {
    std::copy(row.begin(), row.end(), cells.begin() + 1);
    args.row(cells);
  }
  return args.end_rows();
}
