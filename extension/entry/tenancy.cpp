// entry: SQL-callable functions of identity and tenancy. Thin: arguments in, a call, a result out.
#include "extension/pg/function.hpp"

#include "extension/pg/catalog_names.hpp"
#include "extension/pg/identity.hpp"
#include "extension/pg/policy_text.hpp"
#include "extension/pg/protection.hpp"
#include "extension/tenancy/identity.hpp"

namespace {

namespace id = pgops::pg::identity;
namespace tenancy = pgops::tenancy;
using pgops::Code;
using pgops::pg::Error;

template <class T>
T&& unwrap(pgops::Result<T>&& result) {
  if (!result) throw Error::from(result.error());
  return std::move(*result);
}

void check(const pgops::Status& status) {
  if (!status) throw Error::from(status.error());
}

tenancy::Administration administration_of(const std::string& name) {
  if (name == "create") return tenancy::Administration::create;
  if (name == "grant") return tenancy::Administration::grant;
  if (name == "manage") return tenancy::Administration::manage;
  if (name == "installation") return tenancy::Administration::installation;
  throw Error::from({Code::internal_error, "unknown purpose " + name, {}, {}});
}

tenancy::Access access_of(const std::string& name) {
  const auto access = tenancy::access_from_name(name);
  if (!access) throw Error::from({Code::internal_error, "unknown access " + name, {}, {}});
  return *access;
}

}  // namespace

// The one function everybody may call, inside every policy: no doors, no allocation but the result.
extern "C" {
PG_FUNCTION_INFO_V1(pgops_current_tenant);
Datum pgops_current_tenant(PG_FUNCTION_ARGS) {
  const char* tenant = id::current_tenant();
  if (tenant == nullptr) PG_RETURN_NULL();
  return PointerGetDatum(cstring_to_text(tenant));
}
}

PGOPS_FUNCTION(pgops_set_tenant) {
  const std::string tenant = args.required_text(0, "tenant");
  const auto identity = unwrap(tenancy::resolve(tenant));
  id::warn_outside_transaction("ops.set_tenant");
  id::set_tenant_local(identity.tenant);
  return args.ret_void();
}

// For definer functions: checks the caller's access to its tenant and puts the tenant in force until the
// function returns. Returns the tenant; NULL for monitor, which is not about one tenant.
PGOPS_FUNCTION(pgops_enter) {
  const std::string needed = args.required_text(0, "access");
  id::pin_settings_for_function();
  if (needed == "monitor") {
    const std::uint32_t role = id::outer_user();
    if (!id::restricted_operation() && id::has_privileges_of(role, "ops_monitor")) return args.null();
    const std::string name = id::role_name(role);
    throw Error::from({Code::permission_denied,
                       "role \"" + name + "\" may not monitor all tenants",
                       {},
                       "An administrator gives the right with: GRANT ops_monitor TO \"" + name + "\";"});
  }
  const auto identity = unwrap(tenancy::resolve());
  check(tenancy::require(identity, access_of(needed)));
  id::set_tenant_for_function(identity.tenant);
  return args.ret_text(identity.tenant);
}

// For definer functions that change a tenant's own record or memberships. Returns the caller's name.
PGOPS_FUNCTION(pgops_enter_tenant) {
  const std::string tenant = args.required_text(0, "tenant");
  const auto what = administration_of(args.required_text(1, "purpose"));
  const auto identity = unwrap(tenancy::administer(tenant, what));
  if (what == tenancy::Administration::grant || what == tenancy::Administration::manage) {
    if (tenant != id::kEveryTenant && id::tenant_state(tenant) == id::TenantState::unknown) {
      throw Error::from({Code::tenant_mismatch,
                         "tenant \"" + tenant + "\" does not exist",
                         {},
                         "See view ops.tenants for the tenants there are."});
    }
  }
  id::pin_settings_for_function();
  id::set_tenant_for_function(tenant);
  return args.ret_text(identity.role_name);
}

PGOPS_FUNCTION(pgops_caller) {
  if (id::restricted_operation()) {
    pgops::pg::raise(Code::permission_denied, "no identity can be taken inside a security-restricted operation");
  }
  return ObjectIdGetDatum(id::outer_user());
}

PGOPS_FUNCTION(pgops_my_tenants) {
  const std::string purpose = args.required_text(0, "purpose");
  if (purpose == "monitor") return args.ret_text_array(tenancy::monitored_tenants());
  if (purpose == "tenancy") return args.ret_text_array(tenancy::administered_tenants());
  return args.ret_text_array(tenancy::visible_tenants(access_of(purpose)));
}

PGOPS_FUNCTION(pgops_my_roles) {
  const auto roles = id::restricted_operation() ? std::vector<std::uint32_t>{} : id::roles_of(id::outer_user());
  return args.ret_oid_array(roles);
}

PGOPS_FUNCTION(pgops_my_access) {
  args.begin_rows();
  for (const auto& row : tenancy::my_access()) {
    const std::array<std::optional<std::string>, 4> values{row.tenant, std::string(tenancy::to_string(row.access)),
                                                           row.is_default ? "true" : "false", row.via};
    args.row(values);
  }
  return args.end_rows();
}

PGOPS_FUNCTION(pgops_is_default) {
  const auto member = args.oid(0);
  const auto name = args.name(1);
  const auto tenant = args.text(2);
  if (!member || !name || !tenant) return args.null();
  const auto answer = tenancy::is_default(*member, *name, *tenant);
  return answer ? args.ret_bool(*answer) : args.null();
}

PGOPS_FUNCTION(pgops_enter_own_default) {
  const auto member = args.oid(0);
  if (!member) pgops::pg::raise_sqlstate("22004", "member must not be null");
  const std::string tenant = args.required_text(1, "tenant");
  const auto identity = unwrap(tenancy::administer_default(*member, tenant));
  id::pin_settings_for_function();
  id::set_tenant_for_function(tenant);
  return args.ret_text(identity.role_name);
}

PGOPS_FUNCTION(pgops_tenancy_changed) {
  id::announce_change();
  return args.ret_void();
}

// NULL when the column's type cannot be a tenant's.
PGOPS_FUNCTION(pgops_policy_expression) {
  const auto relation = args.oid(0);
  const auto column = args.name(1);
  if (!relation || !column) return args.null();
  const pgops::pg::ColumnName found = pgops::pg::column_of(*relation, *column);
  const auto expression = pgops::pg::policy_expression(found.type, found.quoted);
  return expression ? args.ret_text(*expression) : args.null();
}

// The tenant column of a table whose policy is exactly ours, else NULL. `role` 0: whatever role it names.
PGOPS_FUNCTION(pgops_tenant_column) {
  const auto relation = args.oid(0);
  const auto role = args.oid(1);
  if (!relation) return args.null();
  const auto policy = pgops::pg::tenant_policy(*relation, role.value_or(0));
  return policy ? args.ret_text(policy->column) : args.null();
}

PGOPS_FUNCTION(pgops_protection_flaw) {
  const auto relation = args.oid(0);
  if (!relation) return args.null();
  const auto flaw = pgops::pg::protection_flaw(*relation, args.oid(1).value_or(0));
  return flaw ? args.ret_text(*flaw) : args.null();
}

PGOPS_FUNCTION(pgops_is_shared_table) {
  const auto relation = args.oid(0);
  return relation ? args.ret_bool(pgops::pg::is_shared_table(*relation)) : args.null();
}

PGOPS_FUNCTION(pgops_protection_changed) {
  if (const auto relation = args.oid(0)) pgops::pg::announce_protection_change(*relation);
  return args.ret_void();
}
