// extension/pg: names of catalog objects by OID. Free of postgres.h.
#pragma once

#include <cstdint>
#include <string>

namespace pgops::pg {

// The OID as text when there is no such object any more.
std::string database_name_of(std::uint32_t database);
std::string role_name_of(std::uint32_t role);

}  // namespace pgops::pg
