// extension/pg/analysis: what a function is, and whether an administrator allowed it. Includes postgres.h.
#pragma once

#include "extension/pg/door.hpp"

#include "guard/classification.hpp"

namespace pgops::pg::analysis {

struct FunctionInfo {
  bool found = false;
  bool compiled = false;  // LANGUAGE c or internal: installed by a superuser
  std::string schema;
  std::string name;
  std::string arguments;  // types separated by ",", spelled as under search_path = pg_catalog
  std::string owner;

  std::string qualified() const { return schema + "." + name; }
  std::string signature() const { return name + "(" + arguments + ")"; }
};

FunctionInfo function_info(Oid function);

// Names of the classes for ops._function_class and ops._relation_class; nullopt where there is none.
std::optional<std::string> function_class(Oid function);
std::optional<std::string> relation_class(Oid relation);
// The classification of a built-in function; nullopt when the server has one that the data has not.
std::optional<guard::Classified> classify(Oid function, const FunctionInfo& info);

// The constructors that CREATE TYPE ... AS RANGE makes: the server's own code under the type's name. What
// they call is judged with the type.
bool is_range_constructor(Oid function);

// ops.current_tenant(): policies call it for everybody.
bool is_current_tenant(const FunctionInfo& info) noexcept;

// What the health tools read statistics from (sql/69_health_sources.sql): class monitor.
bool is_own_statistics(const FunctionInfo& info) noexcept;

}  // namespace pgops::pg::analysis
