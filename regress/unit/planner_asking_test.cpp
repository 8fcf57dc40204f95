// Unit: arguments that need the data or more of the question: entities, moments, ranges, what is missing, and
// what the answer has to say about how a question was understood.
#include <gtest/gtest.h>

#include "core/planner/planner.hpp"

namespace pgops::planner {
namespace {

retrieval::ToolDoc tool(const char* name, const char* description, std::vector<std::string> examples,
                        const char* schema = "null") {
  retrieval::ToolDoc doc;
  doc.tenant = "t";
  doc.name = name;
  doc.description = description;
  doc.examples = std::move(examples);
  doc.input_schema = Json::parse(schema).value();
  return doc;
}

retrieval::RegistrySnapshot hosts() {
  return {
      tool("host_events", "Events of one host.",
           {"events of host web-01", "how many events has web-02?", "show the events of {host}"},
           R"({"properties":{"host":{"type":"string","x-ops":{"entity":"host"}}},"required":["host"]})"),
      tool("load_at", "Load at a moment.", {"load at 9:00", "what was the load 5 minutes ago?", "the load at 17:30"},
           R"({"properties":{"at":{"type":"string","format":"date-time","x-ops":{"slot":"at"}}},"required":["at"]})"),
      tool("jobs", "Jobs by duration.",
           {"jobs longer than 5 minutes", "which jobs ran longer than 2 minutes?", "jobs shorter than 9 minutes"},
           R"({"properties":{"min_seconds":{"type":"integer","x-ops":{"unit":"s"}},
                                 "max_seconds":{"type":"integer","x-ops":{"unit":"s"}}}})"),
      tool("visits", "Visits in a period.",
           {"how many visits yesterday?", "number of visits today", "visits this week"},
           R"({"properties":{"since":{"type":"string","format":"date-time"},
                                 "until":{"type":"string","format":"date-time"}},"required":["since"]})")};
}

// A resolver that knows web-01, Santiago twice, and Busan by prefix and by slip.
std::vector<nlu::LookupAnswer> data(const std::vector<nlu::LookupQuery>& queries) {
  std::vector<nlu::LookupAnswer> out(queries.size());
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const std::string& text = queries[i].text;
    auto& found = out[i].candidates;
    if (text == "web-01") found = {{Json(1), "web-01", nlu::MatchKind::exact}};
    if (text == "santiago") {
      found = {{Json(2), "Santiago de Chile", nlu::MatchKind::prefix},
               {Json(3), "Santiago de Cuba", nlu::MatchKind::prefix}};
    }
    if (text == "santiago de cuba") found = {{Json(3), "Santiago de Cuba", nlu::MatchKind::exact}};
    if (text == "bussan") found = {{Json(4), "Busan", nlu::MatchKind::fuzzy}};
  }
  return out;
}

