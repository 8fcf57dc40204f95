// worker/server: what the connections share, and the life of the whole: start, reload, stop.
//
// Stopping: no new connections, new calls are refused with UPSTREAM_UNAVAILABLE, running ones get
// stop_grace_ms, what then still runs is ended with the same code; every reply is flushed before the end.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <unordered_set>

#include "worker/config/config.hpp"
#include "worker/net/engine.hpp"
#include "worker/server/metrics.hpp"
#include "worker/server/session.hpp"
#include "worker/server/socket_file.hpp"

namespace pgops::worker {

class Service {
 public:
  Service(boost::asio::io_context& io, Config config, SocketFile file, std::unique_ptr<HttpEngine> engine);
  ~Service();

  void start();
  // Egress, resolver, limits and log of the new configuration; the rest is reported as needing a restart.
  Status reload(const Config& config);
  // `done` is called once, when nothing runs any more. A second call stops at once.
  void stop(std::function<void()> done);

  HttpEngine& engine() noexcept { return *engine_; }
  Metrics& metrics() noexcept { return metrics_; }
  const Config& config() const noexcept { return config_; }
  bool stopping() const noexcept { return stopping_; }
  void closed(const std::shared_ptr<Session>& session);
  // A session may have become idle: a stop waits for that.
  void check_stop();

 private:
  void accept();
  void admit(Session::Socket socket);
  void sweep();
  void finish();

  boost::asio::io_context& io_;
  Config config_;
  SocketFile file_;
  std::unique_ptr<HttpEngine> engine_;
  Metrics metrics_;
  boost::asio::local::stream_protocol::acceptor acceptor_;
  boost::asio::steady_timer sweep_timer_;
  boost::asio::steady_timer pause_timer_;
  boost::asio::steady_timer grace_timer_;
  std::unordered_set<std::shared_ptr<Session>> sessions_;
  std::function<void()> stopped_;
  bool stopping_ = false;
  bool aborted_ = false;
};

}  // namespace pgops::worker
