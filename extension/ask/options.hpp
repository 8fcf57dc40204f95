// extension/ask: the options of a request, read strictly.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/json.hpp"

namespace pgops::ask {

struct Options {
  std::optional<std::string> tenant;
  std::string planner = "capability";
  std::int64_t timeout_ms = 60000;  // never above pg_ops.request_timeout
  std::string timezone;             // an accepted name
  std::string locale = "en";
  std::string actor;  // the end user the application claims to speak for
  Json params = Json::object();
  std::optional<std::int64_t> now_us;  // frozen clock
  std::optional<std::int64_t> choose;
  std::optional<std::int64_t> width;  // of the text form
  bool allow_write = false;
  std::int64_t max_parallel = 32;
  bool fallback = true;
  std::map<std::string, std::int32_t> asset_overrides;  // tool name -> version
  std::optional<std::string> parent_trace_id;
  std::string record;           // empty: as the tools' policies say
  Json given = Json::object();  // as the caller wrote them, for the trace

  bool korean() const noexcept { return locale == "ko"; }
};

// Unknown option, wrong type, out of range: TOOL_BAD_REQUEST (22023) with the nearest name or the range.
// Settings (request timeout, planner, locale, time zone) fill what is not given.
Result<Options> parse_options(std::string_view json_text);

}  // namespace pgops::ask
