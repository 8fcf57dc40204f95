// worker/cli: the serving process: signals, loop, order of start and end. Holds the one catch-all.
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <exception>

#include "core/version.hpp"
#include "worker/cli/commands.hpp"
#include "worker/config/config.hpp"
#include "worker/http/status_server.hpp"
#include "worker/log/log.hpp"
#include "worker/net/engine.hpp"
#include "worker/server/service.hpp"
#include "worker/server/socket_file.hpp"

namespace pgops::worker {
namespace {

int failed(const Error& error) {
  std::fprintf(stderr, "pg_ops_worker: %s\n", error.message.c_str());
  if (!error.hint.empty()) std::fprintf(stderr, "HINT: %s\n", error.hint.c_str());
  return 1;
}

// A connection of a backend and one of a call each take a descriptor; the usual soft limit is 1024.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void reload(Service& service, const std::string& config_path) {
  const auto config = load_config(config_path);
  const Status status = config ? service.reload(*config) : Status(config.error());
  if (status)
    log::event(LogLevel::info, "configuration reloaded");
  else
    log::event(LogLevel::error, "configuration not reloaded", {{"error.message", status.error().message}});
}

class Signals {
 public:
  Signals(boost::asio::io_context& io, Service& service, StatusServer* status, std::string config_path)
      : io_(io),
        set_(io, SIGTERM, SIGINT, SIGHUP),
        service_(service),
        status_(status),
        config_path_(std::move(config_path)) {
    wait();
  }

 private:
  void wait() {
    set_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        reload(service_, config_path_);
      } else {
        if (status_ != nullptr) status_->close();
        service_.stop([this] { io_.stop(); });
      }
      wait();
    });
  }

  boost::asio::io_context& io_;
  boost::asio::signal_set set_;
  Service& service_;
  StatusServer* status_;
  std::string config_path_;
};

// Held back while threads are made (so that none of them ever takes a signal) and again after the loop's
// end (where a second SIGTERM would find the default action).
void hold_signals(bool hold) {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&signals, signal);
  ::pthread_sigmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &signals, nullptr);
}

int serve(const Config& config, const std::string& config_path) {
  boost::asio::io_context io(1);
  auto file = SocketFile::listen(config);
  if (!file) return failed(file.error());
  hold_signals(true);
  auto engine = HttpEngine::make(io, config);
  if (!engine) return failed(engine.error());
  Service service(io, config, std::move(file).value(), std::move(engine).value());
  std::unique_ptr<StatusServer> status;
  if (config.http_listen) {
    auto made = StatusServer::make(io, *config.http_listen, service.metrics());
    if (!made) return failed(made.error());
    status = std::move(made).value();
  }
  const Signals signals(io, service, status.get(), config_path);
  service.start();
  hold_signals(false);
  log::event(LogLevel::info, "worker ready",
             {{"pg_ops.version", kVersion},
              {"service.instance.id", std::string_view(service.metrics().instance())},
              {"process.pid", static_cast<std::int64_t>(::getpid())},
              {"pg_ops.socket", std::string_view(config.socket)}});
  try {
    io.run();
  } catch (const std::exception& error) {  // nothing may be assumed about what lives: no unwinding
    log::event(LogLevel::error, "worker ends after an internal error", {{"error.message", error.what()}});
    log::flush();
    ::_exit(1);
  }
  hold_signals(true);
  service.engine().finish_checks();
  log::event(LogLevel::info, "worker stopped");
  log::flush();
  // Joining the resolver's threads would wait for a name server that does not answer.
  if (!service.engine().resolver_idle()) ::_exit(0);
  return 0;
}

}  // namespace

int run_worker(const std::string& config_path) {
  const auto config = load_config(config_path);
  if (!config) return failed(config.error());
  if (const auto status = log::configure(config->log); !status) return failed(status.error());
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  try {
    return serve(*config, config_path);
  } catch (const std::exception& error) {
    log::event(LogLevel::error, "worker ends after an internal error", {{"error.message", error.what()}});
    log::flush();
    return 1;
  }
}

}  // namespace pgops::worker
