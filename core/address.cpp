// core: the ranges of the egress guard, see address.hpp. Sources: the IANA
// special-purpose registries for IPv4 and IPv6, RFC 6890, and the metadata
// addresses of the large clouds.
#include "core/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace pgops {
namespace {

struct V4Range {
  std::uint32_t base;
  unsigned bits;
  std::string_view rule;
};

struct V6Range {
  std::array<std::uint16_t, 8> base;
  unsigned bits;
  std::string_view rule;
};

constexpr std::uint32_t v4(unsigned a, unsigned b, unsigned c, unsigned d) {
  return (a << 24U) | (b << 16U) | (c << 8U) | d;
}

// The first match names the rule, so special addresses stand before the ranges
// that hold them.
constexpr std::array kV4Ranges{
    V4Range{v4(169, 254, 169, 254), 32, "cloud-metadata"},
    V4Range{v4(169, 254, 170, 2), 32, "cloud-metadata"},
    V4Range{v4(168, 63, 129, 16), 32, "cloud-metadata"},
    V4Range{v4(100, 100, 100, 200), 32, "cloud-metadata"},
    V4Range{v4(192, 0, 0, 192), 32, "cloud-metadata"},
    V4Range{v4(0, 0, 0, 0), 8, "this-network"},
    V4Range{v4(10, 0, 0, 0), 8, "private"},
    V4Range{v4(100, 64, 0, 0), 10, "carrier-grade-nat"},
    V4Range{v4(127, 0, 0, 0), 8, "loopback"},
    V4Range{v4(169, 254, 0, 0), 16, "link-local"},
    V4Range{v4(172, 16, 0, 0), 12, "private"},
    V4Range{v4(192, 0, 0, 0), 24, "protocol-assignments"},
    V4Range{v4(192, 0, 2, 0), 24, "documentation"},
    V4Range{v4(192, 88, 99, 0), 24, "6to4-relay"},
    V4Range{v4(192, 168, 0, 0), 16, "private"},
    V4Range{v4(198, 18, 0, 0), 15, "benchmarking"},
    V4Range{v4(198, 51, 100, 0), 24, "documentation"},
    V4Range{v4(203, 0, 113, 0), 24, "documentation"},
    V4Range{v4(224, 0, 0, 0), 4, "multicast"},
    V4Range{v4(255, 255, 255, 255), 32, "broadcast"},
    V4Range{v4(240, 0, 0, 0), 4, "reserved"},
};

constexpr std::array kV6Ranges{
    V6Range{{0, 0, 0, 0, 0, 0, 0, 0}, 128, "unspecified"},
    V6Range{{0, 0, 0, 0, 0, 0, 0, 1}, 128, "loopback"},
    V6Range{{0, 0, 0, 0, 0, 0xFFFF, 0, 0}, 96, "v4-mapped"},
    V6Range{{0, 0, 0, 0, 0xFFFF, 0, 0, 0}, 96, "v4-translated"},
    V6Range{{0, 0, 0, 0, 0, 0, 0, 0}, 96, "v4-compatible"},
    V6Range{{0x64, 0xFF9B, 0, 0, 0, 0, 0, 0}, 96, "nat64"},
    V6Range{{0x64, 0xFF9B, 1, 0, 0, 0, 0, 0}, 48, "nat64-local"},
    V6Range{{0x100, 0, 0, 0, 0, 0, 0, 0}, 64, "discard"},
    V6Range{{0x2001, 0, 0, 0, 0, 0, 0, 0}, 32, "teredo"},
    V6Range{{0x2001, 2, 0, 0, 0, 0, 0, 0}, 48, "benchmarking"},
    V6Range{{0x2001, 0, 0, 0, 0, 0, 0, 0}, 23, "protocol-assignments"},
    V6Range{{0x2001, 0xDB8, 0, 0, 0, 0, 0, 0}, 32, "documentation"},
    V6Range{{0x3FFF, 0, 0, 0, 0, 0, 0, 0}, 20, "documentation"},
    V6Range{{0x2002, 0, 0, 0, 0, 0, 0, 0}, 16, "6to4"},
    V6Range{{0xFD00, 0xEC2, 0, 0, 0, 0, 0, 0x254}, 128, "cloud-metadata"},
    V6Range{{0xFC00, 0, 0, 0, 0, 0, 0, 0}, 7, "unique-local"},
    V6Range{{0xFE80, 0, 0, 0, 0, 0, 0, 0}, 10, "link-local"},
    V6Range{{0xFEC0, 0, 0, 0, 0, 0, 0, 0}, 10, "site-local"},
    V6Range{{0xFF00, 0, 0, 0, 0, 0, 0, 0}, 8, "multicast"},
};

bool same_prefix(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b, unsigned bits) noexcept {
  const std::size_t whole = bits / 8;
  for (std::size_t i = 0; i < whole; ++i) {
    if (a[i] != b[i]) return false;
  }
  const unsigned rest = bits % 8;
  if (rest == 0) return true;
  const unsigned mask = 0xFFU << (8U - rest);
  return ((static_cast<unsigned>(a[whole]) ^ b[whole]) & mask & 0xFFU) == 0;
}

AddressVerdict classify_v4(std::span<const std::uint8_t> bytes) noexcept {
  const std::uint32_t value = v4(bytes[0], bytes[1], bytes[2], bytes[3]);
  for (const V4Range& range : kV4Ranges) {
    if (((value ^ range.base) >> (32U - range.bits)) == 0) return {false, range.rule};
  }
  return {true, "public"};
}

AddressVerdict classify_v6(std::span<const std::uint8_t> bytes) noexcept {
  for (const V6Range& range : kV6Ranges) {
    std::array<std::uint8_t, 16> base{};
    for (std::size_t i = 0; i < 8; ++i) {
      base[2 * i] = static_cast<std::uint8_t>(range.base[i] >> 8U);
      base[2 * i + 1] = static_cast<std::uint8_t>(range.base[i]);
    }
    if (same_prefix(bytes, base, range.bits)) return {false, range.rule};
  }
  // Global unicast is 2000::/3; the rest of the space is not assigned (RFC
  // 4291, 2.4).
  if ((bytes[0] & 0xE0U) != 0x20U) return {false, "reserved"};
  // ISATAP carries an IPv4 address in the interface identifier
  // ::[02]00:5efe:a.b.c.d (RFC 5214).
  if ((bytes[8] & 0xFDU) == 0 && bytes[9] == 0 && bytes[10] == 0x5E && bytes[11] == 0xFE) return {false, "isatap"};
  return {true, "public"};
}

std::string normal_host(std::string_view host) {
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (!host.empty() && host.back() == '.') host.remove_suffix(1);
  std::string out(host);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

bool host_name(std::string_view text) noexcept {
  if (text.empty() || text.size() > 253) return false;
  bool letter = false;
  for (const char c : text) {
    const bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!alpha && !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != '_') return false;
    letter = letter || alpha;
  }
  return letter;
}

}  // namespace

