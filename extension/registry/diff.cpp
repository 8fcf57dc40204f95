// extension/registry: the places at which two specs differ. See diff.hpp.
#include "extension/registry/diff.hpp"

#include <algorithm>

#include "core/schema.hpp"

namespace pgops::registry {

namespace {

void compare(const Json& a, const Json& b, const std::string& path, std::vector<Difference>& out) {
  if (a.is_object() && b.is_object()) {
    for (const auto& [name, value] : a.members()) {
      const std::string place = path_member(path, name);
      if (const Json* other = b.find(name)) {
        compare(value, *other, place, out);
      } else {
        out.push_back({place, value, std::nullopt});
      }
    }
    for (const auto& [name, value] : b.members()) {
      if (a.find(name) == nullptr) out.push_back({path_member(path, name), std::nullopt, value});
    }
    return;
  }
  if (a.is_array() && b.is_array()) {
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); i++) {
      const std::string place = path + "[" + std::to_string(i) + "]";
      if (i >= b.size()) {
        out.push_back({place, a.items()[i], std::nullopt});
      } else if (i >= a.size()) {
        out.push_back({place, std::nullopt, b.items()[i]});
      } else {
        compare(a.items()[i], b.items()[i], place, out);
      }
    }
    return;
  }
  if (!(a == b)) out.push_back({path, a, b});
}

}  // namespace

std::vector<Difference> diff(const Json& a, const Json& b) {
  std::vector<Difference> out;
  compare(a, b, "$", out);
  return out;
}

}  // namespace pgops::registry
