// unit: the run's transitions one by one, and the reports made of them. Random plans and worlds are
// run_simulation_test.cpp.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "core/run/progress.hpp"
#include "core/run/report.hpp"
#include "core/run/run.hpp"

namespace pgops::run {
namespace {

constexpr Micros kSecond = 1'000'000;
using Machine = Run;  // gtest has a Run of its own inside tests

struct Driver {
  explicit Driver(const std::string& text, RunSettings settings = {}, std::optional<Micros> timeout = std::nullopt)
      : run(make(text, settings, timeout)) {}

  static Run make(const std::string& text, RunSettings settings, std::optional<Micros> timeout) {
    auto document = Json::parse(text);
    auto plan = parse_plan(*document);
    EXPECT_TRUE(plan.ok()) << (plan.ok() ? "" : plan.error().message);
    if (settings.deadline == 0) settings.deadline = 60 * kSecond;
    std::vector<CallSettings> calls;
    for (const PlanCall& call : plan->calls) {
      CallSettings one;
      one.tool_call_id = "id-" + call.id;
      one.tool = call.tool;
      one.tool_version = 3;
      one.policy.timeout = timeout;
      calls.push_back(one);
    }
    return Run(*plan, calls, settings);
  }

  template <class E>
  void at(Micros now, E event) {
    actions = run.on(Event(std::move(event)), now);
  }
  template <class A>
  std::vector<A> all() const {
    std::vector<A> out;
    for (const Action& action : actions) {
      if (const auto* one = std::get_if<A>(&action)) out.push_back(*one);
    }
    return out;
  }
  std::vector<CallIndex> dispatched() const {
    std::vector<CallIndex> out;
    for (const Dispatch& d : all<Dispatch>()) out.push_back(d.call);
    return out;
  }
  void ok(Micros now, CallIndex call, std::uint64_t rows = 1) {
    Succeeded outcome;
    outcome.row_count = rows;
    at(now, CallFinished{call, 1, outcome});
  }
  void bad(Micros now, CallIndex call, Code code) {
    Failed outcome;
    outcome.error.code = code;
    outcome.error.message = "relation \"secret\" is broken";
    at(now, CallFinished{call, 1, outcome});
  }
  const CallRecord& record(CallIndex call) const { return run.record(call); }
  Code code(CallIndex call) const { return record(call).error->code; }

  Run run;
  std::vector<Action> actions;
};

using Calls = std::vector<CallIndex>;

const char* const kThree = R"({"calls":[{"id":"a","tool":"t"},{"id":"b","tool":"t"},{"id":"c","tool":"t"}]})";
const char* const kChain = R"({"calls":[{"id":"a","tool":"t"},
  {"id":"b","tool":"t","depends_on":["a"]},{"id":"c","tool":"t","depends_on":["b"]}]})";
const char* const kRef = R"({"calls":[{"id":"a","tool":"t"},
  {"id":"b","tool":"t","args":{"host":{"$ref":"a","path":"$.rows[*].host"}},"on_error":"continue"}]})";

TEST(Run, IndependentCallsAreDispatchedAtOnce) {
  Driver d(kThree);
  d.at(0, Started{});
  EXPECT_EQ(d.dispatched(), (Calls{0, 1, 2}));
}

TEST(Run, ProgressSaysWhatIsDoneAndWhatIsWaitedFor) {
  Driver d(R"({"calls":[{"id":"a","tool":"a"},{"id":"b","tool":"b"},{"id":"c","tool":"c","depends_on":["b"]}]})");
  d.at(0, Started{});
  d.at(0, CallStarted{0, 1});
  EXPECT_EQ(progress_text(d.run, 2 * kSecond, false), "0 of 3 calls done, waiting for a (2.0 s), b (2.0 s)");
  d.ok(kSecond, 0);
  EXPECT_EQ(progress_text(d.run, 3'249'000, false), "1 of 3 calls done, waiting for b (3.2 s)");
  EXPECT_EQ(progress_text(d.run, 3'249'000, true), "호출 3개 중 1개 완료, 대기 중: b (3.2초)");
  Micros at = 0;
  std::string moments;
  for (int i = 0; i < 9; ++i) moments += std::to_string((at = next_progress(at)) / kSecond) + " ";
  EXPECT_EQ(moments, "2 4 6 8 10 15 20 25 30 ");
  EXPECT_EQ(next_progress(59 * kSecond), 60 * kSecond);
  EXPECT_EQ(next_progress(61 * kSecond), 75 * kSecond);
}