Decision ask(const char* question, const char* locale = "en") {
  PlannerInput in;
  in.question = question;
  in.now_us = std::int64_t{1'773'210'600} * 1'000'000;
  in.locale = locale;
  in.lookup = data;
  return decide(in, retrieval::Index::build(hosts()));
}

TEST(Asking, AnEntityIsWhatItsResolverFinds) {
  const Decision d = ask("show the events of host web-01");
  ASSERT_EQ(d.route, Route::plan) << d.reason;
  EXPECT_EQ(d.calls[0].args.dump(), R"({"host":1})");
  EXPECT_TRUE(d.notes.empty());
  EXPECT_GT(d.consulted, 0U);
  EXPECT_EQ(ask("how many events has Santiago de Cuba?").calls.at(0).args.dump(), R"({"host":3})");
}

TEST(Asking, AnUnknownNameIsNamed) {
  const Decision d = ask("how many events has web-77?");
  EXPECT_EQ(d.route, Route::reject);
  EXPECT_NE(d.reason.find("web-77"), std::string::npos) << d.reason;
}

TEST(Asking, ANameOfTwoThingsIsAskedBack) {
  const Decision d = ask("how many events has Santiago?");
  EXPECT_EQ(d.code, Code::ambiguous);
  ASSERT_EQ(d.options.size(), 2U);
  EXPECT_EQ(d.options[1].label, "Santiago de Cuba");
  EXPECT_EQ(d.options[1].plan["calls"].items()[0]["args"].dump(), R"({"host":3})");
  EXPECT_NE(d.reason.find("Santiago"), std::string::npos);
}

TEST(Asking, AResemblanceIsSaid) {
  const Decision d = ask("how many events has Bussan?");
  ASSERT_EQ(d.route, Route::plan) << d.reason;
  EXPECT_EQ(d.calls[0].args.dump(), R"({"host":4})");
  EXPECT_EQ(d.notes, std::vector<std::string>{"\"Bussan\" is understood as \"Busan\"."});
}

TEST(Asking, AMomentNeedsItsArgument) {
  const Decision d = ask("what was the load 5 minutes ago?");
  ASSERT_EQ(d.route, Route::plan) << d.reason;
  EXPECT_EQ(d.calls[0].args["at"].text(), "2026-03-11T06:25:00+00:00");
  ASSERT_EQ(d.intervals.size(), 1U);
  EXPECT_NE(ask("how many visits 5 minutes ago?").route, Route::plan);
}

TEST(Asking, ARangeFillsBothBounds) {
  const Decision d = ask("which jobs ran between 2 and 5 minutes?");
  ASSERT_EQ(d.route, Route::plan) << d.reason;
  EXPECT_EQ(d.calls[0].args.dump(), R"({"min_seconds":120,"max_seconds":300})");
}

TEST(Asking, WhatIsMissingIsOfferedAsAQuestionThatPlans) {
  const Decision d = ask("how many visits?");
  EXPECT_EQ(d.code, Code::ambiguous);
  ASSERT_FALSE(d.next_actions.empty());
  for (const std::string& question : d.next_actions) EXPECT_EQ(ask(question.c_str()).route, Route::plan) << question;
}

TEST(Asking, ASlipOfTypingIsUnderstoodAndSaidAnythingElseIsSuggested) {
  const Decision d = ask("how many vistis yesterday?");
  ASSERT_EQ(d.route, Route::plan) << d.reason;
  EXPECT_EQ(d.notes, std::vector<std::string>{"\"vistis\" is understood as \"visits\"."});
  const Decision suggested = ask("how many visets yesterday?");
  EXPECT_EQ(suggested.route, Route::reject);
  ASSERT_FALSE(suggested.next_actions.empty());
  EXPECT_EQ(suggested.next_actions[0], "how many visits yesterday?");
  EXPECT_NE(suggested.reason.find("Did you mean"), std::string::npos);
  // Another word, one letter away at its edge.
  EXPECT_EQ(ask("which mobs ran longer than 5 minutes?").route, Route::reject);
}

retrieval::RegistrySnapshot shop() {
  const char* period = R"({"properties":{"since":{"type":"string","format":"date-time"},
                           "until":{"type":"string","format":"date-time"}}})";
  return {tool("alert_count", "Number of alerts in a period.",
               {"how many alerts?", "number of alerts today", "how many alerts were there yesterday?"}, period),
          tool("deployment_count", "Number of deployments in a period.",
               {"how many deployments?", "number of deployments today", "how many deployments were there yesterday?"},
               period),
          tool("item_count", "Number of items.", {"how many items do we have?", "number of items", "how many items?"}),
          tool("closed_count", "Number of closed jobs.",
               {"어제 작업 건수", "작업은 몇 건인가요?", "작업 건수", "작업 수"})};
}

