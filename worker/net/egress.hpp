// worker/net: the egress guard: which address a call may be connected to.
//
// Vocabulary: a *denied* address is one that is not globally routable or is the machine's own; an
// *exception* (host:port or CIDR, from the worker's configuration only) allows it all the same.
// One address is judged by judge(); a host by all its addresses, in judge_host(): when any of them is
// denied, only those remain that an exception names. A public name that also resolves to a denied
// address is the mark of DNS rebinding, so its public addresses are refused with it, under the rule of
// the first denied one.
// The same judgement is repeated on the address of each socket before it is opened.
//
// Unchanging but for the cache of own addresses; a reload makes a new guard. Loop thread only.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.hpp"
#include "worker/net/own_addresses.hpp"
#include "worker/net/target.hpp"

namespace pgops::worker {

inline constexpr std::string_view kUnresolvable = "unresolvable";

struct Verdict {
  bool allowed = false;
  std::string address;  // judged; empty when there was none
  std::string rule;     // "public", "exception", or the rule that denies
};

struct HostVerdict {
  Verdict verdict;              // of the first address that would be connected, or the reason for none
  std::vector<Address> usable;  // empty exactly when denied
};

class EgressGuard {
 public:
  explicit EgressGuard(EgressExceptions exceptions = {}, OwnAddresses own = {});

  // `host` as in the URL, for exceptions that name a host.
  Verdict judge(const std::string& host, std::uint16_t port, const Address& address);
  // `addresses` in the order in which they would be tried; none: rule "unresolvable".
  HostVerdict judge_host(const std::string& host, std::uint16_t port, std::span<const Address> addresses);

 private:
  EgressExceptions exceptions_;
  OwnAddresses own_;
};

}  // namespace pgops::worker
