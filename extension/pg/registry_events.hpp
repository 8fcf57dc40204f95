// extension/pg: what the registry's cache needs of the server: change notices, roles. Free of postgres.h.
#pragma once

#include <cstdint>
#include <string>

namespace pgops::pg {

// Grows whenever one of our asset tables changed, in this or another backend; takes pending notices first.
std::uint64_t registry_generation();
// Tells all backends, at commit, that assets changed (relcache invalidation of ops.asset_store).
void registry_changed();

bool is_member(std::uint32_t role, const std::string& of);

// Whether a role may be a tool's run_as now: registered by an admin under this OID, and without the
// attributes that void the guard (superuser, BYPASSRLS, CREATEROLE, pg_read_all_data, write-all, files).
// ops_tool is always registered; ops_stats for tools of tenant `system` only.
struct RunAs {
  std::uint32_t oid = 0;
  std::string refusal;  // empty: allowed
};
RunAs judge_run_as(const std::string& role, bool system_tenant);

}  // namespace pgops::pg
