// worker/http: GET /health and GET /metrics on a loopback address.
//
// No authentication, so nothing but counters is shown. Bounded: small requests, few connections, short
// time-outs; a client of it cannot slow the calls down by more than an answer's own cost.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "core/error.hpp"
#include "worker/config/config.hpp"

namespace pgops::worker {

class Metrics;

class StatusServer {
 public:
  // Errors: the address cannot be listened on.
  static Result<std::unique_ptr<StatusServer>> make(boost::asio::io_context& io, const HttpListen& listen,
                                                    const Metrics& metrics);
  void close();
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  StatusServer(boost::asio::io_context& io, boost::asio::ip::tcp::acceptor acceptor, const Metrics& metrics)
      : io_(io), acceptor_(std::move(acceptor)), metrics_(metrics) {}
  void accept();

  boost::asio::io_context& io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  const Metrics& metrics_;
  std::shared_ptr<int> open_ = std::make_shared<int>(0);
};

}  // namespace pgops::worker
