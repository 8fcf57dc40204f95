// core/run: the values a run takes in, gives out and remembers.
//
// Vocabulary: a *call* is one entry of the plan; an *attempt* is one try of it, numbered from 1; an
// *outcome* is what an executor says about an attempt; a *record* is what the run remembers of a
// call. All times are Micros on the one monotonic clock of whoever feeds the run. Events and actions
// name calls by their position in the plan; tool_call_id is the name the outside world knows.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/plan.hpp"

namespace pgops::run {

using Micros = std::int64_t;
using TimerId = std::uint32_t;

enum class ToolType : std::uint8_t { sql, http, mcp };

// What the run needs of a tool's policy. Limits and breaker are enforced where they are shared
// between backends; Run::admit is where each attempt will ask them.
struct CallPolicy {
  std::optional<Micros> timeout;  // per attempt; none = up to the request's deadline
  std::uint32_t max_retries = 0;
  Micros backoff = 0;
  Micros backoff_max = 0;
  bool idempotent = true;  // only an idempotent call may be tried again
};

struct CallSettings {
  std::string tool_call_id;  // uuid text
  std::string tool;          // as resolved; usually the plan's
  std::int32_t tool_version = 0;
  std::string asset_digest;
  ToolType type = ToolType::sql;
  CallPolicy policy;
  std::string fallback_tool;  // empty = none
};

struct RunSettings {
  Micros deadline = 0;                    // absolute; the run is over then, whatever still works
  std::uint32_t max_parallel = 8;         // calls at work at once; 1 = serial, in plan order
  bool fail_rather_than_degrade = false;  // option fallback=false: all calls well, or failed
  // The executor times an attempt out itself and knows more about it (which phase, how far), so the
  // run's own timer goes off this much later. The request's deadline has no grace.
  Micros timeout_grace = 20'000;
  std::uint64_t seed = 0;  // for jitter
};

// ---- events -----------------------------------------------------------------------------------

struct Started {};

// What a jsonpath found in a result: nothing, one value or several; or why it could not be asked.
struct SiteValue {
  std::vector<Json> values;
  std::optional<Error> error;
};

struct Resolved {  // answers a Resolve; one entry per site, in its order
  CallIndex call = 0;
  std::vector<SiteValue> sites;
};

struct CallStarted {  // the executor began to work on the attempt
  CallIndex call = 0;
  std::uint32_t attempt = 1;
  // When it did, if whoever feeds the run learns of it later; never taken as before the dispatch.
  std::optional<Micros> at = std::nullopt;
};

struct Succeeded {
  std::uint64_t row_count = 0;
  bool truncated = false;
  std::uint64_t bytes = 0;
  // The result came from the tool's fallback_tool; the code its main tool failed with.
  std::optional<Code> fallback_for;
  Json timing;  // the executor's own phases, for the trace
};

struct Failed {
  Error error;
  bool plain = false;    // the error's text is fit for every caller
  std::string sqlstate;  // of the underlying error, may be empty
  std::optional<Micros> retry_after;
  Json timing;
  Json refusal;  // of the SQL guard, as the trace keeps it; null when it did not refuse
};

using Outcome = std::variant<Succeeded, Failed>;

struct CallFinished {
  CallIndex call = 0;
  std::uint32_t attempt = 1;
  Outcome outcome;
};

struct TimerFired {
  TimerId timer = 0;
};

struct CancelRequested {};  // by the caller

using Event = std::variant<Started, Resolved, CallStarted, CallFinished, TimerFired, CancelRequested>;

// ---- actions ----------------------------------------------------------------------------------

struct Resolve {  // evaluate every site's path; answer with Resolved
  CallIndex call = 0;
  std::span<const RefSite> sites;  // into the run's plan
};

struct Dispatch {  // hand the attempt to an executor; arguments: Run::args
  CallIndex call = 0;
  std::uint32_t attempt = 1;
  Micros timeout = 0;  // > 0; from now, already cut at the request's deadline
};

struct ArmTimer {
  TimerId timer = 0;
  Micros at = 0;
};

struct DisarmTimer {
  TimerId timer = 0;
};

struct CancelCall {  // stop the attempt; its outcome is already recorded
  CallIndex call = 0;
  std::uint32_t attempt = 1;
  Code reason = Code::cancelled;
};

struct CallEnded {  // the call's record is final: progress, logs
  CallIndex call = 0;
};

enum class RunStatus : std::uint8_t { success, partial_success, degraded, failed, cancelled };

struct Finish {  // always the last action of a run
  RunStatus status = RunStatus::failed;
  std::optional<Code> code;             // why there is no answer; only when failed or cancelled
  std::optional<CallIndex> because_of;  // the first call that failed with it
};

using Action = std::variant<Resolve, Dispatch, ArmTimer, DisarmTimer, CancelCall, CallEnded, Finish>;

// ---- records ----------------------------------------------------------------------------------

enum class CallStatus : std::uint8_t { pending, success, error, timeout, skipped, cancelled };

struct Attempt {
  std::uint32_t number = 1;
  Micros dispatched = 0;
  std::optional<Micros> started;  // when the executor said so
  Micros ended = 0;
  Micros timeout = 0;
  bool cut_by_deadline = false;  // timeout is what was left of the request
  CallStatus status = CallStatus::pending;
  std::optional<Code> code;
  Json timing;
};

struct CallRecord {
  CallStatus status = CallStatus::pending;
  std::optional<Error> error;   // exactly when status is neither pending nor success
  bool error_is_plain = false;  // its text is fit for every caller
  std::string sqlstate;
  Json refusal;                         // of the SQL guard; null when it did not refuse
  std::optional<CallIndex> because_of;  // skipped: the failed call at the root
  std::optional<Micros> ready;          // everything it depends on has ended
  std::optional<Micros> resolve_began;
  std::optional<Micros> resolve_ended;
  std::vector<Attempt> attempts;
  Micros ended = 0;
  std::uint64_t row_count = 0;
  std::uint64_t bytes = 0;
  bool truncated = false;
  std::optional<Code> fallback_for;
  bool timeout_exceeded = false;  // ended by a timeout, or ran beyond its own

  // Did an executor work on it, as far as anybody measured? Only then it can overlap with others.
  bool measured() const noexcept {
    return !attempts.empty() && (attempts.front().started || status == CallStatus::success);
  }
  std::optional<Micros> dispatched() const noexcept {
    if (attempts.empty()) return std::nullopt;
    return attempts.front().dispatched;
  }
  // Start of work: the executor's word, or the dispatch when it gave none.
  std::optional<Micros> started() const noexcept {
    if (attempts.empty()) return std::nullopt;
    return attempts.front().started.value_or(attempts.front().dispatched);
  }
};

std::string_view to_string(ToolType type) noexcept;
std::string_view to_string(CallStatus status) noexcept;
std::string_view to_string(RunStatus status) noexcept;

}  // namespace pgops::run
