// core: strict decoding of the worker protocol. A message's members are taken
// one by one from a Fields object, which remembers the first thing that was
// wrong and what was left over.
#include <algorithm>

#include "core/protocol.hpp"
#include "core/utf8.hpp"

namespace pgops::protocol {
namespace {

class Fields {
 public:
  Fields(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object()) problem_ = where_ + " is not an object";
  }

  std::string text(std::string_view key, bool required = true) {
    const Json* value = take(key, required);
    if (value == nullptr) return {};
    if (!value->is_string()) return wrong(key, "a string"), std::string();
    return value->text();
  }

  std::int64_t integer(std::string_view key, std::int64_t low, std::int64_t high) {
    return optional_integer(key, low, high, true).value_or(low);
  }

  std::optional<std::int64_t> optional_integer(std::string_view key, std::int64_t low, std::int64_t high,
                                               bool required = false) {
    const Json* value = take(key, required);
    if (value == nullptr || (value->is_null() && !required)) return std::nullopt;
    const auto number = value->as_int();
    if (!number || *number < low || *number > high) return wrong(key, "an integer in its range"), std::nullopt;
    return number;
  }

  bool boolean(std::string_view key) {
    const Json* value = take(key, true);
    if (value != nullptr && !value->is_bool()) wrong(key, "a boolean");
    return value != nullptr && value->as_bool();
  }

  const Json& any(std::string_view key, Json::Kind kind, bool required = true) {
    static const Json kNothing;
    const Json* value = take(key, required);
    if (value == nullptr) return kNothing;
    if (value->kind() != kind) return wrong(key, "of the right type"), kNothing;
    return *value;
  }

  const Json* take(std::string_view key, bool required) {
    const Json* value = object_.find(key);
    if (value != nullptr) {
      taken_.emplace_back(key);
    } else if (required && problem_.empty()) {
      problem_ = where_ + " has no member \"" + std::string(key) + "\"";
    }
    return value;
  }

  void wrong(std::string_view key, std::string_view expected) {
    if (problem_.empty()) problem_ = where_ + ": member \"" + std::string(key) + "\" is not " + std::string(expected);
  }

  // Nothing may be left over.
  std::string finish() {
    if (!problem_.empty()) return problem_;
    for (const auto& member : object_.members()) {
      if (std::find(taken_.begin(), taken_.end(), member.first) == taken_.end()) {
        return where_ + " has an unknown member \"" + std::string(utf8_truncate(member.first, 40)) + "\"";
      }
    }
    return {};
  }

