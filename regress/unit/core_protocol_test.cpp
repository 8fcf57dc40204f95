// Unit: the worker protocol: round trips, strictness, frames in chunks of any
// size.
#include <gtest/gtest.h>

#include <random>

#include "core/protocol.hpp"

namespace pgops::protocol {
namespace {

HttpCall sample_call() {
  HttpCall call;
  call.id = "c-1";
  call.trace_id = "t";
  call.tenant = "acme";
  call.plan_id = "p";
  call.tool = "alerts";
  call.method = "POST";
  call.url = "https://api.example.com/v1?k={{secret:pager}}";
  call.headers = {{"Accept", "application/json"}, {"X-A", "é\"\\"}};
  call.body = R"({"a":1})";
  call.timeout_ms = 1500;
  call.ok = {200, 404};
  return call;
}

TEST(Protocol, RequestsSurviveTheRoundTrip) {
  const auto back = decode_request(encode(Request(sample_call())));
  ASSERT_TRUE(back.ok()) << back.error().message;
  const auto& call = std::get<HttpCall>(*back);
  EXPECT_EQ(call.id, "c-1");
  EXPECT_EQ(call.tenant, "acme");
  EXPECT_EQ(call.url, sample_call().url);
  EXPECT_EQ(call.headers, sample_call().headers);
  EXPECT_EQ(call.body, sample_call().body);
  EXPECT_EQ(call.timeout_ms, 1500);
  EXPECT_EQ(call.connect_timeout_ms, 5000);
  EXPECT_EQ(call.ok, (std::vector<int>{200, 404}));
  EXPECT_EQ(std::get<Cancel>(*decode_request(encode(Request(Cancel{"x"})))).id, "x");
  EXPECT_EQ(std::get<Ping>(*decode_request(encode(Request(Ping{"y"})))).id, "y");
  EXPECT_EQ(std::get<StatusRequest>(*decode_request(encode(Request(StatusRequest{"z"})))).id, "z");
  const auto hello = decode_request(encode(Request(Hello{1, "0.1.0", 42, "db", ""})));
  EXPECT_EQ(std::get<Hello>(*hello).database, "db");
  EXPECT_EQ(std::get<Hello>(*hello).pid, 42);
}

TEST(Protocol, TheBodyTravelsVerbatim) {
  for (const std::string body : {R"({"n": 1.10, "big":1e400,"body":{"body":1},"s":"\u00e9\"}"})", "null", " [1 , 2] ",
                                 "\",\\\"body\\\":\"", "12"}) {
    CallSuccess sent;
    sent.id = R"(tricky","body":1)";
    sent.status = 200;
    sent.content_type = "application/json";
    sent.bytes = 7;
    sent.address = "93.184.216.34";
    sent.timing.dns_ms = 0.5;
    sent.timing.total_ms = 12.25;
    sent.body_text = body;
    const std::string text = encode(Reply(sent));
    EXPECT_TRUE(Json::parse(text, {.jsonb_safe = false}).ok());
    const auto back = decode_reply(text);
    ASSERT_TRUE(back.ok()) << back.error().message;
    const auto& call = std::get<CallSuccess>(*back);
    EXPECT_EQ(call.body_text, body);
    EXPECT_EQ(call.id, sent.id);
    EXPECT_EQ(call.timing.dns_ms, 0.5);
    EXPECT_EQ(call.timing.total_ms, 12.25);
    EXPECT_FALSE(call.timing.tls_ms);
  }
}

TEST(Protocol, FailuresAndControlRepliesSurviveTheRoundTrip) {
  CallFailure sent;
  sent.id = "c";
  sent.code = Code::tool_rate_limited;
  sent.message = "429";
  sent.hint = "wait";
  sent.status = 429;
  sent.retry_after_ms = 2000;
  const auto back = decode_reply(encode(Reply(sent)));
  ASSERT_TRUE(back.ok()) << back.error().message;
  const auto& call = std::get<CallFailure>(*back);
  EXPECT_EQ(call.code, Code::tool_rate_limited);
  EXPECT_EQ(call.status, 429);
  EXPECT_EQ(call.retry_after_ms, 2000);
  EXPECT_EQ(call.hint, "wait");
  EXPECT_EQ(std::get<Pong>(*decode_reply(encode(Reply(Pong{"p"})))).id, "p");
  EXPECT_EQ(
      std::get<StatusReply>(*decode_reply(encode(Reply(StatusReply{"s", Json::object({{"calls", 3}})})))).report.dump(),
      R"({"calls":3})");
  EXPECT_EQ(std::get<ErrorReply>(*decode_reply(encode(Reply(ErrorReply{Code::internal_error, "no"})))).message, "no");
  EXPECT_EQ(std::get<Hello>(*decode_reply(encode(Reply(Hello{1, "0.1.0", 7, "", "u-1"})))).instance, "u-1");
}

