// extension/pg: widths of columns out of pg_statistic, without any value of a row. Free of postgres.h.
//
// The catalog is closed to everybody but superusers because it holds values; an estimate of bloat needs only the
// average width and the share of NULLs, so those two are read by a scan of our own.
#pragma once

#include <cstdint>
#include <vector>

namespace pgops::pg {

struct ColumnWidth {
  std::uint32_t relation = 0;
  std::int16_t attribute = 0;
  std::int32_t width = 0;  // bytes, average of the values that are not NULL
  float null_fraction = 0;
};

// Of every analyzed column of this database; the parent's own rows where there is inheritance.
std::vector<ColumnWidth> column_widths();

}  // namespace pgops::pg
