// Unit: literal credentials are found by name and by shape, harmless neighbours are left alone, and no
// finding repeats the value.
#include "core/redact.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pgops {
namespace {

Json json(std::string_view text) {
  auto parsed = Json::parse(text);
  EXPECT_TRUE(parsed.ok()) << text;
  return parsed ? std::move(parsed).value() : Json();
}

// The samples are put together at run time, so that no scanner mistakes this file for a leak.
std::string sample(std::string_view head, std::string_view tail) { return std::string(head) + std::string(tail); }
const std::string kGithub = sample("gh", "p_0123456789abcdefABCDEF0123456789abcd");
const std::string kAws = sample("AK", "IAIOSFODNN7EXAMPLE");
const std::string kJwt = sample("ey", "JhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlMTIz");
const std::string kSlack = sample("xo", "xb-123456789012-abcdefghij");
const std::string kOpenai = sample("s", "k-proj-abcdefghijklmnopqrstuvwx12");
const std::string kKey = sample("-----BEGIN RSA PRI", "VATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----");

TEST(CredentialNames, AreToldFromTheirHarmlessNeighbours) {
  for (const auto* name : {"Authorization",
                           "Proxy-Authorization",
                           "Cookie",
                           "Set-Cookie",
                           "X-Api-Key",
                           "apiKey",
                           "api_key",
                           "APIKEY",
                           "key",
                           "X-Auth-Token",
                           "access_token",
                           "accessToken",
                           "client_secret",
                           "password",
                           "db_password",
                           "sig",
                           "X-Amz-Signature",
                           "Private-Token",
                           "Ocp-Apim-Subscription-Key",
                           "sessionid",
                           "session_id",
                           "refresh_token",
                           "X-Secret",
                           "passwd"}) {
    EXPECT_TRUE(credential_name(name)) << name;
  }
  for (const auto* name : {"Accept",
                           "Content-Type",
                           "X-Request-Id",
                           "sort_key",
                           "primary_key",
                           "keyword",
                           "keys",
                           "max_tokens",
                           "page_token",
                           "next_token",
                           "Idempotency-Key",
                           "monkey",
                           "token_count",
                           "token_type",
                           "secretary",
                           "design",
                           "signal",
                           "author",
                           "cookies_accepted",
                           "",
                           "---",
                           "partition_key",
                           "object_key",
                           "passenger"}) {
    EXPECT_FALSE(credential_name(name)) << name;
  }
}

TEST(CredentialShapes, AreFoundInsideOtherText) {
  EXPECT_EQ(credential_shape("x " + kGithub + " y"), "github-token");
  EXPECT_EQ(credential_shape(kAws), "aws-key");
  EXPECT_EQ(credential_shape("a=" + kJwt), "jwt");
  EXPECT_EQ(credential_shape(kSlack), "slack-token");
  EXPECT_EQ(credential_shape(kOpenai), "secret-key");
  EXPECT_EQ(credential_shape(kKey), "private-key");
  EXPECT_EQ(credential_shape("Bearer abc123def456ghi7"), "bearer");
  EXPECT_EQ(credential_shape("Basic dXNlcjpwYXNzd29yZA=="), "basic");
  EXPECT_EQ(credential_shape("postgres://u:pw@db.internal/x"), "url-userinfo");
  for (const auto* text :
       {"", "bearer of bad news", "a basic requirement of all", "Basic Requirements", "basic information",
        "http://a.example:8080/x", "postgres://db/x", "token expired after 30", "mail a@b.example", "sk-1",
        "task-force-one-two-three-four", "eyJ", "Bearer {{secret:x}}", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"}) {
    EXPECT_EQ(credential_shape(text), "") << text;
  }
}

std::vector<std::string> rules(std::string_view http) {
  std::vector<std::string> out;
  for (const auto& finding : find_credentials(json(http)))
    out.push_back(finding.path + " " + std::string(finding.rule));
  return out;
}

using Rules = std::vector<std::string>;

TEST(FindCredentials, InEveryPlaceOfASpec) {
  EXPECT_EQ(rules(R"({"headers":{"Authorization":"hunter2"}})"), Rules{"$.http.headers.Authorization credential-name"});
  EXPECT_EQ(rules(R"({"url":"https://u:p@a.example/"})"), Rules{"$.http.url url-userinfo"});
  EXPECT_EQ(rules(R"({"url":"https://u@a.example/"})"), Rules{"$.http.url url-userinfo"});
  EXPECT_EQ(rules(R"({"url":"https://a.example/?x=1&api_key=abc"})"), Rules{"$.http.url credential-name"});
  EXPECT_EQ(rules(R"({"query":{"access_token":"abc"}})"), Rules{"$.http.query.access_token credential-name"});
  EXPECT_EQ(rules(R"({"query":{"key":["abc"]}})"), Rules{"$.http.query.key[0] credential-name"});
  EXPECT_EQ(rules(R"({"body":{"auth":{"password":123456}}})"), Rules{"$.http.body.auth.password credential-name"});
  EXPECT_EQ(rules("{\"body\":{\"note\":[\"see " + kGithub + "\"]}}"), Rules{"$.http.body.note[0] github-token"});
  EXPECT_EQ(rules("{\"headers\":{\"X-Env\":\"" + kAws + "\"}}"), Rules{"$.http.headers.\"X-Env\" aws-key"});
  EXPECT_EQ(rules(R"({"headers":{"Authorization":"Bearer {{secret:a}} but also a literal behind it"}})"),
            Rules{"$.http.headers.Authorization credential-name"});
}

TEST(FindCredentials, ReferencesAndOrdinaryValuesPass) {
  EXPECT_EQ(rules(R"({"method":"GET","url":"https://a.example/v1/{service}?limit=5&sort_key=name&token={{secret:t}}",
    "headers":{"Accept":"application/json","Content-Type":"application/json","X-Request-Id":"abc","Authorization":"Bearer {{secret:pager}}",
    "Cookie":"session={{secret:s}}","X-Api-Key":"{api_key}"},"query":{"since":{"$arg":"since"},"max_tokens":100,"password":{"$arg":"p"},"key":"","token":null},
    "body":{"sort_key":"created_at","title":"basic requirements for the token bucket","password":"{{secret:db}}"},"result":"$.items","ok":[200]})"),
            Rules{});
}

TEST(FindCredentials, NeverEchoAValue) {
  for (const auto& finding : find_credentials(
           json("{\"headers\":{\"Authorization\":\"hunter2hunter2\"},\"body\":{\"" + kGithub + "\":1}}"))) {
    EXPECT_EQ(finding.path.find("hunter2"), std::string::npos);
    EXPECT_EQ(finding.path.find(kGithub), std::string::npos);
    EXPECT_EQ(finding.rule.find("hunter2"), std::string::npos);
  }
}

TEST(FindCredentials, DeepAndLargeSpecsEnd) {
  Json deep = 1;
  for (int i = 0; i < 100000; ++i) {
    Json outer = Json::object();
    outer.set("password", std::move(deep));
    deep = std::move(outer);
  }
  Json http = Json::object();
  http.set("body", std::move(deep));
  EXPECT_EQ(find_credentials(http).size(), 1U);
  EXPECT_EQ(credential_shape(std::string(1 << 20, '-')), "");
  EXPECT_EQ(credential_shape(std::string(1 << 20, 'A')), "");
}

TEST(MaskText, LeavesTheRestOfTheText) {
  EXPECT_EQ(mask_text("could not reach postgres://u:hunter2@db:5432/x today"),
            "could not reach [masked]db:5432/x today");
  EXPECT_EQ(mask_text("a " + kJwt + " b " + kGithub + "."), "a [masked] b [masked].");
  EXPECT_EQ(mask_text("k\n" + kKey + "\nend"), "k\n[masked]\nend");
  EXPECT_EQ(mask_text("Authorization: Bearer abc123def456ghi7"), "Authorization: [masked]");
  EXPECT_EQ(mask_text("nothing to hide: 한국어 \xFF"), "nothing to hide: 한국어 \xFF");
  const std::string big(1 << 20, 'x');
  EXPECT_EQ(mask_text(big), big);
}

TEST(BlankPaths, HideExactlyWhatTheyName) {
  const auto blanked = [](std::string_view text, std::vector<std::string> paths) {
    Json value = json(text);
    blank_paths(value, paths);
    return value.dump();
  };
  EXPECT_EQ(blanked(R"({"a":{"b":1,"c":2}})", {"$.a.b"}), R"({"a":{"b":"[masked]","c":2}})");
  EXPECT_EQ(blanked(R"({"a":[{"b":1},{"b":2,"c":3}]})", {"a[*].b"}),
            R"({"a":[{"b":"[masked]"},{"b":"[masked]","c":3}]})");
  EXPECT_EQ(blanked(R"({"a":[1,2]})", {"$.a[1]", "$.zzz", "$.a[9]", "$.a.b.c"}), R"({"a":[1,"[masked]"]})");
  EXPECT_EQ(blanked(R"({"a b":1,"c":2})", {"$.\"a b\""}), R"({"a b":"[masked]","c":2})");
  EXPECT_EQ(blanked(R"({"a":1,"b":2})", {"$.*"}), R"({"a":"[masked]","b":"[masked]"})");
  EXPECT_EQ(blanked(R"({"a":1})", {"$"}), R"("[masked]")");
  for (const auto* bad : {"$.a[", "$.a[x]", "$..a", "$.a[]", "$.a[99999999999]", "$.\"a"}) {
    EXPECT_EQ(blanked(R"({"a":1})", {bad}), R"("[masked]")") << bad;
  }
}

}  // namespace
}  // namespace pgops
