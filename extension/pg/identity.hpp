// extension/pg: who is asking, and what the tenancy tables say about them. Free of postgres.h.
//
// The *outer user* is the session's user after SET ROLE, before any SECURITY DEFINER: identity is always
// taken from there. The tenancy tables are read by index scans of our own, below SQL: neither grants nor
// row-level security nor the caller's search_path take part, and nothing of the caller runs.
// Every read sees the latest committed state, also under REPEATABLE READ: a revoked right is gone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgops::pg::identity {

// The row of membership_store that counts for every tenant but `system`.
inline constexpr std::string_view kEveryTenant = "*";

std::uint32_t outer_user() noexcept;
// True inside maintenance that runs other people's code (ANALYZE, REINDEX, REFRESH): the outer user is
// not the author of what runs, so no identity may be taken there.
bool restricted_operation() noexcept;

bool is_superuser(std::uint32_t role);
std::string role_name(std::uint32_t role);  // "" when there is no such role
// Whether `role` has the privileges of the role named `of`, as PostgreSQL counts them (inheritance
// included). False when there is no role of that name.
bool has_privileges_of(std::uint32_t role, const char* of);
// The role itself and every role whose privileges it has.
std::vector<std::uint32_t> roles_of(std::uint32_t role);

struct Membership {
  std::uint32_t role = 0;             // who was granted: the member itself or a group of theirs
  std::string tenant;                 // or kEveryTenant
  std::optional<std::string> access;  // nullopt: only the default is recorded here
  std::int64_t granted_at = 0;        // microseconds, for order only
  std::optional<std::int64_t> default_since;
};
// Rows of these roles. A row whose role name is not the name of its role today is left out: OIDs of
// dropped roles are used again.
std::vector<Membership> memberships_of(const std::vector<std::uint32_t>& roles);

enum class TenantState : std::uint8_t { unknown, active, dropped };
TenantState tenant_state(std::string_view tenant);
// In order of name.
std::vector<std::string> all_tenants(bool with_dropped);

// Changes whenever the tenancy tables, a role or a role membership may have changed. What was read
// before and after the same value is the same.
std::uint64_t generation();
// Makes every backend read the tenancy tables again when this transaction commits.
void announce_change();

// The setting pg_ops.tenant; nullptr when not set.
const char* current_tenant() noexcept;
// Until the end of the (sub)transaction, as SET LOCAL.
void set_tenant_local(std::string_view tenant);
// Until the running SECURITY DEFINER function returns; it must have a SET clause, which is what opens
// the nest level that is closed then.
void set_tenant_for_function(std::string_view tenant);
// row_security = on for as long: off is the session's to set, and would turn every read of our tables into
// an error.
void pin_settings_for_function();
// A WARNING when there is no transaction block that a local setting could outlive its statement in.
void warn_outside_transaction(const char* what);

}  // namespace pgops::pg::identity
