// unit: reading plans, strictly, and the graph behind them.
#include "core/plan.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace pgops {
namespace {

Json json(const std::string& text) {
  auto parsed = Json::parse(text);
  EXPECT_TRUE(parsed.ok()) << text;
  return parsed.ok() ? *parsed : Json();
}

Plan plan_of(const std::string& text) {
  auto plan = parse_plan(json(text));
  EXPECT_TRUE(plan.ok()) << (plan.ok() ? "" : plan.error().message);
  return plan.ok() ? *plan : Plan{};
}

std::string problem(const std::string& text, const PlanLimits& limits = {}) {
  auto plan = parse_plan(json(text), limits);
  if (plan.ok()) return "";
  EXPECT_EQ(plan.error().code, Code::plan_invalid);
  return plan.error().message;
}

std::string hint(const std::string& text) {
  auto plan = parse_plan(json(text));
  return plan.ok() ? "" : plan.error().hint;
}

const char* const kTwoCalls = R"({"intent":"lookup","calls":[
  {"id":"a","tool":"locks","args":{"limit":5}},
  {"id":"b","tool":"host_info","args":{"host":{"$ref":"a","path":"$.rows[0].host"},
     "more":[1,{"deep":{"$ref":"a","path":"$.row_count"}}]},"on_error":"continue"}]})";

TEST(Plan, ReadsCallsAndFindsReferencesInDocumentOrder) {
  const Plan plan = plan_of(kTwoCalls);
  ASSERT_EQ(plan.calls.size(), 2u);
  EXPECT_EQ(plan.intent, "lookup");
  const PlanCall& b = plan.calls[1];
  EXPECT_EQ(b.on_error, OnError::carry_on);
  ASSERT_EQ(ref_sites(b).size(), 2u);
  EXPECT_EQ(b.refs[0].place, "$.calls[1].args.host");
  EXPECT_EQ(b.refs[0].path, "$.rows[0].host");
  EXPECT_EQ(b.refs[1].place, "$.calls[1].args.more[1].deep");
  EXPECT_EQ(b.refs[1].source, 0u);
}

TEST(Plan, AReferenceImpliesTheDependency) {
  const Plan plan = plan_of(kTwoCalls);
  ASSERT_EQ(plan.calls[1].dependencies.size(), 1u);
  EXPECT_EQ(plan.calls[1].dependencies[0].call, 0u);
  EXPECT_TRUE(plan.calls[1].dependencies[0].by_reference);
  EXPECT_TRUE(plan.calls[0].dependencies.empty());
}

TEST(Plan, SubstitutePutsValuesWhereTheReferencesStood) {
  const Plan plan = plan_of(kTwoCalls);
  const std::vector<Json> values = {Json("db1"), json("[1.50,2]")};
  EXPECT_EQ(substitute(plan.calls[1].args, values).dump(), R"({"host":"db1","more":[1,{"deep":[1.50,2]}]})");
  EXPECT_EQ(substitute(plan.calls[0].args, {}).dump(), R"({"limit":5})");
}

TEST(Plan, SubstitutedValuesAreNotSearchedForReferences) {
  const Plan plan = plan_of(kTwoCalls);
  const std::vector<Json> values = {json(R"({"$ref":"a","path":"$"})"), Json(1)};
  EXPECT_EQ(substitute(plan.calls[1].args, values)["host"].dump(), R"({"$ref":"a","path":"$"})");
}

TEST(Plan, LevelsFollowTheLongestChain) {
  const Plan plan = plan_of(R"({"calls":[{"id":"d","tool":"t","depends_on":["b","a"]},
    {"id":"a","tool":"t"},{"id":"b","tool":"t","depends_on":["a"]},{"id":"x","tool":"t"}]})");
  EXPECT_EQ(plan_levels(plan), (std::vector<std::uint32_t>{2, 0, 1, 0}));
  EXPECT_EQ(topological_order(plan), (std::vector<CallIndex>{1, 2, 3, 0}));
}

