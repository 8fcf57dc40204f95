// extension/ask: the event loop of a request. See execute.hpp.
//
// The run decides; this loop obeys: actions become tasks, frames and timers; answers, sockets and clocks
// become events. Its only own decisions are about waiting: how long, and whether a call waits for us.
#include "extension/ask/execute.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "core/digest.hpp"
#include "core/run/progress.hpp"
#include "extension/ask/call_http.hpp"
#include "extension/ask/call_sql.hpp"
#include "extension/audit/notes.hpp"
#include "extension/pg/error.hpp"
#include "extension/pg/guc.hpp"
#include "extension/pg/sync.hpp"
#include "extension/pg/values.hpp"
#include "extension/runtime/patience.hpp"
#include "extension/runtime/tasks.hpp"
#include "extension/runtime/worker_client.hpp"
#include "extension/trace/shared.hpp"

namespace pgops::ask {

namespace {

// A call that waits for a lock this very session holds would wait for ever, unseen by the deadlock
// detector: looked for from here on.
constexpr std::int64_t kSelfLockFirstUs = 100'000;
constexpr std::int64_t kSelfLockAgainUs = 500'000;
constexpr std::int64_t kMaxWaitUs = 60'000'000;

run::ToolType run_type(registry::ToolType type) noexcept {
  switch (type) {
    case registry::ToolType::sql: return run::ToolType::sql;
    case registry::ToolType::http: return run::ToolType::http;
    case registry::ToolType::mcp: return run::ToolType::mcp;
  }
  return run::ToolType::sql;
}

std::string fresh_uuid(std::int64_t wall_us) {
  const auto [high, low] = pg::random_pair();
  return make_uuid7(wall_us / 1000, high, low).to_string();
}

std::vector<run::CallSettings> call_settings(const Validated& validated, std::int64_t wall_us) {
  std::vector<run::CallSettings> settings;
  settings.reserve(validated.tools.size());
  for (const auto& tool : validated.tools) {
    run::CallSettings one;
    one.tool_call_id = fresh_uuid(wall_us);
    one.tool = tool->name;
    one.tool_version = tool->version;
    one.asset_digest = tool->digest;
    one.type = run_type(tool->type);
    if (tool->policy) one.policy.timeout = tool->policy->timeout_ms * 1000;
    one.policy.idempotent = tool->idempotent;
    settings.push_back(std::move(one));
  }
  return settings;
}

class Loop {
 public:
  Loop(Request& request, Validated validated)
      : request_(request), tools_(std::move(validated.tools)), plan_id_(std::move(validated.plan_id)) {
    run::RunSettings settings;
    settings.deadline = request.deadline_us;
    settings.max_parallel = static_cast<std::uint32_t>(request.options.max_parallel);
    settings.fail_rather_than_degrade = !request.options.fallback;
    const std::size_t count = tools_.size();
    auto calls = call_settings({{}, tools_, {}}, request.started_wall_us);
    run_ = std::make_unique<run::Run>(std::move(validated.plan), std::move(calls), settings);
    tell_progress_us_ = request.started_us + run::next_progress(0);
    at_work_.resize(count);
    results_.resize(count);
    digests_.resize(count);
  }