std::optional<Address> Address::from_bytes(std::span<const std::uint8_t> bytes) noexcept {
  if (bytes.size() != 4 && bytes.size() != 16) return std::nullopt;
  Address out;
  out.size_ = static_cast<std::uint8_t>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), out.bytes_.begin());
  return out;
}

std::optional<Address> Address::parse(std::string_view text) {
  if (text.empty() || text.size() > 45 || text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  Address out;
  out.size_ = text.find(':') != std::string_view::npos ? 16 : 4;
  if (inet_pton(out.size_ == 16 ? AF_INET6 : AF_INET, terminated.c_str(), out.bytes_.data()) != 1) return std::nullopt;
  return out;
}

std::string Address::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  const char* text = inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes_.data(), buffer.data(), buffer.size());
  return text != nullptr ? text : "";
}

std::optional<Cidr> Cidr::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto base = Address::parse(text.substr(0, slash));
  if (!base) return std::nullopt;
  const unsigned width = base->is_v4() ? 32 : 128;
  Cidr out{*base, width};
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.bits);
    if (error != std::errc{} || end != digits.data() + digits.size() || out.bits > width) return std::nullopt;
  }
  for (unsigned bit = out.bits; bit < width; ++bit) {
    if ((base->bytes()[bit / 8] >> (7U - bit % 8)) & 1U) return std::nullopt;
  }
  return out;
}

bool Cidr::contains(const Address& address) const noexcept {
  return address.is_v4() == base.is_v4() && same_prefix(address.bytes(), base.bytes(), bits);
}

AddressVerdict classify(std::span<const std::uint8_t> bytes) noexcept {
  if (bytes.size() == 4) return classify_v4(bytes);
  if (bytes.size() == 16) return classify_v6(bytes);
  return {false, "unknown"};
}

AddressVerdict classify(const Address& address) noexcept { return classify(address.bytes()); }

Result<EgressExceptions> EgressExceptions::parse(std::span<const std::string> entries) {
  EgressExceptions out;
  for (const std::string& text : entries) {
    Entry entry;
    std::string_view target = text;
    const bool bracketed = text.starts_with('[');
    const auto close = text.find(']');
    const auto colon = text.rfind(':');
    bool good = true;
    if (bracketed) {
      good = close != std::string::npos && close + 1 < text.size() && text[close + 1] == ':';
      if (good) {
        entry.port = parse_port(target.substr(close + 2));
        target = target.substr(1, close - 1);
        good = entry.port.has_value();
      }
    } else if (colon != std::string::npos && text.find(':') == colon) {
      entry.port = parse_port(target.substr(colon + 1));
      target = target.substr(0, colon);
      good = entry.port.has_value();
    }
    if (good) {
      entry.range = Cidr::parse(target);
      if (!entry.range) {
        // A name always needs its port: every service of a machine is more than
        // one tool needs.
        good = !bracketed && entry.port && host_name(target);
        entry.host = normal_host(target);
      }
    }
    if (!good) {
      return Error{Code::tool_bad_request, "egress exception \"" + text + "\" cannot be read",
                   "An exception is host:port, ADDRESS[/BITS] or ADDRESS[/BITS]:port.",
                   "Write IPv6 with a port as [ADDRESS/BITS]:port, and leave no bits "
                   "set beyond the prefix."};
    }
    out.entries_.push_back(std::move(entry));
  }
  return out;
}

bool EgressExceptions::permits(std::string_view host, const Address& address, std::uint16_t port) const {
  const std::string name = normal_host(host);
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    if (entry.port && *entry.port != port) return false;
    return entry.range ? entry.range->contains(address) : entry.host == name;
  });
}

AddressVerdict judge_address(std::string_view host, const Address& address, std::uint16_t port,
                             const EgressExceptions& exceptions, std::span<const Address> own_addresses) {
  if (exceptions.permits(host, address, port)) return {true, "exception"};
  if (std::find(own_addresses.begin(), own_addresses.end(), address) != own_addresses.end()) {
    return {false, "own-address"};
  }
  return classify(address);
}

}  // namespace pgops