TEST(Plan, IdIsStableAcrossSpellingAndDiffersByContent) {
  const Plan plan = plan_of(kTwoCalls);
  EXPECT_EQ(plan_id(plan).size(), 16u);
  EXPECT_EQ(plan_id(plan), plan_id(plan_of(to_json(plan).dump())));
  EXPECT_EQ(plan_id(plan_of(R"({"calls":[{"id":"a","tool":"t","args":{"x":1,"y":2}}]})")),
            plan_id(plan_of(R"({"calls":[{"tool":"t","args":{"y":2,"x":1},"on_error":"skip","id":"a"}]})")));
  EXPECT_NE(plan_id(plan_of(R"({"calls":[{"id":"a","tool":"t"}]})")),
            plan_id(plan_of(R"({"calls":[{"id":"a","tool":"u"}]})")));
  // Written down so that ids of stored traces stay what they were.
  EXPECT_EQ(plan_id(plan_of(R"({"calls":[{"id":"a","tool":"t"}]})")), "af309a8d354310c7");
}

TEST(Plan, RefusalsNameThePlace) {
  EXPECT_EQ(problem("[]"), "$: a plan is an object with the key \"calls\"");
  EXPECT_EQ(problem("{}"), "$.calls: must be an array of at least one call");
  EXPECT_EQ(problem(R"({"calls":[]})"), "$.calls: must be an array of at least one call");
  EXPECT_EQ(problem(R"({"calls":[7]})"), "$.calls[0]: a call is an object");
  EXPECT_EQ(problem(R"({"calls":[{"id":"A","tool":"t"}]})"),
            "$.calls[0].id: must be a string matching ^[a-z][a-z0-9_]{0,62}$");
  EXPECT_EQ(problem(R"({"calls":[{"id":")" + std::string(64, 'a') + R"(","tool":"t"}]})"),
            "$.calls[0].id: must be a string matching ^[a-z][a-z0-9_]{0,62}$");
  EXPECT_EQ(problem(R"({"calls":[{"id":"a"}]})"), "$.calls[0].tool: must be a string, the name of a tool");
  EXPECT_EQ(problem(R"({"calls":[{"id":"a","tool":"t","args":[]}]})"),
            "$.calls[0].args: must be an object of arguments by name");
  EXPECT_EQ(problem(R"({"calls":[{"id":"a","tool":"t"},{"id":"a","tool":"t"}]})"),
            "$.calls[1].id: duplicate id \"a\", already used by $.calls[0]");
  EXPECT_EQ(problem(R"({"calls":[{"id":"a","tool":"t","depends_on":"b"}]})"),
            "$.calls[0].depends_on: must be an array of call ids");
  EXPECT_EQ(problem(R"({"calls":[{"id":"a","tool":"t","depends_on":["zz"]}]})"),
            "$.calls[0].depends_on[0]: unknown call \"zz\"");
  EXPECT_EQ(problem(R"({"calls":[{"id":"a","tool":"t","depends_on":[3]}]})"),
            "$.calls[0].depends_on[0]: must be a string, a call's id");
  EXPECT_EQ(problem(R"({"calls":[{"id":"a","tool":"t","on_error":"halt"}]})"),
            "$.calls[0].on_error: must be \"skip\" or \"continue\"");
  EXPECT_EQ(problem(R"({"intent":5,"calls":[{"id":"a","tool":"t"}]})"),
            "$.intent: must be a string of at most 63 bytes");
}

TEST(Plan, UnknownKeysComeWithTheNearestName) {
  const std::string text = R"({"calls":[{"id":"a","tool":"t","depend_on":[]}]})";
  EXPECT_EQ(problem(text), "$.calls[0]: unknown key \"depend_on\"");
  EXPECT_EQ(hint(text), "Did you mean \"depends_on\"?");
  EXPECT_EQ(hint(R"({"call":[]})"), "Did you mean \"calls\"?");
  EXPECT_EQ(hint(R"({"calls":[{"id":"a","tool":"t","zzzzzzzz":1}]})"),
            "Known names: id, tool, args, depends_on, on_error.");
}

TEST(Plan, SelfReferencesAndCyclesAreNamed) {
  EXPECT_EQ(problem(R"({"calls":[{"id":"a","tool":"t","depends_on":["a"]}]})"),
            "$.calls[0].depends_on[0]: call \"a\" refers to itself");
  EXPECT_EQ(problem(R"({"calls":[{"id":"a","tool":"t","args":{"x":{"$ref":"a","path":"$"}}}]})"),
            "$.calls[0].args.x: call \"a\" refers to itself");
  EXPECT_EQ(problem(R"({"calls":[{"id":"x","tool":"t","depends_on":["a"]},
      {"id":"a","tool":"t","depends_on":["b"]},
      {"id":"b","tool":"t","args":{"v":{"$ref":"c","path":"$"}}},
      {"id":"c","tool":"t","depends_on":["a"]}]})"),
            "$.calls[1]: cycle of dependencies a -> b -> c -> a");
}

