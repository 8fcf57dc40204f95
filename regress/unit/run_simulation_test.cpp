// unit: deterministic simulation of runs. Thousands of random plans in random worlds per second; the
// oracle checks every step.
//
// PGOPS_SEED=n plays one seed and prints its trace; PGOPS_RUNS=n sets how many seeds are played
// (100,000; a tenth of it under sanitizers). A failing seed is printed.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "regress/unit/run_world.hpp"

namespace pgops::run::simulation {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kRuns = 10'000;
#else
constexpr std::uint64_t kRuns = 100'000;
#endif

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// The actions and, word for word, everything a caller or a trace would be told.
std::string everything(const World& world) {
  const Report report(world.run(), {});
  return world.trace() + report.trace_tool_calls().dump() + report.execution_groups().dump() +
         report.failed_tools().dump() + report.skipped_tools().dump() + report.spans().dump() + report.error().dump() +
         report.strategy();
}

// What the runs were made of: a simulation that never meets a case proves nothing about it.
struct Coverage {
  std::array<std::uint64_t, 5> runs{};
  std::array<std::uint64_t, 6> calls{};
  std::uint64_t groups_parallel = 0, request_timeouts = 0, own_timeouts = 0, missing_paths = 0, ignored = 0;

  void add(const Run& run) {
    ++runs[static_cast<std::size_t>(run.result().status)];
    ignored += run.ignored_events();
    for (CallIndex i = 0; i < run.size(); ++i) {
      const CallRecord& record = run.record(i);
      ++calls[static_cast<std::size_t>(record.status)];
      if (!record.error) continue;
      request_timeouts += record.error->code == Code::request_timeout ? 1 : 0;
      own_timeouts += record.error->code == Code::tool_timeout && record.error_is_plain ? 1 : 0;
      missing_paths += record.error->code == Code::plan_invalid && record.attempts.empty() ? 1 : 0;
    }
    for (const Group& group : execution_groups(run)) groups_parallel += group.parallel() ? 1 : 0;
  }
};

TEST(RunSimulation, EveryInvariantHoldsInEveryWorld) {
  if (const char* seed = std::getenv("PGOPS_SEED")) {
    World world(std::strtoull(seed, nullptr, 10));
    try {
      world.play();
    } catch (const Violation& violation) {
      ADD_FAILURE() << violation.rule;
    }
    std::printf("%s\n", world.trace().c_str());
    if (world.run().finished()) std::printf("%s\n", everything(world).c_str());
    return;
  }
  const std::uint64_t runs = from_environment("PGOPS_RUNS", kRuns);
  Coverage coverage;
  int failures = 0;
  const auto before = std::chrono::steady_clock::now();
  for (std::uint64_t seed = 1; seed <= runs && failures < 5; ++seed) {
    World world(seed);
    try {
      world.play();
      coverage.add(world.run());
    } catch (const Violation& violation) {
      ++failures;
      ADD_FAILURE() << "PGOPS_SEED=" << seed << ": " << violation.rule;
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
  std::printf("%llu runs in %.1f s; success %llu, partial %llu, degraded %llu, failed %llu, cancelled %llu\n",
              static_cast<unsigned long long>(runs), took.count(), static_cast<unsigned long long>(coverage.runs[0]),
              static_cast<unsigned long long>(coverage.runs[1]), static_cast<unsigned long long>(coverage.runs[2]),
              static_cast<unsigned long long>(coverage.runs[3]), static_cast<unsigned long long>(coverage.runs[4]));
  if (failures > 0 || runs < 1000) return;
  for (const std::uint64_t count : coverage.runs) EXPECT_GT(count, runs / 500);
  for (std::size_t s = 1; s < coverage.calls.size(); ++s) EXPECT_GT(coverage.calls[s], runs / 100);
  EXPECT_EQ(coverage.calls[0], 0u) << "no call is left pending";
  EXPECT_GT(coverage.groups_parallel, runs / 10);
  EXPECT_GT(coverage.request_timeouts, runs / 50);
  EXPECT_GT(coverage.own_timeouts, runs / 50);
  EXPECT_GT(coverage.missing_paths, runs / 50);
  EXPECT_GT(coverage.ignored, runs);
}

TEST(RunSimulation, TheSameSeedGivesTheSameTraceByteForByte) {
  const std::uint64_t runs = std::min<std::uint64_t>(from_environment("PGOPS_RUNS", kRuns), kRuns) / 20;
  for (std::uint64_t seed = 1; seed <= runs; ++seed) {
    World first(seed), second(seed);
    try {
      first.play();
      second.play();
    } catch (const Violation&) {
      continue;  // the other test tells
    }
    ASSERT_EQ(everything(first), everything(second)) << "PGOPS_SEED=" << seed;
  }
}

}  // namespace
}  // namespace pgops::run::simulation
