// tenancy: what one role may do where, as a value without a server: easy to test, cheap to keep.
//
// Built from the rows of membership_store that count for a role (its own and its groups'). The rules:
// an access is the highest of the rows of that tenant and the row for every tenant; the row for every
// tenant never counts for `system`; the default is the tenant last made default, else the first granted,
// and the role's own rows go before its groups'.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "extension/pg/identity.hpp"
#include "extension/tenancy/identity.hpp"

namespace pgops::tenancy {

struct Member {
  std::uint32_t role = 0;
  std::string name;
  bool is_superuser = false;
  bool is_provisioner = false;
  bool is_monitor = false;
  Access level = Access::none;
  std::vector<pg::identity::Membership> rows;

  // Access by membership alone, whether or not the tenant exists.
  Access membership(std::string_view tenant) const;
  // The weaker of level and membership.
  Access access(std::string_view tenant) const;
  // The role whose row gives membership(tenant); 0 when none does.
  std::uint32_t membership_source(std::string_view tenant) const;
  // Tenants named in rows that give an access, in order of name, without "*".
  std::vector<std::string> named_tenants() const;
  bool has_every_tenant() const;
  // `usable` says whether a tenant exists and is not dropped.
  std::optional<std::string> default_tenant(const std::function<bool(std::string_view)>& usable) const;
};

}  // namespace pgops::tenancy
