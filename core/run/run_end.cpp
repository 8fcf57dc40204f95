// core/run: how attempts and calls end, what that means for those that depend on them, and how the
// run is judged. Everything that ends a call goes through end(), which does so once.
#include <algorithm>
#include <utility>

#include "core/run/run.hpp"

namespace pgops::run {

void Run::close_attempt(CallIndex index, CallStatus status, std::optional<Code> code, Json timing) {
  CallRecord& record = calls_[index].record;
  Attempt& attempt = record.attempts.back();
  attempt.ended = now_;
  attempt.status = status;
  attempt.code = code;
  attempt.timing = std::move(timing);
  const Micros worked = now_ - attempt.started.value_or(attempt.dispatched);
  if (status == CallStatus::timeout || worked > attempt.timeout) record.timeout_exceeded = true;
}

void Run::succeed(CallIndex index, const Succeeded& outcome) {
  close_attempt(index, CallStatus::success, std::nullopt, outcome.timing);
  CallRecord& record = calls_[index].record;
  record.status = CallStatus::success;
  record.row_count = outcome.row_count;
  record.truncated = outcome.truncated;
  record.bytes = outcome.bytes;
  record.fallback_for = outcome.fallback_for;
  end(index);
  settle_dependents(index);
}

// Whether to try again will be decided here (policy.max_retries, backoff, retry_after, idempotent);
// today the first failed attempt ends its call.
void Run::fail_attempt(CallIndex index, CallStatus status, const Failed& failed) {
  close_attempt(index, status, failed.error.code, failed.timing);
  calls_[index].record.sqlstate = failed.sqlstate;
  calls_[index].record.refusal = failed.refusal;
  fail(index, status, failed.error, failed.plain);
}

void Run::fail(CallIndex index, CallStatus status, Error error, bool plain) {
  CallRecord& record = calls_[index].record;
  record.status = status;
  record.error = std::move(error);
  record.error_is_plain = plain;
  end(index);
  settle_dependents(index);
}

void Run::end(CallIndex index) {
  Call& call = calls_[index];
  disarm(call.timer);
  if (call.state == State::resolving || call.state == State::running) --at_work_;
  call.state = State::ended;
  call.record.ended = now_;
  --open_;
  actions_.emplace_back(CallEnded{index});
}

// Frees or skips those that waited for `index`; skipped calls settle their own dependents in turn.
void Run::settle_dependents(CallIndex index) {
  std::vector<CallIndex> skipped;
  for (std::size_t next = 0;; ++next) {
    const CallRecord& ended = calls_[index].record;
    const bool well = ended.status == CallStatus::success;
    const CallIndex root = ended.because_of.value_or(index);
    for (CallIndex i = 0; i < calls_.size(); ++i) {
      Call& call = calls_[i];
      if (call.state != State::waiting) continue;
      const PlanCall& planned = plan_.calls[i];
      const auto need = std::find_if(planned.dependencies.begin(), planned.dependencies.end(),
                                     [index](const Dependency& d) { return d.call == index; });
      if (need == planned.dependencies.end()) continue;
      if (well || (planned.on_error == OnError::carry_on && !need->by_reference)) {
        if (--call.unmet > 0) continue;
        call.state = State::queued;
        call.record.ready = now_;
        continue;
      }
      call.record.status = CallStatus::skipped;
      call.record.because_of = root;
      call.record.error.emplace();
      call.record.error->code = Code::dependency_failed;
      call.record.error->message = "not run because call \"" + plan_.calls[root].id + "\" failed";
      call.record.error_is_plain = true;
      end(i);
      skipped.push_back(i);
    }
    if (next == skipped.size()) return;
    index = skipped[next];
  }
}

// The deadline: whatever the event says comes too late, except that a timer that fired is no longer
// there to be disarmed.
void Run::expire(const Event& event) {
  const auto* fired = std::get_if<TimerFired>(&event);
  Call* owner = fired != nullptr ? owner_of(fired->timer) : nullptr;
  if (fired != nullptr && fired->timer != 0 && fired->timer == deadline_timer_) {
    deadline_timer_ = 0;
  } else if (owner != nullptr) {
    owner->timer = 0;
  } else {
    ignore();
  }
  expired_ = true;
  stop_all(CallStatus::timeout, Code::request_timeout, "the request's time was over");
}

// Ends every open call at once: calls at work with status `at_work`, the others as cancelled.
// Dependents are not skipped one by one: the reason is the same for all.
void Run::stop_all(CallStatus at_work, Code code, const char* message) {
  for (CallIndex i = 0; i < calls_.size(); ++i) {
    Call& call = calls_[i];
    if (call.state == State::ended) continue;
    const bool working = call.state == State::running;
    if (working) {
      actions_.emplace_back(CancelCall{i, call.record.attempts.back().number, code});
      close_attempt(i, at_work, code, Json());
    }
    call.record.status = working ? at_work : CallStatus::cancelled;
    call.record.error.emplace();
    call.record.error->code = code;
    call.record.error->message = message;
    call.record.error_is_plain = true;
    end(i);
  }
}

void Run::finish() {
  disarm(deadline_timer_);
  judge();
  phase_ = Phase::finished;
  ended_ = now_;
  actions_.emplace_back(finish_);
}

void Run::judge() {
  std::size_t well = 0;
  std::optional<CallIndex> first_failed;  // not counting those skipped because of it
  std::optional<CallIndex> first_fallback;
  for (CallIndex i = 0; i < calls_.size(); ++i) {
    const CallRecord& record = calls_[i].record;
    if (record.status == CallStatus::success) {
      ++well;
      if (record.fallback_for && !first_fallback) first_fallback = i;
    } else if (record.status != CallStatus::skipped &&
               (!first_failed || record.ended < calls_[*first_failed].record.ended)) {
      first_failed = i;
    }
  }
  const bool complete = well == calls_.size();
  finish_ = Finish{};
  if (cancelled_) {
    finish_.status = RunStatus::cancelled;
    finish_.code = Code::cancelled;
  } else if (complete && !first_fallback) {
    finish_.status = RunStatus::success;
  } else if (well == 0 || settings_.fail_rather_than_degrade) {
    finish_.status = RunStatus::failed;
    finish_.because_of = complete ? first_fallback : first_failed;
    const CallRecord& cause = calls_[*finish_.because_of].record;
    finish_.code = complete ? *cause.fallback_for : cause.error->code;
    if (expired_) finish_.code = Code::request_timeout;
  } else {
    finish_.status = complete ? RunStatus::degraded : RunStatus::partial_success;
  }
}

std::string_view to_string(ToolType type) noexcept {
  switch (type) {
    case ToolType::sql: return "sql";
    case ToolType::http: return "http";
    case ToolType::mcp: return "mcp";
  }
  return "";
}

std::string_view to_string(CallStatus status) noexcept {
  switch (status) {
    case CallStatus::pending: return "pending";
    case CallStatus::success: return "success";
    case CallStatus::error: return "error";
    case CallStatus::timeout: return "timeout";
    case CallStatus::skipped: return "skipped";
    case CallStatus::cancelled: return "cancelled";
  }
  return "";
}

std::string_view to_string(RunStatus status) noexcept {
  switch (status) {
    case RunStatus::success: return "success";
    case RunStatus::partial_success: return "partial_success";
    case RunStatus::degraded: return "degraded";
    case RunStatus::failed: return "failed";
    case RunStatus::cancelled: return "cancelled";
  }
  return "";
}

}  // namespace pgops::run
