// Unit: the decision's own rules: determinism, rights, writing, asking back, hostile questions, help.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/planner/planner.hpp"

namespace pgops::planner {
namespace {

retrieval::ToolDoc tool(const char* name, const char* description, const char* capability,
                        std::vector<std::string> examples, const char* schema = "null") {
  retrieval::ToolDoc doc;
  doc.tenant = "t";
  doc.name = name;
  doc.description = description;
  if (*capability != '\0') doc.capabilities = {capability};
  doc.examples = std::move(examples);
  doc.input_schema = Json::parse(schema).value();
  return doc;
}

retrieval::RegistrySnapshot orders() {
  return {
      tool("order_count", "Number of orders.", "orders",
           {"how many orders are there?", "number of orders", "order count", "total orders"}),
      tool("orders_by_status", "Orders with one status.", "orders.status",
           {"how many open orders?", "number of shipped orders", "count orders with status returned"},
           R"({"properties":{"status":{"enum":["open","shipped","returned"]}},"required":["status"]})"),
      tool("cancel_order", "Cancels an order.", "orders.write", {"cancel order \"A-1\"", "cancel the order \"B-2\""},
           R"({"properties":{"order_no":{"type":"string","x-ops":{"quoted":true}}},"required":["order_no"]})")};
}

Decision ask(const std::string& question, const retrieval::RegistrySnapshot& snapshot, bool allow_write = false,
             const char* locale = "en") {
  PlannerInput in;
  in.question = question;
  in.now_us = 1'773'210'600'000'000;
  in.locale = locale;
  in.allow_write = allow_write;
  return decide(in, retrieval::Index::build(snapshot));
}

TEST(Planner, DoesNotDependOnTheOrderOfRegistration) {
  retrieval::RegistrySnapshot snapshot = orders();
  const std::string once = ask("how many shipped orders are there?", snapshot).explain.dump();
  std::reverse(snapshot.begin(), snapshot.end());
  EXPECT_EQ(ask("how many shipped orders are there?", snapshot).explain.dump(), once);
}

TEST(Planner, SaysWhereEachArgumentCameFrom) {
  const Decision d = ask("how many shipped orders are there?", orders());
  ASSERT_EQ(d.route, Route::plan) << d.reason;
  EXPECT_EQ(d.calls[0].args.dump(), R"({"status":"shipped"})");
  ASSERT_EQ(d.calls[0].origins.size(), 1U);
  EXPECT_EQ(d.calls[0].origins[0].from, "question");
  EXPECT_EQ(d.calls[0].origins[0].begin, 9U);
  EXPECT_EQ(d.intent, "count");
}

retrieval::RegistrySnapshot visits() {
  const char* period = R"({"properties":{"since":{"type":"string","format":"date-time"},
                           "until":{"type":"string","format":"date-time"}},"required":["since"]})";
  return {tool("visit_count", "Number of visits.", "visits",
               {"how many visits are there?", "number of visits", "visit count"}),
          tool("visits_between", "Number of visits in a period.", "visits",
               {"how many visits yesterday?", "number of visits since Monday", "visits last week"}, period),
          tool("visits_by_clinic", "Number of visits of each clinic.", "visits",
               {"how many visits per clinic?", "number of visits by clinic", "visits for each clinic"}),
          tool("clinics_open", "Clinics that are open.", "clinics",
               {"list the open clinics", "which clinics are open?", "open clinics"}),
          tool("appointments", "Number of scheduled appointments in a period.", "appointments",
               {"how many appointments are scheduled today?", "number of scheduled appointments since Monday",
                "appointments this week"},
               period)};
}

