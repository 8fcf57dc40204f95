// Questions read by a model: what must come out as a frame, and above all what must not be read at all.
#include <gtest/gtest.h>

#include <map>

#include "core/model/read.hpp"
#include "core/model/sql.hpp"
#include "core/model/speak.hpp"
#include "core/model/values.hpp"

namespace pgops::model {
namespace {

constexpr const char* kPlace =
    R"({"relation": "t.place", "nouns": ["place", "site"], "shown": ["name", "city"], "dimensions": {
  "name": {"key": true, "sample": true}, "city": {"sample": true, "where": true, "words": ["located"]},
  "keeper": {"sample": true, "who": true, "words": ["kept"]},
  "kind": {"kinds": true, "values": {"park": [], "mill": ["windmill"]}},
  "opened": {"column": "opened_on", "type": "date", "present": ["opened"]}}})";
constexpr const char* kVisit =
    R"({"relation": "t.visit", "nouns": ["visit"], "time": "at", "shown": ["at", "name"], "dimensions": {
  "at": {"words": ["time"]}, "mood": {"values": {"good": ["happy"], "bad": ["sad"]}},
  "guide": {"sample": true, "who": true}},
  "measures": {"fee": {"unit": "EUR", "default": "sum", "words": ["fee", "euro"], "high": ["dearest"]}, "stay": {"from": "at", "to": "left_at", "words": ["length of stay"]}},
  "terms": {"paid": {"words": ["paid"], "filters": [{"dimension": "mood", "op": "=", "value": "good"}]}},
  "links": {"place": {"model": "place", "on": {"place_id": "place_id"}}}})";

class ModelRead : public ::testing::Test {
 protected:
  void SetUp() override {
    std::vector<Problem> problems;
    place_ = read_model("place", *Json::parse(kPlace), problems);
    visit_ = read_model("visit", *Json::parse(kVisit), problems);
    model::bind(
        place_, [](std::string_view) { return nullptr; }, problems);
    model::bind(
        visit_, [this](std::string_view) { return &place_; }, problems);
    ASSERT_TRUE(problems.empty()) << to_text(problems);
  }