Decision ask_shop(const char* question) {
  PlannerInput in;
  in.question = question;
  in.now_us = std::int64_t{1'773'210'600} * 1'000'000;
  return decide(in, retrieval::Index::build(shop()));
}

std::string calls(const Decision& d) { return d.route == Route::plan ? d.plan_json()["calls"].dump() : "refused"; }

TEST(Compound, WhatIsSaidOnceForBothHoldsForBoth) {
  const std::string both = calls(ask_shop("how many alerts yesterday and how many deployments yesterday?"));
  EXPECT_NE(both, "refused");
  EXPECT_EQ(calls(ask_shop("how many alerts and how many deployments yesterday?")), both);
  EXPECT_EQ(calls(ask_shop("yesterday: how many alerts and how many deployments?")), both);
  EXPECT_EQ(calls(ask_shop("how many alerts yesterday and how many today?")),
            calls(ask_shop("how many alerts yesterday and how many alerts today?")));
}

TEST(Compound, WhatMayBeMeantForBothIsNotGuessed) {
  EXPECT_EQ(calls(ask_shop("how many alerts were there and how many deployments were there yesterday?")), "refused");
  EXPECT_EQ(calls(ask_shop("count the alerts of yesterday; how many deployments were there?")), "refused");
  EXPECT_EQ(calls(ask_shop("how many alerts yesterday and how many today or so?")), "refused");
}

TEST(Compound, APartThatTakesNoPeriodStandsAlone) {
  const Decision d = ask_shop("how many items do we have and how many alerts were there yesterday?");
  ASSERT_EQ(d.route, Route::plan) << d.reason;
  ASSERT_EQ(d.calls.size(), 2U);
  EXPECT_EQ(d.calls[0].tool, "item_count");
}

TEST(Asking, APeriodInOneExampleIsNotBuiltIn) {
  EXPECT_EQ(calls(ask_shop("어제 작업 건수")), "refused");
  EXPECT_NE(calls(ask_shop("작업 건수")), "refused");
}

TEST(Asking, AWordOfDoingIsNoQuestion) {
  for (const char* question : {"do a deployment", "force a deployment", "trigger deployments", "get deployments going",
                               "get rid of the alerts", "run deployments on all items", "배포 시작해줘"}) {
    EXPECT_EQ(ask_shop(question).code, Code::unsupported_action) << question;
  }
  for (const char* question : {"get the number of alerts", "do we have alerts?", "how many deployments?"}) {
    EXPECT_NE(ask_shop(question).code, Code::unsupported_action) << question;
  }
}

TEST(Asking, KoreanIsReadThroughTheShippedLists) {
  PlannerInput in;
  in.question = "배포는 몇 건인가요?";
  in.now_us = std::int64_t{1'773'210'600} * 1'000'000;
  in.locale = "ko";
  // English words alone do not make a tool that is asked in Korean; a Korean word of its own does.
  auto snapshot = shop();
  EXPECT_EQ(decide(in, retrieval::Index::build(snapshot)).route, Route::reject);
  auto shipped = snapshot;
  shipped[1].tenant = "system";
  shipped[1].capabilities = {"db.deployments"};
  EXPECT_EQ(decide(in, retrieval::Index::build(shipped)).route, Route::plan);
  snapshot[1].vocabulary = {"배포"};
  const auto index = retrieval::Index::build(snapshot);
  const Decision d = decide(in, index);
  ASSERT_EQ(d.route, Route::plan) << d.reason;
  EXPECT_EQ(d.calls[0].tool, "deployment_count");
  in.question = "어제 배포는 몇 건인가요?";
  const Decision yesterday = decide(in, index);
  ASSERT_EQ(yesterday.route, Route::plan) << yesterday.reason;
  EXPECT_EQ(yesterday.intervals.at(0).text, "2026-03-10 00:00 ~ 2026-03-11 00:00 UTC");
  in.question = "부산 배포는 몇 건인가요?";
  EXPECT_EQ(decide(in, index).route, Route::reject);
  in.question = "고양이는 몇 마리인가요?";
  EXPECT_EQ(decide(in, index).route, Route::reject);
}

TEST(Asking, PronounsNeedWhatTheyStandFor) {
  for (const char* question : {"how many of them yesterday?", "how many of those visits yesterday?",
                               "show the load of this turbine at 9:00"}) {
    const Decision d = ask(question);
    EXPECT_EQ(d.route, Route::reject) << question;
  }
  EXPECT_NE(ask("how many of those visits yesterday?").reason.find("\"those\""), std::string::npos);
  EXPECT_EQ(ask("how many visits were there in this database yesterday?").route, Route::plan);
}

}  // namespace
}  // namespace pgops::planner
