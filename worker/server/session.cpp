// worker/server: see session.hpp.
#include "worker/server/session.hpp"

#include <unistd.h>

#include <boost/asio/write.hpp>

#include "core/version.hpp"
#include "worker/log/log.hpp"
#include "worker/server/service.hpp"

namespace pgops::worker {
namespace {

constexpr std::size_t kHighWater = std::size_t{4} << 20;
constexpr std::size_t kMaxIdBytes = 200;
constexpr std::size_t kMaxLoggedBytes = 200;

std::string_view clip(std::string_view text) { return text.substr(0, kMaxLoggedBytes); }

void log_outcome(const HttpRequest& request, const HttpOutcome& outcome) {
  const LogLevel level = outcome.error ? LogLevel::warning : LogLevel::debug;
  if (!log::enabled(level)) return;
  log::Attributes attributes = {{"trace_id", clip(request.trace_id)},
                                {"pg_ops.tenant", clip(request.tenant)},
                                {"pg_ops.plan_id", clip(request.plan_id)},
                                {"pg_ops.tool_call_id", clip(request.id)},
                                {"pg_ops.tool", clip(request.tool)},
                                {"pg_ops.code", outcome.error ? to_string(outcome.error->code) : "OK"},
                                {"http.response.status_code", std::int64_t{outcome.status}},
                                {"network.peer.address", std::string_view(outcome.address)},
                                {"pg_ops.duration_ms", outcome.timing.total_ms.value_or(0)}};
  if (outcome.error) {
    attributes.emplace_back("error.message", clip(outcome.error->message));
    if (!outcome.error->detail.empty()) attributes.emplace_back("pg_ops.detail", clip(outcome.error->detail));
  }
  log::event(level, outcome.error ? "call failed" : "call succeeded", attributes);
}

}  // namespace

Session::Session(Service& service, Socket socket) : service_(service), socket_(std::move(socket)) {}

Session::~Session() {
  for (const auto& [id, call] : calls_) call->cancel();
}

void Session::start() { read(); }

void Session::read() {
  if (reading_ || closing_ || closed_ || output_bytes_ > kHighWater) return;
  reading_ = true;
  socket_.async_read_some(boost::asio::buffer(input_),
                          [self = shared_from_this()](const boost::system::error_code& error, std::size_t bytes) {
                            self->reading_ = false;
                            if (self->closed_) return;
                            if (error) return self->close();
                            self->reader_.feed(std::string_view(self->input_.data(), bytes));
                            self->consume();
                          });
}

// Handles whole frames until none is left or the peer reads too slowly; what is left over waits in the
// reader, and write() comes back here.
void Session::consume() {
  if (consuming_) return;
  consuming_ = true;
  while (!closing_ && !closed_ && output_bytes_ <= kHighWater) {
    auto payload = reader_.next();
    if (!payload) {
      refuse(payload.error().code, payload.error().message);
      break;
    }
    if (!payload->has_value()) break;
    auto request = protocol::decode_request(**payload);
    if (!request) {
      refuse(request.error().code, request.error().message);
      break;
    }
    on_request(std::move(request).value());
  }
  consuming_ = false;
  read();
}

void Session::on_request(protocol::Request request) {
  if (const auto* hello = std::get_if<protocol::Hello>(&request)) return on_hello(*hello);
  if (!greeted_) return refuse(Code::internal_error, "worker protocol: the first message must be hello");
  if (auto* call = std::get_if<protocol::HttpCall>(&request)) return on_http(std::move(*call));
  if (const auto* cancel = std::get_if<protocol::Cancel>(&request)) {
    const auto found = calls_.find(cancel->id);
    if (found == calls_.end()) return;  // it ended while the message was on its way
    found->second->cancel();
    calls_.erase(found);
    service_.metrics().call_cancelled();
    return service_.check_stop();
  }
  if (const auto* ping = std::get_if<protocol::Ping>(&request)) {
    if (ping->id.size() > kMaxIdBytes) return refuse(Code::internal_error, "worker protocol: the id is too long");
    return send(protocol::Pong{ping->id});
  }
  const auto& status = std::get<protocol::StatusRequest>(request);
  if (status.id.size() > kMaxIdBytes) return refuse(Code::internal_error, "worker protocol: the id is too long");
  service_.metrics().set_buffered(service_.engine().buffered_bytes());
  send(protocol::StatusReply{status.id, service_.metrics().report()});
}

void Session::on_hello(const protocol::Hello& hello) {
  if (greeted_) return refuse(Code::internal_error, "worker protocol: hello was said before");
  if (const Status fits = protocol::check_version(hello); !fits) {
    log::event(LogLevel::warning, "a connection was refused: versions differ",
               {{"pg_ops.peer_version", clip(hello.version)}, {"error.message", clip(fits.error().message)}});
    service_.metrics().connection_refused();
    return refuse(fits.error().code, fits.error().message);
  }
  greeted_ = true;
  protocol::Hello mine;
  mine.version = kVersion;
  mine.pid = ::getpid();
  mine.instance = service_.metrics().instance();
  send(protocol::Reply(mine));
}

void Session::on_http(protocol::HttpCall request) {
  if (request.id.empty() || request.id.size() > kMaxIdBytes)
    return refuse(Code::internal_error, "worker protocol: the id is empty or too long");
  if (calls_.count(request.id) > 0)
    return refuse(Code::internal_error, "worker protocol: the id belongs to a call that still runs");
  if (service_.stopping()) {
    protocol::CallFailure failure;
    failure.id = request.id;
    failure.code = Code::upstream_unavailable;
    failure.message = "the worker is stopping";
    return send(protocol::Reply(std::move(failure)));
  }
  service_.metrics().call_started();
  // The session outlives its calls: close() cancels them, and a cancelled call reports nothing.
  auto slot = std::make_shared<std::weak_ptr<HttpCall>>();
  auto call = service_.engine().make_call(std::move(request), [this, slot](HttpOutcome outcome) {
    if (const auto ended = slot->lock()) on_outcome(*ended, std::move(outcome));
  });
  *slot = call;
  calls_.emplace(call->request().id, call);
  call->start();
}

void Session::on_outcome(const HttpCall& call, HttpOutcome outcome) {
  const auto alive = shared_from_this();
  const HttpRequest& request = call.request();
  const auto code = outcome.error ? std::optional<Code>(outcome.error->code) : std::nullopt;
  service_.metrics().call_ended(code, outcome.timing.total_ms.value_or(0), outcome.bytes);
  log_outcome(request, outcome);
  if (outcome.error) {
    protocol::CallFailure failure;
    failure.id = request.id;
    failure.code = outcome.error->code;
    failure.message = outcome.error->message;
    if (!outcome.error->detail.empty()) failure.message += "; " + outcome.error->detail;
    failure.hint = outcome.error->hint;
    if (outcome.status != 0) failure.status = outcome.status;
    failure.retry_after_ms = outcome.retry_after_ms;
    failure.address = outcome.address;
    failure.timing = outcome.timing;
    calls_.erase(request.id);
    return send(protocol::Reply(std::move(failure)));
  }
  protocol::CallSuccess success;
  success.id = request.id;
  success.status = outcome.status;
  success.content_type = outcome.content_type;
  success.bytes = outcome.bytes;
  success.address = outcome.address;
  success.timing = outcome.timing;
  calls_.erase(request.id);
  // The body is the last member: the envelope is written around it, so that it is never copied.
  constexpr std::string_view kEmptyEnd = "null}";
  Outgoing frame;
  frame.head = protocol::encode(protocol::Reply(std::move(success)));
  if (!outcome.body.empty()) {
    frame.head.resize(frame.head.size() - kEmptyEnd.size());
    frame.body = std::move(outcome.body);
    frame.lease = std::move(outcome.lease);
    frame.tail = "}";
  }
  send(std::move(frame));
}

void Session::send(const protocol::Reply& reply) {
  Outgoing frame;
  frame.head = protocol::encode(reply);
  send(std::move(frame));
}

void Session::send(Outgoing frame) {
  if (closed_) return;
  const auto length = static_cast<std::uint32_t>(frame.size());
  const char prefix[4] = {static_cast<char>(length >> 24U), static_cast<char>(length >> 16U),
                          static_cast<char>(length >> 8U), static_cast<char>(length)};
  frame.head.insert(0, prefix, sizeof prefix);
  output_bytes_ += frame.size();
  output_.push_back(std::move(frame));
  write();
}

void Session::write() {
  if (writing_ || output_.empty() || closed_) return;
  writing_ = true;
  progress_ = Clock::now();
  const Outgoing& frame = output_.front();
  const std::array<boost::asio::const_buffer, 3> buffers = {
      boost::asio::buffer(frame.head), boost::asio::buffer(frame.body), boost::asio::buffer(frame.tail)};
  const auto self = shared_from_this();
  boost::asio::async_write(
      socket_, buffers,
      [self](const boost::system::error_code& error, std::size_t) -> std::size_t {
        self->progress_ = Clock::now();
        return error ? 0 : std::size_t{1} << 20;
      },
      [self](const boost::system::error_code& error, std::size_t) {
        self->writing_ = false;
        if (self->closed_) return;
        if (error) return self->close();
        self->output_bytes_ -= self->output_.front().size();
        self->output_.pop_front();
        if (self->output_.empty()) {
          if (self->closing_) return self->close();
          self->service_.check_stop();
        } else {
          self->write();
        }
        if (!self->reading_) self->consume();  // it had stopped at the high water mark
      });
}

void Session::refuse(Code code, const std::string& message) {
  if (closing_ || closed_) return;
  log::event(LogLevel::debug, "a connection is closed", {{"error.message", clip(message)}});
  for (const auto& [id, call] : calls_) {
    call->cancel();
    service_.metrics().call_cancelled();
  }
  calls_.clear();
  send(protocol::ErrorReply{code, message});
  closing_ = true;
}

void Session::close() {
  if (closed_) return;
  const auto alive = shared_from_this();
  closed_ = true;
  for (const auto& [id, call] : calls_) {
    call->cancel();
    service_.metrics().call_cancelled();
  }
  calls_.clear();
  boost::system::error_code ignored;
  socket_.close(ignored);
  if (!writing_) output_.clear();
  service_.closed(alive);
}

void Session::abort_calls(const Error& error) {
  const auto alive = shared_from_this();
  std::vector<std::shared_ptr<HttpCall>> running;
  for (const auto& [id, call] : calls_) running.push_back(call);
  for (const auto& call : running) call->abort(error);
}

void Session::sweep(Clock::time_point now) {
  const LimitsConfig& limits = service_.config().limits;
  if (!greeted_ && now - opened_ > std::chrono::milliseconds(limits.handshake_ms)) {
    if (closing_) return close();
    return refuse(Code::internal_error, "worker protocol: no hello in time");
  }
  if (writing_ && now - progress_ > std::chrono::milliseconds(limits.write_stall_ms)) {
    log::event(LogLevel::warning, "a connection is closed: its backend does not read",
               {{"pg_ops.queued_bytes", static_cast<std::int64_t>(output_bytes_)}});
    close();
  }
}

}  // namespace pgops::worker
