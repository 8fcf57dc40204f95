// extension/ask: one request and what its five stages hand to each other.
//
//   route_plan -> validate -> execute -> compose -> present
//
// Each stage is a function of its own file with a typed input and output; StageLog records when it ran,
// how it went and why it was skipped. Nothing here talks to the server.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/period.hpp"
#include "core/plan.hpp"
#include "core/planner/planner.hpp"
#include "core/run/run.hpp"
#include "core/uuid7.hpp"
#include "extension/ask/options.hpp"
#include "extension/registry/catalog.hpp"
#include "extension/tenancy/identity.hpp"

namespace pgops::ask {

// What the caller called; decides what is planned and what a failure means.
enum class Entry : std::uint8_t { ask, plan, run_plan, call_tool, test_tool, query };
std::string_view to_string(Entry entry) noexcept;

class StageLog {
 public:
  explicit StageLog(std::int64_t origin_us) noexcept : origin_us_(origin_us) {}
  void begin(const char* stage);
  void warn(std::string text);
  void fail(const Error& error);
  void end();
  void skip(const char* stage, const std::string& reason);
  const Json& stages() const noexcept { return stages_; }

 private:
  std::int64_t origin_us_;
  std::int64_t begun_us_ = 0;
  Json current_;
  Json stages_ = Json::array();
};

struct Request {
  Entry entry = Entry::ask;
  tenancy::Identity identity;
  Options options;
  std::string question;  // empty for all but ask and plan
  Uuid trace_id;
  int database_index = -1;
  std::int64_t started_wall_us = 0;
  std::int64_t started_us = 0;   // monotonic
  std::int64_t deadline_us = 0;  // monotonic
  std::shared_ptr<const registry::Snapshot> snapshot;
  std::optional<Json> explicit_plan;                  // run_plan, call_tool, test_tool, query
  std::shared_ptr<const registry::Tool> tested_tool;  // test_tool: this very version
  StageLog stages{0};

  std::int64_t now_us() const noexcept { return options.now_us.value_or(started_wall_us); }
};

enum class Route : std::uint8_t { direct, plan, reject };
std::string_view to_string(Route route) noexcept;

// Output of route_plan.
struct Routed {
  Route route = Route::reject;
  std::string reason;
  std::string intent;
  std::optional<Json> plan;              // route plan
  std::optional<Error> refusal;          // route reject
  Json clarification;                    // null or {"question","options":[..]}
  std::vector<planner::Option> options;  // what `choose` takes one of
  std::vector<std::string> next_actions;
  Json direct_answer;                               // route direct: an `answer` object
  std::vector<Period> intervals;                    // resolved time ranges, as the answer prints them
  std::vector<std::string> notes;                   // how words of the question were understood, as the answer says it
  std::shared_ptr<const Json> explain;              // the planner's document of the trace; null: nothing was planned
  std::vector<std::vector<std::string>> defaulted;  // by call: arguments the planner took from the schema
  std::string playbook;                             // title of the playbook that the plan is; empty: none
};

// Output of validate: the plan with each call bound to the tool version that will run.
struct Validated {
  Plan plan;
  std::vector<std::shared_ptr<const registry::Tool>> tools;  // by call
  std::string plan_id;
};

// Of a result's JSON text.
struct ResultDigest {
  std::string digest;  // sha256:hex
  std::size_t bytes = 0;
};

// Output of execute.
struct Executed {
  std::unique_ptr<run::Run> run;
  std::vector<std::shared_ptr<const Json>> results;  // by call; null unless it succeeded
  std::vector<std::string> statement_digests;        // by call; sql only
  std::vector<ResultDigest> result_digests;          // by call; of those with a result
};

// Output of compose.
struct Composed {
  Json answer;  // the envelope's `answer`
  Json references = Json::array();
  std::optional<Error> problem;  // a figure that no cell carries: the answer must not leave
  std::vector<std::string> warnings;
};

}  // namespace pgops::ask
