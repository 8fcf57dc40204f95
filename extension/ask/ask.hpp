// extension/ask: the pipeline of one request, from the caller's arguments to a durable trace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgops::ask {

// Each returns the answer envelope as JSON text. What a tool or a question fails at is in the envelope;
// what is thrown is misuse (options, rights, tenant), the caller's own cancel, or a broken installation.
std::string ask(std::string_view question, std::string_view options);
// Nothing is executed and no trace is written: {route, route_reason, intent, plan, plan_id, explain, ...}.
std::string plan_only(std::string_view question, std::string_view options);
std::string run_plan(std::string_view plan, std::string_view options);
std::string call_tool(std::string_view name, std::string_view args);
// Returns the tool result itself. A statement that is refused or fails is thrown, after its trace was stored.
std::string query(std::string_view sql, std::string_view args);
std::string test_tool(std::string_view name, std::string_view args, std::optional<std::int32_t> version);

}  // namespace pgops::ask
