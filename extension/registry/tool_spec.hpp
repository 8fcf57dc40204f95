// extension/registry: the spec of a tool and of a policy, read strictly. One reader for validation and for
// loading: what validates is what runs.
#pragma once

#include <vector>

#include "core/json.hpp"
#include "core/schema.hpp"
#include "extension/registry/catalog.hpp"

namespace pgops::registry {

inline constexpr std::int64_t kHardMaxRows = 10'000;
inline constexpr std::int64_t kHardMaxBytes = std::int64_t{64} << 20;
inline constexpr std::int64_t kMaxTimeoutMs = 3'600'000;

// Fills every field that can be read and lists everything that is wrong, each with its path. A spec with
// problems must not be stored; met when loading, it makes the tool ASSET_LOAD_FAILED.
// Checked here: shape, names, types, templates, input and output schema, present, literal credentials,
// placeholders against the input schema (http). Not here (they need the server): the SQL guard, that the
// policy exists, that run_as is allowed.
Tool read_tool(const Json& spec, std::vector<Problem>& problems);
Policy read_policy(const Json& spec, std::vector<Problem>& problems);

// The tool behind ops.query: its statement is an argument. The name is reserved for it, in tenant `system`.
inline constexpr std::string_view kDirectTool = "direct_query";
// The only input schema it can have.
const Json& direct_schema();

// {"name": type} of the input schema, for parameters that no use in the statement types.
Json parameter_types_of(const Tool& tool);

// ^[a-z][a-z0-9_]{0,62}$, or server__tool for imported MCP tools (same alphabet).
bool valid_asset_name(std::string_view name) noexcept;

}  // namespace pgops::registry