TEST(Planner, WhatWillOrShouldBeIsNotWhatIs) {
  const auto snapshot = visits();
  for (const char* question :
       {"how many visits will there be?", "how many visits tomorrow?", "how many visits next month?",
        "how many visits are there going to be?", "how many visits do we need?", "how many visits should we have?",
        "how many visits can we take?", "how many visits could there be?", "how many visits will we get this week?",
        "number of visits on 2026-12-24", "clinics to be opened", "open clinics to be visited", "are all clinics open?",
        "is every clinic open?", "clinics that have to be open", "which clinics are about to be opened?",
        "how many visits up to last week?", "how many visits as of last month?", "how many visits up to Monday?"}) {
    const Decision d = ask(question, snapshot);
    EXPECT_EQ(d.route, Route::reject) << question << ": " << (d.calls.empty() ? "" : d.calls[0].tool);
    EXPECT_FALSE(d.reason.empty());
  }
  for (const char* question :
       {"could you tell me how many visits there are?", "can I see the number of visits?",
        "how many visits can you see?", "I would like to know the number of visits",
        "will you show me the number of visits?", "how many visits today?", "how many visits this month?",
        "I need to know how many visits there are", "we need the number of visits", "number of visits from Monday on",
        "which clinics are known to be open?", "are clinics open?"}) {
    EXPECT_EQ(ask(question, snapshot).route, Route::plan) << question;
  }
  // A tool of plans is asked about the future.
  EXPECT_EQ(ask("how many appointments are scheduled tomorrow?", snapshot).route, Route::plan);
}

TEST(Planner, AVerbTakenApartStillGroups) {
  for (const char* question : {"break the visits down by clinic", "please split the visits up by clinic",
                               "can you group our visits by clinic?", "break down the visits by clinic"}) {
    const Decision d = ask(question, visits());
    ASSERT_EQ(d.route, Route::plan) << question << ": " << d.reason;
    EXPECT_EQ(d.calls[0].tool, "visits_by_clinic") << question;
  }
  EXPECT_EQ(ask("break the visits down by weekday", visits()).route, Route::reject);
}

TEST(Planner, EveryAfterAListIsAllOfThem) {
  for (const char* question :
       {"list every open clinic", "show me every clinic that is open", "a list of every open clinic"}) {
    const Decision d = ask(question, visits());
    ASSERT_EQ(d.route, Route::plan) << question << ": " << d.reason;
    EXPECT_EQ(d.calls[0].tool, "clinics_open") << question;
  }
  EXPECT_EQ(ask("show the number of visits of every clinic", visits()).calls.at(0).tool, "visits_by_clinic");
  EXPECT_EQ(ask("list every second open clinic", visits()).route, Route::reject);
}

TEST(Planner, AsksForARequiredArgument) {
  const retrieval::RegistrySnapshot only = {orders()[1]};
  const Decision d = ask("how many orders?", only);
  ASSERT_EQ(d.route, Route::reject);
  EXPECT_EQ(d.code, Code::ambiguous);
  EXPECT_NE(d.clarification.find("status"), std::string::npos);
  ASSERT_EQ(d.options.size(), 3U);
  EXPECT_EQ(d.options[1].label, "shipped");
  EXPECT_EQ(d.options[1].plan["calls"].items()[0]["args"].dump(), R"({"status":"shipped"})");
}

TEST(Planner, WritesOnlyWhereAllowed) {
  retrieval::RegistrySnapshot snapshot = orders();
  snapshot[2].read_only = false;
  const Decision refused = ask("cancel the order \"C-3\"", snapshot);
  EXPECT_EQ(refused.code, Code::unsupported_action);
  EXPECT_EQ(refused.intent, "action");
  const Decision d = ask("cancel the order \"C-3\"", snapshot, true);
  ASSERT_EQ(d.route, Route::plan) << d.reason;
  EXPECT_EQ(d.calls[0].args.dump(), R"({"order_no":"C-3"})");
  // An action never runs a tool that only reads, a question never one that writes.
  EXPECT_EQ(ask("delete all orders", orders(), true).route, Route::reject);
  EXPECT_EQ(ask("which order \"C-3\" is there?", snapshot, true).route, Route::reject);
}

