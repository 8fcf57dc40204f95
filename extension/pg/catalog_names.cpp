// extension/pg: names of catalog objects by OID. See catalog_names.hpp.
#include "extension/pg/door.hpp"
#include "extension/pg/catalog_names.hpp"

extern "C" {
#include "commands/dbcommands.h"
#include "utils/acl.h"
}

namespace pgops::pg {

std::string database_name_of(std::uint32_t database) {
  const char* name = call([=] { return static_cast<const char*>(get_database_name(database)); });
  return name == nullptr ? std::to_string(database) : std::string(name);
}

std::string role_name_of(std::uint32_t role) {
  const char* name = call([=] { return static_cast<const char*>(GetUserNameFromId(role, true)); });
  return name == nullptr ? std::to_string(role) : std::string(name);
}

}  // namespace pgops::pg
