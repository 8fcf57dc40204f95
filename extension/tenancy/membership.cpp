// tenancy: the rules over membership rows. See membership.hpp.
#include "extension/tenancy/membership.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace pgops::tenancy {

namespace {

constexpr std::array<std::string_view, 4> kNames{"none", "user", "operator", "admin"};

bool concerns(const pg::identity::Membership& row, std::string_view tenant) {
  if (row.tenant == tenant) return true;
  return row.tenant == pg::identity::kEveryTenant && tenant != kSystemTenant;
}

Access access_of(const pg::identity::Membership& row) {
  // An access of another version of the tables is no access.
  return row.access ? access_from_name(*row.access).value_or(Access::none) : Access::none;
}

}  // namespace

std::string_view to_string(Access access) noexcept { return kNames[static_cast<std::size_t>(access)]; }

std::optional<Access> access_from_name(std::string_view name) noexcept {
  for (std::size_t i = 1; i < kNames.size(); i++) {
    if (kNames[i] == name) return static_cast<Access>(i);
  }
  return std::nullopt;
}

Access Member::membership(std::string_view tenant) const {
  if (is_superuser) return Access::admin;
  Access best = Access::none;
  for (const auto& row : rows) {
    if (concerns(row, tenant)) best = std::max(best, access_of(row));
  }
  return best;
}

Access Member::access(std::string_view tenant) const { return std::min(level, membership(tenant)); }

std::uint32_t Member::membership_source(std::string_view tenant) const {
  const Access best = membership(tenant);
  if (is_superuser || best == Access::none) return 0;
  std::uint32_t source = 0;
  for (const auto& row : rows) {
    if (!concerns(row, tenant) || access_of(row) != best) continue;
    if (row.role == role) return role;
    source = row.role;
  }
  return source;
}

std::vector<std::string> Member::named_tenants() const {
  std::vector<std::string> names;
  for (const auto& row : rows) {
    if (row.tenant != pg::identity::kEveryTenant && access_of(row) != Access::none) names.push_back(row.tenant);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

bool Member::has_every_tenant() const {
  return is_superuser || std::any_of(rows.begin(), rows.end(), [](const auto& row) {
           return row.tenant == pg::identity::kEveryTenant && access_of(row) != Access::none;
         });
}

std::optional<std::string> Member::default_tenant(const std::function<bool(std::string_view)>& usable) const {
  // Smaller is better: chosen before not chosen, own before groups', latest choice, first grant.
  using Rank = std::tuple<bool, bool, std::int64_t, std::int64_t, std::string_view>;
  const pg::identity::Membership* best = nullptr;
  Rank best_rank;
  for (const auto& row : rows) {
    if (row.tenant == pg::identity::kEveryTenant) continue;
    // A row that only records a choice counts while something else gives the access.
    if (membership(row.tenant) == Access::none || !usable(row.tenant)) continue;
    if (!row.default_since && access_of(row) == Access::none) continue;
    const Rank rank{row.role != role, !row.default_since, row.default_since ? -*row.default_since : 0, row.granted_at,
                    row.tenant};
    if (best == nullptr || rank < best_rank) {
      best = &row;
      best_rank = rank;
    }
  }
  if (best != nullptr && (!is_superuser || best->default_since)) return best->tenant;
  if (is_superuser) return std::string(kSystemTenant);
  return std::nullopt;
}

}  // namespace pgops::tenancy