  // A statement that ends in the middle leaves nothing running: tasks cancel themselves, frames do not.
  ~Loop() {
    for (const Work& work : at_work_) {
      if (!work.http_id.empty()) runtime::worker_client().cancel(work.http_id);
    }
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void drive(Executed& into) {
    try {
      feed(run::Started{});
      while (!run_->finished()) {
        wait();
        collect_tasks();
        collect_worker();
        fire_timers();
        look_for_self_locks();
        tell_progress();
      }
    } catch (...) {
      // The caller's statement ends here; the run records what that does to each call.
      events_.clear();
      feed(run::CancelRequested{});
      hand_out(into);
      throw;
    }
    hand_out(into);
  }

 private:
  struct Work {
    std::uint32_t attempt = 0;
    runtime::TaskHandle task;
    bool reported_start = false;
    std::string http_id;
    std::int64_t self_lock_check_us = 0;
  };

  // A result that came too late to count is no result.
  void hand_out(Executed& into) {
    for (CallIndex call = 0; call < results_.size(); call++) {
      if (run_->record(call).status != run::CallStatus::success) results_[call] = nullptr;
    }
    std::vector<ResultDigest> made(results_.size());
    for (CallIndex call = 0; call < results_.size(); call++) {
      if (results_[call] == nullptr) continue;
      const std::string text = results_[call]->dump();
      made[call] = {"sha256:" + sha256_hex(text), text.size()};
    }
    into = {std::move(run_), std::move(results_), std::move(digests_), std::move(made)};
  }

  void feed(run::Event event) {
    events_.push_back(std::move(event));
    while (!events_.empty()) {
      const run::Event next = std::move(events_.front());
      events_.pop_front();
      for (const run::Action& action : run_->on(next, pg::monotonic_us())) {
        std::visit([this](const auto& one) { obey(one); }, action);
      }
    }
  }

  void obey(const run::Resolve& resolve) {
    run::Resolved answer;
    answer.call = resolve.call;
    for (const RefSite& site : resolve.sites) {
      run::SiteValue value;
      const auto& source = results_[site.source];
      if (source == nullptr) {
        value.error = Error{Code::dependency_failed, "call " + site.source_id + " has no result", {}, {}};
      } else if (auto found = pg::query_jsonpath(source->dump(), site.path); !found) {
        value.error = found.error();
      } else {
        for (const std::string& text : *found) {
          if (auto parsed = Json::parse(text)) value.values.push_back(*std::move(parsed));
        }
      }
      answer.sites.push_back(std::move(value));
    }
    events_.emplace_back(std::move(answer));
  }

  void obey(const run::Dispatch& dispatch) {
    Work& work = at_work_[dispatch.call];
    work = Work{};
    work.attempt = dispatch.attempt;
    const registry::Tool& tool = *tools_[dispatch.call];
    const CallContext context{request_,
                              tool,
                              run_->args(dispatch.call),
                              dispatch.timeout,
                              run_->settings_of(dispatch.call).tool_call_id,
                              plan_id_,
                              dispatch.attempt};
    Status accepted = Unit{};
    if (tool.type == registry::ToolType::sql) {
      auto task = start_sql(context, digests_[dispatch.call]);
      if (task) {
        work.task = *std::move(task);
        work.self_lock_check_us = pg::monotonic_us() + kSelfLockFirstUs;
      } else {
        accepted = task.error();
      }
    } else if (tool.type == registry::ToolType::http) {
      auto id = start_http(context);
      if (id) {
        work.http_id = *std::move(id);
        // The sidecar starts at once: what waits is the network.
        events_.emplace_back(run::CallStarted{dispatch.call, dispatch.attempt});
      } else {
        accepted = id.error();
      }
    } else {
      accepted = Error{Code::asset_load_failed, "tools of this type cannot run yet", {}, {}};
    }
    if (!accepted) {
      run::Failed refused = failed(accepted.error());
      // About the caller's own arguments: fit for the caller.
      refused.plain = accepted.error().code == Code::tool_bad_request;
      events_.emplace_back(run::CallFinished{dispatch.call, dispatch.attempt, std::move(refused)});
    }
  }

  void obey(const run::ArmTimer& timer) { timers_[timer.timer] = timer.at; }
  void obey(const run::DisarmTimer& timer) { timers_.erase(timer.timer); }

  void obey(const run::CancelCall& cancel) {
    Work& work = at_work_[cancel.call];
    work.task.cancel();
    if (!work.http_id.empty()) runtime::worker_client().cancel(std::exchange(work.http_id, {}));
  }

  void obey(const run::CallEnded&) {}
  void obey(const run::Finish&) {}

  static run::Failed failed(Error error, std::string sqlstate = {}) {
    run::Failed outcome;
    outcome.error = std::move(error);
    outcome.sqlstate = std::move(sqlstate);
    return outcome;
  }

  void collect_tasks() {
    for (CallIndex call = 0; call < at_work_.size(); call++) {
      Work& work = at_work_[call];
      if (!work.task.active()) continue;
      if (!work.reported_start) {
        if (const std::int64_t started = work.task.started_us(); started != 0) {
          work.reported_start = true;
          feed(run::CallStarted{call, work.attempt, started});
          if (!work.task.active()) continue;
        }
      }
      auto outcome = work.task.poll();
      if (!outcome) continue;
      FinishedCall finished = finish_sql(*tools_[call], *outcome);
      if (finished.result) results_[call] = std::move(finished.result);
      if (!finished.refused_by.empty()) note_refusal(call, finished);
      feed(run::CallFinished{call, work.attempt, std::move(finished.outcome)});
    }
  }

  void note_refusal(CallIndex call, const FinishedCall& finished) const noexcept {
    const registry::Tool& tool = *tools_[call];
    const auto* failed = std::get_if<run::Failed>(&finished.outcome);
    if (failed == nullptr) return;
    audit::note_refusal({tool.direct ? "query" : "tool", tool.name, request_.identity.tenant, finished.refused_by,
                         std::string(to_string(failed->error.code)), failed->error.message, failed->error.hint,
                         digests_[call], request_.trace_id.to_string()});
  }

  void collect_worker() {
    runtime::WorkerClient& client = runtime::worker_client();
    if (!client.waiting() && !client.wants_write()) return;
    for (auto& [id, reply] : client.pump()) {
      for (CallIndex call = 0; call < at_work_.size(); call++) {
        Work& work = at_work_[call];
        if (work.http_id != id) continue;
        work.http_id.clear();
        FinishedCall finished = finish_http(*tools_[call], reply);
        if (finished.result) results_[call] = std::move(finished.result);
        feed(run::CallFinished{call, work.attempt, std::move(finished.outcome)});
        break;
      }
    }
  }

  void fire_timers() {
    const std::int64_t now = pg::monotonic_us();
    for (;;) {
      const auto due = std::find_if(timers_.begin(), timers_.end(), [now](const auto& t) { return t.second <= now; });
      if (due == timers_.end()) return;
      const run::TimerId timer = due->first;
      timers_.erase(due);
      feed(run::TimerFired{timer});
    }
  }

  void look_for_self_locks() {
    const std::int64_t now = pg::monotonic_us();
    for (CallIndex call = 0; call < at_work_.size(); call++) {
      Work& work = at_work_[call];
      if (!work.task.active() || now < work.self_lock_check_us) continue;
      work.self_lock_check_us = now + kSelfLockAgainUs;
      const std::int32_t pid = work.task.executor_pid();
      if (pid == 0 || !pg::waits_for_us(pid)) continue;
      work.task.cancel();
      feed(run::CallFinished{call, work.attempt,
                             failed(Error{Code::tool_error,
                                          "the tool waits for a lock that this session's own transaction holds",
                                          {},
                                          "Commit or roll back first, or ask from another session."})});
    }
  }

  // A notice goes to the client at once; it is a message every protocol of the server allows at any time.
  void tell_progress() {
    const std::int64_t now = pg::monotonic_us();
    if (!pg::guc::progress || now < tell_progress_us_ || run_->finished()) return;
    tell_progress_us_ = request_.started_us + run::next_progress(now - request_.started_us);
    pg::report(pg::LogLevel::notice, run::progress_text(*run_, now, request_.options.korean()));
  }

  // Until a timer, the next self-lock check, the next notice, an answer or an interrupt.
  void wait() {
    std::int64_t until = pg::monotonic_us() + kMaxWaitUs;
    if (pg::guc::progress) until = std::min(until, tell_progress_us_);
    for (const auto& [timer, at] : timers_) until = std::min(until, at);
    for (const Work& work : at_work_) {
      if (!work.task.active()) continue;
      until = std::min(until, work.self_lock_check_us);
    }
    if (run_->finished()) return;
    const std::int64_t left = until - pg::monotonic_us();
    const long timeout_ms = left <= 0 ? 0 : static_cast<long>((left + 999) / 1000);
    runtime::WorkerClient& client = runtime::worker_client();
    if (client.socket() >= 0 && (client.waiting() || client.wants_write())) {
      (void)pg::wait_latch_or_socket(client.socket(), client.wants_write(), timeout_ms, pg::WaitReason::worker);
    } else if (client.waiting()) {
      // The connection broke: its calls fail in the next turn.
      pg::check_interrupts();
    } else {
      wait_for_executors(timeout_ms);
    }
  }

  void wait_for_executors(long timeout_ms) const {
    constexpr std::int64_t kAwakeUs = 200;
    static runtime::Patience patience;
    const auto come = [this] {
      return std::any_of(at_work_.begin(), at_work_.end(),
                         [](const Work& work) { return work.task.active() && work.task.seems_done(); });
    };
    const int database = request_.database_index;
    const bool alone = trace::requests_come_alone(database) && runtime::lone_task(database);
    if (alone && timeout_ms > 0 && patience.await(kAwakeUs, come)) return;
    (void)pg::wait_latch(timeout_ms, pg::WaitReason::executor);
  }

  Request& request_;
  std::vector<std::shared_ptr<const registry::Tool>> tools_;
  std::string plan_id_;
  std::unique_ptr<run::Run> run_;
  std::int64_t tell_progress_us_ = 0;
  std::vector<Work> at_work_;
  std::vector<std::shared_ptr<const Json>> results_;
  std::vector<std::string> digests_;
  std::map<run::TimerId, std::int64_t> timers_;
  std::deque<run::Event> events_;
};

}  // namespace

void execute(Request& request, Validated validated, Executed& into) { Loop(request, std::move(validated)).drive(into); }

}  // namespace pgops::ask
