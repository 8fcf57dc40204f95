// worker/net: one http call, from the request to its outcome.
//
// Phases: check (headers, URL, literal address) -> look up -> judge all addresses -> transfer -> map ->
// check the body. Exactly one outcome is reported, unless the call is cancelled, which is silent.
//
// Invariants: nothing is sent before every check has passed; the address of each socket is judged again
// before the socket exists; redirects are not followed; a request that is not idempotent is sent on a
// fresh connection, because libcurl repeats a request whose kept connection turns out to be dead.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "worker/loop/curl_loop.hpp"
#include "worker/loop/resolver.hpp"
#include "worker/net/egress.hpp"
#include "worker/net/request.hpp"

namespace pgops::worker {

class HttpEngine;

class HttpCall final : public CurlLoop::Listener, public std::enable_shared_from_this<HttpCall> {
 public:
  using Done = std::function<void(HttpOutcome)>;

  HttpCall(HttpEngine& engine, HttpRequest request, Done done);
  ~HttpCall();
  HttpCall(const HttpCall&) = delete;
  HttpCall& operator=(const HttpCall&) = delete;

  // Reports later, or, when everything is refused at once, from inside.
  void start();
  // Ends the call without a report; its connection is closed. Harmless after the outcome.
  void cancel();
  // Ends the call with this error, if it still runs.
  void abort(Error error);

  const HttpRequest& request() const noexcept { return request_; }

 private:
  using Clock = std::chrono::steady_clock;
  enum class Stop : std::uint8_t { none, headers, body, memory, error_body };

  void look_up();
  void resolved(const Resolution& resolution);
  void transfer();
  void set_options();
  void transfer_done(CURLcode result) override;
  void collect();
  void judge_body();
  void report();
  void fail(Error error);
  void drop_transfer();
  std::int64_t remaining_ms() const;

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address) noexcept;
  std::size_t take_body(const char* data, std::size_t bytes);

  HttpEngine& engine_;
  HttpRequest request_;
  Done done_;
  HttpOutcome outcome_;
  Target target_;
  std::vector<Address> usable_;
  std::shared_ptr<EgressGuard> guard_;  // the ones in force when the call began
  std::shared_ptr<CurlLoop> loop_;
  Resolver::Ticket ticket_;
  std::unique_ptr<boost::asio::steady_timer> timer_;  // for the look-up; the transfer has libcurl's
  Clock::time_point started_ = Clock::now();
  Clock::time_point deadline_ = Clock::time_point::max();
  std::int64_t max_bytes_ = 0;
  std::int64_t header_bytes_ = 0;
  std::int64_t wire_bytes_ = 0;
  bool answer_is_ok_ = false;
  Stop stop_ = Stop::none;
  Verdict denied_;  // of the last socket that was refused
  bool finished_ = false;

  CURL* easy_ = nullptr;
  curl_slist* header_list_ = nullptr;
  curl_slist* resolve_list_ = nullptr;
  char message_[CURL_ERROR_SIZE] = {};
};

}  // namespace pgops::worker
