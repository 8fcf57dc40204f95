// extension/ask: the pipeline of one request, from the caller's arguments to a durable trace.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/json.hpp"
#include "extension/pg/jsonb_image.hpp"

namespace pgops::ask {

// The answer envelope as jsonb; as a Json too when it was asked for.
struct Answer {
  pg::JsonbImage jsonb;
  Json envelope;
};
enum class Form : std::uint8_t { jsonb, both };

// Each returns the answer envelope. What a tool or a question fails at is in the envelope;
// what is thrown is misuse (options, rights, tenant), the caller's own cancel, or a broken installation.
Answer ask(std::string_view question, std::string_view options, Form form = Form::jsonb);
// Nothing is executed and no trace is written: {route, route_reason, intent, plan, plan_id, explain, ...}.
Json plan_only(std::string_view question, std::string_view options);
Answer run_plan(std::string_view plan, std::string_view options);
Answer call_tool(std::string_view name, std::string_view args);
// Returns the tool result itself. A statement that is refused or fails is thrown, after its trace was stored.
Json query(std::string_view sql, std::string_view args);
Answer test_tool(std::string_view name, std::string_view args, std::optional<std::int32_t> version);

}  // namespace pgops::ask
