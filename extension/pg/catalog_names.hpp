// extension/pg: names of catalog objects by OID. Free of postgres.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace pgops::pg {

// The OID as text when there is no such object any more.
std::string database_name_of(std::uint32_t database);
std::string role_name_of(std::uint32_t role);

// schema.name as SQL spells it; nullopt when there is no such relation any more.
std::optional<std::string> qualified_relation(std::uint32_t relation);

// A column's type (0: no such column) and its name as an SQL identifier.
struct ColumnName {
  std::uint32_t type = 0;
  std::string quoted;
};
ColumnName column_of(std::uint32_t relation, const std::string& name);

}  // namespace pgops::pg
