// extension/pg: is an application table protected by our row-level security policy, or shared by all
// tenants? Read from the catalogs, never assumed. Free of postgres.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace pgops::pg {

struct TenantPolicy {
  std::string column;     // the tenant column
  bool everyone = false;  // applies to PUBLIC, not to tool roles only
};

// The table's tenant policy, if it holds for `role` (0: whoever it names): row-level security is on and
// not bypassed by the role (superuser, BYPASSRLS, owner without FORCE), and the restrictive policy of our
// name covers all commands, applies to the role, and has exactly our expression for USING and WITH CHECK.
// Its permissive twin must be there as well: without it every tool would find an empty table.
std::optional<TenantPolicy> tenant_policy(std::uint32_t relation, std::uint32_t role);

// Why tenant_policy() says no, as a clause for people; empty where the table never was protected.
std::optional<std::string> protection_flaw(std::uint32_t relation, std::uint32_t role);

// Whether the relation is marked by ops.share_table(): OID and name must both be the marked ones.
bool is_shared_table(std::uint32_t relation);

// Makes every backend read the relation's protection again when this transaction commits.
void announce_protection_change(std::uint32_t relation);

}  // namespace pgops::pg
