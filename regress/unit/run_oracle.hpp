// unit: what must hold of a run after every step, judged from outside.
//
// The oracle sees the same events and the resulting actions and keeps its own, simpler books: which
// calls are at work, which timers are armed, which outcome was the first to arrive in time. It
// shares no code with the machine. A broken rule throws Violation.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/run/report.hpp"
#include "core/run/run.hpp"

namespace pgops::run::simulation {

struct Violation {
  std::string rule;
};

inline void require(bool holds, const char* rule, std::size_t about = 0) {
  if (!holds) throw Violation{std::string(rule) + " (" + std::to_string(about) + ")"};
}

class Oracle {
 public:
  // `late`: the most by which a timer is delivered after its time.
  Oracle(const Run& run, const RunSettings& settings, Micros late)
      : run_(run), settings_(settings), late_(late), calls_(run.size()) {}

  void before(const Event& event, Micros now) {
    now_ = now;
    must_end_.clear();
    expiring_ = cancelling_ = timer_event_ = false;
    if (finished_) {
      ++ignored_;
    } else if (begun_ && now >= settings_.deadline) {
      expiring_ = true;
      const auto* timer = std::get_if<TimerFired>(&event);
      if (timer == nullptr || armed_.erase(timer->timer) == 0) ++ignored_;
    } else if (!std::visit([this](const auto& e) { return accept(e); }, event)) {
      ++ignored_;
    }
  }

  void after(const std::vector<Action>& actions) {
    require(!was_finished_ || actions.empty(), "nothing happens after Finish");
    for (const Action& action : actions) {
      require(!finished_, "Finish is the last action");
      std::visit([this](const auto& a) { check(a); }, action);
    }
    for (const auto& [call, expected] : must_end_) {
      require(calls_[call].phase == Phase::ended, "an outcome in time ends its call", call);
      const CallRecord& record = run_.record(call);
      require(record.status == expected.first, "the first outcome in time is the recorded one", call);
      require(code_of(record) == expected.second, "the recorded code is the outcome's", call);
    }
    require(run_.finished() == finished_, "finished() and Finish agree");
    require(run_.ignored_events() == ignored_, "events that change nothing are counted", ignored_);
    if (!finished_ && begun_) while_running();
    if (begun_ && now_ >= settings_.deadline) require(finished_, "over at the deadline");
    was_finished_ = finished_;
  }

  void at_the_end() const {
    require(finished_, "a run finishes");
    require(run_.ended() <= settings_.deadline + late_ || run_.ended() == run_.began(),
            "finishes at the deadline, never later");
    for (CallIndex i = 0; i < calls_.size(); ++i) check_record(i);
    check_groups();
  }

  bool finished() const { return finished_; }
  bool working(CallIndex call) const { return calls_[call].phase == Phase::working; }
  bool armed(TimerId timer) const { return armed_.count(timer) > 0; }

 private:
  enum class Phase : std::uint8_t { idle, resolving, working, ended };
  struct Call {
    Phase phase = Phase::idle;
    bool resolved = false;
    Json args;
    Micros dispatched = 0;
    std::optional<Micros> started;
    Micros timeout = 0;
    CallStatus status = CallStatus::pending;
    Micros ended = 0;
  };

  static std::optional<Code> code_of(const CallRecord& record) {
    if (!record.error) return std::nullopt;
    return record.error->code;
  }
  const PlanCall& planned(CallIndex call) const { return run_.plan().calls[call]; }
  bool at_work(CallIndex call, std::uint32_t attempt) const {
    return call < calls_.size() && calls_[call].phase == Phase::working && attempt == 1;
  }

  // ---- which events count ----
  bool accept(const Started&) { return !std::exchange(begun_, true); }
  bool accept(const CancelRequested&) {
    begun_ = cancelling_ = cancelled_ = true;
    return true;
  }
  bool accept(const TimerFired& event) {
    timer_event_ = true;
    return armed_.erase(event.timer) > 0;
  }
  bool accept(const CallStarted& event) {
    if (!at_work(event.call, event.attempt) || calls_[event.call].started) return false;
    calls_[event.call].started = std::min(now_, std::max(calls_[event.call].dispatched, event.at.value_or(now_)));
    return true;
  }
  bool accept(const CallFinished& event) {
    if (!at_work(event.call, event.attempt)) return false;
    const Call& call = calls_[event.call];
    if (std::holds_alternative<Succeeded>(event.outcome)) {
      must_end_[event.call] = {CallStatus::success, std::nullopt};
      return true;
    }
    Code code = std::get<Failed>(event.outcome).error.code;
    CallStatus status = CallStatus::error;
    if (code == Code::tool_timeout && call.dispatched + call.timeout == settings_.deadline) {
      code = Code::request_timeout;
    }
    if (code == Code::tool_timeout || code == Code::request_timeout) status = CallStatus::timeout;
    if (code == Code::cancelled) status = CallStatus::cancelled;
    must_end_[event.call] = {status, code};
    return true;
  }
  bool accept(const Resolved& event) {
    if (event.call >= calls_.size() || calls_[event.call].phase != Phase::resolving) return false;
    Json args = Json::object();
    for (std::size_t n = 0; n < planned(event.call).refs.size(); ++n) {
      const SiteValue& site = event.sites[n];
      if (site.error || site.values.empty()) {
        must_end_[event.call] = {CallStatus::error, site.error ? site.error->code : Code::plan_invalid};
        return true;
      }
      Json value = site.values[0];
      if (site.values.size() > 1) {
        value = Json::array();
        for (const Json& one : site.values) value.push_back(one);
      }
      args.set("r" + std::to_string(n), std::move(value));
    }
    calls_[event.call].resolved = true;
    calls_[event.call].args = std::move(args);
    return true;
  }

