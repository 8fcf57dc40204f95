// extension/registry: reading a policy. See tool_spec.hpp.
#include "extension/registry/tool_spec.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "core/nearest.hpp"

namespace pgops::registry {

namespace {

// Stored, shown, but without effect in this version: named by put_asset and ops.health().
constexpr std::array<std::string_view, 8> kNotEnforced = {"max_retries",    "backoff_ms",      "backoff_max_ms",
                                                          "breaker",        "rate_per_minute", "burst",
                                                          "max_concurrent", "idempotency"};
constexpr std::array<std::string_view, 19> kKnown = {
    "timeout_ms", "connect_timeout_ms", "max_retries", "backoff_ms",     "backoff_max_ms",
    "breaker",    "rate_per_minute",    "burst",       "max_concurrent", "max_rows",
    "max_bytes",  "max_cost",           "record",      "sensitive",      "enforce_readonly",
    "block_ddl",  "block_dcl",          "description", "shared"};

class Reader {
 public:
  Reader(const Json& spec, std::vector<Problem>& problems) : spec_(spec), problems_(problems) {}

  // nullopt when absent or wrong (the problem is noted); JSON null means "no limit" where allowed.
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t low, std::int64_t high, bool null_allowed) {
    const Json* value = spec_.find(name);
    if (value == nullptr || (value->is_null() && null_allowed)) return std::nullopt;
    const auto number = value->is_number() ? value->as_int() : std::nullopt;
    if (number && *number >= low && *number <= high) return number;
    note(name, "must be an integer from " + std::to_string(low) + " to " + std::to_string(high));
    return std::nullopt;
  }

  void note(std::string_view name, std::string message, std::string hint = {}) {
    problems_.push_back({path_member("$", name), std::move(message), std::move(hint)});
  }

 private:
  const Json& spec_;
  std::vector<Problem>& problems_;
};

void read_breaker(const Json& breaker, std::vector<Problem>& problems) {
  if (breaker.is_null()) return;
  if (!breaker.is_object()) {
    problems.push_back({"$.breaker", "must be an object or null", {}});
    return;
  }
  constexpr std::array<std::string_view, 4> fields = {"failures", "window_ms", "open_ms", "half_open_calls"};
  for (const auto& [name, value] : breaker.members()) {
    const std::string path = path_member("$.breaker", name);
    if (std::find(fields.begin(), fields.end(), name) == fields.end()) {
      problems.push_back({path, "is no field of a breaker", nearest_hint(name, fields)});
    } else if (const auto number = value.is_number() ? value.as_int() : std::nullopt; !number || *number < 1) {
      problems.push_back({path, "must be a positive integer", {}});
    }
  }
}

}  // namespace

Policy read_policy(const Json& spec, std::vector<Problem>& problems) {
  Policy policy;
  if (!spec.is_object()) {
    problems.push_back({"$", "a policy is a JSON object", {}});
    return policy;
  }
  for (const auto& [name, value] : spec.members()) {
    if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end()) {
      problems.push_back({path_member("$", name), "is no field of a policy", nearest_hint(name, kKnown)});
    } else if (std::find(kNotEnforced.begin(), kNotEnforced.end(), name) != kNotEnforced.end()) {
      policy.not_enforced.emplace_back(name);
    }
  }
  Reader reader(spec, problems);
  policy.timeout_ms = reader.integer("timeout_ms", 1, kMaxTimeoutMs, false).value_or(30'000);
  policy.connect_timeout_ms = reader.integer("connect_timeout_ms", 1, kMaxTimeoutMs, false).value_or(5000);
  policy.max_rows = reader.integer("max_rows", 1, kHardMaxRows, true).value_or(kHardMaxRows);
  policy.max_bytes = reader.integer("max_bytes", 1024, kHardMaxBytes, true).value_or(10 << 20);
  (void)reader.integer("max_retries", 0, 20, true);
  (void)reader.integer("backoff_ms", 1, kMaxTimeoutMs, true);
  (void)reader.integer("backoff_max_ms", 1, kMaxTimeoutMs, true);
  (void)reader.integer("rate_per_minute", 1, 1'000'000, true);
  (void)reader.integer("burst", 1, 1'000'000, true);
  (void)reader.integer("max_concurrent", 1, 100'000, true);
  read_breaker(spec["breaker"], problems);
  if (const Json& cost = spec["max_cost"]; cost.is_number()) {
    policy.max_cost = cost.as_double();
    if (!policy.max_cost || *policy.max_cost <= 0) reader.note("max_cost", "must be a positive number or null");
  } else if (!cost.is_null()) {
    reader.note("max_cost", "must be a positive number or null");
  }
  if (const Json& record = spec["record"]; !record.is_null()) {
    const std::string& text = record.text();
    if (record.is_string() && (text == "digest" || text == "arguments" || text == "full")) {
      policy.record = text;
    } else {
      reader.note("record", "must be \"digest\", \"arguments\" or \"full\"");
    }
  }
  if (const Json& paths = spec["sensitive"]; !paths.is_null()) {
    if (!paths.is_array()) reader.note("sensitive", "must be a list of paths such as \"$.password\"");
    for (const Json& path : paths.items()) {
      if (path.is_string() && path.text().starts_with("$")) {
        policy.sensitive.push_back(path.text());
      } else {
        reader.note("sensitive", "must be a list of paths such as \"$.password\"");
      }
    }
  }
  for (const std::string_view fixed : {"enforce_readonly", "block_ddl", "block_dcl"}) {
    const Json* value = spec.find(fixed);
    if (value != nullptr && !(value->is_bool() && value->as_bool())) {
      reader.note(fixed, "is always true for SQL tools", "Leave the field out.");
    }
  }
  if (const Json& shared = spec["shared"]; !shared.is_null() && !shared.is_bool()) {
    reader.note("shared", "must be true or false");
  }
  if (const Json& text = spec["description"]; !text.is_null() && !text.is_string()) {
    reader.note("description", "must be a string");
  }
  return policy;
}

}  // namespace pgops::registry
