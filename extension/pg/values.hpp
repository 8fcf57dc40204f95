// extension/pg: values that only the server can judge: jsonpath, time, time zones, lock waits.
// Free of postgres.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/json.hpp"
#include "extension/pg/jsonb_image.hpp"

namespace pgops::pg {

// Syntax only. Error: PLAN_INVALID with the server's sentence.
Status check_jsonpath(std::string_view path);
// Every item the path finds, as JSON texts; evaluated leniently (lax), errors of strict paths included as
// Error. Runs in a subtransaction: the caller's transaction survives a bad path. Time and memory are bounded.
Result<std::vector<std::string>> query_jsonpath(std::string_view json, std::string_view path);

// Microseconds since 1970-01-01 UTC of a timestamptz text, read in the session's time zone.
Result<std::int64_t> parse_timestamptz(std::string_view text);
// The name by which the server knows a time zone ("asia/seoul" is Asia/Seoul); nullopt: it knows none of that name.
std::optional<std::string> canonical_timezone(const std::string& name);
// The session's TimeZone setting.
std::string session_timezone();

// What a jsonb holds; its members in jsonb's order.
Json json_of(const JsonbImage& image);

// True when this backend is among those that keep `pid` waiting for a lock, directly or through others.
bool waits_for_us(std::int32_t pid);

// The server's version as it prints it, e.g. "15.20".
std::string server_version();
// A setting by name; empty when there is none.
std::string setting(const char* name);
std::string database_name();
// Whether a database of this OID is there. Not under a lock.
bool database_exists(std::uint32_t oid);

}  // namespace pgops::pg