  // ---- what the machine asked for ----
  void check(const Resolve& action) {
    Call& call = calls_[action.call];
    require(call.phase == Phase::idle, "references are resolved once", action.call);
    require(may_run(action.call), "references are resolved when the dependencies are there", action.call);
    require(action.sites.size() == planned(action.call).refs.size(), "all sites", action.call);
    call.phase = Phase::resolving;
    occupy();
  }
  void check(const Dispatch& action) {
    Call& call = calls_[action.call];
    const bool refs = !planned(action.call).refs.empty();
    require(action.attempt == 1, "one attempt", action.call);
    require(call.phase == (refs ? Phase::resolving : Phase::idle), "dispatched once", action.call);
    require(may_run(action.call), "a dependent of a failed call never runs", action.call);
    require(!refs || call.resolved, "dispatched after its references", action.call);
    require(!refs || run_.args(action.call).dump() == call.args.dump(), "substituted", action.call);
    require(begun_ && now_ < settings_.deadline, "nothing starts at the deadline", action.call);
    require(action.timeout > 0 && now_ + action.timeout <= settings_.deadline,
            "a timeout never reaches beyond the deadline", action.call);
    const auto& limit = run_.settings_of(action.call).policy.timeout;
    require(!limit || action.timeout <= *limit, "a timeout is the policy's at most", action.call);
    if (!refs) occupy();
    call.phase = Phase::working;
    call.dispatched = now_;
    call.timeout = action.timeout;
  }
  void occupy() { require(++occupied_ <= settings_.max_parallel, "no more than max_parallel"); }
  void check(const ArmTimer& action) {
    require(action.timer > last_timer_, "timer ids are fresh", action.timer);
    require(action.at <= settings_.deadline, "no timer beyond the deadline", action.timer);
    last_timer_ = action.timer;
    armed_.insert(action.timer);
  }
  void check(const DisarmTimer& action) {
    require(armed_.erase(action.timer) == 1, "only an armed timer is disarmed", action.timer);
  }
  void check(const CancelCall& action) {
    require(at_work(action.call, action.attempt), "only work is cancelled", action.call);
    stopped_.insert(action.call);
  }
  void check(const CallEnded& action) {
    Call& call = calls_[action.call];
    require(call.phase != Phase::ended, "every call ends exactly once", action.call);
    const CallRecord& record = run_.record(action.call);
    const std::optional<Code> code = code_of(record);
    if (must_end_.count(action.call) == 0) {
      if (record.status == CallStatus::skipped) {
        require(call.phase == Phase::idle && code == Code::dependency_failed, "skipped", action.call);
        check_root(action.call);
      } else if (expiring_ || (!cancelling_ && now_ >= settings_.deadline)) {
        require(code == Code::request_timeout, "the deadline's code", action.call);
      } else if (cancelling_) {
        require(code == Code::cancelled, "the caller's cancel", action.call);
      } else {
        require(timer_event_ && call.phase == Phase::working && code == Code::tool_timeout, "a call ends for a reason",
                action.call);
        require(now_ >= call.started.value_or(call.dispatched) + call.timeout, "no timeout before its time",
                action.call);
      }
      require(call.phase != Phase::working || stopped_.count(action.call) == 1, "work that is given up is cancelled",
              action.call);
    }
    if (call.phase == Phase::resolving || call.phase == Phase::working) --occupied_;
    call.phase = Phase::ended;
    call.status = record.status;
    call.ended = now_;
  }
  void check(const Finish& action) {
    finished_ = true;
    require(armed_.empty(), "every timer fired or was disarmed", armed_.size());
    for (CallIndex i = 0; i < calls_.size(); ++i) {
      require(calls_[i].phase == Phase::ended, "no call is open at the end", i);
    }
    require(action.status == expected_status(), "the status follows from the calls");
    const bool none = action.status == RunStatus::failed || action.status == RunStatus::cancelled;
    require(action.code.has_value() == none, "a code exactly when there is no answer");
  }

