// worker/loop: names to addresses, off the loop, once for everybody who asks at the same time.
//
// getaddrinfo blocks and cannot be stopped, so it runs on a few threads of its own, and a caller that
// gives up just stops listening. All addresses of a name are handed over together: the egress guard
// judges the whole set, which a resolver hidden inside the transfer would not allow.
//
// Answers are kept for cache_ms, failures for a tenth of it (at most a second). Names of the
// configuration (`hosts`) are never looked up. Loop thread only, but for the look-ups themselves.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/address.hpp"
#include "worker/config/config.hpp"

namespace pgops::worker {

struct Resolution {
  std::vector<Address> addresses;  // empty: the name does not resolve
  std::string error;               // the resolver's words, then
};

// One look-up, blocking, as the threads below do it.
Resolution resolve_now(const std::string& host, AddressFamily family);

class Resolver {
 public:
  using Done = std::function<void(const Resolution&)>;
  // Withdraws the caller's interest when destroyed; the look-up itself runs on.
  using Ticket = std::shared_ptr<Done>;

  Resolver(boost::asio::io_context& io, const ResolverConfig& config);
  ~Resolver();

  // New options for what is looked up from now on; forgets every answer. The number of threads stays.
  void reconfigure(const ResolverConfig& config);

  bool idle() const noexcept { return pending_ == 0; }

  // An answer at hand, or nullptr. Valid until the next call of anything here.
  const Resolution* cached(const std::string& host);
  // Calls `done` later, never from inside, if the ticket still lives then.
  [[nodiscard]] Ticket resolve(const std::string& host, Done done);

 private:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    Resolution resolution;
    Clock::time_point expires{};
    bool pending = false;
    std::vector<std::weak_ptr<Done>> waiting;
  };
  void arrived(const std::string& host, std::uint64_t generation, Resolution resolution);
  void trim();

  boost::asio::io_context& io_;
  ResolverConfig config_;
  std::uint64_t generation_ = 0;
  int pending_ = 0;
  std::unordered_map<std::string, Entry> entries_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  boost::asio::thread_pool threads_;
};

}  // namespace pgops::worker
