// core: the messages between a backend and pg_ops_worker, protocol version 1,
// over a stream socket.
//
// Vocabulary: a *frame* is a 4-byte big-endian length and that many bytes of
// UTF-8 JSON (one object); a *request* goes to the worker, a *reply* comes
// back. Decoding is strict: an unknown op or member, a missing member or a
// wrong type is an error, because both sides ship together. A successful body
// is carried as the upstream's own text and parsed at most once, by whoever
// needs it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/error.hpp"
#include "core/json.hpp"

namespace pgops::protocol {

inline constexpr int kVersion = 1;
inline constexpr std::size_t kMaxRequestBytes = std::size_t{16} << 20;
inline constexpr std::size_t kMaxReplyBytes = std::size_t{80} << 20;

// First message of either side; instance and pid of the worker, database of the
// backend.
struct Hello {
  int protocol = kVersion;
  std::string version;  // "extension" from the backend, "worker" from the worker
  std::int64_t pid = 0;
  std::string database;  // backend only
  std::string instance;  // worker only: a uuid per process
};

struct HttpCall {
  std::string id;  // of this attempt
  std::string trace_id;
  std::string tenant;
  std::string plan_id;
  std::string tool;
  std::string method;
  std::string url;  // expanded, but for {{secret:name}}
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<std::string> body;
  std::int64_t timeout_ms = 30000;
  std::int64_t connect_timeout_ms = 5000;
  std::int64_t max_bytes = 10485760;
  std::vector<int> ok;  // statuses that count as success; empty: 200..299
};

struct Cancel {
  std::string id;
};
struct Ping {
  std::string id;
};
struct StatusRequest {
  std::string id;
};

using Request = std::variant<Hello, HttpCall, Cancel, Ping, StatusRequest>;

// Milliseconds since the call began; absent when the phase was not reached.
struct Timing {
  std::optional<double> dns_ms;
  std::optional<double> connect_ms;
  std::optional<double> tls_ms;
  std::optional<double> first_byte_ms;
  std::optional<double> total_ms;
};

struct CallSuccess {
  std::string id;
  int status = 0;
  std::string content_type;
  std::int64_t bytes = 0;
  std::string address;
  Timing timing;
  std::string body_text = "null";  // verbatim JSON; not checked by decode
};

struct CallFailure {
  std::string id;
  Code code = Code::internal_error;
  std::string message;
  std::string hint;
  std::optional<int> status;
  std::optional<std::int64_t> retry_after_ms;
  std::string address;
  Timing timing;
};

struct Pong {
  std::string id;
};
struct StatusReply {
  std::string id;
  Json report;  // an object
};
// Not about one call; the worker closes the connection after it.
struct ErrorReply {
  Code code = Code::internal_error;
  std::string message;
};

using Reply = std::variant<Hello, CallSuccess, CallFailure, Pong, StatusReply, ErrorReply>;

// JSON text without the length; frame() adds that.
std::string encode(const Request& request);
std::string encode(const Reply& reply);

// Errors: INTERNAL_ERROR naming the member, never its value.
Result<Request> decode_request(std::string_view payload);
Result<Reply> decode_reply(std::string_view payload);

// Refuses another protocol version with a sentence that says which side to
// upgrade.
Status check_version(const Hello& peer);

// Errors: RESULT_TOO_LARGE above max_bytes.
Result<std::string> frame(std::string_view payload, std::size_t max_bytes);

// Reassembles frames from chunks of any size. After an error the connection
// must be closed.
class FrameReader {
 public:
  explicit FrameReader(std::size_t max_bytes) : max_bytes_(max_bytes) {}
  void feed(std::string_view chunk) { buffer_.append(chunk); }
  // The next whole payload, nullopt when more bytes are needed; INTERNAL_ERROR
  // for an empty or too large frame. Call until nullopt after each feed, so
  // that the limit bounds what is buffered.
  Result<std::optional<std::string>> next();
  std::size_t buffered() const noexcept { return buffer_.size() - start_; }

 private:
  std::size_t max_bytes_;
  std::string buffer_;
  std::size_t start_ = 0;
  bool failed_ = false;
};

}  // namespace pgops::protocol
