// extension/health: reading pg_stat_statements, in whatever schema it was created, if it was.
#pragma once

#include <string>

#include "extension/pg/spi.hpp"

namespace pgops::health {

struct StatementStatistics {
  // "ok", or why there is nothing: "not created", "not preloaded", "not readable", "too old".
  std::string state;
  // Columns: query, calls, total_ms, mean_ms, max_ms, rows, blocks_hit, blocks_read, temp_blocks_written, is_sensitive.
  pg::spi::Rows rows;
};

// With the rights of the current role.
StatementStatistics statement_statistics();

}  // namespace pgops::health
