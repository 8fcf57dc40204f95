// worker/loop: libcurl's multi interface inside the Asio loop.
//
// libcurl says which sockets it waits for; they are kept in one epoll set of our own, level-triggered,
// and Asio waits for that set alone. So libcurl's sockets stay libcurl's: nothing to duplicate, nothing
// to release at the right moment, one wake-up for a whole batch of events. Everything runs on the loop's
// thread. Not to be called from inside libcurl's callbacks.
//
// Made by make_shared only: a queued handler keeps it alive while it works, because the last call to end
// may be the last owner.
//
// Handles are pooled (they are expensive to make); connections, TLS sessions and the parsed certificate
// authorities live in the multi handle and are shared by all calls made through it.
#pragma once

#include <curl/curl.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace pgops::worker {

class CurlLoop : public std::enable_shared_from_this<CurlLoop> {
 public:
  explicit CurlLoop(boost::asio::io_context& io);
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;
  ~CurlLoop();

  // Called once per started transfer, unless it is abandoned first; never from inside start().
  class Listener {
   public:
    virtual void transfer_done(CURLcode result) = 0;

   protected:
    ~Listener() = default;
  };

  // A fresh handle with default options; give it back with release().
  CURL* acquire();
  void release(CURL* easy);

  // `listener` must live until transfer_done() or abandon(). False: libcurl refused the handle.
  bool start(CURL* easy, Listener* listener);
  // Ends a transfer without a report and closes its connection.
  void abandon(CURL* easy);
  // After transfer_done(): detaches the handle, so that it can be released.
  void detach(CURL* easy);

 private:
  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* known) noexcept;
  static int on_timer(CURLM* multi, long timeout_ms, void* self) noexcept;
  void arm(long timeout_ms);
  void wait();
  void events();
  void act(curl_socket_t socket, int bits);
  void finished();

  boost::asio::io_context& io_;
  boost::asio::posix::stream_descriptor epoll_;
  boost::asio::steady_timer timer_;
  std::uint64_t armed_ = 0;  // tells a timer that fired from one that was replaced
  bool waiting_ = false;
  int sockets_ = 0;
  CURLM* multi_;
  std::vector<CURL*> idle_;
};

}  // namespace pgops::worker
