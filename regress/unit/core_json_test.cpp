// Unit: the JSON value, its reader and its writer, hostile input first.
#include "core/json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "core/utf8.hpp"

namespace pgops {
namespace {

Json parsed(std::string_view text) {
  auto result = Json::parse(text);
  EXPECT_TRUE(result.ok()) << text.substr(0, 100) << ": " << (result ? "" : result.error().message);
  return result ? std::move(result).value() : Json();
}

std::string problem(std::string_view text, const JsonLimits& limits = {}) {
  auto result = Json::parse(text, limits);
  if (result) return "";
  EXPECT_EQ(result.error().code, Code::tool_error);
  return result.error().message + " | " + result.error().detail;
}

TEST(JsonParse, KeepsNumbersAsTheyWereWritten) {
  const std::string text =
      R"([0,-0,1.10,1e400,-12345678901234567890123456789012345678,0.1E-5,1.7976931348623157e309,5e-400])";
  EXPECT_EQ(parsed(text).dump(), text);
}

TEST(JsonParse, KeepsTheOrderOfMembers) {
  EXPECT_EQ(parsed(R"({ "b":1, "a":[ ] ,"c":{}})").dump(), R"({"b":1,"a":[],"c":{}})");
}

TEST(JsonParse, ReadsEveryEscape) {
  EXPECT_EQ(parsed(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\uAC00\ud83d\ude00")").text(), "\"\\/\b\f\n\r\tAé가😀");
}

TEST(JsonParse, NamesTheProblemAndItsPlace) {
  EXPECT_EQ(problem(""), "JSON ends unexpectedly | Near byte 0.");
  EXPECT_EQ(problem("  "), "JSON ends unexpectedly | Near byte 2.");
  EXPECT_EQ(problem(R"({"a":1,"a":2})"), "duplicate member name in JSON | Near byte 12.");
  EXPECT_EQ(problem(R"({"a":1,})"), "expected a member name in JSON | Near byte 7.");
  EXPECT_EQ(problem("[1,]"), "invalid number in JSON | Near byte 3.");
  EXPECT_EQ(problem("[1 2]"), "expected a comma or the end of a container in JSON | Near byte 3.");
  EXPECT_EQ(problem(R"({"a" 1})"), "expected a colon in JSON | Near byte 5.");
  EXPECT_EQ(problem("[1}"), "expected a comma or the end of a container in JSON | Near byte 2.");
  EXPECT_EQ(problem("1 1"), "text after the end of JSON | Near byte 2.");
  EXPECT_EQ(problem("nul"), "invalid literal in JSON | Near byte 0.");
  EXPECT_EQ(problem("\"a\nb\""), "control character in JSON string | Near byte 2.");
  EXPECT_EQ(problem(R"("\ud800x")"), "unpaired surrogate in JSON string | Near byte 7.");
  EXPECT_EQ(problem(R"("\udc00")"), "unpaired surrogate in JSON string | Near byte 7.");
  EXPECT_EQ(problem(R"("\u12G4")"), "invalid escape in JSON string | Near byte 5.");
  EXPECT_EQ(problem(R"("abc)"), "unterminated string in JSON | Near byte 4.");
  EXPECT_EQ(problem("\"\\"), "unterminated string in JSON | Near byte 2.");
  EXPECT_EQ(problem("\"\xC3\x28\""), "invalid UTF-8 in JSON | Near byte 1.");
  EXPECT_EQ(problem("\xEF\xBB\xBF{}"), "invalid number in JSON | Near byte 0.");
}

TEST(JsonParse, FindsDuplicatesInLargeObjectsToo) {
  std::string text = "{";
  for (int i = 0; i < 50000; ++i) text += "\"k" + std::to_string(i) + "\":0,";
  EXPECT_TRUE(Json::parse(text + "\"x\":1}").ok());
  EXPECT_EQ(problem(text + "\"k77\":1}").substr(0, 29), "duplicate member name in JSON");
}

TEST(JsonParse, RefusesInvalidUtf8OfEveryKind) {
  for (const auto* bytes : {"\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
                            "\xE2\x82", "\xFF"}) {
    EXPECT_NE(problem("\"" + std::string(bytes) + "\""), "") << bytes;
    EXPECT_NE(problem("{\"" + std::string(bytes) + "\":1}"), "") << bytes;
    EXPECT_FALSE(valid_utf8(bytes));
  }
  EXPECT_TRUE(valid_utf8("plain é가😀"));
  EXPECT_FALSE(valid_utf8(std::string_view("a\0b", 3)));
}

TEST(JsonParse, RefusesWhatJsonbCannotHoldUnlessToldOtherwise) {
  JsonLimits loose;
  loose.jsonb_safe = false;
  EXPECT_EQ(problem(R"(["\u0000"])"), "\\u0000 in JSON string | Near byte 8.");
  EXPECT_EQ(problem(R"({"\u0000":1})").substr(0, 6), "\\u0000");
  EXPECT_EQ(problem("[1e131072]"), "number in JSON is out of range | Near byte 1.");
  EXPECT_EQ(problem("[1e-16384]"), "number in JSON is out of range | Near byte 1.");
  EXPECT_TRUE(Json::parse("[1e131071,1e-16383]").ok());
  EXPECT_TRUE(Json::parse(R"(["\u0000",1e999999])", loose).ok());
}

TEST(JsonParse, HoldsItsLimits) {
  JsonLimits limits;
  limits.max_depth = 3;
  EXPECT_TRUE(Json::parse("[[[1]]]", limits).ok());
  EXPECT_EQ(problem("[[[[1]]]]", limits), "JSON is nested too deeply | Near byte 3.");
  EXPECT_NE(problem(std::string(1 << 20, '[')), "");
  limits = {};
  limits.max_bytes = 4;
  EXPECT_TRUE(Json::parse("1234", limits).ok());
  EXPECT_EQ(problem("12345", limits), "JSON text is too large | Near byte 0.");
  limits = {};
  limits.max_values = 3;
  EXPECT_TRUE(Json::parse("[1,2]", limits).ok());
  EXPECT_EQ(problem("[1,2,3]", limits), "JSON has too many values | Near byte 5.");
}

TEST(JsonParse, TakesLargeStrings) {
  const std::string big(1 << 20, 'x');
  EXPECT_EQ(parsed("\"" + big + "\"").text(), big);
}

// Numbers out of a double's range are refused by the other reader and left out of the comparison.
TEST(JsonParse, AgreesWithAnotherReaderOnMutatedTexts) {
  const std::vector<std::string> seeds{
      R"({"a":[1,2.5,-3e-2,true,false,null,"x\u00e9\n"],"b":{"c":"\ud83d\ude00가","d":[]},"e":0})",
      R"([[],{},"",0.0,[[["deep"]]],{"k":{"k":{"k":[1]}}}])", R"("just a string \\ \" \/ ")"};
  const std::string alphabet = "{}[]\",:\\/ue0129.-+Etrufalsn \n\t\x01\x80\xC3\xA9\xED\xF0";
  std::mt19937_64 random(42);
  int accepted = 0;
  for (int i = 0; i < 60000; ++i) {
    std::string text = seeds[random() % seeds.size()];
    for (auto edits = random() % 4; edits > 0 && !text.empty(); --edits) {
      const auto at = random() % text.size();
      switch (random() % 3) {
        case 0: text.erase(at, 1 + random() % 3); break;
        case 1: text.insert(at, 1, alphabet[random() % alphabet.size()]); break;
        default: text[at] = alphabet[random() % alphabet.size()]; break;
      }
    }
    JsonLimits limits;
    limits.jsonb_safe = false;
    const auto ours = Json::parse(text, limits);
    const bool duplicate = !ours && ours.error().message.starts_with("duplicate");
    if (duplicate || (ours && nlohmann::json::parse(text, nullptr, false).is_discarded() &&
                      text.find_first_of("eE") != std::string::npos && text.find('9') != std::string::npos)) {
      continue;
    }
    ASSERT_EQ(ours.ok(), nlohmann::json::accept(text)) << text;
    if (!ours) continue;
    ++accepted;
    const auto theirs = nlohmann::json::parse(text);
    ASSERT_EQ(nlohmann::json::parse(ours->dump()), theirs) << text;
    ASSERT_EQ(*Json::parse(ours->dump(), limits), *ours) << text;
  }
  EXPECT_GT(accepted, 10000);
}

Json deep(std::size_t levels) {
  Json value = 1;
  for (std::size_t i = 0; i < levels; ++i) {
    Json outer = (i % 2) == 0 ? Json::array() : Json::object();
    if (outer.is_array()) {
      outer.push_back(std::move(value));
    } else {
      outer.set("k", std::move(value));
    }
    value = std::move(outer);
  }
  return value;
}

TEST(JsonValue, NestingWithoutBoundNeedsNoStack) {
  constexpr std::size_t kLevels = 300000;
  Json value = deep(kLevels);
  const Json copy = value;
  EXPECT_TRUE(copy == value);
  const std::string text = value.dump();
  EXPECT_EQ(text.size(), kLevels / 2 * 2 + kLevels / 2 * 6 + 1);
  EXPECT_EQ(value.canonical(), text);
  EXPECT_FALSE(copy == deep(kLevels - 1));
  JsonLimits limits;
  limits.max_depth = kLevels;
  EXPECT_TRUE(*Json::parse(text, limits) == copy);
  Json wide;
  for (int i = 0; i < 100; ++i) wide.push_back(deep(1000));
  wide.erase("absent");
}

TEST(JsonValue, APartMayReplaceItsWhole) {
  Json value = parsed(R"({"a":{"b":[1,2]}})");
  value = std::move(*value.find("a"));
  EXPECT_EQ(value.dump(), R"({"b":[1,2]})");
  value = value["b"];
  EXPECT_EQ(value.dump(), "[1,2]");
  Json& self = value;
  value = self;
  EXPECT_EQ(value.dump(), "[1,2]");
}

TEST(JsonValue, NumbersAreEqualAsDecimals) {
  EXPECT_EQ(parsed("1.0"), parsed("1"));
  EXPECT_EQ(parsed("1e2"), parsed("100"));
  EXPECT_FALSE(parsed("9007199254740993") == parsed("9007199254740992"));
  EXPECT_FALSE(parsed("1") == parsed("\"1\""));
  EXPECT_FALSE(parsed("null") == parsed("false"));
}

TEST(JsonValue, MembersAreEqualInAnyOrder) {
  EXPECT_EQ(parsed(R"({"a":1,"b":2})"), parsed(R"({"b":2,"a":1})"));
  EXPECT_FALSE(parsed(R"({"a":1,"b":2})") == parsed(R"({"a":1,"c":2})"));
  std::string forward = "{";
  std::string backward = "{";
  for (int i = 0; i < 40; ++i)
    forward += (i != 0 ? ",\"" : "\"") + std::to_string(i) + "\":[" + std::to_string(i) + "]";
  for (int i = 39; i >= 0; --i)
    backward += (i != 39 ? ",\"" : "\"") + std::to_string(i) + "\":[" + std::to_string(i) + "]";
  EXPECT_EQ(parsed(forward + "}"), parsed(backward + "}"));
  EXPECT_EQ(parsed(forward + "}").canonical(), parsed(backward + "}").canonical());
}

TEST(JsonValue, ReadsIntegersExactly) {
  EXPECT_EQ(parsed("3.0").as_int(), 3);
  EXPECT_EQ(parsed("1e2").as_int(), 100);
  EXPECT_EQ(parsed("-9223372036854775808").as_int(), INT64_MIN);
  EXPECT_FALSE(parsed("9223372036854775808").as_int());
  EXPECT_FALSE(parsed("1.5").as_int());
  EXPECT_FALSE(parsed("\"1\"").as_int());
  EXPECT_EQ(parsed("0.5").as_double(), 0.5);
  EXPECT_FALSE(parsed("1e400").as_double());
  EXPECT_EQ(parsed("1e-400").as_double(), 0.0);
}

TEST(JsonValue, BuildsAndEdits) {
  Json value = Json::object({{"a", 1}, {"b", Json::array({true, nullptr, "x"})}});
  EXPECT_EQ(value.dump(), R"({"a":1,"b":[true,null,"x"]})");
  value.set("a", std::uint64_t{18446744073709551615U});
  value.set("c", Json::number("1.50"));
  EXPECT_TRUE(value.erase("b"));
  EXPECT_FALSE(value.erase("b"));
  EXPECT_EQ(value.dump(), R"({"a":18446744073709551615,"c":1.50})");
  EXPECT_TRUE(Json::number("abc").is_null());
  EXPECT_TRUE(Json::number("01").is_null());
  EXPECT_EQ(Json::millis(1.0 / 3).dump(), "0.333");
  EXPECT_EQ(Json::number(0.1).dump(), "0.1");
  EXPECT_TRUE(Json::number(1.0 / 0.0).is_null());
  EXPECT_TRUE(Json(static_cast<const char*>(nullptr)).is_null());
  EXPECT_TRUE(value["absent"].is_null());
  EXPECT_TRUE(value["absent"]["deeper"].is_null());
  EXPECT_EQ(value.items().size(), 0U);
}

TEST(JsonDump, EscapesWhatMustBeAndRepairsWhatIsNotUtf8) {
  EXPECT_EQ(Json("a\"\\\n\x01é").dump(), "\"a\\\"\\\\\\n\\u0001é\"");
  EXPECT_EQ(Json("x\xFFy\xC3").dump(), "\"x\xEF\xBF\xBDy\xEF\xBF\xBD\"");
  EXPECT_EQ(Json(std::string_view("\0", 1)).dump(), "\"\\u0000\"");
}

TEST(JsonDump, AnyBytesComeBackAsValidText) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 3000; ++i) {
    std::string bytes;
    for (auto n = random() % 40; n > 0; --n) bytes.push_back(static_cast<char>(random()));
    JsonLimits loose;
    loose.jsonb_safe = false;
    const auto back = Json::parse(Json(bytes).dump(), loose);
    ASSERT_TRUE(back.ok());
    ASSERT_TRUE(!valid_utf8(bytes) || back->text() == bytes);
  }
}

TEST(Utf8, CountsAndCutsBetweenCodePoints) {
  EXPECT_EQ(utf8_count("aé가😀"), 4U);
  EXPECT_EQ(utf8_count("\xFF\xFF"), 2U);
  EXPECT_EQ(utf8_truncate("가나", 4), "가");
  EXPECT_EQ(utf8_truncate("가나", 2), "");
  EXPECT_EQ(utf8_truncate("ab", 9), "ab");
  for (const std::uint32_t c : {0x24U, 0x7FU, 0x80U, 0x7FFU, 0x800U, 0xD7FFU, 0xE000U, 0xFFFFU, 0x10000U, 0x10FFFFU}) {
    std::string text;
    append_utf8(text, c);
    EXPECT_EQ(utf8_length_at(text, 0), text.size());
    EXPECT_EQ(utf8_decode_at(text, 0), c);
  }
}

}  // namespace
}  // namespace pgops
