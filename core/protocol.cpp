// core: encoding and framing of the worker protocol; decoding is
// protocol_decode.cpp.
#include "core/protocol.hpp"

namespace pgops::protocol {
namespace {

Json timing_json(const Timing& timing) {
  Json out = Json::object();
  const auto put = [&out](const char* key, const std::optional<double>& value) {
    if (value) out.set(key, Json::millis(*value));
  };
  put("dns_ms", timing.dns_ms);
  put("connect_ms", timing.connect_ms);
  put("tls_ms", timing.tls_ms);
  put("first_byte_ms", timing.first_byte_ms);
  put("total_ms", timing.total_ms);
  return out;
}

std::string simple(const char* op, const std::string& id) { return Json::object({{"op", op}, {"id", id}}).dump(); }

struct RequestEncoder {
  std::string operator()(const Hello& hello) const {
    return Json::object({{"hello", Json::object({{"protocol", hello.protocol},
                                                 {"extension", hello.version},
                                                 {"pid", hello.pid},
                                                 {"database", hello.database}})}})
        .dump();
  }
  std::string operator()(const HttpCall& call) const {
    Json headers = Json::array();
    for (const auto& [name, value] : call.headers) headers.push_back(Json::array({name, value}));
    Json ok = Json::array();
    for (const int status : call.ok) ok.push_back(status);
    Json out = Json::object();
    out.set("op", "http");
    out.set("id", call.id);
    out.set("trace_id", call.trace_id);
    out.set("tenant", call.tenant);
    out.set("plan_id", call.plan_id);
    out.set("tool", call.tool);
    out.set("method", call.method);
    out.set("url", call.url);
    out.set("headers", std::move(headers));
    out.set("body", call.body ? Json(*call.body) : Json());
    out.set("timeout_ms", call.timeout_ms);
    out.set("connect_timeout_ms", call.connect_timeout_ms);
    out.set("max_bytes", call.max_bytes);
    out.set("ok", std::move(ok));
    return out.dump();
  }
  std::string operator()(const Cancel& cancel) const { return simple("cancel", cancel.id); }
  std::string operator()(const Ping& ping) const { return simple("ping", ping.id); }
  std::string operator()(const StatusRequest& status) const { return simple("status", status.id); }
};

struct ReplyEncoder {
  std::string operator()(const Hello& hello) const {
    return Json::object({{"hello", Json::object({{"protocol", hello.protocol},
                                                 {"worker", hello.version},
                                                 {"instance", hello.instance},
                                                 {"pid", hello.pid}})}})
        .dump();
  }
  std::string operator()(const CallSuccess& call) const {
    Json head = Json::object();
    head.set("id", call.id);
    head.set("ok", true);
    head.set("status", call.status);
    head.set("content_type", call.content_type);
    head.set("bytes", call.bytes);
    head.set("address", call.address);
    head.set("timing", timing_json(call.timing));
    std::string out;
    out.reserve(call.body_text.size() + 512);
    head.dump_to(out);
    out.back() = ',';  // the closing brace comes after the body
    out += "\"body\":";
    out += call.body_text.empty() ? std::string_view("null") : std::string_view(call.body_text);
    out.push_back('}');
    return out;
  }
  std::string operator()(const CallFailure& call) const {
    Json out = Json::object();
    out.set("id", call.id);
    out.set("ok", false);
    out.set("code", to_string(call.code));
    out.set("message", call.message);
    if (!call.hint.empty()) out.set("hint", call.hint);
    if (call.status) out.set("status", *call.status);
    if (call.retry_after_ms) out.set("retry_after_ms", *call.retry_after_ms);
    if (!call.address.empty()) out.set("address", call.address);
    out.set("timing", timing_json(call.timing));
    return out.dump();
  }
  std::string operator()(const Pong& pong) const { return Json::object({{"id", pong.id}, {"pong", true}}).dump(); }
  std::string operator()(const StatusReply& status) const {
    return Json::object({{"id", status.id}, {"report", status.report}}).dump();
  }
  std::string operator()(const ErrorReply& error) const {
    return Json::object({{"error", Json::object({{"code", to_string(error.code)}, {"message", error.message}})}})
        .dump();
  }
};

}  // namespace

std::string encode(const Request& request) { return std::visit(RequestEncoder{}, request); }
std::string encode(const Reply& reply) { return std::visit(ReplyEncoder{}, reply); }

Status check_version(const Hello& peer) {
  if (peer.protocol == kVersion) return Unit{};
  return Error{
      Code::internal_error,
      "protocol version " + std::to_string(peer.protocol) + " offered, " + std::to_string(kVersion) + " needed",
      "Extension and worker come from different releases.",
      "Install the same release of both and restart the older one."};
}

Result<std::string> frame(std::string_view payload, std::size_t max_bytes) {
  if (payload.size() > max_bytes || payload.size() > 0xFFFFFFFFU) {
    return Error{Code::result_too_large, "message is too large for the worker protocol",
                 "It has " + std::to_string(payload.size()) + " bytes, the limit is " + std::to_string(max_bytes) + ".",
                 ""};
  }
  const auto length = static_cast<std::uint32_t>(payload.size());
  std::string out;
  out.reserve(payload.size() + 4);
  for (const unsigned shift : {24U, 16U, 8U, 0U}) out.push_back(static_cast<char>((length >> shift) & 0xFFU));
  out.append(payload);
  return out;
}

Result<std::optional<std::string>> FrameReader::next() {
  if (failed_) return Error{Code::internal_error, "the frame stream is broken", "", ""};
  if (buffered() < 4) return std::optional<std::string>();
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) length = length * 256 + static_cast<unsigned char>(buffer_[start_ + i]);
  if (length == 0 || length > max_bytes_) {
    failed_ = true;
    return Error{Code::internal_error, length == 0 ? "empty frame" : "frame is too large",
                 "Announced are " + std::to_string(length) + " bytes, the limit is " + std::to_string(max_bytes_) + ".",
                 ""};
  }
  if (buffered() - 4 < length) {
    // Bytes of frames already taken are dropped before more arrive.
    buffer_.erase(0, start_);
    start_ = 0;
    return std::optional<std::string>();
  }
  std::optional<std::string> payload;
  if (buffered() - 4 == length) {
    buffer_.erase(0, start_ + 4);
    payload = std::move(buffer_);
    buffer_ = std::string();
    start_ = 0;
  } else {
    payload = buffer_.substr(start_ + 4, length);
    start_ += 4 + length;
  }
  return payload;
}

}  // namespace pgops::protocol
