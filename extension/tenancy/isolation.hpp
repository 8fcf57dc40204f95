// tenancy: what one tenant sees of a relation, asked by a real statement. For ops.prove_isolation().
//
// Two paths. Tools: the statement passes the guard and runs as a tool of the tenant would. Application: it
// runs as a role of the application with the tenant set, read only and rolled back, without the guard,
// which does not stand between an application and its tables.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/error.hpp"
#include "core/json.hpp"

namespace pgops::tenancy {

struct Probe {
  std::uint32_t relation = 0;
  std::optional<std::string> column;  // the column that says whose a row is
  std::string tenant;                 // who looks
  std::string other;                  // whose rows are looked for
  std::uint32_t role = 0;
  bool as_tool = true;
};

// {"seen", "of_other", "foreign"} (the last two 0 without a column; foreign: rows of any tenant but the one
// that looks), or {"code", "rule", "message", "hint"} when the statement was refused or failed.
// Errors are for what was not asked: the caller is no administrator of both tenants or no member of the
// role, the role is a superuser, no executor is to be had.
Result<Json> count_rows(const Probe& probe);

}  // namespace pgops::tenancy
