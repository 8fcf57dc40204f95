// Unit: the ground check under attack: figures in every disguise, figures glued to others, blocks and texts that
// show what no cell holds.
#include "core/ground/ground.hpp"

#include <gtest/gtest.h>

#include "core/present/format.hpp"

namespace pgops::ground {
namespace {

using present::Fact;
using present::TextSpan;

Json json(std::string_view text) {
  auto r = Json::parse(text);
  EXPECT_TRUE(r.ok()) << text;
  return r ? std::move(r).value() : Json();
}

class Ground : public testing::Test {
 protected:
  // "{fact}" in `text` is replaced by the fact's value as `format` writes it; the rest is nobody's.
  Status said(std::string text, const std::string& path, const std::string& format = "", const std::string& unit = "",
              const std::string& locale = "en") {
    Fact f;
    f.source = {path, "", "", ""};
    f.value = present::evaluate(f.source, result_, args_).json;
    f.format = format;
    f.unit = unit;
    f.begin = text.find("{fact}");
    const std::string written = present::format_value(f.value, unit, format, locale);
    text.replace(f.begin, 6, written);
    f.end = f.begin + written.size();
    return check(text, {f}, {}, references_, locale);
  }
  Status unsaid(std::string_view text) { return check(text, {}, {}, references_, "en"); }

