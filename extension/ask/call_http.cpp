// extension/ask: HTTP tools. See call_http.hpp.
#include "extension/ask/call_http.hpp"

#include <algorithm>
#include <cctype>
#include <strings.h>
#include <utility>

#include "core/template.hpp"
#include "extension/pg/values.hpp"
#include "extension/runtime/worker_client.hpp"

namespace pgops::ask {

namespace {

const char* json_type(const Json& value) noexcept {
  switch (value.kind()) {
    case Json::Kind::null: return "null";
    case Json::Kind::boolean: return "boolean";
    case Json::Kind::number: return "number";
    case Json::Kind::string: return "string";
    case Json::Kind::array: return "array";
    case Json::Kind::object: return "object";
  }
  return "null";
}

// `$`, `$.a.b`: the paths nearly every tool has need no server.
const Json* plain_path(const Json& body, std::string_view path) {
  if (path.empty() || path.front() != '$') return nullptr;
  const Json* at = &body;
  path.remove_prefix(1);
  while (!path.empty()) {
    if (path.front() != '.') return nullptr;
    path.remove_prefix(1);
    std::size_t end = 0;
    while (end < path.size() && (std::isalnum(static_cast<unsigned char>(path[end])) != 0 || path[end] == '_')) end++;
    if (end == 0 || std::isdigit(static_cast<unsigned char>(path[0])) != 0) return nullptr;
    at = at->find(path.substr(0, end));
    if (at == nullptr) return nullptr;
    path.remove_prefix(end);
  }
  return at;
}

class Shaper {
 public:
  explicit Shaper(std::int64_t max_rows) : max_rows_(max_rows) {}

  void add(const Json& item) {
    if (item.is_array()) {
      for (const Json& one : item.items()) row(one);
    } else {
      row(item);
    }
  }

  Json finish() && {
    Json columns = Json::array();
    for (auto& [name, type] : columns_) {
      Json column = Json::object();
      column.set("name", Json(std::move(name)));
      column.set("type", Json(type));
      columns.push_back(std::move(column));
    }
    Json out = Json::object();
    out.set("columns", std::move(columns));
    const auto count = static_cast<std::int64_t>(rows_.size());
    out.set("rows", std::move(rows_));
    out.set("row_count", Json(count));
    out.set("truncated", Json(truncated_));
    return out;
  }

 private:
  void row(const Json& item) {
    if (static_cast<std::int64_t>(rows_.size()) >= max_rows_) {
      truncated_ = true;
      return;
    }
    Json made;
    if (item.is_object()) {
      made = item;
    } else {
      made = Json::object();
      made.set("value", item);
    }
    for (const auto& [name, value] : made.members()) {
      const auto known = std::find_if(columns_.begin(), columns_.end(), [&](const auto& c) { return c.first == name; });
      if (known == columns_.end()) {
        if (columns_.size() < kMaxColumns) columns_.emplace_back(name, json_type(value));
      } else if (std::string_view(known->second) == "null") {
        known->second = json_type(value);
      }
    }
    rows_.push_back(std::move(made));
  }

