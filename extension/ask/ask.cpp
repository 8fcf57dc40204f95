// extension/ask: the pipeline. See ask.hpp.
//
// Whatever happens, a request that got as far as an identity leaves a trace: success waits for the group
// commit; an exception hands the trace over without waiting and goes on.
#include "extension/ask/ask.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/utf8.hpp"
#include "core/version.hpp"
#include "extension/ask/compose.hpp"
#include "extension/ask/execute.hpp"
#include "extension/ask/present.hpp"
#include "extension/ask/recount.hpp"
#include "extension/ask/request.hpp"
#include "extension/ask/route_plan.hpp"
#include "extension/ask/validate.hpp"
#include "extension/pg/error.hpp"
#include "extension/pg/guc.hpp"
#include "extension/pg/memory.hpp"
#include "extension/pg/spi.hpp"
#include "extension/pg/sync.hpp"
#include "extension/pg/values.hpp"
#include "extension/registry/tool_spec.hpp"
#include "extension/runtime/shared.hpp"
#include "extension/runtime/tasks.hpp"
#include "extension/trace/handover.hpp"
#include "extension/trace/shared.hpp"

namespace pgops::ask {

namespace {

constexpr std::size_t kMaxRecordedStatement = 40'000;  // above what the guard takes, so that it still says so
constexpr std::int64_t kTraceGraceMs = 1000;  // beyond the deadline, an answer does not wait longer for its trace

template <class T>
T value_or_throw(Result<T> result) {
  if (!result) throw Failure{std::move(result).error()};
  return *std::move(result);
}

void check_installation() {
  if (runtime::shared == nullptr) {
    pg::raise_sqlstate("55000", "INTERNAL_ERROR: pg_ops is not preloaded", {},
                       "Add pg_ops to shared_preload_libraries in postgresql.conf and restart the server.");
  }
  if (!pg::guc::enabled) {
    pg::raise(Code::policy_deny, "pg_ops is switched off on this server", {},
              "An administrator has set pg_ops.enabled = off.");
  }
  if (pg::is_standby()) {
    pg::raise_sqlstate("25006", "POLICY_DENY: this server is a standby; traces cannot be written here", {},
                       "Ask the primary.");
  }
  static bool checked = false;
  if (checked) return;
  const auto rows = pg::spi::query("SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'pg_ops'");
  const std::string installed = rows.empty() ? std::string() : rows.rows[0][0].value_or("");
  if (installed != kVersion) {
    pg::raise_sqlstate("55000",
                       "INTERNAL_ERROR: the library is version " + std::string(kVersion) +
                           ", the extension's objects are version " +
                           (installed.empty() ? std::string("unknown") : installed),
                       {}, "Run ALTER EXTENSION pg_ops UPDATE, or restart the server with the matching library.");
  }
  checked = true;
}

std::unique_ptr<Request> begin(Entry entry, std::string_view question, std::string_view options) {
  check_installation();
  auto request = std::make_unique<Request>();
  request->entry = entry;
  request->started_us = pg::monotonic_us();
  request->started_wall_us = pg::wall_clock_us();
  request->stages = StageLog(request->started_us);
  request->options = value_or_throw(parse_options(options));
  std::optional<std::string_view> tenant;
  if (request->options.tenant) tenant = *request->options.tenant;
  request->identity = value_or_throw(tenancy::resolve(tenant));
  if (!request->options.asset_overrides.empty()) {
    if (Status allowed = tenancy::require(request->identity, tenancy::Access::operator_); !allowed) {
      throw Failure{allowed.error()};
    }
  }
  request->question = std::string(question);
  request->deadline_us = request->started_us + request->options.timeout_ms * 1000;
  const auto [high, low] = pg::random_pair();
  static Uuid7Generator generator;
  request->trace_id = generator.next(request->started_wall_us / 1000, high, low);
  request->database_index = runtime::enter_database();
  runtime::want_writer(request->database_index);
  if (entry != Entry::plan && trace::requests_come_alone(request->database_index)) {
    runtime::announce_task(request->database_index);
  }
  request->snapshot = registry::snapshot(request->identity);
  return request;
}

// The stages after routing; fills what it reached.
struct Progress {
  Routed routed;
  Validated validated;
  Executed executed;
  std::unique_ptr<Recounted> recounted;
  Composed composed;
  Outcome outcome;