  std::vector<planner::Reading> readings(std::string_view question) {
    const std::map<std::string, std::vector<std::string>> data = {{"name", {"dalby", "orrin-01", "orrin-02"}},
                                                                  {"city", {"Busan", "Seoul", "New York"}},
                                                                  {"keeper", {"anna", "bruno"}},
                                                                  {"guide", {"bruno", "clara"}}};
    nlu::Lookup lookup([&](const std::vector<nlu::LookupQuery>& queries) {
      std::vector<nlu::LookupAnswer> out;
      for (const nlu::LookupQuery& q : queries) {
        std::vector<StoredValue> values;
        for (const std::string& v : data.at(q.domain.dimension)) values.push_back({Json(v), v, {}});
        out.push_back(match_value(q.text, values));
      }
      return out;
    });
    const nlu::Calendar calendar({std::int64_t{1'789'641'000} * 1'000'000, "UTC"});  // 2026-09-17 10:30
    const Vocabulary place(place_);
    const Vocabulary visit(visit_);
    return read(nlu::analyse(question, calendar), calendar, lookup, {{&place_, &place}, {&visit_, &visit}}, "en");
  }

  // The frame of the only complete reading; empty when there is none, "several" when there are more.
  std::string frame(std::string_view question) {
    std::string out;
    for (const planner::Reading& r : readings(question)) {
      if (!r.complete()) continue;
      if (!out.empty()) return "several";
      out = r.tool.substr(6) + " " + r.args.dump();
    }
    return out;
  }

  Model place_;
  Model visit_;
};

TEST_F(ModelRead, CountsRowsThingsAndValues) {
  EXPECT_EQ(frame("how many places are there?"), R"(place {"measure":{"name":"count"}})");
  EXPECT_EQ(frame("how many sites in Busan?"),
            R"(place {"measure":{"name":"count"},"filters":[{"dimension":"city","op":"=","value":"Busan"}]})");
  EXPECT_EQ(frame("how many windmills are kept by anna?"),
            R"(place {"measure":{"name":"count"},"filters":[{"dimension":"kind","op":"=","value":"mill"},)"
            R"({"dimension":"keeper","op":"=","value":"anna"}]})");
  EXPECT_EQ(frame("how many different cities are there?"), R"(place {"measure":{"name":"distinct","of":"city"}})");
  EXPECT_EQ(
      frame("how many places had sad visits?"),
      R"(visit {"measure":{"name":"distinct","of":"name"},"filters":[{"dimension":"mood","op":"=","value":"bad"}]})");
}

TEST_F(ModelRead, WhatIsNotUnderstoodIsNotAnswered) {
  for (const char* question : {"how many places in Paris?",
                               "how many purple places?",
                               "how many visits had no fee and how many places?",
                               "how many places without visits?",
                               "which places have no sad visits?",
                               "how many happy visits and windmills?",
                               "why are there so many visits?",
                               "how many visits will there be?",
                               "compare visits of anna",
                               "how many visits before the last?",
                               "how many places in Busan that are not in Seoul or purple?",
                               "what is the median fee?",
                               "first 5 visits",
                               "latest visit per place",
                               "average",
                               "how many?",
                               "visits yesterday and last week",
                               "how many new places?",
                               "how many visits at 3 o'clock?",
                               "which place has the fewest visits?",
                               "how many sad visits are there now?",
                               "visits with a fee over 20 euros currently"}) {
    EXPECT_EQ(frame(question), "") << question;
  }
}

TEST_F(ModelRead, NowIsAPeriodTheLatestOrAState) {
  EXPECT_NE(frame("how many places are there now?"), "");
  EXPECT_NE(frame("how many visits are there today, as of now?"), "");
  EXPECT_NE(frame("what is the latest visit now?"), "");
}

TEST_F(ModelRead, WhatIsSaidTwiceIsGroupedOnce) {
  for (const char* twice : {"number of visits by guide per guide", "visits per day and per day"}) {
    for (const planner::Reading& r : readings(twice)) {
      const Json* groups = r.args.find("group_by");
      EXPECT_LE(groups == nullptr ? 0U : groups->size(), 1U) << twice << r.args.dump();
    }
  }
}

TEST_F(ModelRead, NegationsListsAndComparisons) {
  EXPECT_NE(frame("places that are not in Busan").find(R"("op":"<>","value":"Busan")"), std::string::npos);
  EXPECT_NE(frame("places in Busan or Seoul").find(R"("op":"in","values":["Busan","Seoul"])"), std::string::npos);
  EXPECT_NE(frame("places without a keeper").find(R"({"dimension":"keeper","op":"missing"})"), std::string::npos);
  EXPECT_NE(frame("visits with a fee over 20 euros").find(R"({"measure":"fee","op":">","value":20})"),
            std::string::npos);
  EXPECT_NE(frame("which places had more than 3 visits?").find(R"("having":{"op":">","value":3})"), std::string::npos);
  EXPECT_NE(frame("places opened this year").find(R"({"dimension":"opened","op":"within","since":"2026-01-01)"),
            std::string::npos);
}

TEST_F(ModelRead, FiguresRankingsAndEnds) {
  EXPECT_EQ(frame("average fee per mood"), R"(visit {"measure":{"name":"avg","of":"fee"},"group_by":["mood"]})");
  EXPECT_EQ(frame("total fee"), R"(visit {"measure":{"name":"sum","of":"fee"}})");
  EXPECT_EQ(
      frame("top 3 places by number of visits"),
      R"(visit {"measure":{"name":"count"},"group_by":["name"],"order":{"by":"measure","direction":"desc"},"limit":3})");
  EXPECT_EQ(frame("dearest visit"),
            R"(visit {"measure":{"name":"rows","of":["fee"]},"order":{"by":"fee","direction":"desc"},"limit":1})");
  EXPECT_EQ(frame("the latest visit"),
            R"(visit {"measure":{"name":"rows"},"order":{"by":"time","direction":"desc"},"limit":1})");
  EXPECT_EQ(frame("visits per day"), R"(visit {"measure":{"name":"count"},"group_by":["time:day"]})");
  EXPECT_EQ(frame("what share of visits is sad?"),
            R"(visit {"measure":{"name":"share","filters":[{"dimension":"mood","op":"=","value":"bad"}]}})");
}

// Readings of word salads are of no interest here; they end.
TEST_F(ModelRead, AnyOrderOfKnownWordsIsRead) {
  EXPECT_EQ(frame("where is dalby paid and who keeps it?"), "");
  const std::vector<std::string_view> words = {
      "where",     "is",       "dalby", "paid", "and",  "who", "keeps", "it",   "visits", "of",
      "Busan",     "windmill", "how",   "many", "not",  "sad", "per",   "city", "fee",    "most",
      "yesterday", "orrin",    "bruno", "or",   "with", "the", "3",     "by",   "places", "latest"};
  std::uint32_t state = 1;
  for (int round = 0; round < 4000; ++round) {
    std::string question;
    for (int n = 0; n < 2 + round % 8; ++n) {
      state = state * 1664525U + 1013904223U;
      question.append(words[(state >> 16) % words.size()]).append(" ");
    }
    EXPECT_NO_THROW(static_cast<void>(readings(question))) << question;
  }
}

TEST_F(ModelRead, OneThing) {
  EXPECT_NE(frame("who keeps dalby?"), "several");
  EXPECT_NE(frame("where is dalby?").find(R"("of":["name","city"])"), std::string::npos);
  EXPECT_NE(frame("when was dalby opened?").find(R"("of":["name","opened"])"), std::string::npos);
  EXPECT_NE(frame("is dalby a windmill?").find(R"("name":"exists")"), std::string::npos);
}

TEST_F(ModelRead, WhatMayBeSeveralThingsIsSeveralReadings) {
  EXPECT_EQ(frame("how many visits of orrin?"), "several");
  // A person of the model's own goes before one of the place.
  EXPECT_NE(frame("visits by bruno").find(R"("dimension":"guide")"), std::string::npos);
  EXPECT_NE(frame("visits of places kept by bruno").find(R"("dimension":"keeper")"), std::string::npos);
}

TEST_F(ModelRead, NearlySaidIsSaid) {
  const auto all = readings("how many places in Bussan?");
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(all[0].complete());
  ASSERT_EQ(all[0].notes.size(), 1U);
  EXPECT_EQ(all[0].notes[0], R"("Bussan" is understood as "Busan".)");
}

TEST_F(ModelRead, StatementsHaveQuotedNamesAndBoundValues) {
  const auto f = parse_frame(
      *Json::parse(R"({"measure":{"name":"count"},"filters":[{"dimension":"city","op":"=","value":"x'; --"}]})"),
      visit_);
  ASSERT_TRUE(f.ok());
  const Statement s = to_sql(*f, visit_);
  EXPECT_EQ(s.sql.find("x'"), std::string::npos);
  EXPECT_NE(s.sql.find(R"(LEFT JOIN "t"."place" AS l0 ON (t."place_id" = l0."place_id"))"), std::string::npos);
  EXPECT_EQ(s.args.dump(), R"({"p1":"x'; --"})");
  EXPECT_EQ(quote_identifier(R"(a"; drop)"), R"("a""; drop")");
}

TEST_F(ModelRead, FramesAreReadStrictly) {
  for (const char* bad :
       {"{}", R"({"measure":{"name":"median"}})",
        R"({"measure":{"name":"count"},"filters":[{"dimension":"colour","op":"=","value":1}]})",
        R"({"measure":{"name":"count"},"where":"1=1"})", R"({"measure":{"name":"count"},"limit":0})",
        R"({"measure":{"name":"rows"},"group_by":["mood"]})", R"({"measure":{"name":"sum","of":"mood"}})"}) {
    EXPECT_FALSE(parse_frame(*Json::parse(bad), visit_).ok()) << bad;
  }
}

}  // namespace
}  // namespace pgops::model
