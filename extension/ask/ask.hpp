// extension/ask: the pipeline of one request, from the caller's arguments to a durable trace.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/json.hpp"

namespace pgops::ask {

// Each returns the answer envelope. What a tool or a question fails at is in the envelope;
// what is thrown is misuse (options, rights, tenant), the caller's own cancel, or a broken installation.
Json ask(std::string_view question, std::string_view options);
// Nothing is executed and no trace is written: {route, route_reason, intent, plan, plan_id, explain, ...}.
Json plan_only(std::string_view question, std::string_view options);
Json run_plan(std::string_view plan, std::string_view options);
Json call_tool(std::string_view name, std::string_view args);
// Returns the tool result itself. A statement that is refused or fails is thrown, after its trace was stored.
Json query(std::string_view sql, std::string_view args);
Json test_tool(std::string_view name, std::string_view args, std::optional<std::int32_t> version);

}  // namespace pgops::ask
