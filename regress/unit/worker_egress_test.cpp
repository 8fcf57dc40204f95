// The egress guard over whole hosts and URLs. The ranges themselves are tested with core/address.
#include <gtest/gtest.h>

#include <clocale>

#include "worker/net/egress.hpp"
#include "worker/net/target.hpp"

namespace pgops::worker {
namespace {

std::vector<Address> addresses(std::initializer_list<const char*> texts) {
  std::vector<Address> result;
  for (const char* text : texts) result.push_back(Address::parse(text).value());
  return result;
}

EgressGuard guard(std::vector<std::string> exceptions, std::initializer_list<const char*> own = {}) {
  auto parsed = EgressExceptions::parse(exceptions);
  EXPECT_TRUE(parsed);
  return EgressGuard(std::move(parsed).value(), OwnAddresses([list = addresses(own)] { return std::optional(list); }));
}

std::string rule_of(const std::string& url) {
  const auto parsed = parse_target(url);
  const auto* problem = std::get_if<TargetProblem>(&parsed);
  return problem == nullptr ? "" : problem->rule;
}

std::string host_of(const std::string& url) {
  const auto parsed = parse_target(url);
  const auto* target = std::get_if<Target>(&parsed);
  return target == nullptr ? ""
                           : target->host + ":" + std::to_string(target->port) + (target->literal ? " literal" : "");
}

TEST(Egress, a_public_host_keeps_all_its_addresses_in_order) {
  auto subject = guard({});
  const auto list = addresses({"93.184.216.34", "2606:4700::1111"});
  const auto verdict = subject.judge_host("x.test", 443, list);
  EXPECT_TRUE(verdict.verdict.allowed);
  EXPECT_EQ(verdict.verdict.address, "93.184.216.34");
  EXPECT_EQ(verdict.usable, list);
}

TEST(Egress, one_denied_address_denies_the_public_ones_beside_it) {
  auto subject = guard({});
  for (const auto& list : {addresses({"93.184.216.34", "10.0.0.1"}), addresses({"10.0.0.1", "93.184.216.34"})}) {
    const auto verdict = subject.judge_host("x.test", 80, list);
    EXPECT_FALSE(verdict.verdict.allowed);
    EXPECT_EQ(verdict.verdict.address, "10.0.0.1");
    EXPECT_TRUE(verdict.usable.empty());
  }
}

TEST(Egress, beside_a_denied_address_only_excepted_ones_remain) {
  auto subject = guard({"127.0.0.1:8088"});
  const auto verdict = subject.judge_host("localhost", 8088, addresses({"::1", "93.184.216.34", "127.0.0.1"}));
  EXPECT_TRUE(verdict.verdict.allowed);
  EXPECT_EQ(verdict.verdict.rule, "exception");
  EXPECT_EQ(verdict.usable, addresses({"127.0.0.1"}));
  EXPECT_FALSE(subject.judge_host("localhost", 8089, addresses({"127.0.0.1"})).verdict.allowed);
}

TEST(Egress, a_host_without_addresses_is_unresolvable) {
  auto subject = guard({"0.0.0.0/0"});
  const auto verdict = subject.judge_host("x.test", 80, {});
  EXPECT_FALSE(verdict.verdict.allowed);
  EXPECT_EQ(verdict.verdict.rule, kUnresolvable);
  EXPECT_TRUE(verdict.usable.empty());
}

TEST(Egress, the_machines_own_public_address_is_denied_unless_excepted) {
  auto subject = guard({}, {"93.184.216.34"});
  EXPECT_FALSE(subject.judge("x.test", 80, *Address::parse("93.184.216.34")).allowed);
  EXPECT_TRUE(subject.judge("x.test", 80, *Address::parse("93.184.216.35")).allowed);
  auto excepted = guard({"93.184.216.34:80"}, {"93.184.216.34"});
  EXPECT_TRUE(excepted.judge("x.test", 80, *Address::parse("93.184.216.34")).allowed);
}

TEST(Egress, own_addresses_survive_a_reading_that_fails) {
  int reads = 0;
  OwnAddresses own([&]() -> std::optional<std::vector<Address>> {
    if (++reads > 1) return {};
    return addresses({"93.184.216.34"});
  });
  EXPECT_EQ(own.now().size(), 1U);
  EXPECT_EQ(own.now().size(), 1U);
  EXPECT_EQ(reads, 1);  // fresh enough
}

TEST(Target, odd_spellings_become_the_address_they_mean) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);  // as main does
  for (const char* url : {"http://127.0.0.1:80/", "http://127.1/", "http://0x7f.0.0.1/", "http://0177.0.0.1/",
                          "http://2130706433/", "http://0x7f000001/", "http://127.0.0.1./", "http://%31%32%37.0.0.1/",
                          "http://\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.0.0.1/"})
    EXPECT_EQ(host_of(url), "127.0.0.1:80 literal") << url;
  EXPECT_EQ(host_of("https://[::ffff:127.0.0.1]/"), "::ffff:127.0.0.1:443 literal");
  EXPECT_EQ(host_of("http://EXAMPLE.com./x?y#z"), "example.com:80");
  EXPECT_EQ(host_of("https://b\xC3\xBC"
                    "cher.example/"),
            "xn--bcher-kva.example:443");
}

TEST(Target, what_is_not_plain_http_is_refused) {
  for (const char* url : {"ftp://a/", "file:///etc/passwd", "gopher://a/", "ws://a/", "unix:/x"})
    EXPECT_TRUE(rule_of(url) == "scheme" || rule_of(url) == "url") << url << " " << rule_of(url);
  EXPECT_EQ(rule_of("ftp://a/"), "scheme");
  EXPECT_EQ(rule_of("http://u@a/"), "userinfo");
  EXPECT_EQ(rule_of("http://u:p@a/"), "userinfo");
  EXPECT_EQ(rule_of("http://a@b@c/"), "userinfo");
  EXPECT_EQ(rule_of("http://a:0/"), "port");
  for (const char* url :
       {"", "a", "//a/", "http://", "http://a b/", "http://a/\r\nX: y", "http://a\t/", "http://a:65536/", "http://a:x/",
        "http://[::1/", "http://[::1%25lo]/", "http://[fe80::1%25eth0]/", "http://a..b/", "http://.a/", "http://a_b!/",
        "http://1.2.3.4.5/", "http://999.1.1.1/", "http://a%00b/", "http://a%2fb/"})
    EXPECT_NE(rule_of(url), "") << url;
  EXPECT_NE(rule_of("http://" + std::string(300, 'a') + "/"), "");
  EXPECT_NE(rule_of("http://a/" + std::string(20'000, 'a')), "");
}

}  // namespace
}  // namespace pgops::worker
