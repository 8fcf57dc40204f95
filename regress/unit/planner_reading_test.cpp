// Unit: readings of models beside tools, and what the data were asked. The models here are functions.
#include <gtest/gtest.h>

#include "core/planner/planner.hpp"

namespace pgops::planner {
namespace {

retrieval::ToolDoc order_count() {
  retrieval::ToolDoc doc;
  doc.tenant = "t";
  doc.name = "order_count";
  doc.description = "Number of orders.";
  doc.capabilities = {"orders"};
  doc.examples = {"how many orders are there?", "number of orders", "order count", "total orders"};
  return doc;
}

Reading reading(const char* city) {
  Reading r;
  r.tool = "model:orders";
  r.args = Json::object({{"city", city}});
  r.intent = "count";
  r.label = std::string("number of orders of ") + city;
  return r;
}

Decision ask(const char* question, ReadFunction read, nlu::LookupFunction lookup = {}, bool tools = true) {
  PlannerInput in;
  in.question = question;
  in.read_models = std::move(read);
  in.lookup = std::move(lookup);
  return decide(
      in, retrieval::Index::build(tools ? retrieval::RegistrySnapshot{order_count()} : retrieval::RegistrySnapshot{}));
}

TEST(Readings, ACompleteOneAnswersWhatNoToolExplains) {
  const auto read = [](const auto&, const auto&, auto&) { return std::vector<Reading>{reading("Busan")}; };
  const Decision d = ask("how many orders in Busan?", read);
  ASSERT_EQ(d.route, Route::plan) << d.reason;
  EXPECT_EQ(d.calls.at(0).tool, "model:orders");
  EXPECT_EQ(d.intent, "count");
  EXPECT_NE(d.reason.find("number of orders of Busan"), std::string::npos);
  EXPECT_EQ(d.explain["readings"].items().size(), 1U);
  EXPECT_EQ(ask("how many orders in Busan?", read, {}, false).route, Route::plan);
}

TEST(Readings, AToolThatHasTheQuestionAsExampleGoesFirst) {
  const auto read = [](const auto&, const auto&, auto&) { return std::vector<Reading>{reading("Busan")}; };
  EXPECT_EQ(ask("number of orders", read).calls.at(0).tool, "order_count");
}

TEST(Readings, TwoThatAskForDifferentThingsAreAskedBack) {
  const Decision d = ask("how many orders in Santiago?", [](const auto&, const auto&, auto&) {
    return std::vector<Reading>{reading("Santiago de Chile"), reading("Santiago de Cuba")};
  });
  EXPECT_EQ(d.code, Code::ambiguous);
  ASSERT_EQ(d.options.size(), 2U);
  EXPECT_EQ(d.options[1].label, "number of orders of Santiago de Cuba");
  EXPECT_EQ(d.options[1].plan["calls"].items()[0]["tool"].text(), "model:orders");
}

TEST(Readings, FewerGuessesGoFirst) {
  const Decision d = ask("how many orders in Busan?", [](const auto&, const auto&, auto&) {
    std::vector<Reading> two = {reading("Busan-dong"), reading("Busan")};
    two[0].guesses = 1;
    return two;
  });
  ASSERT_EQ(d.route, Route::plan);
  EXPECT_EQ(d.calls.at(0).args.dump(), R"({"city":"Busan"})");
}

TEST(Readings, OneThatLeavesAWordIsNotRun) {
  const Decision d = ask("how many orders in Atlantis?", [](const auto&, const auto&, auto&) {
    std::vector<Reading> one = {reading("")};
    one[0].unused = {"Atlantis"};
    one[0].examples = {"how many orders in Busan?"};
    return one;
  });
  EXPECT_EQ(d.code, Code::no_match);
  EXPECT_EQ(d.not_understood, std::vector<std::string>{"Atlantis"});
  EXPECT_EQ(d.next_actions.back(), "how many orders in Busan?");
}

TEST(Readings, WhatTheDataWereAskedIsRecordedOnce) {
  int calls = 0;
  const auto lookup = [&](const std::vector<nlu::LookupQuery>& queries) {
    ++calls;
    std::vector<nlu::LookupAnswer> out(queries.size());
    out[0].candidates = {{"Busan", "Busan", nlu::MatchKind::exact}};
    return out;
  };
  const auto read = [](const auto&, const auto&, nlu::Lookup& data) {
    const nlu::LookupQuery query{{nlu::LookupDomain::Kind::model, "orders", "city"}, "busan"};
    data.prepare({query, query});
    std::vector<Reading> out;
    for (const auto& c : data.find(query).best()) out.push_back(reading(c.label.c_str()));
    return out;
  };
  const Decision d = ask("how many orders in Busan?", read, lookup);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(d.consulted, 1U);
  ASSERT_EQ(d.explain["lookups"].items().size(), 1U);
  EXPECT_EQ(
      d.explain["lookups"].items()[0].dump(),
      R"({"model":"orders","dimension":"city","text":"busan","candidates":[{"label":"Busan","kind":"exact","value":"Busan"}]})");
  EXPECT_EQ(ask("number of orders", {}, lookup).consulted, 0U);
}

}  // namespace
}  // namespace pgops::planner
