// Unit: the egress ranges, judged on both sides of every boundary, and the
// exceptions to them.
#include <gtest/gtest.h>

#include "core/address.hpp"

namespace pgops {
namespace {

std::string rule(std::string_view text) {
  const auto address = Address::parse(text);
  EXPECT_TRUE(address) << text;
  if (!address) return "?";
  const AddressVerdict verdict = classify(*address);
  EXPECT_EQ(verdict.allowed, verdict.rule == "public") << text;
  return std::string(verdict.rule);
}

struct Case {
  const char* text;
  const char* rule;
};

class Ranges : public testing::TestWithParam<Case> {};

TEST_P(Ranges, AreJudged) { EXPECT_EQ(rule(GetParam().text), GetParam().rule) << GetParam().text; }

INSTANTIATE_TEST_SUITE_P(
    V4, Ranges,
    testing::Values(Case{"0.0.0.0", "this-network"}, Case{"0.255.255.255", "this-network"}, Case{"1.0.0.0", "public"},
                    Case{"9.255.255.255", "public"}, Case{"10.0.0.0", "private"}, Case{"10.255.255.255", "private"},
                    Case{"11.0.0.0", "public"}, Case{"100.63.255.255", "public"},
                    Case{"100.64.0.0", "carrier-grade-nat"}, Case{"100.127.255.255", "carrier-grade-nat"},
                    Case{"100.128.0.0", "public"}, Case{"100.100.100.200", "cloud-metadata"},
                    Case{"126.255.255.255", "public"}, Case{"127.0.0.0", "loopback"},
                    Case{"127.255.255.255", "loopback"}, Case{"128.0.0.0", "public"}, Case{"168.63.129.15", "public"},
                    Case{"168.63.129.16", "cloud-metadata"}, Case{"168.63.129.17", "public"},
                    Case{"169.253.255.255", "public"}, Case{"169.254.0.0", "link-local"},
                    Case{"169.254.169.254", "cloud-metadata"}, Case{"169.254.255.255", "link-local"},
                    Case{"169.255.0.0", "public"}, Case{"172.15.255.255", "public"}, Case{"172.16.0.0", "private"},
                    Case{"172.31.255.255", "private"}, Case{"172.32.0.0", "public"}, Case{"191.255.255.255", "public"},
                    Case{"192.0.0.0", "protocol-assignments"}, Case{"192.0.0.255", "protocol-assignments"},
                    Case{"192.0.1.0", "public"}, Case{"192.0.1.255", "public"}, Case{"192.0.2.0", "documentation"},
                    Case{"192.0.2.255", "documentation"}, Case{"192.0.3.0", "public"}, Case{"192.88.98.255", "public"},
                    Case{"192.88.99.0", "6to4-relay"}, Case{"192.88.100.0", "public"},
                    Case{"192.167.255.255", "public"}, Case{"192.168.0.0", "private"},
                    Case{"192.168.255.255", "private"}, Case{"192.169.0.0", "public"}));

INSTANTIATE_TEST_SUITE_P(V4Upper, Ranges,
                         testing::Values(Case{"198.17.255.255", "public"}, Case{"198.18.0.0", "benchmarking"},
                                         Case{"198.19.255.255", "benchmarking"}, Case{"198.20.0.0", "public"},
                                         Case{"198.51.99.255", "public"}, Case{"198.51.100.0", "documentation"},
                                         Case{"198.51.100.255", "documentation"}, Case{"198.51.101.0", "public"},
                                         Case{"203.0.112.255", "public"}, Case{"203.0.113.0", "documentation"},
                                         Case{"203.0.113.255", "documentation"}, Case{"203.0.114.0", "public"},
                                         Case{"223.255.255.255", "public"}, Case{"224.0.0.0", "multicast"},
                                         Case{"239.255.255.255", "multicast"}, Case{"240.0.0.0", "reserved"},
                                         Case{"255.255.255.254", "reserved"}, Case{"255.255.255.255", "broadcast"},
                                         Case{"8.8.8.8", "public"}));

INSTANTIATE_TEST_SUITE_P(
    V6, Ranges,
    testing::Values(
        Case{"::", "unspecified"}, Case{"::1", "loopback"}, Case{"::2", "v4-compatible"},
        Case{"::8.8.8.8", "v4-compatible"}, Case{"::127.0.0.1", "v4-compatible"}, Case{"::1:0:0", "reserved"},
        Case{"::ffff:8.8.8.8", "v4-mapped"}, Case{"::ffff:127.0.0.1", "v4-mapped"},
        Case{"::ffff:0:127.0.0.1", "v4-translated"}, Case{"64:ff9b::7f00:1", "nat64"},
        Case{"64:ff9b::8.8.8.8", "nat64"}, Case{"64:ff9b:0:0:0:1::", "reserved"}, Case{"64:ff9b:1::", "nat64-local"},
        Case{"64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "nat64-local"}, Case{"64:ff9b:2::", "reserved"},
        Case{"100::1", "discard"}, Case{"2001::1", "teredo"}, Case{"2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "teredo"},
        Case{"2001:1::1", "protocol-assignments"}, Case{"2001:2::1", "benchmarking"},
        Case{"2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "protocol-assignments"}, Case{"2001:200::", "public"},
        Case{"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "public"}, Case{"2001:db8::", "documentation"},
        Case{"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"}, Case{"2001:db9::", "public"},
        Case{"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "public"}, Case{"2002::", "6to4"},
        Case{"2002:7f00:1::", "6to4"}, Case{"2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "6to4"},
        Case{"2003::", "public"}, Case{"1fff:ffff::", "reserved"}, Case{"2000::1", "public"},
        Case{"3ffe:ffff::", "public"}, Case{"3fff::1", "documentation"}, Case{"3fff:fff:ffff::", "documentation"},
        Case{"3fff:1000::", "public"}, Case{"4000::", "reserved"}));

INSTANTIATE_TEST_SUITE_P(
    V6Upper, Ranges,
    testing::Values(Case{"5f00::1", "reserved"}, Case{"fbff:ffff::", "reserved"}, Case{"fc00::", "unique-local"},
                    Case{"fd00:ec2::254", "cloud-metadata"}, Case{"fd00:ec2::253", "unique-local"},
                    Case{"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "unique-local"}, Case{"fe00::", "reserved"},
                    Case{"fe7f:ffff::", "reserved"}, Case{"fe80::1", "link-local"}, Case{"febf:ffff::", "link-local"},
                    Case{"fec0::", "site-local"}, Case{"feff:ffff::", "site-local"}, Case{"ff00::", "multicast"},
                    Case{"ff02::1", "multicast"}, Case{"2a00:1450:4001:800::200e", "public"},
                    Case{"2a00:1450::5efe:10.0.0.1", "isatap"}, Case{"2a00:1450::200:5efe:7f00:1", "isatap"},
                    Case{"2a00:1450::100:5efe:7f00:1", "public"}));

TEST(Address, NothingButFourOrSixteenBytesIsAnAddress) {
  const std::array<std::uint8_t, 20> bytes{8, 8, 8, 8};
  for (std::size_t n = 0; n <= bytes.size(); ++n) {
    const std::span<const std::uint8_t> some(bytes.data(), n);
    if (n == 4 || n == 16) continue;
    EXPECT_FALSE(classify(some).allowed) << n;
    EXPECT_EQ(classify(some).rule, "unknown");
    EXPECT_FALSE(Address::from_bytes(some));
  }
  EXPECT_TRUE(classify(std::span<const std::uint8_t>(bytes.data(), 4)).allowed);
}

TEST(Address, OnlyStrictTextFormsAreRead) {
  for (const auto* bad : {"", "1", "127.1", "0x7f.0.0.1", "0177.0.0.1", "127.0.0.1 ", "1.2.3.4.5", "256.1.1.1", "[::1]",
                          "::1%eth0", "fe80::1%1", "2130706433", "127.0.0.1\n", ":::", "1::2::3", "12345::"}) {
    EXPECT_FALSE(Address::parse(bad)) << bad;
  }
  EXPECT_FALSE(Address::parse(std::string_view("127.0.0.1\0x", 11)));
  EXPECT_EQ(Address::parse("2001:DB8:0:0::1")->to_string(), "2001:db8::1");
  EXPECT_EQ(Address::parse("127.0.0.1")->to_string(), "127.0.0.1");
}

TEST(Cidr, ContainsItsRangeOnly) {
  const auto range = Cidr::parse("10.1.2.0/23").value();
  EXPECT_TRUE(range.contains(*Address::parse("10.1.2.0")));
  EXPECT_TRUE(range.contains(*Address::parse("10.1.3.255")));
  EXPECT_FALSE(range.contains(*Address::parse("10.1.1.255")));
  EXPECT_FALSE(range.contains(*Address::parse("10.1.4.0")));
  EXPECT_FALSE(range.contains(*Address::parse("::ffff:10.1.2.1")));
  EXPECT_TRUE(Cidr::parse("0.0.0.0/0")->contains(*Address::parse("255.1.1.1")));
  EXPECT_TRUE(Cidr::parse("fd00::/8")->contains(*Address::parse("fdff::1")));
  EXPECT_TRUE(Cidr::parse("::1")->contains(*Address::parse("::1")));
  for (const auto* bad : {"10.1.2.3/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "/8", "fd00::1/8",
                          "fd00::/129", "10.0.0.0/08x"}) {
    EXPECT_FALSE(Cidr::parse(bad)) << bad;
  }
}

AddressVerdict judged(const std::vector<std::string>& entries, std::string_view host, std::string_view address,
                      std::uint16_t port, const std::vector<Address>& own = {}) {
  const auto exceptions = EgressExceptions::parse(entries);
  EXPECT_TRUE(exceptions.ok()) << exceptions.error().message;
  return judge_address(host, *Address::parse(address), port, *exceptions, own);
}

TEST(EgressExceptions, OpenExactlyWhatTheyName) {
  EXPECT_FALSE(judged({}, "localhost", "127.0.0.1", 8088).allowed);
  EXPECT_EQ(judged({"127.0.0.1:8088"}, "localhost", "127.0.0.1", 8088).rule, "exception");
  EXPECT_FALSE(judged({"127.0.0.1:8088"}, "localhost", "127.0.0.1", 8089).allowed);
  EXPECT_FALSE(judged({"127.0.0.1:8088"}, "localhost", "127.0.0.2", 8088).allowed);
  EXPECT_FALSE(judged({"127.0.0.1:8088"}, "x", "::ffff:127.0.0.1", 8088).allowed);
  EXPECT_TRUE(judged({"10.0.0.0/8"}, "a", "10.9.9.9", 1).allowed);
  EXPECT_TRUE(judged({"10.0.0.0/8:443"}, "a", "10.9.9.9", 443).allowed);
  EXPECT_FALSE(judged({"10.0.0.0/8:443"}, "a", "10.9.9.9", 80).allowed);
  EXPECT_TRUE(judged({"fd00::/8"}, "a", "fd12::1", 80).allowed);
  EXPECT_TRUE(judged({"[fd00::/8]:443"}, "a", "fd12::1", 443).allowed);
  EXPECT_FALSE(judged({"[fd00::/8]:443"}, "a", "fd12::1", 444).allowed);
  EXPECT_TRUE(judged({"[::1]:80"}, "[::1]", "::1", 80).allowed);
  EXPECT_TRUE(judged({"Metrics.Internal:9090"}, "metrics.internal.", "10.1.1.1", 9090).allowed);
  EXPECT_FALSE(judged({"metrics.internal:9090"}, "other.internal", "10.1.1.1", 9090).allowed);
  EXPECT_FALSE(judged({"metrics.internal:9090"}, "x.metrics.internal", "10.1.1.1", 9090).allowed);
}

TEST(EgressExceptions, TheMachinesOwnAddressesAreRefused) {
  const std::vector<Address> own{*Address::parse("93.184.216.34")};
  EXPECT_EQ(judged({}, "me", "93.184.216.34", 80, own).rule, "own-address");
  EXPECT_TRUE(judged({"93.184.216.34:80"}, "me", "93.184.216.34", 80, own).allowed);
}

TEST(EgressExceptions, UnreadableEntriesAreNamed) {
  for (const auto* bad : {"", "localhost", "localhost:0", "localhost:70000", "host:port", "10.0.0.1/8", "[::1]",
                          "[::1]80", "[::1]:", "a b:80", "http://x:80", "1.2.3:80", "*:80", "host:80:90"}) {
    const auto result = EgressExceptions::parse(std::vector<std::string>{bad});
    EXPECT_FALSE(result.ok()) << bad;
    if (!result) {
      EXPECT_NE(result.error().message.find(std::string("\"") + bad + "\""), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace pgops
