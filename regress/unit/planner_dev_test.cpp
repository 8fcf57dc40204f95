// Measures the planner on an invented registry (regress/planner): right, wrong, refused; and that what
// must not be answered is not. Prints every miss, so that a change of weights or words shows its price.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "core/planner/planner.hpp"

namespace pgops::planner {
namespace {

std::string folder() { return std::string(PGOPS_SOURCE_DIR) + "/regress/planner/"; }

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> out;
  std::stringstream in(text);
  for (std::string part; std::getline(in, part, by);) out.push_back(part);
  return out;
}

std::vector<std::vector<std::string>> rows(const std::string& file) {
  std::ifstream in(folder() + file);
  EXPECT_TRUE(in.good()) << file;
  std::vector<std::vector<std::string>> out;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line[0] != '#') out.push_back(split(line, '\t'));
  }
  return out;
}

retrieval::Index registry(const std::string& set) {
  retrieval::RegistrySnapshot snapshot;
  for (const auto& row : rows(set + "_tools.tsv")) {
    retrieval::ToolDoc doc;
    doc.tenant = "t";
    doc.name = row.at(0);
    doc.description = row.at(1);
    doc.capabilities = {row.at(2)};
    doc.input_schema = Json::parse(row.at(3)).value();
    doc.present = Json::parse(row.at(4)).value();
    doc.examples = split(row.at(5), '|');
    snapshot.push_back(std::move(doc));
  }
  return retrieval::Index::build(std::move(snapshot));
}

PlannerInput input(const std::string& question) {
  PlannerInput in;
  in.question = question;
  in.now_us = std::int64_t{1773210600} * 1'000'000;  // 2026-03-11 15:30 in Seoul, a Wednesday
  in.timezone = "Asia/Seoul";
  return in;
}

std::string outcome(const Decision& d) {
  if (d.route == Route::direct) return "help";
  if (d.route == Route::reject) return std::string(to_string(*d.code));
  std::string out;
  for (const PlannedCall& c : d.calls) out += (out.empty() ? "" : "+") + c.tool;
  return out;
}

void explain(const std::string& question, const std::string& wanted, const Decision& d) {
  std::printf("  %-60s wanted %s, got %s: %s\n", question.c_str(), wanted.c_str(), outcome(d).c_str(),
              d.reason.c_str());
  if (std::getenv("PLANNER_VERBOSE") != nullptr) {
    int n = 0;
    for (const Json& c : d.explain["candidates"].items()) {
      if (n++ < 4 || c["tool"].text() == wanted) std::printf("      %s\n", c.dump().c_str());
    }
  }
}

class PlannerDev : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Registries, PlannerDev, ::testing::Values("dev", "dev2"));

TEST_P(PlannerDev, AnswersParaphrasesAndRarelyWrongly) {
  const retrieval::Index index = registry(GetParam());
  int right = 0;
  int wrong = 0;
  int refused = 0;
  for (const auto& row : rows(GetParam() + "_answer.tsv")) {
    const Decision d = decide(input(row.at(1)), index);
    const std::vector<std::string> wanted = split(row.at(0), '|');
    bool ok = std::find(wanted.begin(), wanted.end(), outcome(d)) != wanted.end();
    if (ok && row.size() > 2) ok = d.calls.front().args == Json::parse(row[2]).value();
    if (ok) {
      ++right;
      continue;
    }
    (d.route == Route::plan ? wrong : refused) += 1;
    explain(row.at(1), row.at(0), d);
    if (d.route == Route::plan) std::printf("      args %s\n", d.calls.front().args.dump().c_str());
  }
  const int all = right + wrong + refused;
  std::printf("paraphrases: %d right, %d wrong, %d refused of %d\n", right, wrong, refused, all);
  EXPECT_GE(right * 100, all * 85);
  EXPECT_LE(wrong * 100, all * 2);
}

TEST_P(PlannerDev, NeverAnswersWhatNoToolTakes) {
  const retrieval::Index index = registry(GetParam());
  int answered = 0;
  int all = 0;
  for (const auto& row : rows(GetParam() + "_reject.tsv")) {
    const Decision d = decide(input(row.at(1)), index);
    ++all;
    const bool action = row.at(0) == "UNSUPPORTED_ACTION";
    if (d.route != Route::reject) ++answered;
    if (d.route != Route::reject || (action && outcome(d) != row.at(0))) explain(row.at(1), row.at(0), d);
    if (action) {
      EXPECT_EQ(outcome(d), row.at(0)) << row.at(1);
    }
    EXPECT_FALSE(d.reason.empty() && d.route == Route::reject);
  }
  std::printf("must be rejected: %d answered of %d\n", answered, all);
  EXPECT_EQ(answered, 0);
}