TEST(Run, MaxParallelBoundsCallsAtWorkAndOneIsPlanOrder) {
  RunSettings settings;
  settings.max_parallel = 1;
  Driver d(kThree, settings);
  d.at(0, Started{});
  EXPECT_EQ(d.dispatched(), (Calls{0}));
  d.ok(5, 0);
  EXPECT_EQ(d.dispatched(), (Calls{1}));
  d.bad(9, 1, Code::tool_error);
  EXPECT_EQ(d.dispatched(), (Calls{2}));
}

TEST(Run, DependentsWaitAndAChainFinishes) {
  Driver d(kChain);
  d.at(0, Started{});
  EXPECT_EQ(d.dispatched(), (Calls{0}));
  d.ok(10, 0);
  EXPECT_EQ(d.dispatched(), (Calls{1}));
  d.ok(20, 1);
  d.ok(30, 2);
  ASSERT_EQ(d.all<Finish>().size(), 1u);
  EXPECT_EQ(d.all<Finish>()[0].status, RunStatus::success);
  EXPECT_EQ(d.all<DisarmTimer>().size(), 1u);
  EXPECT_TRUE(std::holds_alternative<Finish>(d.actions.back()));
}

TEST(Run, DependentsOfAFailedCallAreSkippedAndNameTheRoot) {
  Driver d(kChain);
  d.at(0, Started{});
  d.bad(10, 0, Code::tool_error);
  EXPECT_TRUE(d.run.finished());
  for (CallIndex i : {1u, 2u}) {
    EXPECT_EQ(d.record(i).status, CallStatus::skipped);
    EXPECT_EQ(d.code(i), Code::dependency_failed);
    EXPECT_EQ(d.record(i).because_of, CallIndex{0});
  }
  EXPECT_EQ(d.run.result().status, RunStatus::failed);
  EXPECT_EQ(d.run.result().code, Code::tool_error);
}

TEST(Run, OnErrorContinueRunsAfterAFailureUnlessAValueIsNeeded) {
  Driver d(R"({"calls":[{"id":"a","tool":"t"},
    {"id":"b","tool":"t","depends_on":["a"],"on_error":"continue"},
    {"id":"c","tool":"t","args":{"x":{"$ref":"a","path":"$"}},"on_error":"continue"}]})");
  d.at(0, Started{});
  d.bad(10, 0, Code::tool_error);
  EXPECT_EQ(d.dispatched(), (Calls{1}));
  EXPECT_EQ(d.record(2).status, CallStatus::skipped);
  d.ok(20, 1);
  EXPECT_EQ(d.run.result().status, RunStatus::partial_success);
}

TEST(Run, ReferencesAreResolvedBeforeTheDispatch) {
  Driver d(kRef);
  d.at(0, Started{});
  d.ok(10, 0);
  ASSERT_EQ(d.all<Resolve>().size(), 1u);
  EXPECT_EQ(d.all<Resolve>()[0].sites[0].source, 0u);
  EXPECT_TRUE(d.dispatched().empty());
  d.at(11, Resolved{1, {SiteValue{{Json("x")}, {}}}});
  EXPECT_EQ(d.dispatched(), (Calls{1}));
  EXPECT_EQ(d.run.args(1).dump(), R"({"host":"x"})");
}

TEST(Run, SeveralValuesOfOnePathBecomeAnArray) {
  Driver d(kRef);
  d.at(0, Started{});
  d.ok(10, 0);
  d.at(11, Resolved{1, {SiteValue{{Json("x"), Json(2)}, {}}}});
  EXPECT_EQ(d.run.args(1).dump(), R"({"host":["x",2]})");
}

TEST(Run, APathThatYieldsNothingIsPlanInvalidNamingThePlace) {
  Driver d(kRef);
  d.at(0, Started{});
  d.ok(10, 0);
  d.at(11, Resolved{1, {SiteValue{}}});
  EXPECT_EQ(d.code(1), Code::plan_invalid);
  EXPECT_EQ(d.record(1).error->message,
            "$.calls[1].args.host: missing path, $.rows[*].host yields nothing in the result of "
            "call \"a\"");
  EXPECT_TRUE(d.record(1).attempts.empty());
  EXPECT_EQ(d.run.result().status, RunStatus::partial_success);
}