 private:
  const Json& object_;
  std::string where_;
  std::string problem_;
  std::vector<std::string_view> taken_;
};

Error broken(std::string message) {
  return Error{Code::internal_error, "worker protocol: " + std::move(message), "", ""};
}

template <class Message, class Value>
Result<Message> checked(Fields& fields, Value value) {
  if (std::string problem = fields.finish(); !problem.empty()) return broken(std::move(problem));
  return Message(std::move(value));
}

template <class Message>
Result<Message> read_hello(const Json& root, bool from_backend) {
  Fields outer(root, "hello message");
  const Json& inner = outer.any("hello", Json::Kind::object);
  if (std::string problem = outer.finish(); !problem.empty()) return broken(std::move(problem));
  Fields fields(inner, "hello");
  Hello hello;
  hello.protocol = static_cast<int>(fields.integer("protocol", 0, 1000000));
  // Another version may carry other members: leave the verdict to
  // check_version.
  if (hello.protocol != kVersion && inner["protocol"].as_int()) return Message(std::move(hello));
  hello.version = fields.text(from_backend ? "extension" : "worker");
  hello.pid = fields.integer("pid", 0, INT64_MAX);
  if (from_backend) {
    hello.database = fields.text("database");
  } else {
    hello.instance = fields.text("instance");
  }
  return checked<Message>(fields, std::move(hello));
}

Result<Request> read_http(Fields& fields) {
  HttpCall call;
  call.id = fields.text("id");
  call.trace_id = fields.text("trace_id");
  call.tenant = fields.text("tenant");
  call.plan_id = fields.text("plan_id");
  call.tool = fields.text("tool");
  call.method = fields.text("method");
  call.url = fields.text("url");
  for (const Json& header : fields.any("headers", Json::Kind::array).items()) {
    if (header.size() != 2 || !header.is_array() || !header.items()[0].is_string() || !header.items()[1].is_string()) {
      fields.wrong("headers", "a list of [name, value]");
      break;
    }
    call.headers.emplace_back(header.items()[0].text(), header.items()[1].text());
  }
  if (const Json* body = fields.take("body", true); body != nullptr && !body->is_null()) {
    if (!body->is_string()) fields.wrong("body", "a string or null");
    call.body = body->text();
  }
  constexpr std::int64_t kDayMs = 86400000;
  call.timeout_ms = fields.integer("timeout_ms", 1, kDayMs);
  call.connect_timeout_ms = fields.integer("connect_timeout_ms", 1, kDayMs);
  call.max_bytes = fields.integer("max_bytes", 1, static_cast<std::int64_t>(kMaxReplyBytes));
  for (const Json& status : fields.any("ok", Json::Kind::array).items()) {
    const auto number = status.as_int();
    if (!number || *number < 100 || *number > 599) {
      fields.wrong("ok", "a list of HTTP statuses");
      break;
    }
    call.ok.push_back(static_cast<int>(*number));
  }
  return checked<Request>(fields, std::move(call));
}

Timing read_timing(Fields& fields) {
  const Json& object = fields.any("timing", Json::Kind::object, false);
  Timing timing;
  if (!object.is_object()) return timing;
  Fields inner(object, "timing");
  const auto read = [&inner](std::string_view key) -> std::optional<double> {
    const Json* value = inner.take(key, false);
    if (value == nullptr || value->is_null()) return std::nullopt;
    const auto number = value->as_double();
    if (!number || *number < 0) inner.wrong(key, "a duration");
    return number;
  };
  timing = {read("dns_ms"), read("connect_ms"), read("tls_ms"), read("first_byte_ms"), read("total_ms")};
  if (!inner.finish().empty()) fields.wrong("timing", "a set of durations");
  return timing;
}

Result<Reply> read_success(Fields& fields, std::string_view body) {
  CallSuccess call;
  call.id = fields.text("id");
  call.status = static_cast<int>(fields.integer("status", 100, 999));
  call.content_type = fields.text("content_type");
  call.bytes = fields.integer("bytes", 0, INT64_MAX);
  call.address = fields.text("address");
  call.timing = read_timing(fields);
  call.body_text.assign(body);
  return checked<Reply>(fields, std::move(call));
}

Result<Reply> read_failure(Fields& fields) {
  CallFailure call;
  call.id = fields.text("id");
  const auto code = code_from_name(fields.text("code"));
  if (!code) fields.wrong("code", "a known code");
  call.code = code.value_or(Code::internal_error);
  call.message = fields.text("message");
  call.hint = fields.text("hint", false);
  if (const auto status = fields.optional_integer("status", 100, 999)) call.status = static_cast<int>(*status);
  call.retry_after_ms = fields.optional_integer("retry_after_ms", 0, INT64_MAX);
  call.address = fields.text("address", false);
  call.timing = read_timing(fields);
  return checked<Reply>(fields, std::move(call));
}

// Splits `{...,"body":X}` into head `{...}` and X without parsing X. Only a
// member of the outermost object counts; strings and nesting before it are
// skipped.
bool split_body(std::string_view payload, std::string& head, std::string_view& body) {
  constexpr std::string_view kKey = ",\"body\":";
  int depth = 0;
  for (std::size_t at = 0; at < payload.size(); ++at) {
    const char c = payload[at];
    if (c == '"') {
      for (++at; at < payload.size() && payload[at] != '"'; ++at) {
        if (payload[at] == '\\') ++at;
      }
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    } else if (c == ',' && depth == 1 && payload.substr(at, kKey.size()) == kKey) {
      if (payload.back() != '}') return false;
      head.assign(payload.substr(0, at)).push_back('}');
      body = payload.substr(at + kKey.size());
      body.remove_suffix(1);
      return !body.empty();
    }
  }
  return false;
}

JsonLimits message_limits(std::size_t max_bytes) {
  JsonLimits limits;
  limits.max_bytes = max_bytes;
  limits.max_depth = 32;
  limits.jsonb_safe = false;
  return limits;
}

}  // namespace

Result<Request> decode_request(std::string_view payload) {
  auto root = Json::parse(payload, message_limits(kMaxRequestBytes));
  if (!root) return broken(root.error().message);
  if (root->find("hello") != nullptr) return read_hello<Request>(*root, true);
  Fields fields(*root, "request");
  const std::string op = fields.text("op");
  if (op == "http") return read_http(fields);
  if (op == "cancel") return checked<Request>(fields, Cancel{fields.text("id")});
  if (op == "ping") return checked<Request>(fields, Ping{fields.text("id")});
  if (op == "status") return checked<Request>(fields, StatusRequest{fields.text("id")});
  if (std::string problem = fields.finish(); !problem.empty() && op.empty()) return broken(std::move(problem));
  return broken("unknown op \"" + std::string(utf8_truncate(op, 40)) + "\"");
}

Result<Reply> decode_reply(std::string_view payload) {
  std::string head;
  std::string_view body;
  const bool has_body = split_body(payload, head, body);
  auto root = Json::parse(has_body ? std::string_view(head) : payload, message_limits(kMaxReplyBytes));
  if (!root) return broken(root.error().message);
  if (root->find("hello") != nullptr) return read_hello<Reply>(*root, false);
  Fields fields(*root, "reply");
  if (root->find("error") != nullptr) {
    Fields inner(fields.any("error", Json::Kind::object), "error");
    ErrorReply error;
    error.code = code_from_name(inner.text("code")).value_or(Code::internal_error);
    error.message = inner.text("message");
    if (std::string problem = inner.finish(); !problem.empty()) return broken(std::move(problem));
    return checked<Reply>(fields, std::move(error));
  }
  if (root->find("pong") != nullptr) {
    if (!fields.boolean("pong")) fields.wrong("pong", "true");
    return checked<Reply>(fields, Pong{fields.text("id")});
  }
  if (root->find("report") != nullptr) {
    Json report = fields.any("report", Json::Kind::object);
    return checked<Reply>(fields, StatusReply{fields.text("id"), std::move(report)});
  }
  const bool ok = fields.boolean("ok");
  if (ok != has_body) return broken(ok ? "a success has no body as its last member" : "a failure carries a body");
  return ok ? read_success(fields, body) : read_failure(fields);
}

}  // namespace pgops::protocol
