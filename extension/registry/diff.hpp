// extension/registry: the places at which two specs differ.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.hpp"

namespace pgops::registry {

struct Difference {
  std::string path;
  std::optional<Json> before;  // nullopt: not there
  std::optional<Json> after;
};

// In the order of the first document, then what only the second has. Objects are compared by member, lists
// by position; anything else as a whole. The documents' depth is bounded by the limit on specs.
std::vector<Difference> diff(const Json& a, const Json& b);

}  // namespace pgops::registry
