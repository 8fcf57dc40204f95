// worker/net: the machine's own addresses, which no call may reach without an exception.
//
// A public address of this very host is globally routable and still leads inside (past a firewall, to
// services that trust local callers). Read from the kernel at most every two seconds, and only when a
// new connection is about to be opened, so that an address added later counts within that time.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "core/address.hpp"

namespace pgops::worker {

class OwnAddresses {
 public:
  using Source = std::function<std::optional<std::vector<Address>>()>;

  OwnAddresses();                        // the kernel
  explicit OwnAddresses(Source source);  // nullopt: cannot be read now

  // Only those that would be allowed otherwise.
  const std::vector<Address>& now();

 private:
  using Clock = std::chrono::steady_clock;
  Source source_;
  std::vector<Address> addresses_;
  Clock::time_point read_at_{};
  bool read_ = false;
};

}  // namespace pgops::worker
