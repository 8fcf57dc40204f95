// core/run: the state machine's transitions. How calls end and a run is judged is run_end.cpp.
//
// on() has one shape: an event past the deadline only expires the run; any other event is handled,
// then free slots are filled, then the run finishes if nothing is open. Handlers append actions.
#include "core/run/run.hpp"

#include <algorithm>
#include <utility>

namespace pgops::run {

Run::Run(Plan plan, std::vector<CallSettings> calls, RunSettings settings)
    : plan_(std::move(plan)), settings_(settings), open_(plan_.calls.size()) {
  settings_.max_parallel = std::max<std::uint32_t>(1, settings_.max_parallel);
  calls.resize(plan_.calls.size());
  calls_.resize(plan_.calls.size());
  for (CallIndex i = 0; i < calls_.size(); ++i) {
    calls_[i].settings = std::move(calls[i]);
    calls_[i].unmet = static_cast<std::uint32_t>(plan_.calls[i].dependencies.size());
  }
}

std::vector<Action> Run::on(const Event& event, Micros now) {
  now_ = phase_ == Phase::created ? now : std::max(now_, now);
  actions_.clear();
  if (phase_ == Phase::finished) {
    ignore();
    return {};
  }
  if (phase_ == Phase::running && now_ >= settings_.deadline) {
    expire(event);
  } else {
    std::visit([this](const auto& e) { handle(e); }, event);
  }
  if (phase_ == Phase::running) {
    if (open_ > 0) fill_slots();
    if (open_ == 0) finish();
  }
  return std::exchange(actions_, {});
}

void Run::begin() {
  phase_ = Phase::running;
  began_ = now_;
}

void Run::handle(const Started&) {
  if (phase_ != Phase::created) return ignore();
  begin();
  if (now_ >= settings_.deadline) {
    expired_ = true;
    stop_all(CallStatus::timeout, Code::request_timeout, "the request had no time left");
    return;
  }
  deadline_timer_ = arm(settings_.deadline);
  for (Call& call : calls_) {
    if (call.unmet > 0) continue;
    call.state = State::queued;
    call.record.ready = now_;
  }
}

// Lowest position first: with one slot that is plan order.
void Run::fill_slots() {
  for (CallIndex i = 0; i < calls_.size() && at_work_ < settings_.max_parallel; ++i) {
    if (calls_[i].state != State::queued) continue;
    ++at_work_;
    if (plan_.calls[i].refs.empty()) {
      admit(i);
    } else {
      begin_resolve(i);
    }
  }
}

void Run::begin_resolve(CallIndex index) {
  calls_[index].state = State::resolving;
  calls_[index].record.resolve_began = now_;
  actions_.emplace_back(Resolve{index, ref_sites(plan_.calls[index])});
}

void Run::handle(const Resolved& event) {
  if (event.call >= calls_.size() || calls_[event.call].state != State::resolving) return ignore();
  Call& call = calls_[event.call];
  call.record.resolve_ended = now_;
  const PlanCall& planned = plan_.calls[event.call];
  std::vector<Json> values;
  values.reserve(planned.refs.size());
  for (std::size_t n = 0; n < planned.refs.size(); ++n) {
    const RefSite& site = planned.refs[n];
    const SiteValue* found = n < event.sites.size() ? &event.sites[n] : nullptr;
    if (found != nullptr && found->error) {
      Error error = *found->error;
      error.message = site.place + ": " + error.message;
      const bool plain = error.code == Code::plan_invalid;
      return fail(event.call, CallStatus::error, std::move(error), plain);
    }
    if (found == nullptr || found->values.empty()) {
      Error error;
      error.code = Code::plan_invalid;
      error.message = site.place + ": missing path, " + site.path + " yields nothing in the result of call \"" +
                      site.source_id + "\"";
      return fail(event.call, CallStatus::error, std::move(error), true);
    }
    values.push_back(found->values.size() == 1 ? found->values.front() : Json::array());
    if (found->values.size() > 1) values.back().items() = found->values;
  }
  call.args = substitute(planned.args, values);
  call.resolved = true;
  admit(event.call);
}

// Every attempt passes here. Breaker, rate limit and concurrency limit do not exist yet: each
// attempt is admitted at once.
void Run::admit(CallIndex index) { dispatch(index); }

void Run::dispatch(CallIndex index) {
  Call& call = calls_[index];
  call.state = State::running;
  const Micros left = settings_.deadline - now_;
  Attempt attempt;
  attempt.number = static_cast<std::uint32_t>(call.record.attempts.size()) + 1;
  attempt.dispatched = now_;
  attempt.timeout = left;
  attempt.cut_by_deadline = true;
  if (const auto limit = call.settings.policy.timeout; limit && *limit < left) {
    attempt.timeout = std::max<Micros>(1, *limit);
    attempt.cut_by_deadline = attempt.timeout == left;
  }
  actions_.emplace_back(Dispatch{index, attempt.number, attempt.timeout});
  if (!attempt.cut_by_deadline) {
    const bool room = attempt.timeout + settings_.timeout_grace < left;
    call.timer = arm(now_ + attempt.timeout + (room ? settings_.timeout_grace : 0));
  }
  call.record.attempts.push_back(std::move(attempt));
}

Attempt* Run::current_attempt(CallIndex index, std::uint32_t number) {
  if (index >= calls_.size() || calls_[index].state != State::running) return nullptr;
  Attempt& attempt = calls_[index].record.attempts.back();
  return attempt.number == number ? &attempt : nullptr;
}

void Run::handle(const CallStarted& event) {
  Attempt* attempt = current_attempt(event.call, event.attempt);
  if (attempt == nullptr || attempt->started) return ignore();
  attempt->started = std::clamp(event.at.value_or(now_), attempt->dispatched, now_);
}

void Run::handle(const CallFinished& event) {
  const Attempt* attempt = current_attempt(event.call, event.attempt);
  if (attempt == nullptr) return ignore();
  if (const auto* outcome = std::get_if<Succeeded>(&event.outcome)) {
    return succeed(event.call, *outcome);
  }
  const Failed& failed = std::get<Failed>(event.outcome);
  switch (failed.error.code) {
    case Code::tool_timeout:
      if (attempt->cut_by_deadline) {
        // The tool kept to its own limit; it is the request that had no more time.
        Failed out_of_time = failed;
        out_of_time.error.code = Code::request_timeout;
        return fail_attempt(event.call, CallStatus::timeout, out_of_time);
      }
      [[fallthrough]];
    case Code::request_timeout: return fail_attempt(event.call, CallStatus::timeout, failed);
    case Code::cancelled: return fail_attempt(event.call, CallStatus::cancelled, failed);
    default: return fail_attempt(event.call, CallStatus::error, failed);
  }
}

void Run::handle(const TimerFired& event) {
  if (phase_ != Phase::running || event.timer == 0) return ignore();
  if (event.timer == deadline_timer_) {  // at its time expire() would have taken it
    deadline_timer_ = arm(settings_.deadline);
    return;
  }
  Call* call = owner_of(event.timer);
  if (call == nullptr) return ignore();
  call->timer = 0;
  const auto index = static_cast<CallIndex>(call - calls_.data());
  const Attempt& attempt = call->record.attempts.back();
  // The timeout counts from the start of work, which may be later than the dispatch the timer was
  // armed at; and a timer that goes off early is only set again.
  const Micros due = attempt.started.value_or(attempt.dispatched) + attempt.timeout;
  if (now_ < due) {
    call->timer = arm(std::min(due + settings_.timeout_grace, settings_.deadline));
    return;
  }
  Failed failed;
  failed.plain = true;
  failed.error.code = Code::tool_timeout;
  failed.error.message = "no result within " + std::to_string(attempt.timeout / 1000) + " ms";
  if (!attempt.started) failed.error.detail = "No executor had begun to work on the call.";
  actions_.emplace_back(CancelCall{index, attempt.number, Code::tool_timeout});
  fail_attempt(index, CallStatus::timeout, failed);
}

void Run::handle(const CancelRequested&) {
  if (phase_ == Phase::created) begin();
  cancelled_ = true;
  stop_all(CallStatus::cancelled, Code::cancelled, "cancelled by the caller");
}

TimerId Run::arm(Micros at) {
  actions_.emplace_back(ArmTimer{++last_timer_, at});
  return last_timer_;
}

void Run::disarm(TimerId& timer) {
  if (timer != 0) actions_.emplace_back(DisarmTimer{timer});
  timer = 0;
}

Run::Call* Run::owner_of(TimerId timer) {
  if (timer == 0) return nullptr;
  const auto found =
      std::find_if(calls_.begin(), calls_.end(), [timer](const Call& call) { return call.timer == timer; });
  return found == calls_.end() ? nullptr : &*found;
}

}  // namespace pgops::run