// Whatever is added to a question that has an answer must change the answer or end it.
TEST_P(PlannerDev, AnAddedConditionIsNeverIgnored) {
  static const char* const kAdded[] = {"in Busan",
                                       "in seoul",
                                       "for host web-77",
                                       "on web-77",
                                       "by owner",
                                       "per owner",
                                       "per day",
                                       "for customer 42",
                                       "yesterday",
                                       "on 2025-01-01",
                                       "since Monday",
                                       "in the last 48 hours",
                                       "this morning",
                                       "during the outage",
                                       "not closed",
                                       "without owner",
                                       "except reboots",
                                       "assigned to Bob",
                                       "that failed",
                                       "named \"x\"",
                                       "with id 7",
                                       "of last year",
                                       "older than 3 days",
                                       "with more than 5 errors",
                                       "at least 3 times",
                                       "caused by alice",
                                       "and broken",
                                       "in the US",
                                       "like foo%",
                                       "where owner is null",
                                       "that are critical",
                                       "with priority high",
                                       "between 3 and 5",
                                       "outside office hours",
                                       "in percent",
                                       "compared to yesterday",
                                       "per type and owner",
                                       "starting with a",
                                       "no longer used",
                                       "before the upgrade",
                                       "under load",
                                       "in production",
                                       "of team red",
                                       "from 10.0.0.1",
                                       "owned by Will",
                                       "or tickets",
                                       "but only open ones",
                                       "sorted by name",
                                       "for me to delete",
                                       "and why",
                                       "instead of 3",
                                       "top 3",
                                       "smallest first",
                                       "at 9:00",
                                       "10 minutes ago",
                                       "in euros",
                                       "v2"};
  static const char* const kAdjectives[] = {"critical", "closed",   "unassigned", "failed",     "Busan",
                                            "korean",   "external", "second",     "non-active", "other",
                                            "more",     "fewer",    "web-77",     "\"x\"",      "3"};
  const retrieval::Index index = registry(GetParam());
  int asked = 0;
  int ignored = 0;
  const auto ask = [&](const std::string& question, const Decision& base) {
    const Decision d = decide(input(question), index);
    ++asked;
    if (d.route != Route::plan || !(d.plan_json()["calls"] == base.plan_json()["calls"])) return;
    ++ignored;
    std::printf("  ignored a condition: %s -> %s\n", question.c_str(), outcome(d).c_str());
  };
  for (const auto& row : rows(GetParam() + "_answer.tsv")) {
    const Decision base = decide(input(row.at(1)), index);
    if (base.route != Route::plan) continue;
    std::string question = row.at(1);
    while (!question.empty() && (question.back() == '?' || question.back() == '.')) question.pop_back();
    for (const char* added : kAdded) ask(question + " " + added + "?", base);
    const std::size_t last = question.rfind(' ');
    for (const char* adjective : kAdjectives)
      ask(question.substr(0, last) + " " + adjective + question.substr(last), base);
  }
  std::printf("conditions added: %d, ignored: %d\n", asked, ignored);
  EXPECT_EQ(ignored, 0);
}

// A decision that calls itself repeatable is used again at any later time.
TEST_P(PlannerDev, WhatIsRepeatableIsTheSameAtAnyTime) {
  const retrieval::Index index = registry(GetParam());
  const auto all_of_it = [](const Decision& d) {
    std::string out = d.plan_json().dump() + d.explain.dump() + d.reason + d.clarification + d.direct_text;
    for (const Option& o : d.options) out += o.label + o.plan.dump();
    for (const Period& p : d.intervals) out += p.text;
    for (const std::string& action : d.next_actions) out += action;
    return out;
  };
  const std::vector<std::int64_t> seconds = {0, 1'773'210'600, 1'798'761'599, 1'835'395'200, 4'000'000'000};
  int repeatable = 0;
  int others = 0;
  for (const char* file : {"_answer.tsv", "_reject.tsv"}) {
    for (const auto& row : rows(GetParam() + file)) {
      const std::string& question = row.at(1);
      std::vector<Decision> made;
      for (const std::int64_t at : seconds) {
        PlannerInput in = input(question);
        in.now_us = at * 1'000'000;
        made.push_back(decide(in, index));
      }
      for (const Decision& d : made) {
        EXPECT_EQ(d.repeatable, made[0].repeatable) << question;
        if (!d.repeatable) continue;
        EXPECT_EQ(all_of_it(d), all_of_it(made[0])) << question;
      }
      (made[0].repeatable ? repeatable : others) += 1;
    }
  }
  EXPECT_GT(repeatable, others);
  EXPECT_GT(others, 0);
}

}  // namespace
}  // namespace pgops::planner
