// extension/ask: reading options. See options.hpp.
#include "extension/ask/options.hpp"

#include <array>
#include <utility>
#include <vector>

#include "core/nearest.hpp"
#include "core/uuid7.hpp"
#include "extension/pg/guc.hpp"
#include "extension/pg/values.hpp"

namespace pgops::ask {

namespace {

Error bad(std::string message, std::string hint = {}) {
  return {Code::tool_bad_request, std::move(message), {}, std::move(hint)};
}

Error wrong_type(std::string_view name, std::string_view wanted) {
  return bad("option \"" + std::string(name) + "\" must be " + std::string(wanted));
}

Result<std::string> want_string(std::string_view name, const Json& value, std::size_t max_bytes = 256) {
  if (!value.is_string()) return wrong_type(name, "a string");
  if (value.text().size() > max_bytes) {
    return bad("option \"" + std::string(name) + "\" is longer than " + std::to_string(max_bytes) + " bytes");
  }
  return value.text();
}

Result<std::int64_t> want_int(std::string_view name, const Json& value, std::int64_t low, std::int64_t high) {
  const auto number = value.is_number() ? value.as_int() : std::nullopt;
  if (!number || *number < low || *number > high) {
    return wrong_type(name, "an integer from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return *number;
}

Result<bool> want_bool(std::string_view name, const Json& value) {
  if (!value.is_bool()) return wrong_type(name, "true or false");
  return value.as_bool();
}

template <class T, class Target>
Status store(Result<T> value, Target& target) {
  if (!value) return value.error();
  target = *std::move(value);
  return Unit{};
}

Status read_overrides(const Json& value, Options& out) {
  if (!value.is_object()) return wrong_type("asset_overrides", "an object such as {\"tool:locks\": 3}");
  for (const auto& [key, version] : value.members()) {
    if (key.rfind("tool:", 0) != 0) {
      return bad("asset_overrides names \"" + key.substr(0, 80) + "\", which is no tool",
                 "Write \"tool:NAME\"; other kinds cannot be overridden yet.");
    }
    auto number = want_int("asset_overrides", version, 1, 1'000'000'000);
    if (!number) return number.error();
    out.asset_overrides[key.substr(5)] = static_cast<std::int32_t>(*number);
  }
  return Unit{};
}

Status read_now(const Json& value, Options& out) {
  auto text = want_string("now", value, 64);
  if (!text) return text.error();
  auto stamp = pg::parse_timestamptz(*text);
  if (!stamp) {
    return bad("option \"now\" is not a time: " + stamp.error().message,
               "Write for example 2026-03-01T12:00:00+00:00.");
  }
  out.now_us = *stamp;
  return Unit{};
}

Status read_one_of(std::string_view name, const Json& value, std::initializer_list<std::string_view> allowed,
                   std::string& target) {
  auto text = want_string(name, value);
  if (!text) return text.error();
  std::string list;
  for (const std::string_view candidate : allowed) {
    if (*text == candidate) {
      target = *text;
      return Unit{};
    }
    list += (list.empty() ? "" : ", ") + std::string(candidate);
  }
  return bad("option \"" + std::string(name) + "\" must be one of: " + list);
}

using Reader = Status (*)(const Json&, Options&);

struct Known {
  std::string_view name;
  Reader read;
};

// Sorted as in the documentation.
constexpr std::array kKnown = {
    Known{"tenant", [](const Json& v, Options& o) { return store(want_string("tenant", v), o.tenant); }},
    Known{"planner", [](const Json& v, Options& o) { return read_one_of("planner", v, {"capability"}, o.planner); }},
    Known{"timeout_ms",
          [](const Json& v, Options& o) -> Status {
            auto ms = want_int("timeout_ms", v, 1, 3'600'000);
            if (!ms) return ms.error();
            if (*ms > pg::guc::request_timeout_limit_ms()) {
              return bad("option \"timeout_ms\" may only lower pg_ops.request_timeout, which is " +
                         std::to_string(pg::guc::request_timeout_limit_ms()) + " ms");
            }
            o.timeout_ms = *ms;
            return Unit{};
          }},
    Known{"timezone", [](const Json& v, Options& o) { return store(want_string("timezone", v), o.timezone); }},
    Known{"locale",
          [](const Json& v, Options& o) {
            return read_one_of("locale", v, {"en", "ko"}, o.locale);
          }},
    Known{"actor", [](const Json& v, Options& o) { return store(want_string("actor", v), o.actor); }},
    Known{"params",
          [](const Json& v, Options& o) -> Status {
            if (!v.is_object()) return wrong_type("params", "an object");
            o.params = v;
            return Unit{};
          }},
    Known{"now", read_now},
    Known{"choose", [](const Json& v, Options& o) { return store(want_int("choose", v, 1, 100), o.choose); }},
    Known{"allow_write", [](const Json& v, Options& o) { return store(want_bool("allow_write", v), o.allow_write); }},
    Known{"width", [](const Json& v, Options& o) { return store(want_int("width", v, 40, 1000), o.width); }},
    Known{"max_parallel",
          [](const Json& v, Options& o) { return store(want_int("max_parallel", v, 1, 256), o.max_parallel); }},
    Known{"fallback", [](const Json& v, Options& o) { return store(want_bool("fallback", v), o.fallback); }},
    Known{"asset_overrides", read_overrides},
    Known{"parent_trace_id",
          [](const Json& v, Options& o) { return store(want_string("parent_trace_id", v), o.parent_trace_id); }},
    Known{"record",
          [](const Json& v, Options& o) {
            return read_one_of("record", v, {"digest", "arguments", "full"}, o.record);
          }},
};

}  // namespace

Result<Options> parse_options(std::string_view json_text) {
  auto parsed = Json::parse(json_text);
  if (!parsed) return bad("the options are no JSON: " + parsed.error().message);
  if (!parsed->is_object()) return bad("the options must be a JSON object", "Pass '{}' for none.");
  Options out;
  out.planner = pg::guc::default_planner == nullptr ? "capability" : pg::guc::default_planner;
  out.locale = pg::guc::locale == nullptr ? "en" : pg::guc::locale;
  out.timeout_ms = pg::guc::request_timeout_limit_ms();
  out.timezone = pg::session_timezone();
  for (const auto& [name, value] : parsed->members()) {
    const Known* known = nullptr;
    for (const Known& candidate : kKnown) {
      if (candidate.name == name) known = &candidate;
    }
    if (known == nullptr) {
      std::vector<std::string_view> names;
      for (const Known& candidate : kKnown) names.push_back(candidate.name);
      return bad("unknown option \"" + name.substr(0, 80) + "\"", nearest_hint(name, names));
    }
    // JSON null = as if it were not given.
    if (value.is_null()) continue;
    if (Status status = known->read(value, out); !status) return status.error();
  }
  const auto timezone = pg::canonical_timezone(out.timezone);
  if (!timezone) {
    return bad("option \"timezone\" names no time zone the server knows", "Use a name of pg_timezone_names.");
  }
  out.timezone = *timezone;
  if (out.parent_trace_id && !Uuid::parse(*out.parent_trace_id)) return wrong_type("parent_trace_id", "a uuid");
  out.given = *std::move(parsed);
  return out;
}

}  // namespace pgops::ask