TEST(Run, TheTimeoutIsThePolicysButNeverBeyondTheDeadline) {
  RunSettings settings;
  settings.deadline = 10 * kSecond;
  Driver d(kChain, settings, 8 * kSecond);
  d.at(1 * kSecond, Started{});
  EXPECT_EQ(d.all<Dispatch>()[0].timeout, 8 * kSecond);
  EXPECT_EQ(d.all<ArmTimer>().size(), 2u);
  d.ok(4 * kSecond, 0);
  EXPECT_EQ(d.all<Dispatch>()[0].timeout, 6 * kSecond);
  EXPECT_TRUE(d.all<ArmTimer>().empty()) << "the deadline's own timer covers it";
}

TEST(Run, ASilentExecutorIsTimedOutByTheRun) {
  Driver d(kThree, {}, 1 * kSecond);
  d.at(0, Started{});
  const auto timers = d.all<ArmTimer>();
  ASSERT_EQ(timers.size(), 4u);
  EXPECT_EQ(timers[1].at, 1 * kSecond + 20'000);
  d.at(timers[1].at, TimerFired{timers[1].timer});
  EXPECT_EQ(d.code(0), Code::tool_timeout);
  EXPECT_EQ(d.record(0).status, CallStatus::timeout);
  EXPECT_TRUE(d.record(0).timeout_exceeded);
  ASSERT_EQ(d.all<CancelCall>().size(), 1u);
  EXPECT_EQ(d.all<CancelCall>()[0].reason, Code::tool_timeout);
  d.ok(timers[1].at + 1, 0);  // too late
  EXPECT_EQ(d.record(0).status, CallStatus::timeout);
  EXPECT_EQ(d.run.ignored_events(), 1u);
}

TEST(Run, TheTimeoutCountsFromTheStartOfWork) {
  Driver d(kThree, {}, 1 * kSecond);
  d.at(0, Started{});
  const auto timer = d.all<ArmTimer>()[1];
  d.at(500'000, CallStarted{0, 1});
  d.at(timer.at, TimerFired{timer.timer});
  EXPECT_EQ(d.record(0).status, CallStatus::pending);
  ASSERT_EQ(d.all<ArmTimer>().size(), 1u);
  EXPECT_EQ(d.all<ArmTimer>()[0].at, 1'520'000);
}

TEST(Run, AToolTimeoutCutByTheDeadlineIsTheRequestsTimeout) {
  RunSettings settings;
  settings.deadline = 10 * kSecond;
  Driver d(kThree, settings);
  d.at(0, Started{});
  d.bad(10 * kSecond - 1, 0, Code::tool_timeout);
  EXPECT_EQ(d.code(0), Code::request_timeout);
  EXPECT_EQ(d.record(0).status, CallStatus::timeout);
}

TEST(Run, TheDeadlineEndsEverythingAtOnce) {
  RunSettings settings;
  settings.deadline = 10 * kSecond;
  settings.max_parallel = 2;
  Driver d(kThree, settings);
  d.at(0, Started{});
  const TimerId deadline = d.all<ArmTimer>()[0].timer;
  d.ok(1, 0);
  d.at(10 * kSecond, TimerFired{deadline});
  EXPECT_TRUE(d.run.finished());
  EXPECT_EQ(d.all<CancelCall>().size(), 2u);
  EXPECT_TRUE(d.all<DisarmTimer>().empty());
  EXPECT_EQ(d.code(1), Code::request_timeout);
  EXPECT_EQ(d.run.result().status, RunStatus::partial_success);
}

TEST(Run, TimersThatGoOffEarlyAreSetAgain) {
  RunSettings settings;
  settings.deadline = 10 * kSecond;
  Driver d(kThree, settings, 1 * kSecond);
  d.at(0, Started{});
  const auto timers = d.all<ArmTimer>();
  d.at(10, TimerFired{timers[0].timer});
  ASSERT_EQ(d.all<ArmTimer>().size(), 1u);
  EXPECT_EQ(d.all<ArmTimer>()[0].at, 10 * kSecond);
  d.at(20, TimerFired{timers[1].timer});
  ASSERT_EQ(d.all<ArmTimer>().size(), 1u);
  EXPECT_EQ(d.all<ArmTimer>()[0].at, 1'020'000);
  EXPECT_EQ(d.run.ignored_events(), 0u);
}

TEST(Run, CallsThatNeverStartedAreCancelledByTheDeadline) {
  RunSettings settings;
  settings.deadline = 10 * kSecond;
  Driver d(kChain, settings);
  d.at(0, Started{});
  d.ok(10 * kSecond, 0);  // arrives at the deadline: too late
  EXPECT_TRUE(d.run.finished());
  EXPECT_EQ(d.record(0).status, CallStatus::timeout);
  EXPECT_EQ(d.record(1).status, CallStatus::cancelled);
  EXPECT_EQ(d.code(1), Code::request_timeout);
  EXPECT_EQ(d.run.result().code, Code::request_timeout);
}

TEST(Run, ACancelEndsTheRunAsCancelled) {
  Driver d(kChain);
  d.at(0, Started{});
  d.ok(5, 0);
  d.at(10, CancelRequested{});
  EXPECT_EQ(d.run.result().status, RunStatus::cancelled);
  EXPECT_EQ(d.code(1), Code::cancelled);
  EXPECT_EQ(d.all<CancelCall>()[0].reason, Code::cancelled);
  EXPECT_EQ(d.code(2), Code::cancelled);
}

TEST(Run, ACancelBeforeTheStartIsNotForgotten) {
  Driver d(kChain);
  d.at(0, CancelRequested{});
  EXPECT_EQ(d.run.result().status, RunStatus::cancelled);
  d.at(1, Started{});
  EXPECT_TRUE(d.actions.empty());
}

TEST(Run, StrayEventsChangeNothingAndAreCounted) {
  Driver d(kChain);
  d.ok(0, 0);
  d.at(1, Started{});
  d.at(2, Started{});
  d.at(2, TimerFired{77});
  d.at(2, TimerFired{0});
  d.ok(2, 99);
  d.ok(2, 1);
  d.at(2, CallFinished{0, 2, Succeeded{}});
  d.at(2, Resolved{0, {}});
  d.at(3, CallStarted{0, 1});
  d.at(4, CallStarted{0, 1});
  EXPECT_EQ(d.run.ignored_events(), 9u);
  EXPECT_EQ(d.record(0).attempts[0].started, 3);
}

TEST(Run, AFallbackThatGaveAllPartsIsDegradedOrFailedAsAsked) {
  for (const bool strict : {false, true}) {
    RunSettings settings;
    settings.fail_rather_than_degrade = strict;
    Driver d(R"({"calls":[{"id":"a","tool":"t"}]})", settings);
    d.at(0, Started{});
    Succeeded outcome;
    outcome.fallback_for = Code::upstream_unavailable;
    d.at(1, CallFinished{0, 1, outcome});
    EXPECT_EQ(d.run.result().status, strict ? RunStatus::failed : RunStatus::degraded);
    EXPECT_EQ(d.run.result().code.has_value(), strict);
  }
}

TEST(Run, ARunWithoutTimeOrWithoutCallsEndsAtOnce) {
  RunSettings settings;
  settings.deadline = 5;
  Driver d(kChain, settings);
  d.at(5, Started{});
  EXPECT_EQ(d.run.result().code, Code::request_timeout);
  EXPECT_TRUE(d.all<Dispatch>().empty());
  Machine empty(Plan{}, {}, settings);
  EXPECT_EQ(empty.on(Started{}, 0).size(), 2u + 1u);  // timer on, timer off, finish
  EXPECT_EQ(empty.result().status, RunStatus::success);
}

TEST(Report, GroupsComeFromMeasuredOverlap) {
  Driver d(kThree);
  d.at(0, Started{});
  d.at(100, CallStarted{0, 1});
  d.at(150, CallStarted{1, 1});
  d.ok(200, 0);
  d.ok(300, 1);
  d.at(300, CallStarted{2, 1});
  d.ok(400, 2);
  const Report report(d.run, {});
  EXPECT_EQ(report.execution_groups().dump(),
            R"([{"execution_group":0,"parallel":true,"tool_call_ids":["id-a","id-b"],"start_ms":0.100,"end_ms":0.300},)"
            R"({"execution_group":1,"parallel":false,"tool_call_ids":["id-c"],"start_ms":0.300,"end_ms":0.400}])");
  EXPECT_STREQ(report.strategy(), "parallel");
  const Json calls = report.tool_calls();
  EXPECT_TRUE(calls.items()[0]["parallel"].as_bool());
  EXPECT_FALSE(calls.items()[2]["parallel"].as_bool());
}

TEST(Report, ACallNobodyWorkedOnBelongsToNoGroup) {
  Driver d(kThree);
  d.at(0, Started{});
  d.ok(10, 0);
  d.ok(10, 1);
  d.bad(10, 2, Code::overloaded);
  const Report report(d.run, {});
  EXPECT_TRUE(report.tool_calls().items()[2]["execution_group"].is_null());
  EXPECT_EQ(report.execution_groups().items()[0]["tool_call_ids"].size(), 2u);
}

TEST(Report, CallersSeeNoInternalTextAndOperatorsDo) {
  Driver d(kChain);
  d.at(0, Started{});
  d.bad(10, 0, Code::permission_denied);
  const Report report(d.run, {});
  const std::string caller = report.tool_calls().dump() + report.failed_tools().dump() + report.error().dump();
  EXPECT_EQ(caller.find("secret"), std::string::npos);
  EXPECT_NE(caller.find(std::string(info(Code::permission_denied).user_message)), std::string::npos);
  ReportOptions full;
  full.internal_texts = true;
  EXPECT_NE(Report(d.run, full).failed_tools().dump().find("secret"), std::string::npos);
  EXPECT_EQ(
      Report(d.run, {}).skipped_tools().dump(),
      R"([{"tool":"t","tool_call_id":"id-b","because_of":"id-a"},{"tool":"t","tool_call_id":"id-c","because_of":"id-a"}])");
}

TEST(Report, EnvelopeAndTraceCarryTheirFields) {
  Driver d(kRef);
  d.at(1000, Started{});
  d.at(1500, CallStarted{0, 1});
  d.ok(3000, 0, 2);
  d.at(3000, Resolved{1, {SiteValue{{Json("x")}, {}}}});
  d.bad(5000, 1, Code::tool_error);
  ReportOptions options;
  options.origin = 0;
  const Report report(d.run, options);
  EXPECT_EQ(
      report.tool_calls().items()[0].dump(),
      R"({"tool_call_id":"id-a","call":"a","tool":"t","tool_version":3,"asset_digest":null,"type":"sql",)"
      R"("status":"success","error_code":null,"message":null,"severity":null,"attempts":1,"execution_group":0,)"
      R"("parallel":false,"start_ms":1.500,"end_ms":3.000,"duration_ms":1.500,"row_count":2,"truncated":false,"timeout_exceeded":false})");
  EXPECT_STREQ(report.strategy(), "dag");
  const Json traced = report.trace_tool_calls();
  EXPECT_EQ(traced.items()[1]["args"].dump(), R"({"host":"x"})");
  EXPECT_EQ(traced.items()[1]["internal_error"]["message"].text(), "relation \"secret\" is broken");
  EXPECT_EQ(
      traced.items()[1]["attempts_detail"].dump(),
      R"([{"attempt":1,"start_ms":3.000,"end_ms":5.000,"status":"error","error_code":"TOOL_ERROR","timing":null}])");
  std::vector<std::string> spans;
  const Json all = report.spans();
  for (const Json& span : all.items()) spans.push_back(span["span_id"].text());
  EXPECT_EQ(spans, (std::vector<std::string>{"a", "a/queue", "a/1", "b", "b/queue", "b/resolve", "b/1"}));
}

// The run is on the path of every ask; printed rather than asserted, a shared machine is no stopwatch.
TEST(Run, CostOfAOneCallRunIsPrinted) {
  const auto document = Json::parse(R"({"calls":[{"id":"a","tool":"t","args":{"limit":5}}]})");
  const auto plan = parse_plan(*document);
  constexpr int kRounds = 20'000;
  std::size_t actions = 0;
  const auto before = std::chrono::steady_clock::now();
  for (int i = 0; i < kRounds; ++i) {
    RunSettings settings;
    settings.deadline = kSecond;
    Machine run(*plan, {CallSettings{}}, settings);
    actions += run.on(Started{}, 0).size();
    actions += run.on(CallStarted{0, 1}, 10).size();
    actions += run.on(CallFinished{0, 1, Succeeded{}}, 20).size();
  }
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - before;
  EXPECT_EQ(actions, 5u * kRounds);
  std::printf("one-call run, plan copy included: %.2f us\n", took.count() / kRounds);
}

}  // namespace
}  // namespace pgops::run
