// tenancy: an identity is role + tenant + access, resolved once per request and then passed as a value.
//
// Vocabulary. *Level*: what the role may do at all (ops_user < ops_operator < ops_admin). *Membership*:
// the access a role was granted in a tenant, directly, through a group, or for every tenant. *Access*:
// the weaker of the two; it is what counts. A superuser is admin of every tenant, with `system` as default.
// Everything here is cached per backend until a role or a tenancy table changes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "extension/pg/memory.hpp"

namespace pgops::tenancy {

inline constexpr std::string_view kSystemTenant = "system";

enum class Access : std::uint8_t { none, user, operator_, admin };
std::string_view to_string(Access access) noexcept;  // "none", "user", "operator", "admin"
std::optional<Access> access_from_name(std::string_view name) noexcept;

struct Identity {
  std::uint32_t role = 0;  // the outer user: honours SET ROLE, ignores SECURITY DEFINER
  std::string role_name;
  bool is_superuser = false;
  std::string tenant;
  Access access = Access::none;  // at least user
};

// The identity of who is asking now. The tenant is the one named, else the one set in this transaction,
// else the role's default. TENANT_MISMATCH names the missing grant and the statement that gives it;
// PERMISSION_DENIED when the role has no level at all.
Result<Identity> resolve(std::optional<std::string_view> tenant = std::nullopt);

// PERMISSION_DENIED when the identity's access is below `needed`; the hint says which of level and
// membership is the weaker one and how to raise it.
Status require(const Identity& identity, Access needed);

// What a stored identity (of deferred work) is worth today: the role must still have its name, and at
// least that access to that tenant.
Status recheck(const Identity& stored);

// Which rows the caller sees: the current tenant if one is set and the caller has the access there, else
// every tenant in which it has. Empty rather than an error when the caller has none.
std::vector<std::string> visible_tenants(Access needed);
// For views over metadata: every tenant for a member of ops_monitor, else visible_tenants(user).
std::vector<std::string> monitored_tenants();
// Whose tenancy the caller may see and change; dropped tenants and "*" included for the administrators
// of the installation (superusers, admins of tenant `system`).
std::vector<std::string> administered_tenants();

// One row of view ops.my_access.
struct MyAccess {
  std::string tenant;
  Access access;
  bool is_default;
  std::string via;  // the role that holds the membership, or "superuser"
};
std::vector<MyAccess> my_access();

// Whether the tenant is the member's default. nullopt to those who may not know: neither the member (or
// in its group) nor an administrator of the tenant. False when the role's name is another today.
std::optional<bool> is_default(std::uint32_t member_role, std::string_view member_name, std::string_view tenant);

// What may be done to a tenant's own record and memberships.
enum class Administration : std::uint8_t {
  create,       // ops_provisioner, ops_admin
  grant,        // ops_provisioner (never in `system`, never for every tenant), or as manage
  manage,       // ops_admin with access admin in that tenant or in `system`
  installation  // ops_admin with access admin in `system`
};
// Returns the caller's identity with `tenant` as its tenant; existence of the tenant is not looked at.
Result<Identity> administer(std::string_view tenant, Administration what);
// For changing a member's default: the caller is the member or administers the tenant, and the member may
// enter it. Returns the caller's identity.
Result<Identity> administer_default(std::uint32_t member_role, std::string_view tenant);

// Runs a stretch of code under a tenant: row-level security sees it until the scope ends. Does not check
// anything: the tenant comes from a resolved Identity.
class TenantScope {
 public:
  explicit TenantScope(std::string_view tenant) { scope_.set("pg_ops.tenant", std::string(tenant).c_str()); }

 private:
  pg::GucScope scope_;
};

}  // namespace pgops::tenancy