  Json result_ = json(R"({"columns":[{"name":"n"},{"name":"t"},{"name":"host"},{"name":"at"}],
    "rows":[{"n":5,"t":185,"host":"web-01","at":"2026-03-11T09:00:00+09:00"},{"n":-1250.5,"t":3,"host":"db","at":null}],
    "row_count":2,"truncated":false})");
  Json args_ = json(R"({"limit":3})");
  std::vector<Referenced> references_ = {{&result_, &args_}};
};

TEST_F(Ground, AFigureNeedsASourceWhateverItLooksLike) {
  for (const char* text : {"There are 5.",
                           "There are 5 sessions.",
                           "1,234 rows.",
                           "12.5 %",
                           "12%",
                           "3 min 5 s",
                           "on 2026-03-11",
                           "at 09:00",
                           "-5 degrees",
                           "\xE2\x88\x92"
                           "5 degrees",
                           "+7",
                           "1e5 rows",
                           "1.5E+10",
                           "5th",
                           "the 2nd",
                           "web-01 is down",
                           "on web_one.",
                           "shop.orders is empty",
                           "a@b.c wrote",
                           "v2",
                           "0x1F",
                           "10/12",
                           "\"red\" is the colour",
                           "`red` is",
                           "the 'red' one",
                           "\xE2\x80\x9Cred\xE2\x80\x9D is",
                           "\xEF\xBC\x95 rows",
                           "x\xC2\xB2",
                           "\xE2\x85\xA3",
                           "\xC2\xBD of them",
                           "\xD9\xA3 rows",
                           "\xE2\x91\xA0"}) {
    EXPECT_FALSE(unsaid(text).ok()) << text;
  }
}

TEST_F(Ground, NumbersInWordsAreFiguresToo) {
  for (const char* text :
       {"Two sessions are blocked.", "about a dozen", "twenty-one rows", "the third host", "twice as many",
        "half of them", "a million rows", "ONE session", "세션 두 개가 막혔습니다.", "세 건", "다섯 명", "한 번",
        "이벤트가 열두 건", "하나만 있습니다", "절반이 실패", "삼 건", "두번째"}) {
    EXPECT_FALSE(unsaid(text).ok()) << text;
  }
}

TEST_F(Ground, PlainWordsNeedNone) {
  for (const char* text : {"No session is blocked.", "Everything is fine; nothing waits.", "read-only, well-known",
                           "It's the owner's table", "막힌 세션이 없습니다.", "결과가 없습니다.", "이벤트가 많습니다.",
                           "데이터가 일부 누락되었습니다.", "someone, anyone, none, often, weight, height"}) {
    EXPECT_TRUE(unsaid(text).ok()) << text;
  }
}

TEST_F(Ground, AFactMayBeWrittenInItsFormatOnly) {
  EXPECT_TRUE(said("{fact} sessions", "$.rows[0].n").ok());
  EXPECT_TRUE(said("waited {fact}.", "$.rows[0].t", "duration", "s").ok());
  EXPECT_TRUE(said("{fact}", "$.rows[1].n", "thousands").ok());
  EXPECT_TRUE(said("{fact}건", "$.rows[0].n").ok());
  EXPECT_TRUE(said("{fact} 대기", "$.rows[0].t", "duration", "s", "ko").ok());
  EXPECT_TRUE(said("since {fact}", "$.rows[0].at", "minute").ok());
  EXPECT_TRUE(said("{fact} is down", "$.rows[0].host").ok());
  EXPECT_FALSE(said("{fact} of 9", "$.rows[0].n").ok());
}

TEST_F(Ground, AFactMustNotGrowByItsNeighbours) {
  for (const char* text : {"1{fact}", "{fact}0", "{fact}.5", "{fact},000", "0.{fact}", "1,{fact}", "is -{fact}",
                           "(-{fact})", "web-{fact}7", "+{fact}"}) {
    EXPECT_FALSE(said(text, "$.rows[0].n").ok()) << text;
  }
  for (const char* text : {"{fact}, then nothing", "({fact})", "x: {fact}.", "{fact}%"}) {
    EXPECT_TRUE(said(text, "$.rows[0].n").ok()) << text;
  }
}

TEST_F(Ground, TwoFactsSideBySideAreNoThird) {
  Fact five;
  five.source = {"$.rows[0].n", "", "", ""};
  five.value = Json(5);
  five.end = 1;
  Fact three;
  three.source = {"$.args.limit", "", "", ""};
  three.value = Json(3);
  three.begin = 1;
  three.end = 2;
  EXPECT_FALSE(check("53", {five, three}, {}, references_, "en").ok());
  three.begin = 2;
  three.end = 3;
  EXPECT_TRUE(check("5 3", {five, three}, {}, references_, "en").ok());
  EXPECT_FALSE(check("5.3", {five, three}, {{1, 2}}, references_, "en").ok());
}

TEST_F(Ground, AnAllowedSpanCoversItselfAlone) {
  const std::string text = "Top 5 of web-01";
  EXPECT_TRUE(check(text, {}, {{0, text.size()}}, references_, "en").ok());
  EXPECT_FALSE(check(text, {}, {{0, 5}}, references_, "en").ok());
  EXPECT_FALSE(check(text, {}, {{0, 13}}, references_, "en").ok());
  EXPECT_FALSE(check(text, {}, {{0, text.size() + 1}}, references_, "en").ok());
}

TEST_F(Ground, QuotesInsideValuesAreData) {
  result_ = json(
      "{\"columns\":[{\"name\":\"n\"}],\"rows\":[{\"n\":\"it\xE2\x80\x99s \xE2\x80\x9Cred \\\" `\"}],\"row_count\":1}");
  EXPECT_TRUE(said("He said {fact} and left.", "$.rows[0].n").ok());
}

TEST_F(Ground, BlocksShowWhatTheirReferenceHolds) {
  const auto block = [&](const char* text) { return check_block(json(text), references_, "en").ok(); };
  const std::string row = R"({"n":5,"t":185,"host":"web-01","at":"2026-03-11T09:00:00+09:00"})";
  EXPECT_TRUE(block((R"({"type":"table","ref":1,"row_count":2,"rows":[)" + row + "]}").c_str()));
  EXPECT_FALSE(block((R"({"type":"table","ref":2,"row_count":2,"rows":[)" + row + "]}").c_str()));
  EXPECT_FALSE(block((R"({"type":"table","ref":1,"row_count":3,"rows":[)" + row + "]}").c_str()));
  EXPECT_FALSE(block((R"({"type":"chart","ref":1,"row_count":2,"rows":[)" + row + "," + row + "]}").c_str()));
  EXPECT_TRUE(block(R"({"type":"number","ref":1,"row_count":2,"value":5})"));
  EXPECT_FALSE(block(R"({"type":"number","ref":1,"row_count":2,"value":6})"));
  EXPECT_FALSE(block(R"({"type":"hologram","ref":1,"row_count":2})"));
}

TEST_F(Ground, TextsInBlocksBringTheirFacts) {
  const auto block = [&](const char* text) { return check_block(json(text), references_, "en").ok(); };
  EXPECT_TRUE(block(R"({"type":"markdown","text":"**5** on `web-01`","facts":[
    {"value":5,"ref":1,"path":"$.rows[0].n","begin":2,"end":3},
    {"value":"web-01","ref":1,"path":"$.rows[0].host","begin":10,"end":16}]})"));
  EXPECT_FALSE(block(R"({"type":"markdown","text":"**6** sessions","facts":[
    {"value":5,"ref":1,"path":"$.rows[0].n","begin":2,"end":3}]})"));
  EXPECT_FALSE(block(R"({"type":"markdown","text":"**5** sessions"})"));
  EXPECT_TRUE(block(R"({"type":"text","text":"since 2026","facts":[{"from":"question","begin":6,"end":10}]})"));
  EXPECT_FALSE(block(R"({"type":"text","text":"since 2026","facts":[{"from":"question","begin":6}]})"));
  EXPECT_TRUE(block(R"({"type":"markdown","text":"Nothing to do."})"));
}

}  // namespace
}  // namespace pgops::ground
