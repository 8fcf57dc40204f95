// core: which network addresses the egress guard lets a tool reach.
//
// Judged is the binary address actually connected to, never a host name's
// spelling. Allowed is only what is globally routable unicast; every transition
// form that carries an IPv4 address inside an IPv6 one is refused as a whole,
// because what it reaches depends on a gateway. An *exception* comes from the
// worker's configuration only: `host:port`, `ADDRESS[/BITS]`,
// `ADDRESS[/BITS]:port`; with a port, IPv6 stands in brackets.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace pgops {

// An IPv4 (4 bytes) or IPv6 (16 bytes) address in network order.
class Address {
 public:
  // Any other length gives nullopt.
  static std::optional<Address> from_bytes(std::span<const std::uint8_t> bytes) noexcept;
  // Strict text forms only: no octal, hex or short IPv4, no zone, no brackets.
  static std::optional<Address> parse(std::string_view text);

  bool is_v4() const noexcept { return size_ == 4; }
  std::span<const std::uint8_t> bytes() const noexcept { return {bytes_.data(), size_}; }
  std::string to_string() const;
  bool operator==(const Address&) const noexcept = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
  std::uint8_t size_ = 4;
};

struct Cidr {
  Address base;
  unsigned bits = 0;

  // "10.0.0.0/8", "::1"; without /BITS one address. Bits set beyond the prefix
  // are an error.
  static std::optional<Cidr> parse(std::string_view text);
  // Never true across families.
  bool contains(const Address& address) const noexcept;
};

struct AddressVerdict {
  bool allowed = false;
  std::string_view rule;  // "public", "loopback", "private", ...; static storage
};

// Fail closed: what is neither 4 nor 16 bytes is refused under rule "unknown".
AddressVerdict classify(std::span<const std::uint8_t> bytes) noexcept;
AddressVerdict classify(const Address& address) noexcept;

class EgressExceptions {
 public:
  // TOOL_BAD_REQUEST naming the entry that cannot be read.
  static Result<EgressExceptions> parse(std::span<const std::string> entries);
  // `host` as written in the URL (without brackets), for the host:port entries.
  bool permits(std::string_view host, const Address& address, std::uint16_t port) const;
  std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct Entry {
    std::string host;  // empty: by range
    std::optional<Cidr> range;
    std::optional<std::uint16_t> port;
  };
  std::vector<Entry> entries_;
};

// The whole verdict: exceptions first (rule "exception"), then the machine's
// own addresses (rule "own-address"), then the ranges.
AddressVerdict judge_address(std::string_view host, const Address& address, std::uint16_t port,
                             const EgressExceptions& exceptions, std::span<const Address> own_addresses);

}  // namespace pgops
