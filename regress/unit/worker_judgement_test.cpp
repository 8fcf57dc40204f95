// What the worker judges without a socket: bodies, statuses, charsets, request headers, log lines.
#include <gtest/gtest.h>

#include "core/json.hpp"
#include "worker/log/log.hpp"
#include "worker/net/headers.hpp"
#include "worker/net/json_check.hpp"
#include "worker/net/outcome.hpp"

namespace pgops::worker {
namespace {

using namespace std::string_literals;

TEST(JsonCheck, takes_what_jsonb_takes) {
  for (const std::string& text : {"null"s,
                                  " true "s,
                                  "false"s,
                                  "0"s,
                                  "-0"s,
                                  "12.50e-3"s,
                                  "1E+5"s,
                                  "\"\""s,
                                  "[]"s,
                                  "{}"s,
                                  "[[],{}]"s,
                                  "{\"a\":[1,{\"b\":null}],\"c\":\"\\u00fc\\n\\/\"}"s,
                                  "\"\\ud83d\\ude00\""s,
                                  "\"\xED\x9F\xBF\""s,
                                  "\"\xF4\x8F\xBF\xBF\""s,
                                  "1e131071"s,
                                  "0.1e131072"s,
                                  "1e-16383"s,
                                  "[1 , 2]\n"s,
                                  "\"\x7f\""s})
    EXPECT_FALSE(check_json(text)) << text;
  EXPECT_FALSE(check_json(std::string(200, '[') + std::string(200, ']')));
  EXPECT_FALSE(check_json(std::string(131'072, '9')));
}

TEST(JsonCheck, refuses_the_rest_without_falling_over) {
  for (const std::string& text : {""s,
                                  " "s,
                                  "nul"s,
                                  "nulll"s,
                                  "01"s,
                                  "-"s,
                                  "+1"s,
                                  "1."s,
                                  ".5"s,
                                  "1e"s,
                                  "1e+"s,
                                  "NaN"s,
                                  "Infinity"s,
                                  "'a'"s,
                                  "\""s,
                                  "\"\\x\""s,
                                  "\"\\u12\""s,
                                  "\"\\u0000\""s,
                                  "\"\\ud800\""s,
                                  "\"\\udc00\""s,
                                  "\"\\ud800\\u0041\""s,
                                  "\"\n\""s,
                                  "\"\x00\""s,
                                  "\"\xC0\x80\""s,
                                  "\"\xED\xA0\x80\""s,
                                  "\"\xF4\x90\x80\x80\""s,
                                  "\"\xE2\x82\""s,
                                  "\"\xFF\""s,
                                  "["s,
                                  "]"s,
                                  "[1"s,
                                  "[1,"s,
                                  "[1,]"s,
                                  "[,1]"s,
                                  "{"s,
                                  "{\"a\""s,
                                  "{\"a\":"s,
                                  "{\"a\":1,"s,
                                  "{\"a\":1,}"s,
                                  "{a:1}"s,
                                  "{1:1}"s,
                                  "{\"a\" 1}"s,
                                  "[1}"s,
                                  "{\"a\":1]"s,
                                  "{} {}"s,
                                  "[1 2]"s,
                                  "1e131072"s,
                                  "1e200000"s,
                                  "1e-16384"s,
                                  "1e999999999999999999999"s,
                                  "-1e999999999999999999999"s,
                                  "// c\n1"s,
                                  "\xEF\xBB\xBF{}"s})
    EXPECT_TRUE(check_json(text)) << text;
  EXPECT_TRUE(check_json(std::string(201, '[') + std::string(201, ']')));
  EXPECT_TRUE(check_json(std::string(1'000'000, '[')));
  EXPECT_TRUE(check_json("1" + std::string(131'072, '0')));
  const auto problem = check_json("[1, x]");
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->position, 4U);
}

// The reader of core is the other implementation of the same rules: on everything a mutation can make of
// a valid text, both must agree (but for duplicate keys, which the worker leaves to its reader).
TEST(JsonCheck, agrees_with_the_reader_of_core_on_mutated_texts) {
  const std::string seed =
      R"({"a":[1,-2.5e3,"x\u00e9\n\ud83d\ude00",true,null],"b":{"c":"ü","d":[[]]},"e":0.1e131072})";
  std::uint64_t state = 42;
  const auto next = [&] { return (state = state * 6364136223846793005ULL + 1442695040888963407ULL) >> 33U; };
  const std::string alphabet = "{}[]\",:\\u0d8eE+-.tfn \x01\x80\xC3\xED\xF4";
  int accepted = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text = seed;
    for (std::uint64_t edits = next() % 3; edits < 3; ++edits) {
      const std::size_t at = next() % text.size();
      switch (next() % 3) {
        case 0: text[at] = alphabet[next() % alphabet.size()]; break;
        case 1: text.erase(at, 1 + next() % 3); break;
        default: text.insert(at, 1, alphabet[next() % alphabet.size()]);
      }
    }
    const bool here = !check_json(text).has_value();
    const auto there = Json::parse(text);
    const bool duplicate = !there && there.error().message.find("duplicate") != std::string::npos;
    if (!duplicate) {
      ASSERT_EQ(here, there.ok()) << text << (there ? "" : " " + there.error().message);
    }
    accepted += here ? 1 : 0;
  }
  EXPECT_GT(accepted, 1'000);
}

TEST(Outcome, statuses_map_to_codes) {
  const std::vector<std::pair<int, Code>> wanted = {
      {301, Code::tool_error},           {304, Code::tool_error},       {400, Code::tool_bad_request},
      {401, Code::auth_failed},          {403, Code::auth_failed},      {404, Code::tool_bad_request},
      {429, Code::tool_rate_limited},    {499, Code::tool_bad_request}, {500, Code::upstream_unavailable},
      {599, Code::upstream_unavailable}, {204, Code::tool_error},       {600, Code::tool_error}};
  for (const auto& [status, code] : wanted) EXPECT_EQ(error_of_status(status, "").code, code) << status;
  EXPECT_TRUE(status_is_ok(204, {}));
  EXPECT_FALSE(status_is_ok(301, {}));
  EXPECT_FALSE(status_is_ok(204, {200}));
  EXPECT_TRUE(status_is_ok(404, {200, 404}));
}

TEST(Outcome, what_the_upstream_said_is_quoted_on_one_line_without_credentials) {
  const Error error = error_of_status(500, "a\r\nb\x01\xff" + std::string(5'000, 'x'));
  EXPECT_TRUE(error.detail.starts_with("It said: a  b  x")) << error.detail;
  EXPECT_LT(error.detail.size(), 250U);
  const Error secret =
      error_of_status(401, std::string(180, 'y') + " Authorization: Bearer abcdef0123456789abcdef0123456789");
  EXPECT_EQ(secret.detail.find("abcdef01"), std::string::npos) << secret.detail;
}

TEST(Outcome, bytes_from_outside_become_printable) {
  const auto printable = [](std::string text) {
    make_printable(text);
    return text;
  };
  EXPECT_EQ(printable("caf\xC3\xA9"), "caf\xC3\xA9");
  EXPECT_EQ(printable("caf\xC3"), "caf?");
  EXPECT_EQ(printable("a\r\nb\x7f"), "a??b?");
  EXPECT_EQ(printable(std::string(5'000, 'x')).size(), 1'024U);
  EXPECT_TRUE(valid_utf8(printable(std::string(1'023, 'x') + "\xC3\xA9")));
}

TEST(Outcome, charsets) {
  EXPECT_EQ(charset_of("application/json"), std::nullopt);
  EXPECT_EQ(charset_of("application/json; charset=utf-8"), "utf-8");
  EXPECT_EQ(charset_of("Application/JSON ;a=b; Charset = \"UTF-8\" ; c"), "utf-8");
  EXPECT_EQ(charset_of("text/html;charset=iso-8859-1"), "iso-8859-1");
  EXPECT_TRUE(charset_is_utf8("utf-8"));
  EXPECT_FALSE(charset_is_utf8(""));
  EXPECT_FALSE(charset_is_utf8("utf-16"));
}

TEST(Log, nothing_from_outside_can_make_a_line_or_an_attribute) {
  const std::string line =
      log::format_line(LogFormat::json, 1'700'000'000.25, LogLevel::warning, "call failed",
                       {{"pg_ops.tool", "a\"}\n{\"x\":\"y"}, {"n", std::int64_t{7}}, {"ms", 1.5}, {"raw", "\xff\xfe"}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto parsed = Json::parse(line);
  ASSERT_TRUE(parsed) << line;
  EXPECT_EQ((*parsed)["timestamp"].text(), "2023-11-14T22:13:20.250Z");
  EXPECT_EQ((*parsed)["severity_text"].text(), "WARN");
  EXPECT_EQ((*parsed)["pg_ops.tool"].text(), "a\"}\n{\"x\":\"y");
  EXPECT_EQ((*parsed)["n"].as_int(), 7);
  const std::string text = log::format_line(LogFormat::text, 0, LogLevel::info, "a\nb", {{"k", "c\nd"}});
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace pgops::worker
