// worker/net: what all http calls share: the transfer loop, the resolver, the guard, the limits.
//
// A reload replaces guard and transfer loop together: running calls keep the ones they began with, and
// the connections that were opened under the old exceptions are not used by any new call.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>

#include "worker/config/config.hpp"
#include "worker/net/budget.hpp"
#include "worker/net/ca_bundle.hpp"
#include "worker/net/egress.hpp"
#include "worker/loop/curl_loop.hpp"
#include "worker/loop/resolver.hpp"
#include "worker/net/http_call.hpp"

namespace pgops::worker {

class HttpEngine {
 public:
  // Errors: a ca_file that cannot be read.
  static Result<std::unique_ptr<HttpEngine>> make(boost::asio::io_context& io, const Config& config);
  ~HttpEngine();

  // Egress, resolver and limits of `config` from now on. On an error everything stays as it was.
  Status reconfigure(const Config& config);

  // A call that has not started; see HttpCall::start().
  std::shared_ptr<HttpCall> make_call(HttpRequest request, HttpCall::Done done);

  // After the loop's end, while all else still lives: waits for bodies under check and lets go of their
  // calls, which refer to this object.
  void finish_checks();

  // False while a look-up runs, which nothing can interrupt.
  bool resolver_idle() const noexcept { return resolver_.idle(); }
  int running() const noexcept { return running_; }
  std::int64_t buffered_bytes() const noexcept { return budget_.used(); }

 private:
  friend class HttpCall;
  HttpEngine(boost::asio::io_context& io, const Config& config, CaBundle bundle);

  boost::asio::io_context& io_;
  LimitsConfig limits_;
  Budget budget_;
  CaBundle bundle_;
  std::shared_ptr<EgressGuard> guard_;
  std::shared_ptr<CurlLoop> loop_;
  Resolver resolver_;
  int running_ = 0;
  boost::asio::thread_pool checkers_;  // bodies too big to be checked on the loop
};

}  // namespace pgops::worker