  // ---- rules over the whole plan ----
  bool tolerates(CallIndex call, const Dependency& need) const {
    return calls_[need.call].status == CallStatus::success ||
           (planned(call).on_error == OnError::carry_on && !need.by_reference);
  }
  bool may_run(CallIndex call) const {
    const auto& needs = planned(call).dependencies;
    return std::all_of(needs.begin(), needs.end(), [&](const Dependency& need) {
      return calls_[need.call].phase == Phase::ended && tolerates(call, need);
    });
  }
  void check_root(CallIndex call) const {
    const auto root = run_.record(call).because_of;
    require(root.has_value(), "a skipped call says because of which", call);
    const CallStatus status = calls_[*root].status;
    require(status != CallStatus::pending && status != CallStatus::success && status != CallStatus::skipped,
            "the root is a call that failed", call);
    const auto& needs = planned(call).dependencies;
    require(std::any_of(needs.begin(), needs.end(),
                        [&](const Dependency& need) {
                          return !tolerates(call, need) &&
                                 (need.call == *root || run_.record(need.call).because_of == root);
                        }),
            "the root is below the skipped call", call);
  }
  // No slot is idle while a call could run, and nobody waits for what cannot come.
  void while_running() const {
    for (CallIndex i = 0; i < calls_.size(); ++i) {
      if (calls_[i].phase != Phase::idle) continue;
      require(occupied_ == settings_.max_parallel || !may_run(i), "calls run as soon as they can", i);
      for (const Dependency& need : planned(i).dependencies) {
        require(calls_[need.call].phase != Phase::ended || tolerates(i, need),
                "dependents of a failed call are skipped at once", i);
      }
    }
  }
  RunStatus expected_status() const {
    std::size_t well = 0, fallbacks = 0;
    for (CallIndex i = 0; i < calls_.size(); ++i) {
      well += calls_[i].status == CallStatus::success ? 1 : 0;
      fallbacks += run_.record(i).fallback_for ? 1 : 0;
    }
    if (cancelled_) return RunStatus::cancelled;
    if (well == calls_.size() && fallbacks == 0) return RunStatus::success;
    if (well == 0 || settings_.fail_rather_than_degrade) return RunStatus::failed;
    return well == calls_.size() ? RunStatus::degraded : RunStatus::partial_success;
  }
  void check_record(CallIndex i) const {
    const CallRecord& record = run_.record(i);
    require(record.status == calls_[i].status && record.ended == calls_[i].ended,
            "a record never changes after the end", i);
    require(record.error.has_value() == (record.status != CallStatus::success), "code or success", i);
    require(record.attempts.size() == (calls_[i].timeout > 0 ? 1U : 0U), "attempts are recorded", i);
    for (const Attempt& attempt : record.attempts) {
      require(attempt.ended == record.ended && attempt.status == record.status, "attempt's end", i);
      require(attempt.started == calls_[i].started && attempt.dispatched == calls_[i].dispatched,
              "an attempt's beginning is recorded once", i);
      require(attempt.ended <= attempt.started.value_or(attempt.dispatched) + attempt.timeout +
                                   settings_.timeout_grace + late_ ||
                  attempt.cut_by_deadline,
              "an attempt ends by its timeout", i);
    }
  }
  // Groups again, by comparing every pair.
  void check_groups() const {
    std::vector<CallIndex> leader(calls_.size());
    std::vector<bool> counted(calls_.size(), false);
    const auto start = [this](CallIndex i) { return calls_[i].started.value_or(calls_[i].dispatched); };
    for (CallIndex i = 0; i < calls_.size(); ++i) {
      leader[i] = i;
      counted[i] = calls_[i].started || calls_[i].status == CallStatus::success;
    }
    for (CallIndex i = 0; i < calls_.size(); ++i) {
      for (CallIndex j = i + 1; j < calls_.size(); ++j) {
        if (!counted[i] || !counted[j] || leader[i] == leader[j]) continue;
        if (start(i) >= calls_[j].ended || start(j) >= calls_[i].ended) continue;
        const CallIndex from = leader[j], to = leader[i];
        std::replace(leader.begin(), leader.end(), from, to);
      }
    }
    std::set<CallIndex> seen;
    Micros last_end = 0;
    for (const Group& group : execution_groups(run_)) {
      require(group.start >= last_end && group.end >= group.start, "groups follow one another");
      last_end = group.end;
      for (const CallIndex i : group.calls) {
        require(counted[i] && seen.insert(i).second, "a call is in one group", i);
        require(leader[i] == leader[group.calls[0]], "overlapping calls share a group", i);
        require(start(i) >= group.start && calls_[i].ended <= group.end, "a group spans its calls", i);
      }
      for (CallIndex i = 0; i < calls_.size(); ++i) {
        require(!counted[i] || leader[i] != leader[group.calls[0]] || seen.count(i) == 1, "a group is complete", i);
      }
    }
    require(seen.size() == static_cast<std::size_t>(std::count(counted.begin(), counted.end(), true)),
            "every measured call is in a group");
  }

  const Run& run_;
  const RunSettings& settings_;
  Micros late_;
  std::vector<Call> calls_;
  std::set<TimerId> armed_;
  std::set<CallIndex> stopped_;
  std::map<CallIndex, std::pair<CallStatus, std::optional<Code>>> must_end_;
  Micros now_ = 0;
  TimerId last_timer_ = 0;
  std::uint32_t occupied_ = 0;
  std::uint64_t ignored_ = 0;
  bool begun_ = false, finished_ = false, was_finished_ = false, cancelled_ = false;
  bool expiring_ = false, cancelling_ = false, timer_event_ = false;
};

}  // namespace pgops::run::simulation