  void release() {
    routed = {};
    validated = {};
    executed = {};
    composed = {};
  }
};

void run_stages(Request& request, Progress& at) {
  StageLog& log = request.stages;
  log.begin("route_plan");
  at.routed = route_plan(request);
  at.outcome.routed = &at.routed;
  if (at.routed.refusal) log.fail(*at.routed.refusal);
  log.end();
  if (at.routed.route != Route::plan) {
    const std::string reason = "route " + std::string(to_string(at.routed.route));
    for (const char* stage : {"validate", "execute", "compose"}) log.skip(stage, reason);
    return;
  }

  log.begin("validate");
  auto validated = validate(request, *at.routed.plan);
  if (!validated) {
    log.fail(validated.error());
    log.end();
    at.outcome.failure = validated.error();
    for (const char* stage : {"execute", "compose"}) log.skip(stage, "the plan was refused");
    return;
  }
  at.validated = *std::move(validated);
  at.outcome.validated = &at.validated;
  log.end();

  log.begin("execute");
  Validated running = at.validated;
  at.outcome.executed = &at.executed;
  execute(request, std::move(running), at.executed);
  for (CallIndex call = 0; call < at.executed.run->size(); call++) {
    const auto& record = at.executed.run->record(call);
    if (record.error) log.fail(*record.error);
    if (record.timeout_exceeded) log.warn("call " + at.validated.plan.calls[call].id + " exceeded its timeout");
  }
  at.recounted = recount(request, at.validated, at.executed);
  at.outcome.recounted = at.recounted.get();
  log.end();

  if (request.entry == Entry::query) {
    log.skip("compose", "the caller gets the rows themselves");
    return;
  }
  trace::announce();
  log.begin("compose");
  at.composed = compose(request, at.routed, at.validated, at.executed, at.recounted.get());
  for (const std::string& warning : at.composed.warnings) log.warn(warning);
  if (at.composed.problem) {
    log.fail(*at.composed.problem);
    at.outcome.failure = at.composed.problem;
  } else {
    at.outcome.composed = &at.composed;
  }
  log.end();
}

void without_trace(const Request& request, const trace::Outcome& stored, Json& answer) {
  if (pg::guc::require_trace) {
    pg::raise_sqlstate("XX000", "INTERNAL_ERROR: the trace of this request could not be stored",
                       "pg_ops.require_trace is on. Trace " + request.trace_id.to_string() + ": " + stored.message,
                       "ops.health() shows the state of the trace writer.");
  }
  answer.set("trace_durable", Json(false));
  pg::report(pg::LogLevel::warning, "the trace of this answer could not be stored",
             "Trace " + request.trace_id.to_string() + ".", "ops.health() shows the state of the trace writer.");
  pg::report(pg::LogLevel::log, "pg_ops: trace " + request.trace_id.to_string() + " not stored: " + stored.sqlstate +
                                    " " + stored.message);
}

Answer finish(Request& request, Progress& progress, Form form) {
  request.stages.begin("present");
  trace::announce();
  Answer answer;
  Json made = envelope(request, progress.outcome);
  request.stages.end();
  answer.jsonb = pg::jsonb_image(made);
  if (form == Form::both) answer.envelope = made;
  const std::int64_t left_ms = (request.deadline_us - pg::monotonic_us()) / 1000;
  trace::Handover handover(request.identity.tenant, request.trace_id,
                           trace_document(request, progress.outcome, std::move(made)),
                           std::chrono::milliseconds(std::max(left_ms, kTraceGraceMs)));
  // While the trace is on its way to the disk. A trace that was handed in is not made again, so nobody else needs it.
  if (handover.under_way() && request.entry != Entry::query) progress.release();
  const trace::Outcome stored = handover.outcome();
  if (!stored.durable) {
    if (form != Form::both) answer.envelope = pg::json_of(answer.jsonb);
    without_trace(request, stored, answer.envelope);
    answer.jsonb = pg::jsonb_image(answer.envelope);
  }
  return answer;
}

// For ways out by exception: nothing here may throw or wait.
void leave_trace(const Request& request, Progress& progress, Error error, bool cancelled) noexcept {
  try {
    progress.outcome.failure = std::move(error);
    progress.outcome.cancelled = cancelled;
    progress.outcome.composed = nullptr;
    if (progress.executed.run == nullptr || !progress.executed.run->finished()) progress.outcome.executed = nullptr;
    trace::hand_over_no_wait(request.identity.tenant, request.trace_id,
                             trace_document(request, progress.outcome, envelope(request, progress.outcome)));
  } catch (...) {
    // Out of memory while failing: the error itself still reaches the caller.
  }
}

Answer run_request(Request& request, Progress& progress, Form form = Form::jsonb) {
  try {
    run_stages(request, progress);
    return finish(request, progress, form);
  } catch (const pg::Error& error) {
    const bool cancelled = error.is_cancel();
    leave_trace(request, progress,
                {cancelled ? Code::cancelled : Code::internal_error, error.sqlstate + ": " + error.message,
                 error.detail, error.hint},
                cancelled);
    throw;
  } catch (const Failure& failure) {
    leave_trace(request, progress, failure.error, false);
    throw;
  }
}

Answer run_request(const std::unique_ptr<Request>& request, Form form = Form::jsonb) {
  Progress progress;
  return run_request(*request, progress, form);
}

Json plan_of(Json call) {
  Json plan = Json::object();
  plan.set("calls", Json::array({std::move(call)}));
  return plan;
}

Json single_call(std::string_view tool, std::string_view args) {
  auto parsed = Json::parse(args);
  if (!parsed || !parsed->is_object()) {
    throw Failure{{Code::tool_bad_request, "the arguments must be a JSON object", {}, "Pass '{}' for none."}};
  }
  Json call = Json::object();
  call.set("id", Json("call"));
  call.set("tool", Json(std::string(tool)));
  call.set("args", *std::move(parsed));
  return plan_of(std::move(call));
}

// Why a query has no rows, for the operator who sent it: the code, the internal text, the place in the
// statement and the trace.
[[noreturn]] void raise_failed_query(const Request& request, const Progress& progress) {
  const run::Run* run = progress.executed.run.get();
  const run::CallRecord* record = run != nullptr ? &run->record(0) : nullptr;
  Error error{Code::internal_error, "the query has no result", {}, {}};
  if (progress.outcome.failure) {
    error = *progress.outcome.failure;
  } else if (record != nullptr && record->error) {
    error = *record->error;
  }
  const CodeInfo& known = info(error.code);
  std::string detail(request.options.korean() ? known.user_message_ko : known.user_message);
  if (!error.detail.empty()) detail += " " + error.detail;
  if (record != nullptr && record->refusal.is_object()) {
    detail += " Rule " + record->refusal["rule"].text();
    if (const auto position = record->refusal["position"].as_int()) {
      detail += " at character " + std::to_string(*position) + " of the statement";
    }
    detail += ".";
  } else if (record != nullptr && !record->sqlstate.empty()) {
    detail += " SQLSTATE " + record->sqlstate + ".";
  }
  detail += " Trace " + request.trace_id.to_string() + ".";
  pg::raise(error.code, error.message, detail, error.hint);
}

}  // namespace

Answer ask(std::string_view question, std::string_view options, Form form) {
  return run_request(begin(Entry::ask, question, options), form);
}

Json plan_only(std::string_view question, std::string_view options) {
  const auto request = begin(Entry::plan, question, options);
  const Routed routed = route_plan(*request);
  Json out = Json::object();
  out.set("route", Json(to_string(routed.route)));
  out.set("route_reason", Json(routed.reason));
  out.set("intent", routed.intent.empty() ? Json() : Json(routed.intent));
  out.set("plan", routed.plan ? *routed.plan : Json());
  Json error;
  std::string id;
  if (routed.plan) {
    auto validated = validate(*request, *routed.plan);
    if (validated) {
      id = validated->plan_id;
    } else {
      Outcome outcome;
      outcome.routed = &routed;
      outcome.failure = validated.error();
      error = envelope(*request, outcome)["error"];
    }
  } else if (routed.refusal) {
    Outcome outcome;
    outcome.routed = &routed;
    error = envelope(*request, outcome)["error"];
  }
  out.set("plan_id", id.empty() ? Json() : Json(id));
  out.set("error", std::move(error));
  out.set("clarification", routed.clarification);
  Json next = Json::array();
  for (const std::string& action : routed.next_actions) next.push_back(Json(action));
  out.set("next_actions", std::move(next));
  out.set("explain", *routed.explain);
  return out;
}

Answer run_plan(std::string_view plan, std::string_view options) {
  auto request = begin(Entry::run_plan, {}, options);
  auto parsed = Json::parse(plan);
  if (!parsed) throw Failure{{Code::plan_invalid, "the plan is no JSON: " + parsed.error().message, {}, {}}};
  request->explicit_plan = *std::move(parsed);
  return run_request(std::move(request));
}

Answer call_tool(std::string_view name, std::string_view args) {
  auto request = begin(Entry::call_tool, {}, "{}");
  request->explicit_plan = single_call(name, args);
  return run_request(std::move(request));
}

Json query(std::string_view sql, std::string_view args) {
  auto request = begin(Entry::query, {}, "{}");
  if (Status allowed = tenancy::require(request->identity, tenancy::Access::operator_); !allowed) {
    throw Failure{allowed.error()};
  }
  auto parsed = Json::parse(args);
  if (!parsed || !parsed->is_object()) {
    throw Failure{{Code::tool_bad_request, "args must be a JSON object", {}, "Pass '{}' for none."}};
  }
  Json given = Json::object();
  // One that is too long is refused; the trace needs no more of it than shows that.
  given.set("sql", Json(std::string(utf8_truncate(sql, kMaxRecordedStatement))));
  given.set("args", *std::move(parsed));
  Json call = Json::object();
  call.set("id", Json("query"));
  call.set("tool", Json(registry::kDirectTool));
  call.set("args", std::move(given));
  request->explicit_plan = plan_of(std::move(call));
  Progress progress;
  (void)run_request(*request, progress);
  if (!progress.outcome.failure && progress.executed.run != nullptr && progress.executed.results[0] != nullptr) {
    return *progress.executed.results[0];
  }
  raise_failed_query(*request, progress);
}

Answer test_tool(std::string_view name, std::string_view args, std::optional<std::int32_t> version) {
  auto request = begin(Entry::test_tool, {}, "{}");
  if (Status allowed = tenancy::require(request->identity, tenancy::Access::operator_); !allowed) {
    throw Failure{allowed.error()};
  }
  {
    const tenancy::TenantScope tenant_scope(request->identity.tenant);
    const pg::spi::OwnerScope owner;
    request->tested_tool = value_or_throw(registry::load_version(request->identity, name, version.value_or(0)));
  }
  request->explicit_plan = single_call(name, args);
  return run_request(std::move(request));
}

}  // namespace pgops::ask
