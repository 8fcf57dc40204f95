// worker/loop: from the kernel's socket addresses to core's.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "core/address.hpp"

namespace pgops::worker {

// nullopt for anything but a complete IPv4 or IPv6 socket address. Reads through copies, because the
// kernel's and libcurl's buffers promise no alignment.
inline std::optional<Address> address_from_sockaddr(const sockaddr* address, std::size_t length) {
  if (address == nullptr || length < sizeof(sa_family_t)) return {};
  sa_family_t family = 0;
  std::memcpy(&family, address, sizeof family);
  std::uint8_t bytes[16];
  if (family == AF_INET && length >= sizeof(sockaddr_in)) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    std::memcpy(bytes, &in.sin_addr, 4);
    return Address::from_bytes(std::span<const std::uint8_t>(bytes, 4));
  }
  if (family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 in{};
    std::memcpy(&in, address, sizeof in);
    std::memcpy(bytes, &in.sin6_addr, 16);
    return Address::from_bytes(std::span<const std::uint8_t>(bytes, 16));
  }
  return {};
}

}  // namespace pgops::worker
