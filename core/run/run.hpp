// core/run: one run of one plan, a pure state machine: (event, now) -> actions.
//
// It knows no clock, socket or database; whoever feeds it obeys the actions in order. A call goes
//   waiting -> queued -> (resolving ->) running -> ended
// waiting for its dependencies, queued for one of max_parallel slots, resolving its references,
// running one attempt at an executor. Resolving occupies the slot too, so that serial is plan order.
// Invariants: every call ends exactly once, with a code of the closed list unless it succeeded;
// nothing is at work once `now` has reached the deadline; Finish comes exactly once, last, with every
// timer fired or disarmed. Events that are late, repeated or about nothing known change nothing and
// are counted.
#pragma once

#include <cstddef>
#include <vector>

#include "core/run/model.hpp"

namespace pgops::run {

class Run {
 public:
  // `plan` as parse_plan returned it; `calls` has one entry per call of the plan.
  Run(Plan plan, std::vector<CallSettings> calls, RunSettings settings);
  Run(Run&&) = default;
  Run& operator=(Run&&) = default;
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // `now` never goes back: an earlier value counts as the latest one seen.
  std::vector<Action> on(const Event& event, Micros now);

  bool finished() const noexcept { return phase_ == Phase::finished; }
  const Plan& plan() const noexcept { return plan_; }
  const CallSettings& settings_of(CallIndex call) const { return calls_[call].settings; }
  const CallRecord& record(CallIndex call) const { return calls_[call].record; }
  std::size_t size() const noexcept { return calls_.size(); }
  // Arguments with references replaced; meaningful from the call's first Dispatch on. Before that,
  // and for a call that never got so far, the plan's own.
  const Json& args(CallIndex call) const { return calls_[call].resolved ? calls_[call].args : plan_.calls[call].args; }
  Micros began() const noexcept { return began_; }
  Micros ended() const noexcept { return ended_; }
  const Finish& result() const noexcept { return finish_; }  // once finished()
  std::uint64_t ignored_events() const noexcept { return ignored_; }

 private:
  enum class Phase : std::uint8_t { created, running, finished };
  enum class State : std::uint8_t { waiting, queued, resolving, running, ended };

  struct Call {
    CallSettings settings;
    CallRecord record;
    State state = State::waiting;
    std::uint32_t unmet = 0;  // dependencies that have not ended
    bool resolved = false;
    Json args;          // when resolved
    TimerId timer = 0;  // 0 = none armed
  };

  void handle(const Started&);
  void handle(const Resolved&);
  void handle(const CallStarted&);
  void handle(const CallFinished&);
  void handle(const TimerFired&);
  void handle(const CancelRequested&);

  void fill_slots();
  void begin_resolve(CallIndex index);
  void admit(CallIndex index);
  void dispatch(CallIndex index);
  void succeed(CallIndex index, const Succeeded& outcome);
  void fail_attempt(CallIndex index, CallStatus status, const Failed& failed);
  void fail(CallIndex index, CallStatus status, Error error, bool plain);
  void close_attempt(CallIndex index, CallStatus status, std::optional<Code> code, Json timing);
  void end(CallIndex index);
  void settle_dependents(CallIndex index);
  void begin();
  void expire(const Event& event);
  void stop_all(CallStatus at_work, Code code, const char* message);
  void finish();
  void judge();

  TimerId arm(Micros at);
  void disarm(TimerId& timer);
  Call* owner_of(TimerId timer);
  Attempt* current_attempt(CallIndex index, std::uint32_t attempt);
  void ignore() { ++ignored_; }

  Plan plan_;
  std::vector<Call> calls_;
  RunSettings settings_;
  Phase phase_ = Phase::created;
  Micros now_ = 0;
  Micros began_ = 0;
  Micros ended_ = 0;
  TimerId last_timer_ = 0;
  TimerId deadline_timer_ = 0;
  std::uint32_t at_work_ = 0;  // resolving or running
  std::size_t open_ = 0;       // calls that have not ended
  std::uint64_t ignored_ = 0;
  bool cancelled_ = false;
  bool expired_ = false;
  Finish finish_;
  std::vector<Action> actions_;  // of the event being handled
};

}  // namespace pgops::run