TEST(Planner, OffersOnlyWhatMayBeCalled) {
  retrieval::RegistrySnapshot snapshot = orders();
  snapshot[0].callable = false;
  EXPECT_EQ(ask("how many orders are there?", snapshot).code, Code::ambiguous);
  snapshot[0].callable = true;
  snapshot[0].deprecated = true;
  EXPECT_NE(ask("how many orders are there?", snapshot).route, Route::plan);
  PlannerInput in;
  in.question = "help";
  in.callable = [](const retrieval::ToolDoc& doc) { return doc.name == "order_count"; };
  const Decision help = decide(in, retrieval::Index::build(orders()));
  EXPECT_EQ(help.route, Route::direct);
  EXPECT_NE(help.direct_text.find("how many orders are there?"), std::string::npos);
  EXPECT_EQ(help.direct_text.find("open orders"), std::string::npos);
}

// Whom a question may be put to is asked late and of few; the ranking is that of a registry without the others.
TEST(Planner, WhoMayNotBeAskedLeavesTheRankingOfTheOthersAsItIs) {
  retrieval::RegistrySnapshot snapshot;
  for (int i = 0; i < 60; ++i) {
    const std::string name = "orders_" + std::to_string(i);
    snapshot.push_back(tool(name.c_str(), "Number of orders.", "orders",
                            {"how many orders of kind" + std::to_string(i) + " are there?", "number of orders"}));
  }
  const retrieval::Index index = retrieval::Index::build(snapshot);
  const nlu::Calendar calendar({0, "UTC"});
  const auto words = nlu::delexicalised(nlu::analyse("how many orders of kind7 are there?", calendar));
  const auto odd = [](const retrieval::Entry& e) { return e.doc.name.back() % 2 == 1; };
  const auto all = index.retrieve(words, {"order"}, 60, [](const retrieval::Entry&) { return true; });
  ASSERT_EQ(all.size(), 60U);
  std::vector<std::size_t> expected;
  for (const retrieval::Scored& s : all) {
    if (odd(index.entries()[s.entry])) expected.push_back(s.entry);
  }
  expected.resize(10);
  std::size_t asked = 0;
  std::vector<std::size_t> got;
  double best_bm25 = 0;
  for (const retrieval::Scored& s : index.retrieve(words, {"order"}, 10, [&](const retrieval::Entry& e) {
         ++asked;
         return odd(e);
       })) {
    got.push_back(s.entry);
    best_bm25 = std::max(best_bm25, s.bm25);
  }
  EXPECT_EQ(got, expected);
  EXPECT_EQ(index.entries()[got.front()].doc.name, "orders_7");
  EXPECT_LE(best_bm25, 1.0);
  EXPECT_LT(asked, 60U);
}

TEST(Planner, ToolsOfOneCapabilityAnswerSideBySideOthersAreAskedBack) {
  const std::vector<std::string> examples = {"what is the load?", "current load", "show the load"};
  const Decision both =
      ask("what's the load", {tool("load_a", "Load.", "load", examples), tool("load_b", "Load.", "load", examples)});
  ASSERT_EQ(both.route, Route::plan);
  EXPECT_EQ(both.calls.size(), 2U);
  EXPECT_EQ(both.calls[1].id, "b");
  const Decision back = ask("what's the load", {tool("load_a", "Load of hosts.", "hosts", examples),
                                                tool("load_b", "Load of lines.", "lines", examples)});
  ASSERT_EQ(back.code, Code::ambiguous);
  ASSERT_EQ(back.options.size(), 2U);
  EXPECT_EQ(back.options[0].label, "Load of hosts.");
}

