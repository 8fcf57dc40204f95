// extension/registry: judging a spec before it is stored or published.
//
// Vocabulary: a *finding* is one thing that is wrong (error) or doubtful (warning) with its place. Levels:
// `shape` reads the spec alone; `draft` also derives a missing input schema, and lets pass as warnings what
// only the server can tell; `full` is what publication needs: the guard's verdict, the policy, the role.
// What validates is what runs: specs are read by the reader that loads them (tool_spec.hpp).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"
#include "extension/registry/tool_spec.hpp"

namespace pgops::registry {

inline constexpr std::size_t kMaxSpecBytes = 256 * 1024;
inline constexpr std::size_t kMaxSpecDepth = 64;
inline constexpr std::size_t kGoodExamples = 5;

enum class Level : std::uint8_t { shape, draft, full };

struct Finding {
  bool is_error = true;
  std::string code;  // stable, upper case
  std::string path;
  std::string message;
  std::string hint;
};

struct Report {
  Json spec;  // completed: with the input schema that was derived
  std::string digest;
  std::string title;
  std::vector<Finding> findings;
  std::vector<std::string> not_enforced;  // fields of a policy without effect in this version

  // {"findings":[..],"spec":..,"digest":..,"title":..,"not_enforced":"a, b"|null}
  Json to_json() const;
};

struct AssetRef {
  std::string tenant;
  std::string kind;
  std::string name;
};

// `spec_text` as jsonb prints it. Call with the asset's tenant in force and inside pg::spi::OwnerScope
// (level shape needs neither).
Report judge(const AssetRef& asset, std::string_view spec_text, Level level);

}  // namespace pgops::registry
