// worker/http: see status_server.hpp.
#include "worker/http/status_server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "worker/server/metrics.hpp"

namespace pgops::worker {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr int kMaxConnections = 32;
constexpr std::uint32_t kMaxHeaderBytes = 8'192;
constexpr std::chrono::seconds kIdle{30};

http::response<http::string_body> answer(const http::request<http::empty_body>& request, const Metrics& metrics) {
  http::response<http::string_body> response{http::status::ok, request.version()};
  response.set(http::field::server, "pg_ops_worker");
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  const auto target = request.target().substr(0, request.target().find('?'));
  const bool reads = request.method() == http::verb::get || request.method() == http::verb::head;
  if (!reads) {
    response.result(http::status::method_not_allowed);
    response.set(http::field::allow, "GET, HEAD");
  } else if (target == "/health") {
    response.set(http::field::content_type, "application/json");
    response.body() = metrics.report().dump();
  } else if (target == "/metrics") {
    response.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
    response.body() = metrics.prometheus();
  } else {
    response.result(http::status::not_found);
  }
  response.keep_alive(request.keep_alive());
  const std::size_t length = response.body().size();
  if (request.method() == http::verb::head) response.body().clear();
  response.content_length(length);
  return response;
}

asio::awaitable<void> serve(asio::ip::tcp::socket socket, const Metrics& metrics, std::shared_ptr<int> open) {
  ++*open;
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer(kMaxHeaderBytes);
  try {
    for (bool more = true; more;) {
      stream.expires_after(kIdle);
      http::request_parser<http::empty_body> parser;
      parser.header_limit(kMaxHeaderBytes);
      co_await http::async_read(stream, buffer, parser, asio::use_awaitable);
      http::response<http::string_body> response = answer(parser.get(), metrics);
      http::response_serializer<http::string_body> serializer(response);
      co_await http::async_write(stream, serializer, asio::use_awaitable);
      more = response.keep_alive();
    }
  } catch (const boost::system::system_error&) {  // the client left, was too slow or spoke nonsense
  }
  boost::system::error_code ignored;
  stream.socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  --*open;
}

}  // namespace

Result<std::unique_ptr<StatusServer>> StatusServer::make(asio::io_context& io, const HttpListen& listen,
                                                         const Metrics& metrics) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(listen.address, error);
  const asio::ip::tcp::endpoint endpoint(address, listen.port);
  asio::ip::tcp::acceptor acceptor(io);
  if (!error) acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    return Error{Code::internal_error,
                 "http.listen: " + listen.address + ":" + std::to_string(listen.port) + ": " + error.message(), "", ""};
  std::unique_ptr<StatusServer> server(new StatusServer(io, std::move(acceptor), metrics));
  server->accept();
  return server;
}

void StatusServer::accept() {
  acceptor_.async_accept([this](const boost::system::error_code& error, asio::ip::tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (error) {  // short of descriptors: try again later rather than spin
      auto timer = std::make_shared<asio::steady_timer>(io_, std::chrono::milliseconds(200));
      timer->async_wait([this, timer](const boost::system::error_code&) {
        if (acceptor_.is_open()) accept();
      });
      return;
    }
    if (*open_ < kMaxConnections) asio::co_spawn(io_, serve(std::move(socket), metrics_, open_), asio::detached);
    accept();
  });
}

void StatusServer::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
}

}  // namespace pgops::worker
