// worker/server: see service.hpp.
#include "worker/server/service.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <random>

#include "core/uuid7.hpp"
#include "worker/log/log.hpp"

namespace pgops::worker {
namespace {

constexpr std::chrono::milliseconds kSweep{500};
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::chrono::milliseconds kLastFlush{1'000};

std::string new_instance() {
  std::random_device random;
  const auto word = [&] { return (static_cast<std::uint64_t>(random()) << 32U) | random(); };
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  return make_uuid7(now.count(), word(), word()).to_string();
}

}  // namespace

Service::Service(boost::asio::io_context& io, Config config, SocketFile file, std::unique_ptr<HttpEngine> engine)
    : io_(io),
      config_(std::move(config)),
      file_(std::move(file)),
      engine_(std::move(engine)),
      metrics_(new_instance()),
      acceptor_(io, boost::asio::local::stream_protocol(), file_.take_descriptor()),
      sweep_timer_(io),
      pause_timer_(io),
      grace_timer_(io) {}

Service::~Service() {
  const auto sessions = std::exchange(sessions_, {});
  for (const auto& session : sessions) session->close();
}

void Service::start() {
  accept();
  sweep();
}

void Service::accept() {
  acceptor_.async_accept([this](const boost::system::error_code& error, Session::Socket socket) {
    if (error == boost::asio::error::operation_aborted || stopping_) return;
    if (error) {  // out of descriptors or memory: those who wait in the backlog are served a little later
      log::event(LogLevel::error, "a connection cannot be accepted", {{"error.type", error.message()}});
      pause_timer_.expires_after(kAcceptPause);
      pause_timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (!cancelled && !stopping_) accept();
      });
      return;
    }
    admit(std::move(socket));
    accept();
  });
}

void Service::admit(Session::Socket socket) {
  ucred peer{};
  socklen_t length = sizeof peer;
  const bool known = ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0;
  const auto& users = file_.users();
  const bool allowed = known && std::find(users.begin(), users.end(), peer.uid) != users.end();
  auto session = std::make_shared<Session>(*this, std::move(socket));
  sessions_.insert(session);
  metrics_.connection_opened();
  if (!allowed) {
    metrics_.connection_refused();
    log::event(LogLevel::warning, "a connection was refused: its user is not one that may connect",
               {{"pg_ops.peer_uid", static_cast<std::int64_t>(known ? peer.uid : 0)},
                {"pg_ops.peer_pid", static_cast<std::int64_t>(known ? peer.pid : 0)}});
    session->refuse(Code::permission_denied, "this user may not connect to the worker; see socket_users");
  } else if (metrics_.connections() > config_.limits.max_connections) {
    metrics_.connection_refused();
    session->refuse(Code::overloaded, "the worker has as many connections as it may; see limits.max_connections");
  } else {
    session->start();
  }
}

void Service::closed(const std::shared_ptr<Session>& session) {
  if (sessions_.erase(session) == 0) return;
  metrics_.connection_closed();
  check_stop();
}

void Service::sweep() {
  sweep_timer_.expires_after(kSweep);
  sweep_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    metrics_.set_buffered(engine_->buffered_bytes());
    const auto now = Session::Clock::now();
    const std::vector<std::shared_ptr<Session>> sessions(sessions_.begin(), sessions_.end());
    for (const auto& session : sessions) session->sweep(now);
    sweep();
  });
}

Status Service::reload(const Config& config) {
  if (auto status = engine_->reconfigure(config); !status) return status;
  if (auto status = log::configure(config.log); !status) return status;
  const auto listen_key = [](const Config& c) {
    return c.http_listen ? c.http_listen->address + ":" + std::to_string(c.http_listen->port) : std::string();
  };
  if (config.socket != config_.socket || config.socket_group != config_.socket_group ||
      config.socket_users != config_.socket_users || config.resolver.threads != config_.resolver.threads ||
      listen_key(config) != listen_key(config_))
    log::event(LogLevel::warning,
               "socket, socket_group, socket_users, resolver.threads and http.listen need a restart");
  config_.egress = config.egress;
  config_.resolver = config.resolver;
  config_.limits = config.limits;
  config_.log = config.log;
  return Unit{};
}

void Service::stop(std::function<void()> done) {
  if (stopping_) {
    finish();
    return;
  }
  stopping_ = true;
  stopped_ = std::move(done);
  metrics_.set_stopping();
  log::event(LogLevel::info, "stopping", {{"pg_ops.calls_running", std::int64_t{metrics_.calls_running()}}});
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  file_.remove();
  grace_timer_.expires_after(std::chrono::milliseconds(config_.limits.stop_grace_ms));
  grace_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) finish();
  });
  check_stop();
}

void Service::finish() {
  if (aborted_ || !stopped_) return;
  aborted_ = true;
  const Error ended{Code::upstream_unavailable, "the worker stopped before the call ended", "", ""};
  const std::vector<std::shared_ptr<Session>> sessions(sessions_.begin(), sessions_.end());
  for (const auto& session : sessions) session->abort_calls(ended);
  grace_timer_.expires_after(kLastFlush);  // for the replies; a backend that reads nothing is not waited for
  grace_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error && stopped_) std::exchange(stopped_, nullptr)();
  });
  check_stop();
}

void Service::check_stop() {
  if (!stopping_ || !stopped_) return;
  for (const auto& session : sessions_)
    if (!session->drained()) return;
  boost::asio::post(io_, std::exchange(stopped_, nullptr));
}

}  // namespace pgops::worker