TEST(Plan, MalformedReferencesAreRefused) {
  const auto with = [](const std::string& ref) {
    return R"({"calls":[{"id":"a","tool":"t"},{"id":"b","tool":"t","args":{"x y":)" + ref + "}}]}";
  };
  EXPECT_EQ(problem(with(R"({"$ref":"a"})")),
            "$.calls[1].args.\"x y\": missing path: a reference has \"$ref\" and \"path\"");
  EXPECT_EQ(problem(with(R"({"$ref":"a","path":""})")),
            "$.calls[1].args.\"x y\".path: must be a jsonpath of 1 to 1024 bytes");
  EXPECT_EQ(problem(with(R"({"$ref":"a","path":7})")),
            "$.calls[1].args.\"x y\".path: must be a jsonpath of 1 to 1024 bytes");
  EXPECT_EQ(problem(with(R"({"$ref":7,"path":"$"})")),
            "$.calls[1].args.\"x y\".\"$ref\": must be a string, the id of an earlier call");
  EXPECT_EQ(problem(with(R"({"$ref":"a","path":"$","default":1})")),
            "$.calls[1].args.\"x y\": unknown key \"default\"");
  EXPECT_EQ(problem(with(R"({"$ref":"q","path":"$"})")), "$.calls[1].args.\"x y\": unknown call \"q\"");
  EXPECT_EQ(problem(R"({"calls":[{"id":"a","tool":"t","args":{"$ref":"a","path":"$"}}]})"),
            "$.calls[0].args: must be an object of arguments by name");
}

TEST(Plan, DepthAndNumberOfReferencesAreBounded) {
  const auto nested = [](int levels) {
    return R"({"calls":[{"id":"a","tool":"t","args":{"x":)" + std::string(static_cast<std::size_t>(levels), '[') + "1" +
           std::string(static_cast<std::size_t>(levels), ']') + "}}]}";
  };
  EXPECT_EQ(problem(nested(31)), "");
  EXPECT_NE(problem(nested(32)).find("nested deeper than 32 levels"), std::string::npos);
  EXPECT_NE(problem(nested(150)).find("nested deeper than 32 levels"), std::string::npos);
  PlanLimits limits;
  limits.max_refs_per_call = 1;
  EXPECT_EQ(problem(kTwoCalls, limits), "$.calls[1].args.more[1].deep: more than 1 references in one call");
}

TEST(Plan, TenThousandCallsAreRefusedWithoutReadingThem) {
  std::string text = R"({"calls":[)";
  for (int i = 0; i < 10'000; ++i) text += std::string(i ? "," : "") + "{\"broken\":true}";
  const Json document = json(text + "]}");
  const auto before = std::chrono::steady_clock::now();
  const auto plan = parse_plan(document);
  const auto took = std::chrono::steady_clock::now() - before;
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().message, "$.calls: 10000 calls are more than the limit of 32");
  EXPECT_LT(took, std::chrono::milliseconds(100));
}

TEST(Plan, AChainAsLongAsTheLimitAllowsIsRead) {
  PlanLimits limits;
  limits.max_calls = 2000;
  std::string text = R"({"calls":[{"id":"c0","tool":"t"})";
  for (int i = 1; i < 2000; ++i) {
    const std::string id = std::to_string(i), before = std::to_string(i - 1);
    text += R"(,{"id":"c)" + id + R"(","tool":"t","depends_on":["c)" + before + R"("]})";
  }
  EXPECT_EQ(problem(text + "]}", limits), "");
}

TEST(Plan, HostileNamesDoNotFloodTheMessage) {
  const std::string name(100'000, 'k');
  const std::string text = R"({")" + name + R"(":1,"calls":[]})";
  EXPECT_LT(problem(text).size(), 200u);
  EXPECT_LT(hint(text).size(), 200u);
}

}  // namespace
}  // namespace pgops
