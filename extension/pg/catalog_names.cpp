// extension/pg: names of catalog objects by OID. See catalog_names.hpp.
#include "extension/pg/door.hpp"
#include "extension/pg/catalog_names.hpp"

extern "C" {
#include "commands/dbcommands.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
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

std::optional<std::string> qualified_relation(std::uint32_t relation) {
  const char* name = call([=]() -> const char* {
    const char* own = get_rel_name(relation);
    const char* schema = own == nullptr ? nullptr : get_namespace_name(get_rel_namespace(relation));
    return schema == nullptr ? nullptr : quote_qualified_identifier(schema, own);
  });
  if (name == nullptr) return std::nullopt;
  return name;
}

ColumnName column_of(std::uint32_t relation, const std::string& name) {
  struct Plain {
    Oid type;
    const char* quoted;
  };
  const char* chars = name.c_str();
  const Plain found = call([=] {
    const AttrNumber number = get_attnum(relation, chars);
    if (number <= 0) return Plain{InvalidOid, ""};
    return Plain{get_atttype(relation, number), quote_identifier(chars)};
  });
  return {found.type, found.quoted};
}

}  // namespace pgops::pg