TEST(Planner, HostileQuestionsGetASentence) {
  const retrieval::RegistrySnapshot snapshot = orders();
  for (const std::string& question :
       {std::string(), std::string(" \n\t"), std::string(1 << 20, 'a'), std::string("?!"), std::string("orders"),
        std::string("qwe asd zxc"), std::string("\xEC\xA3\xBC\xEB\xAC\xB8\xEC\x9D\x80 \xEB\xAA\x87 \xEA\xB0\x9C?"),
        std::string("'; DROP TABLE orders; --"), std::string("\"\"\"\"\""), std::string(3999, '('),
        std::string("1 2 3 4"), std::string("\xF0\x9F\x98\x80 \xF0\x9F\x98\x80"),
        std::string("last last last last 5 5 5")}) {
    const Decision d = ask(question, snapshot);
    EXPECT_EQ(d.route, Route::reject) << question.substr(0, 40);
    EXPECT_FALSE(d.reason.empty());
    EXPECT_FALSE(d.next_actions.empty());
    EXPECT_TRUE(Json::parse(d.explain.dump()).ok());
    EXPECT_FALSE(ask(question, snapshot, false, "ko").reason.empty());
  }
  EXPECT_NE(ask(std::string(5000, 'a'), snapshot).reason.find("4000"), std::string::npos);
}

TEST(Planner, AnEmptyRegistryHasItsOwnSentence) {
  EXPECT_NE(ask("how many orders?", {}).reason.find("No tool with example questions"), std::string::npos);
  EXPECT_EQ(ask("help", {}).route, Route::direct);
}

TEST(Planner, KoreanExamplesAnswerKoreanQuestions) {
  const retrieval::RegistrySnapshot snapshot = {
      tool("order_count", "주문 수", "orders",
           {"주문은 몇 건인가요?", "주문 건수", "주문이 몇 개 있나요?", "총 주문 건수"})};
  EXPECT_EQ(ask("주문 건수 알려줘", snapshot, false, "ko").route, Route::plan);
  EXPECT_EQ(ask("부산 주문 건수", snapshot, false, "ko").route, Route::reject);
}

TEST(Planner, ARejectionNamesWhatItDidNotUnderstand) {
  const Decision d = ask("How many orders in Busan?", orders());
  EXPECT_EQ(d.code, Code::no_match);
  EXPECT_EQ(d.not_understood, std::vector<std::string>{"Busan"});
  EXPECT_NE(d.reason.find("\"Busan\""), std::string::npos);
  EXPECT_FALSE(d.next_actions.empty());
}

TEST(Planner, AnUnknownTimeZoneRefusesTimeOnly) {
  PlannerInput in;
  in.timezone = "Moon/Crater";
  const auto index = retrieval::Index::build(orders());
  in.question = "how many orders?";
  EXPECT_EQ(decide(in, index).route, Route::plan);
  in.question = "how many orders today?";
  EXPECT_NE(decide(in, index).reason.find("Moon/Crater"), std::string::npos);
}

TEST(Planner, BothHalvesOfACompoundQuestionMustPlan) {
  const Decision d = ask("How many orders are there? How many open orders?", orders());
  ASSERT_EQ(d.route, Route::plan) << d.reason;
  EXPECT_EQ(d.calls.size(), 2U);
  EXPECT_EQ(ask("How many orders are there and how many customers?", orders()).route, Route::reject);
  EXPECT_EQ(ask("How many orders are there; delete the open orders", orders()).code, Code::unsupported_action);
}

TEST(Planner, WhatDependsOnTheTimeIsNotRepeatable) {
  const auto snapshot = visits();
  for (const char* question : {"how many visits are there?", "visits per clinic", "which clinics are open?", "help",
                               "delete every visit", "how many unicorns are there?"}) {
    EXPECT_TRUE(ask(question, snapshot).repeatable) << question;
  }
  for (const char* question : {"how many visits yesterday?", "visits in the last 3 hours",
                               "number of visits since Monday", "how many unicorns last week?", "visits next month"}) {
    EXPECT_FALSE(ask(question, snapshot).repeatable) << question;
  }
}

}  // namespace
}  // namespace pgops::planner