TEST(Protocol, DecodingIsStrict) {
  for (const auto* bad :
       {"", "[]", "null", "{}", R"({"op":"delete","id":"x"})", R"({"op":"ping"})", R"({"op":"ping","id":5})",
        R"({"op":"ping","id":"x","more":1})", R"({"op":5,"id":"x"})", R"({"op":"cancel","id":"x","id":"y"})",
        R"({"hello":5})", R"({"hello":{"protocol":"1"}})", R"({"hello":{"protocol":1}})"}) {
    const auto result = decode_request(bad);
    EXPECT_FALSE(result.ok()) << bad;
    if (!result) {
      EXPECT_EQ(result.error().code, Code::internal_error) << bad;
    }
  }
  const std::string good = encode(Request(sample_call()));
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{R"("timeout_ms":1500)", R"("timeout_ms":"1500")"},
                                                        {R"("timeout_ms":1500)", R"("timeout_ms":0)"},
                                                        {R"("max_bytes":10485760)", R"("max_bytes":1e30)"},
                                                        {R"("ok":[200,404])", R"("ok":[200,"404"])"},
                                                        {R"("ok":[200,404])", R"("ok":[99])"},
                                                        {R"(["Accept","application/json"])", R"(["Accept"])"},
                                                        {R"(["Accept","application/json"])", R"(["Accept",1])"},
                                                        {R"("tool":"alerts",)", ""}}) {
    std::string text = good;
    ASSERT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), from.size(), to);
    EXPECT_FALSE(decode_request(text).ok()) << text;
  }
  for (const auto* bad :
       {"", "{}", R"({"id":"x","ok":true})", R"({"id":"x","ok":false,"code":"NOPE","message":"m"})",
        R"({"id":"x","ok":true,"status":200,"content_type":"","bytes":0,"address":"","timing":{},"body":})",
        R"({"id":"x","ok":true,"status":200,"body":null,"content_type":"","bytes":0,"address":"","timing":{}})",
        R"({"id":"x","ok":false,"code":"TOOL_ERROR","message":"m","body":1})", R"({"id":"x","pong":false})",
        R"({"id":"x","ok":false,"code":"TOOL_ERROR","message":"m","timing":{"dns_ms":-1}})"}) {
    EXPECT_FALSE(decode_reply(bad).ok()) << bad;
  }
}

TEST(Protocol, AnotherVersionIsRefusedWithASentence) {
  const auto hello = decode_request(R"({"hello":{"protocol":2,"something":"new"}})");
  ASSERT_TRUE(hello.ok());
  const auto verdict = check_version(std::get<Hello>(*hello));
  ASSERT_FALSE(verdict.ok());
  EXPECT_NE(verdict.error().hint.find("same release"), std::string::npos);
  EXPECT_TRUE(check_version(Hello{}).ok());
}

TEST(Protocol, RandomDamageNeverCrashes) {
  std::mt19937_64 random(9);
  const std::string request = encode(Request(sample_call()));
  const std::string reply = encode(Reply(CallSuccess{"a", 200, "t", 1, "x", {}, R"({"a":[1,"}"]})"}));
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = (i % 2) == 0 ? request : reply;
    for (auto edits = random() % 3 + 1; edits > 0; --edits) text[random() % text.size()] = static_cast<char>(random());
    if (i % 7 == 0) text.resize(random() % text.size());
    refused += decode_request(text).ok() ? 0 : 1;
    refused += decode_reply(text).ok() ? 0 : 1;
  }
  EXPECT_GT(refused, 20000);
}

TEST(Frames, ArriveWholeFromChunksOfAnySize) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::string> sent;
    std::string stream;
    for (int i = 0; i < 20; ++i) {
      sent.emplace_back(random() % 5000 + 1, static_cast<char>('a' + i));
      stream += *frame(sent.back(), 1 << 20);
    }
    FrameReader reader(1 << 20);
    std::vector<std::string> received;
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t size = std::min<std::size_t>(random() % (round % 2 == 0 ? 7 : 20000) + 1, stream.size() - at);
      reader.feed(std::string_view(stream).substr(at, size));
      at += size;
      for (;;) {
        auto next = reader.next();
        ASSERT_TRUE(next.ok());
        if (!*next) break;
        received.push_back(**next);
      }
    }
    ASSERT_EQ(received, sent);
    ASSERT_EQ(reader.buffered(), 0U);
  }
}

TEST(Frames, LimitsHoldBeforeThePayloadArrives) {
  FrameReader reader(100);
  reader.feed(std::string_view("\0\0\0\x65", 4));
  EXPECT_FALSE(reader.next().ok());
  reader.feed(std::string_view("\0\0\0\1a", 5));
  EXPECT_FALSE(reader.next().ok()) << "a broken stream stays broken";
  FrameReader empty(100);
  empty.feed(std::string_view("\0\0\0\0", 4));
  EXPECT_FALSE(empty.next().ok());
  FrameReader huge(kMaxReplyBytes);
  huge.feed("\xFF\xFF\xFF\xFF");
  EXPECT_FALSE(huge.next().ok());
  EXPECT_FALSE(frame(std::string(101, 'x'), 100).ok());
  EXPECT_TRUE(frame(std::string(100, 'x'), 100).ok());
}

}  // namespace
}  // namespace pgops::protocol
