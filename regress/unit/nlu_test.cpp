// Unit: tokens, spans and time. Every time case names now, zone and the interval it must give.
#include <gtest/gtest.h>

#include "core/nlu/analysis.hpp"
#include "core/nlu/slots.hpp"

namespace pgops::nlu {
namespace {

constexpr std::int64_t kNow = std::int64_t{1773210600} * 1'000'000;  // 2026-03-11 15:30 Asia/Seoul, Wednesday

Analysis of(std::string_view text, const std::string& zone = "Asia/Seoul", std::int64_t now = kNow) {
  return analyse(text, Calendar({now, zone}));
}

const Span* span(const Analysis& a, std::string_view type) {
  for (const Span& s : a.spans) {
    if (s.type == type) return &s;
  }
  return nullptr;
}

std::string interval(std::string_view text, const std::string& zone = "Asia/Seoul", std::int64_t now = kNow) {
  const Analysis a = of(text, zone, now);
  const Span* s = span(a, "time");
  if (s == nullptr) return "none";
  return std::string(s->value["since"].string_or("-")) + " " + std::string(s->value["until"].string_or("-"));
}

TEST(Text, KeepsPositionsOfTheOriginal) {
  const std::string text = "Wie viele “Ｅｖｅｎｔｓ” für web-01?";
  for (const Token& t : tokenise(text)) {
    if (t.kind != TokenKind::quoted) {
      EXPECT_EQ(text.substr(t.begin, t.end - t.begin), t.text);
    }
  }
  EXPECT_EQ(tokenise(text)[2].norm, "events");
  EXPECT_EQ(tokenise(text)[2].kind, TokenKind::quoted);
  EXPECT_EQ(tokenise(text)[4].kind, TokenKind::identifier);
}

TEST(Text, StemsInflectionsToOneForm) {
  EXPECT_EQ(stem("blocking"), stem("blocked"));
  EXPECT_EQ(stem("queries"), stem("query"));
  EXPECT_EQ(stem("statuses"), stem("status"));
  EXPECT_EQ(stem("databases"), stem("database"));
  EXPECT_EQ(stem("stored"), stem("store"));
  EXPECT_NE(stem("operator"), stem("operation"));
}

std::string pieces(std::string_view text) {
  std::string out;
  for (const Token& t : tokenise(text)) out += (out.empty() ? "" : t.suffix ? "+" : " ") + t.norm;
  return out;
}

TEST(Text, CutsKoreanWords) {
  EXPECT_EQ(pieces("이벤트는"), "이벤트+는");
  EXPECT_EQ(pieces("유형별로 서버에서는"), "유형+별+로 서버+에서는");
  EXPECT_EQ(pieces("web-01에서 CI별 HW인"), "web-01+에서 ci+별 hw+인");
  EXPECT_EQ(pieces("24시간동안 3월 1일부터"), "24 시간+동안 3 월 1 일+부터");
  EXPECT_EQ(pieces("이벤트건수"), "이벤트 건수");
  EXPECT_EQ(pieces("몇 건이었나요"), "몇 건+이었나요");
  // A particle that does not fit the sound before it is none; what is in the lists is not cut.
  EXPECT_EQ(pieces("국가 회의 심각도 유지보수 평가"), "국가 회의 심각도 유지보수 평가");
  EXPECT_EQ(pieces("부산의 부산"), "부산+의 부산");
}

TEST(Text, SurvivesAnyBytes) {
  std::string bytes;
  for (int i = 1; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  for (int i = 0; i < 64; ++i) {
    of(bytes.substr(static_cast<std::size_t>(i) * 3, 40));
  }
  of(std::string(4000, '9'));
  of(std::string(4000, '-'));
  of("last 99999999999999999999 days, top 00000, between 1 and, since, 99:99, 2026-99-99, 2026-02-30T99:99");
}

TEST(Time, ResolvesRelativePhrases) {
  EXPECT_EQ(interval("events today"), "2026-03-11T00:00:00+09:00 2026-03-12T00:00:00+09:00");
  EXPECT_EQ(interval("events yesterday?"), "2026-03-10T00:00:00+09:00 2026-03-11T00:00:00+09:00");
  EXPECT_EQ(interval("in the last 24 hours"), "2026-03-10T15:30:00+09:00 2026-03-11T15:30:00+09:00");
  EXPECT_EQ(interval("past 24h"), "2026-03-10T15:30:00+09:00 2026-03-11T15:30:00+09:00");
  EXPECT_EQ(interval("the past two days"), "2026-03-09T15:30:00+09:00 2026-03-11T15:30:00+09:00");
  EXPECT_EQ(interval("last hour"), "2026-03-11T14:30:00+09:00 2026-03-11T15:30:00+09:00");
  EXPECT_EQ(interval("this hour"), "2026-03-11T15:00:00+09:00 2026-03-11T16:00:00+09:00");
  EXPECT_EQ(interval("this week"), "2026-03-09T00:00:00+09:00 2026-03-16T00:00:00+09:00");
  EXPECT_EQ(interval("last week"), "2026-03-02T00:00:00+09:00 2026-03-09T00:00:00+09:00");
  EXPECT_EQ(interval("past week"), "2026-03-04T15:30:00+09:00 2026-03-11T15:30:00+09:00");
  EXPECT_EQ(interval("this month"), "2026-03-01T00:00:00+09:00 2026-04-01T00:00:00+09:00");
  EXPECT_EQ(interval("last month"), "2026-02-01T00:00:00+09:00 2026-03-01T00:00:00+09:00");
  EXPECT_EQ(interval("in April"), "2025-04-01T00:00:00+09:00 2025-05-01T00:00:00+09:00");
  EXPECT_EQ(interval("in March 2024"), "2024-03-01T00:00:00+09:00 2024-04-01T00:00:00+09:00");
}

TEST(Time, ResolvesPointsAndRanges) {
  EXPECT_EQ(interval("on 2026-03-01"), "2026-03-01T00:00:00+09:00 2026-03-02T00:00:00+09:00");
  EXPECT_EQ(interval("since 2026-03-01"), "2026-03-01T00:00:00+09:00 -");
  EXPECT_EQ(interval("since yesterday"), "2026-03-10T00:00:00+09:00 -");
  EXPECT_EQ(interval("since Monday"), "2026-03-09T00:00:00+09:00 -");
  EXPECT_EQ(interval("since Thursday"), "2026-03-05T00:00:00+09:00 -");
  EXPECT_EQ(interval("since 9:00"), "2026-03-11T09:00:00+09:00 -");
  EXPECT_EQ(interval("between 2026-01-01 and 2026-01-31"), "2026-01-01T00:00:00+09:00 2026-02-01T00:00:00+09:00");
  EXPECT_EQ(interval("from March 3 to March 5"), "2026-03-03T00:00:00+09:00 2026-03-06T00:00:00+09:00");
  EXPECT_EQ(interval("on the 3rd of March 2026"), "2026-03-03T00:00:00+09:00 2026-03-04T00:00:00+09:00");
  EXPECT_EQ(interval("before 2026-03-01"), "- 2026-03-01T00:00:00+09:00");
  EXPECT_EQ(interval("up to 2026-03-01"), "- 2026-03-02T00:00:00+09:00");
}

TEST(Time, DaysAreLocalDaysAcrossDst) {
  // Berlin leaves summer time on 2026-10-25: that day has 25 hours.
  const std::int64_t noon = std::int64_t{1792926000} * 1'000'000;  // 2026-10-25 12:00 +01:00
  EXPECT_EQ(interval("today", "Europe/Berlin", noon), "2026-10-25T00:00:00+02:00 2026-10-26T00:00:00+01:00");
  EXPECT_EQ(interval("last 24 hours", "Europe/Berlin", noon), "2026-10-24T13:00:00+02:00 2026-10-25T12:00:00+01:00");
  EXPECT_EQ(interval("last 1 days", "Europe/Berlin", noon), "2026-10-24T13:00:00+02:00 2026-10-25T12:00:00+01:00");
  EXPECT_EQ(interval("yesterday", "Europe/Berlin", noon), "2026-10-24T00:00:00+02:00 2026-10-25T00:00:00+02:00");
  EXPECT_EQ(interval("since 9:00", "Europe/Berlin", noon), "2026-10-25T09:00:00+01:00 -");
}

TEST(Time, ADayMayBeginAtOne) {
  // In Santiago the clock jumps from 24:00 to 1:00 when 2026-09-06 begins, and back in April.
  const std::int64_t noon = std::int64_t{1788706800} * 1'000'000;  // 2026-09-06 12:00 -03:00
  EXPECT_EQ(interval("today", "America/Santiago", noon), "2026-09-06T01:00:00-03:00 2026-09-07T00:00:00-03:00");
  EXPECT_EQ(interval("yesterday", "America/Santiago", noon), "2026-09-05T00:00:00-04:00 2026-09-06T01:00:00-03:00");
}

TEST(Time, KeepsMicrosecondsOfNow) {
  EXPECT_EQ(interval("last 24 hours", "UTC", kNow + 123456),
            "2026-03-10T06:30:00.123456+00:00 2026-03-11T06:30:00.123456+00:00");
}

TEST(Time, WhatTheGrammarDoesNotCoverStaysAWord) {
  for (const char* text : {"this morning",
                           "last night",
                           "last couple of days",
                           "a while ago",
                           "at 9 pm",
                           "2026-02-30",
                           "in the last days",
                           "since the outage",
                           "03/04/2026",
                           "30 February",
                           "since 25:00",
                           "the other day",
                           "every Friday",
                           "on weekends",

                           "in early March",
                           "from 17:00 to 9:00 on 2026-03-10",
                           "2월 30일",
                           "13월",
                           "매주 월요일",
                           "요즘",
                           "얼마 전",
                           "어젯밤"}) {
    EXPECT_EQ(interval(text), "none") << text;
    const Analysis a = of(text);
    EXPECT_FALSE(a.words.empty() && a.spans.empty()) << text;
  }
}

TEST(Time, ResolvesWholeAndPartedSpans) {
  EXPECT_EQ(interval("this quarter"), "2026-01-01T00:00:00+09:00 2026-04-01T00:00:00+09:00");
  EXPECT_EQ(interval("in the second quarter of 2025"), "2025-04-01T00:00:00+09:00 2025-07-01T00:00:00+09:00");
  EXPECT_EQ(interval("Q4 2025"), "2025-10-01T00:00:00+09:00 2026-01-01T00:00:00+09:00");
  EXPECT_EQ(interval("in 2025"), "2025-01-01T00:00:00+09:00 2026-01-01T00:00:00+09:00");
  EXPECT_EQ(interval("the week before last"), "2026-02-23T00:00:00+09:00 2026-03-02T00:00:00+09:00");
  EXPECT_EQ(interval("last Wednesday"), "2026-03-04T00:00:00+09:00 2026-03-05T00:00:00+09:00");
  EXPECT_EQ(interval("on Wednesday"), "2026-03-11T00:00:00+09:00 2026-03-12T00:00:00+09:00");
  EXPECT_EQ(interval("3 days ago"), "2026-03-08T00:00:00+09:00 2026-03-09T00:00:00+09:00");
  EXPECT_EQ(interval("in the last hour and a half"), "2026-03-11T14:00:00+09:00 2026-03-11T15:30:00+09:00");
  EXPECT_EQ(interval("from 1 to 5 March"), "2026-03-01T00:00:00+09:00 2026-03-06T00:00:00+09:00");
  EXPECT_EQ(interval("from November to January"), "2025-11-01T00:00:00+09:00 2026-02-01T00:00:00+09:00");
  EXPECT_EQ(interval("from March 1 to March 5, 2025"), "2025-03-01T00:00:00+09:00 2025-03-06T00:00:00+09:00");
  EXPECT_EQ(interval("yesterday and today"), "2026-03-10T00:00:00+09:00 2026-03-12T00:00:00+09:00");
  EXPECT_EQ(interval("from Monday on"), "2026-03-09T00:00:00+09:00 -");
  EXPECT_EQ(interval("on 25/12/2025"), "2025-12-25T00:00:00+09:00 2025-12-26T00:00:00+09:00");
}

TEST(Time, HoursOfADay) {
  EXPECT_EQ(interval("between 9:00 and 17:00 yesterday"), "2026-03-10T09:00:00+09:00 2026-03-10T17:00:00+09:00");
  EXPECT_EQ(interval("yesterday from 9am to 5pm"), "2026-03-10T09:00:00+09:00 2026-03-10T17:00:00+09:00");
  EXPECT_EQ(interval("since 9 am"), "2026-03-11T09:00:00+09:00 -");
  EXPECT_EQ(interval("since yesterday 18:00"), "2026-03-10T18:00:00+09:00 -");
  EXPECT_EQ(interval("yesterday after 14:00"), "2026-03-10T14:00:00+09:00 2026-03-11T00:00:00+09:00");
  // The clock jumps from 2:00 to 3:00 on 2026-03-29 in Berlin.
  EXPECT_EQ(interval("since 2026-03-29 02:30", "Europe/Berlin", kNow + std::int64_t{30} * 86400 * 1'000'000), "none");
}

TEST(Time, ResolvesKoreanPhrases) {
  EXPECT_EQ(interval("오늘 이벤트"), "2026-03-11T00:00:00+09:00 2026-03-12T00:00:00+09:00");
  EXPECT_EQ(interval("그저께"), "2026-03-09T00:00:00+09:00 2026-03-10T00:00:00+09:00");
  EXPECT_EQ(interval("최근 24시간 동안"), "2026-03-10T15:30:00+09:00 2026-03-11T15:30:00+09:00");
  EXPECT_EQ(interval("지난 일주일"), "2026-03-04T15:30:00+09:00 2026-03-11T15:30:00+09:00");
  EXPECT_EQ(interval("지난주에"), "2026-03-02T00:00:00+09:00 2026-03-09T00:00:00+09:00");
  EXPECT_EQ(interval("이번 달"), "2026-03-01T00:00:00+09:00 2026-04-01T00:00:00+09:00");
  EXPECT_EQ(interval("2시간 전부터"), "2026-03-11T13:30:00+09:00 -");
  EXPECT_EQ(interval("3월 1일부터 5일까지"), "2026-03-01T00:00:00+09:00 2026-03-06T00:00:00+09:00");
  EXPECT_EQ(interval("2026년 2월"), "2026-02-01T00:00:00+09:00 2026-03-01T00:00:00+09:00");
  EXPECT_EQ(interval("작년 11월"), "2025-11-01T00:00:00+09:00 2025-12-01T00:00:00+09:00");
  EXPECT_EQ(interval("월요일부터"), "2026-03-09T00:00:00+09:00 -");
  EXPECT_EQ(interval("어제 오후 1시부터 3시까지"), "2026-03-10T13:00:00+09:00 2026-03-10T15:00:00+09:00");
  EXPECT_EQ(interval("지난주 금요일"), "2026-03-06T00:00:00+09:00 2026-03-07T00:00:00+09:00");
  EXPECT_EQ(interval("3월 1일과 3월 5일 사이"), "2026-03-01T00:00:00+09:00 2026-03-06T00:00:00+09:00");
  EXPECT_EQ(interval("3월 1일 이전"), "- 2026-03-01T00:00:00+09:00");
  EXPECT_EQ(interval("24시간 이내"), "2026-03-10T15:30:00+09:00 2026-03-11T15:30:00+09:00");
}

TEST(Spans, KoreanSaysThemBehind) {
  EXPECT_EQ(span(of("5분 이상"), "comparison")->key, "cmp:>=:300duration");
  EXPECT_EQ(span(of("90% 초과"), "comparison")->key, "cmp:>:90percent");
  EXPECT_EQ(span(of("3건보다 많은"), "comparison")->key, "cmp:>:3");
  EXPECT_EQ(span(of("상위 5개"), "limit")->key, "limit:5");
  EXPECT_EQ(span(of("가장 최근 이벤트 3건"), "limit")->key, "limit:3");
  EXPECT_EQ(span(of("소유자가 없는 서버"), "negation")->key, "neg:owner");
  const Analysis a = of("유형과 상태별 서버 수");
  ASSERT_FALSE(a.aspects.empty());
  EXPECT_EQ(a.aspects[0].targets, (std::vector<std::string>{"type", "status"}));
  ASSERT_TRUE(a.count_head.has_value());
  EXPECT_EQ(a.count_head->concept_name, "server");
  EXPECT_TRUE(of("web-01을 재시작해줘").action.has_value());
  EXPECT_FALSE(of("재시작 건수 알려줘").action.has_value());
}

TEST(Time, AnUnknownZoneIsSaid) { EXPECT_FALSE(of("today", "Mars/Olympus").zone_known); }

TEST(Spans, LimitIsNotTime) {
  EXPECT_EQ(span(of("last 5 deployments"), "limit")->key, "limit:5");
  EXPECT_TRUE(of("last 5 deployments").has("latest"));
  EXPECT_EQ(span(of("last 5 days"), "limit"), nullptr);
  EXPECT_EQ(span(of("top 10 tables"), "limit")->key, "limit:10");
  EXPECT_EQ(span(of("first five"), "limit")->key, "limit:5");
  EXPECT_EQ(span(of("most recent 7 events"), "limit")->key, "limit:7");
}

TEST(Spans, ComparisonsCarryUnits) {
  EXPECT_EQ(span(of("longer than 5 minutes"), "comparison")->key, "cmp:>:300duration");
  EXPECT_EQ(span(of("more than 300 seconds"), "comparison")->key, "cmp:>:300duration");
  EXPECT_EQ(span(of("at least 3"), "comparison")->key, "cmp:>=:3");
  EXPECT_EQ(span(of("between 2 and 5 GB"), "comparison")->op, "between");
  EXPECT_EQ(span(of("over 90%"), "comparison")->dimension, "percent");
  EXPECT_EQ(span(of("longer than an hour"), "comparison")->key, "cmp:>:3600duration");
  EXPECT_EQ(span(of("up to 5 minutes"), "comparison")->key, "cmp:<=:300duration");
  EXPECT_EQ(span(of("more than a table"), "comparison"), nullptr);
}

TEST(Spans, NegationKnowsWhatItNegates) {
  EXPECT_EQ(span(of("CIs without owner"), "negation")->key, "neg:owner");
  EXPECT_NE(span(of("events that aren't closed"), "negation"), nullptr);
}

TEST(Spans, ActionsOnlyWhereSomethingIsToBeDone) {
  EXPECT_TRUE(of("drop the table").action.has_value());
  EXPECT_TRUE(of("Could you please restart web-01").action.has_value());
  EXPECT_TRUE(of("kill session 4711").action.has_value());
  EXPECT_FALSE(of("vacuum status").action.has_value());
  EXPECT_FALSE(of("which tables need vacuum").action.has_value());
  EXPECT_FALSE(of("how many restarts").action.has_value());
}

TEST(Spans, AcronymsAreNotFunctionWords) {
  EXPECT_EQ(of("events in the US").words.size(), 2U);
  EXPECT_EQ(of("tell us the events").words.size(), 1U);
  EXPECT_EQ(of("EVENTS IN THE US").words.size(), 1U);  // capitals throughout say nothing
}

TEST(Slots, FillByTheContractOnly) {
  const Json schema = Json::parse(R"({"type":"object","required":["since"],"properties":{
    "since":{"type":"string","format":"date-time"},"kind":{"enum":["HW","SW"],"x-ops":{"synonyms":{"HW":["hardware"]}}},
    "limit":{"type":"integer","maximum":50,"default":10},"age":{"type":"integer","x-ops":{"unit":"s"}},
    "name":{"type":"string","x-ops":{"quoted":true}},"note":{"type":"string"}}})")
                          .value();
  const auto slots = slots_of(schema);
  const Calendar calendar({kNow, "UTC"});
  const Filling f =
      fill(analyse("top 5 hardware \"A B\" older than 2 minutes since yesterday", calendar), slots, calendar);
  EXPECT_EQ(f.args.dump(), R"({"kind":"HW","since":"2026-03-10T00:00:00+00:00","limit":5,"age":120,"name":"A B"})");
  const Filling none = fill(analyse("top 500 things", calendar), slots, calendar);
  EXPECT_EQ(none.args.dump(), R"({"limit":10})");
  EXPECT_EQ(none.missing, std::vector<std::string>{"since"});
  EXPECT_FALSE(none.span_used[0]);  // 500 is beyond the maximum: the tool cannot answer it
  const Filling two = fill(analyse("hardware and SW", calendar), slots, calendar);
  EXPECT_EQ(two.args["kind"].kind(), Json::Kind::null);
  const Filling less = fill(analyse("younger than 5 minutes", calendar), slots, calendar);
  EXPECT_EQ(less.args["age"].kind(), Json::Kind::null);
}

TEST(Slots, AClosedIntervalNeedsItsUpperBound) {
  const Json schema = Json::parse(R"({"properties":{"since":{"type":"string","format":"date-time"}}})").value();
  const auto slots = slots_of(schema);
  const Calendar calendar({kNow, "UTC"});
  EXPECT_FALSE(fill(analyse("yesterday", calendar), slots, calendar).any_from_question);
  EXPECT_TRUE(fill(analyse("last 24 hours", calendar), slots, calendar).any_from_question);
  EXPECT_TRUE(fill(analyse("today", calendar), slots, calendar).any_from_question);
}

}  // namespace
}  // namespace pgops::nlu
