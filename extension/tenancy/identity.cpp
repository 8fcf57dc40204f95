// tenancy: resolving identities, with the per-backend cache. See identity.hpp.
//
// The cache holds what was read under one generation of the tenancy tables and roles, and is dropped as a
// whole when the generation moves; a hit costs two map lookups.
#include "extension/tenancy/identity.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "extension/pg/identity.hpp"
#include "extension/tenancy/membership.hpp"

namespace pgops::tenancy {

namespace {

namespace id = pg::identity;

// Beyond this many entries a map is emptied: a backend that serves thousands of tenants in turn must not
// grow without bound.
constexpr std::size_t kCacheEntries = 2048;

// Shared, not copied: a login of a thousand tenants has a thousand rows.
using MemberRef = std::shared_ptr<const Member>;

struct Cache {
  std::uint64_t generation = 0;
  std::map<std::uint32_t, MemberRef> members;
  std::map<std::string, id::TenantState, std::less<>> tenants;
};
Cache cache;  // one thread per backend

void refresh_cache() {
  const std::uint64_t now = id::generation();
  if (cache.generation == now) return;
  cache.members.clear();
  cache.tenants.clear();
  cache.generation = now;
}

id::TenantState state_of(std::string_view tenant) {
  refresh_cache();
  if (const auto found = cache.tenants.find(tenant); found != cache.tenants.end()) return found->second;
  const std::uint64_t before = id::generation();
  const id::TenantState state = id::tenant_state(tenant);
  if (cache.tenants.size() >= kCacheEntries) cache.tenants.clear();
  // Locks taken while reading may have let an invalidation in: then what was read is not kept.
  if (id::generation() == before) cache.tenants.emplace(std::string(tenant), state);
  return state;
}

bool is_active(std::string_view tenant) { return state_of(tenant) == id::TenantState::active; }

Member read_member(std::uint32_t role) {
  Member member;
  member.role = role;
  member.name = id::role_name(role);
  member.is_superuser = id::is_superuser(role);
  if (member.is_superuser || id::has_privileges_of(role, "ops_admin")) {
    member.level = Access::admin;
  } else if (id::has_privileges_of(role, "ops_operator")) {
    member.level = Access::operator_;
  } else if (id::has_privileges_of(role, "ops_user")) {
    member.level = Access::user;
  }
  member.is_provisioner = id::has_privileges_of(role, "ops_provisioner");
  member.is_monitor = id::has_privileges_of(role, "ops_monitor");
  member.rows = id::memberships_of(id::roles_of(role));
  return member;
}

MemberRef member_of(std::uint32_t role) {
  refresh_cache();
  if (const auto found = cache.members.find(role); found != cache.members.end()) return found->second;
  const std::uint64_t before = id::generation();
  MemberRef member = std::make_shared<const Member>(read_member(role));
  if (cache.members.size() >= kCacheEntries) cache.members.clear();
  if (id::generation() == before) cache.members.emplace(role, member);
  return member;
}

// SQL text: 'it''s', "Odd Name". Only for hints that a person copies.
std::string literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

// As SQL spells a role: quotes only where they are needed.
std::string identifier(std::string_view name) {
  const bool plain = !name.empty() && (name[0] < '0' || name[0] > '9') &&
                     name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
  return plain ? std::string(name) : quoted(name);
}

std::string who(const Member& member) { return "role " + quoted(member.name); }

// regrole reads its text as an identifier.
std::string grant_statement(std::string_view tenant, std::string_view role, Access access) {
  std::string out = "SELECT ops.grant_tenant(" + literal(tenant) + ", " + literal(identifier(role));
  if (access != Access::user) out += ", " + literal(to_string(access));
  return out + ");";
}

Error restricted() {
  return {Code::permission_denied,
          "no tenant can be taken inside a security-restricted operation",
          "Maintenance commands run functions of other users, who must not act in your name.",
          {}};
}

Error no_level(const Member& member) {
  return {Code::permission_denied,
          who(member) + " may not use pg_ops",
          {},
          "An administrator gives the right with: GRANT ops_user TO " + identifier(member.name) + ";"};
}

Error no_such_tenant(std::string_view tenant) {
  return {Code::tenant_mismatch,
          "tenant " + quoted(tenant) + " does not exist or was dropped",
          {},
          "See view ops.tenants, or create it: SELECT ops.create_tenant(" + literal(tenant) + ");"};
}

// A tenant that does not exist and one that the role may not enter look the same.
Error no_membership(const Member& member, std::string_view tenant) {
  return {Code::tenant_mismatch,
          who(member) + " has no access to tenant " + quoted(tenant),
          {},
          "An administrator of the tenant gives it with: " + grant_statement(tenant, member.name, Access::user)};
}

Error no_default(const Member& member) {
  Error error{Code::tenant_mismatch, who(member) + " has no default tenant", {}, {}};
  if (member.has_every_tenant()) {
    error.hint =
        "Choose one for the transaction with: SELECT ops.set_tenant('<tenant>'); or for good with: "
        "SELECT ops.set_default_tenant(" +
        literal(identifier(member.name)) + ", '<tenant>');";
  } else {
    error.hint = "An administrator gives one with: " + grant_statement("<tenant>", member.name, Access::user);
  }
  return error;
}

Identity identity_of(const Member& member, std::string_view tenant) {
  return {member.role, member.name, member.is_superuser, std::string(tenant), member.access(tenant)};
}

Result<MemberRef> caller() {
  if (id::restricted_operation()) return restricted();
  return member_of(id::outer_user());
}

std::vector<std::string> only(std::string_view tenant, bool condition) {
  return condition ? std::vector<std::string>{std::string(tenant)} : std::vector<std::string>{};
}

// Tenants, dropped ones left out, in which the member has the access.
std::vector<std::string> tenants_with(const Member& member, Access needed) {
  std::vector<std::string> candidates;
  if (member.has_every_tenant()) {
    candidates = id::all_tenants(false);
    std::erase_if(candidates, [&](const std::string& tenant) { return member.access(tenant) < needed; });
  } else {
    candidates = member.named_tenants();
    std::erase_if(candidates,
                  [&](const std::string& tenant) { return member.access(tenant) < needed || !is_active(tenant); });
  }
  return candidates;
}

bool administers_installation(const Member& member) { return member.access(kSystemTenant) == Access::admin; }

}  // namespace

Result<Identity> resolve(std::optional<std::string_view> tenant) {
  const auto found = caller();
  if (!found) return found.error();
  const Member& member = **found;
  if (member.level == Access::none) return no_level(member);

  std::string wanted;
  if (tenant) {
    wanted = *tenant;
  } else if (const char* current = id::current_tenant(); current != nullptr) {
    wanted = current;
  } else if (auto chosen = member.default_tenant(is_active)) {
    wanted = std::move(*chosen);
  } else {
    return no_default(member);
  }
  if (member.membership(wanted) == Access::none) return no_membership(member, wanted);
  if (!is_active(wanted)) {
    return member.is_superuser ? no_such_tenant(wanted) : no_membership(member, wanted);
  }
  return identity_of(member, wanted);
}

Status require(const Identity& identity, Access needed) {
  if (identity.access >= needed) return Unit{};
  const MemberRef held = member_of(identity.role);
  const Member& member = *held;
  Error error{Code::permission_denied,
              who(member) + " has access " + std::string(to_string(identity.access)) + " in tenant " +
                  quoted(identity.tenant) + "; " + std::string(to_string(needed)) + " is needed",
              {},
              {}};
  if (member.level < needed) {
    error.hint = "The role's level is the limit: GRANT ops_" + std::string(to_string(needed)) + " TO " +
                 identifier(member.name) + ";";
  } else {
    error.hint = "The role's membership is the limit: " + grant_statement(identity.tenant, member.name, needed);
  }
  return error;
}

Status recheck(const Identity& stored) {
  const MemberRef held = member_of(stored.role);
  const Member& member = *held;
  if (member.name.empty() || member.name != stored.role_name) {
    return Error{Code::permission_denied, "role " + quoted(stored.role_name) + " is not the role it was", {}, {}};
  }
  if (member.access(stored.tenant) < stored.access || !is_active(stored.tenant)) {
    return no_membership(member, stored.tenant);
  }
  return Unit{};
}

std::vector<std::string> visible_tenants(Access needed) {
  const auto found = caller();
  if (!found || (*found)->level < needed) return {};
  const Member& member = **found;
  if (const char* current = id::current_tenant(); current != nullptr) {
    return only(current, member.access(current) >= needed && is_active(current));
  }
  return tenants_with(member, needed);
}

std::vector<std::string> monitored_tenants() {
  const auto found = caller();
  if (!found) return {};
  const Member& member = **found;
  if (!member.is_monitor) return visible_tenants(Access::user);
  if (const char* current = id::current_tenant(); current != nullptr) return only(current, is_active(current));
  return id::all_tenants(false);
}

std::vector<std::string> administered_tenants() {
  const auto found = caller();
  if (!found || (*found)->level < Access::admin) return {};
  const Member& member = **found;
  const char* current = id::current_tenant();
  if (!administers_installation(member)) {
    if (current != nullptr) return only(current, member.access(current) == Access::admin);
    return tenants_with(member, Access::admin);
  }
  if (current != nullptr) return only(current, true);
  std::vector<std::string> all = id::all_tenants(true);
  all.emplace_back(id::kEveryTenant);
  return all;
}

std::vector<MyAccess> my_access() {
  const auto found = caller();
  if (!found) return {};
  const Member& member = **found;
  const auto chosen = member.default_tenant(is_active);
  std::vector<MyAccess> rows;
  for (const std::string& tenant : tenants_with(member, Access::user)) {
    const std::uint32_t source = member.membership_source(tenant);
    rows.push_back(
        {tenant, member.access(tenant), chosen == tenant, member.is_superuser ? "superuser" : id::role_name(source)});
  }
  return rows;
}

std::optional<bool> is_default(std::uint32_t member_role, std::string_view member_name, std::string_view tenant) {
  const auto found = caller();
  if (!found) return std::nullopt;
  const Member& asking = **found;
  const std::vector<std::uint32_t> own = id::roles_of(asking.role);
  const bool administers =
      asking.level == Access::admin && (administers_installation(asking) || asking.access(tenant) == Access::admin);
  if (!administers && std::find(own.begin(), own.end(), member_role) == own.end()) return std::nullopt;
  const MemberRef held = member_of(member_role);
  const Member& member = *held;
  if (member.name.empty() || member.name != member_name) return false;
  return member.default_tenant(is_active) == tenant;
}

Result<Identity> administer_default(std::uint32_t member_role, std::string_view tenant) {
  const auto found = caller();
  if (!found) return found.error();
  const Member& asking = **found;
  if (asking.role != member_role) {
    if (auto allowed = administer(tenant, Administration::manage); !allowed) return allowed.error();
  }
  const MemberRef held = member_of(member_role);
  const Member& member = *held;
  if (member.name.empty()) {
    return Error{Code::tenant_mismatch, "there is no role with OID " + std::to_string(member_role), {}, {}};
  }
  if (member.membership(tenant) == Access::none || !is_active(tenant)) return no_membership(member, tenant);
  return identity_of(asking, tenant);
}

Result<Identity> administer(std::string_view tenant, Administration what) {
  const auto found = caller();
  if (!found) return found.error();
  const Member& member = **found;
  const bool admin = member.level == Access::admin;
  bool allowed = admin && administers_installation(member);
  switch (what) {
    case Administration::create: allowed = allowed || admin || member.is_provisioner; break;
    case Administration::grant:
      allowed = allowed || (member.is_provisioner && tenant != kSystemTenant && tenant != id::kEveryTenant);
      [[fallthrough]];
    case Administration::manage:
      allowed = allowed || (tenant != id::kEveryTenant && member.access(tenant) == Access::admin);
      break;
    case Administration::installation: break;
  }
  if (allowed) return identity_of(member, tenant);

  Error error{Code::permission_denied, who(member) + " may not administer tenant " + quoted(tenant), {}, {}};
  if (what == Administration::create) error.message = who(member) + " may not create tenants";
  if (what == Administration::installation || tenant == id::kEveryTenant) {
    error.message = who(member) + " may not administer all tenants";
    tenant = kSystemTenant;
  }
  if (!admin) {
    error.hint = "This needs role ops_admin: GRANT ops_admin TO " + identifier(member.name) + ";";
  } else {
    error.hint = "This needs access admin in the tenant: " + grant_statement(tenant, member.name, Access::admin);
  }
  return error;
}

}  // namespace pgops::tenancy
