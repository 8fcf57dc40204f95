// worker/server: one backend's connection.
//
// Handshake, then requests in any number at the same time; every http request gets one reply, unless it
// is cancelled. Closing the connection cancels what it asked for. A peer that breaks the protocol is told
// so and disconnected; it cannot disturb another connection.
//
// Back-pressure: while more than kHighWater bytes wait to be read by the backend, nothing more is read
// from it. A backend that reads nothing at all for write_stall_ms is disconnected (see sweep()).
#pragma once

#include <array>
#include <boost/asio/local/stream_protocol.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "core/protocol.hpp"
#include "worker/net/budget.hpp"
#include "worker/net/http_call.hpp"

namespace pgops::worker {

class Service;

class Session : public std::enable_shared_from_this<Session> {
 public:
  using Socket = boost::asio::local::stream_protocol::socket;
  using Clock = std::chrono::steady_clock;

  Session(Service& service, Socket socket);
  ~Session();

  void start();
  // Tells the peer why and closes once it has been told.
  void refuse(Code code, const std::string& message);
  // Cancels the calls and closes, now.
  void close();
  // Ends every running call with this error, which is still sent.
  void abort_calls(const Error& error);
  // Closes if the handshake or the peer's reading has taken too long.
  void sweep(Clock::time_point now);
  bool drained() const noexcept { return calls_.empty() && output_.empty(); }

 private:
  struct Outgoing {
    std::string head;  // length and envelope
    std::string body;  // verbatim, for a success
    std::string tail;
    Budget::Lease lease;
    std::size_t size() const noexcept { return head.size() + body.size() + tail.size(); }
  };

  void read();
  void consume();
  void on_request(protocol::Request request);
  void on_hello(const protocol::Hello& hello);
  void on_http(protocol::HttpCall call);
  void on_outcome(const HttpCall& call, HttpOutcome outcome);
  void send(const protocol::Reply& reply);
  void send(Outgoing frame);
  void write();

  Service& service_;
  Socket socket_;
  std::array<char, 4'096> input_{};
  protocol::FrameReader reader_{protocol::kMaxRequestBytes};
  std::unordered_map<std::string, std::shared_ptr<HttpCall>> calls_;
  std::deque<Outgoing> output_;
  std::size_t output_bytes_ = 0;
  Clock::time_point opened_ = Clock::now();
  Clock::time_point progress_{};  // of the write under way
  bool greeted_ = false;
  bool reading_ = false;
  bool consuming_ = false;
  bool writing_ = false;
  bool closing_ = false;  // after the output has been written
  bool closed_ = false;
};

}  // namespace pgops::worker
