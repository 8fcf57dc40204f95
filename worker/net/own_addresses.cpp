// worker/net: see own_addresses.hpp.
#include "worker/net/own_addresses.hpp"

#include <ifaddrs.h>
#include <netinet/in.h>

#include "worker/loop/sockaddr.hpp"

namespace pgops::worker {
namespace {

constexpr std::chrono::seconds kFresh{2};

std::optional<std::vector<Address>> from_kernel() {
  std::vector<Address> result;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return {};
  for (const ifaddrs* item = list; item != nullptr; item = item->ifa_next) {
    if (item->ifa_addr == nullptr) continue;
    const int family = item->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    const auto length = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    // What the ranges deny anyway is left to them: "loopback" says more than "own-address".
    const auto address = address_from_sockaddr(item->ifa_addr, static_cast<socklen_t>(length));
    if (address && classify(*address).allowed) result.push_back(*address);
  }
  ::freeifaddrs(list);
  return result;
}

}  // namespace

OwnAddresses::OwnAddresses() : source_(from_kernel) {}
OwnAddresses::OwnAddresses(Source source) : source_(std::move(source)) {}

const std::vector<Address>& OwnAddresses::now() {
  const auto instant = Clock::now();
  if (!read_ || instant - read_at_ > kFresh) {
    if (auto fresh = source_()) addresses_ = std::move(*fresh);  // a failed reading keeps the last one
    read_at_ = instant;
    read_ = true;
  }
  return addresses_;
}

}  // namespace pgops::worker