  static constexpr std::size_t kMaxColumns = 200;
  std::int64_t max_rows_;
  bool truncated_ = false;
  std::vector<std::pair<std::string, const char*>> columns_;
  Json rows_ = Json::array();
};

Json timing_json(const protocol::Timing& timing) {
  Json out = Json::object();
  const auto put = [&out](const char* name, const std::optional<double>& value) {
    if (value) out.set(name, Json::millis(*value));
  };
  put("dns_ms", timing.dns_ms);
  put("connect_ms", timing.connect_ms);
  put("tls_ms", timing.tls_ms);
  put("first_byte_ms", timing.first_byte_ms);
  put("total_ms", timing.total_ms);
  return out;
}

}  // namespace

Result<Json> shape_result(const Json& body, const std::string& body_text, const std::string& path,
                          std::int64_t max_rows) {
  Shaper shaper(max_rows);
  if (const Json* found = plain_path(body, path); found != nullptr) {
    shaper.add(*found);
    return std::move(shaper).finish();
  }
  auto items = pg::query_jsonpath(body_text, path);
  if (!items)
    return Error{
        Code::tool_error, "the tool's result path does not fit the response: " + items.error().message, {}, {}};
  if (items->empty()) {
    return Error{Code::tool_error,
                 "the tool's result path " + path + " finds nothing in the response",
                 {},
                 "Compare the path with the upstream's answer."};
  }
  for (const std::string& text : *items) {
    auto item = Json::parse(text);
    if (!item) return item.error();
    shaper.add(*item);
  }
  return std::move(shaper).finish();
}

Result<std::string> start_http(const CallContext& context) {
  const registry::Tool& tool = context.tool;
  auto args = complete_args(tool, context.args);
  if (!args) return args.error();
  const Json& http = tool.spec["http"];

  protocol::HttpCall call;
  call.id = context.tool_call_id + "/" + std::to_string(context.attempt);
  call.trace_id = context.request.trace_id.to_string();
  call.tenant = context.request.identity.tenant;
  call.plan_id = context.plan_id;
  call.tool = tool.name;
  call.method = std::string(http["method"].string_or("GET"));
  auto url = expand_url(http["url"].text(), *args);
  if (!url) return url.error();
  call.url = *std::move(url);
  if (http["query"].size() > 0) {
    auto query = expand_query(http["query"], *args);
    if (!query) return query.error();
    call.url = join_query(call.url, *query);
  }
  for (const auto& [name, value] : http["headers"].members()) {
    auto header = expand_header(value.text(), *args);
    if (!header) return header.error();
    if (*header) call.headers.emplace_back(name, **std::move(header));
  }
  if (const Json& body = http["body"]; !body.is_null()) {
    auto text = expand_body(body, *args);
    if (!text) return text.error();
    if (*text) {
      call.body = **std::move(text);
      const bool typed = std::any_of(call.headers.begin(), call.headers.end(), [](const auto& header) {
        return header.first.size() == 12 && strncasecmp(header.first.c_str(), "content-type", 12) == 0;
      });
      if (!typed) call.headers.emplace_back("Content-Type", "application/json");
    }
  }
  call.timeout_ms = std::max<std::int64_t>(1, context.timeout / 1000);
  call.connect_timeout_ms = std::min(tool.policy->connect_timeout_ms, call.timeout_ms);
  call.max_bytes = tool.policy->max_bytes;
  for (const Json& status : http["ok"].items()) {
    if (const auto code = status.as_int()) call.ok.push_back(static_cast<int>(*code));
  }
  const std::string id = call.id;
  if (Status sent = runtime::worker_client().send(call); !sent) return sent.error();
  return id;
}

FinishedCall finish_http(const registry::Tool& tool, const protocol::Reply& reply) {
  FinishedCall finished;
  run::Failed failed;
  if (const auto* failure = std::get_if<protocol::CallFailure>(&reply)) {
    failed.error = {failure->code, failure->message, {}, failure->hint};
    if (failure->retry_after_ms) failed.retry_after = *failure->retry_after_ms * 1000;
    failed.timing = timing_json(failure->timing);
    if (failure->status) failed.timing.set("http_status", Json(*failure->status));
    finished.outcome = std::move(failed);
    return finished;
  }
  const auto* success = std::get_if<protocol::CallSuccess>(&reply);
  if (success == nullptr) {
    failed.error = {Code::internal_error, "the worker answered a call with another message", {}, {}};
    finished.outcome = std::move(failed);
    return finished;
  }
  auto body = Json::parse(success->body_text);
  if (!body) {
    failed.error = {Code::tool_error, "the response cannot be represented: " + body.error().message, {}, {}};
    finished.outcome = std::move(failed);
    return finished;
  }
  const std::string path(tool.spec["http"]["result"].string_or("$"));
  auto result = shape_result(*body, success->body_text, path, tool.policy->max_rows);
  if (!result) {
    failed.error = result.error();
    failed.timing = timing_json(success->timing);
    finished.outcome = std::move(failed);
    return finished;
  }
  run::Succeeded ok;
  ok.row_count = static_cast<std::uint64_t>((*result)["row_count"].as_int().value_or(0));
  ok.truncated = (*result)["truncated"].as_bool();
  ok.bytes = static_cast<std::uint64_t>(success->bytes);
  ok.timing = timing_json(success->timing);
  ok.timing.set("http_status", Json(success->status));
  finished.result = std::make_shared<const Json>(*std::move(result));
  finished.outcome = std::move(ok);
  return finished;
}

}  // namespace pgops::ask
