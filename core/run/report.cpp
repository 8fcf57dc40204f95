// core/run: see report.hpp. Only reads the run; names of keys are those of the answer envelope.
#include "core/run/report.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

namespace pgops::run {
namespace {

Json duration_ms(Micros from, Micros to) { return Json::millis(static_cast<double>(to - from) / 1000.0); }

Json code_or_null(const std::optional<Code>& code) { return code ? Json(to_string(*code)) : Json(); }

std::string text_for(const Error& error, bool full, bool korean) {
  if (full) return error.message;
  const CodeInfo& known = info(error.code);
  return std::string(korean ? known.user_message_ko : known.user_message);
}

}  // namespace

std::vector<Group> execution_groups(const Run& run) {
  std::vector<CallIndex> order;
  for (CallIndex i = 0; i < run.size(); ++i) {
    if (run.record(i).measured()) order.push_back(i);
  }
  const auto start = [&run](CallIndex i) { return *run.record(i).started(); };
  const auto end = [&run](CallIndex i) { return run.record(i).ended; };
  // Ties by end, so that an interval of no length at another's start does not overlap it.
  std::sort(order.begin(), order.end(), [&](CallIndex a, CallIndex b) {
    return std::tuple(start(a), end(a), a) < std::tuple(start(b), end(b), b);
  });
  std::vector<Group> groups;
  for (const CallIndex i : order) {
    if (groups.empty() || start(i) >= groups.back().end) {
      groups.push_back(Group{start(i), end(i), {}});
    }
    groups.back().end = std::max(groups.back().end, end(i));
    groups.back().calls.push_back(i);
  }
  return groups;
}

Report::Report(const Run& run, const ReportOptions& options)
    : run_(run),
      options_(options),
      origin_(options.origin.value_or(run.began())),
      groups_(run::execution_groups(run)),
      group_of_(run.size()) {
  for (std::uint32_t g = 0; g < groups_.size(); ++g) {
    for (const CallIndex i : groups_[g].calls) group_of_[i] = g;
  }
}

Json Report::ms(Micros at) const { return duration_ms(origin_, at); }

std::string Report::message_of(CallIndex index) const {
  const CallRecord& record = run_.record(index);
  return text_for(*record.error, options_.internal_texts || record.error_is_plain, options_.korean);
}

Json Report::tool_call(CallIndex index) const {
  const CallRecord& record = run_.record(index);
  const CallSettings& settings = run_.settings_of(index);
  const std::optional<Micros> started = record.started();
  constexpr std::size_t kMembers = 28;  // with what the trace adds
  Json out = Json::object();
  out.reserve(kMembers);
  out.add("tool_call_id", settings.tool_call_id);
  out.add("call", run_.plan().calls[index].id);
  out.add("tool", settings.tool);
  out.add("tool_version", settings.tool_version);
  out.add("asset_digest", settings.asset_digest.empty() ? Json() : Json(settings.asset_digest));
  out.add("type", to_string(settings.type));
  out.add("status", to_string(record.status));
  out.add("error_code", record.error ? Json(to_string(record.error->code)) : Json());
  out.add("message", record.error ? Json(message_of(index)) : Json());
  out.add("severity", record.error ? Json(to_string(info(record.error->code).severity)) : Json());
  out.add("attempts", static_cast<std::uint64_t>(record.attempts.size()));
  out.add("execution_group", group_of_[index] ? Json(static_cast<std::uint64_t>(*group_of_[index])) : Json());
  out.add("parallel", group_of_[index] && groups_[*group_of_[index]].parallel());
  out.add("start_ms", started ? ms(*started) : Json());
  out.add("end_ms", started ? ms(record.ended) : Json());
  out.add("duration_ms", started ? duration_ms(*started, record.ended) : Json());
  out.add("row_count", record.status == CallStatus::success ? Json(record.row_count) : Json());
  out.add("truncated", record.truncated);
  out.add("timeout_exceeded", record.timeout_exceeded);
  if (record.because_of) {
    out.add("because_of", run_.settings_of(*record.because_of).tool_call_id);
  }
  return out;
}

Json Report::tool_calls() const {
  Json out = Json::array();
  for (CallIndex i = 0; i < run_.size(); ++i) out.push_back(tool_call(i));
  return out;
}

Json Report::execution_groups() const {
  Json out = Json::array();
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    Json ids = Json::array();
    for (const CallIndex i : groups_[g].calls) ids.push_back(run_.settings_of(i).tool_call_id);
    Json group = Json::object();
    group.add("execution_group", static_cast<std::uint64_t>(g));
    group.add("parallel", groups_[g].parallel());
    group.add("tool_call_ids", std::move(ids));
    group.add("start_ms", ms(groups_[g].start));
    group.add("end_ms", ms(groups_[g].end));
    out.push_back(std::move(group));
  }
  return out;
}

Json Report::failed_tools() const {
  Json out = Json::array();
  for (CallIndex i = 0; i < run_.size(); ++i) {
    const CallRecord& record = run_.record(i);
    if (!record.error || record.status == CallStatus::skipped) continue;
    Json failed = Json::object();
    failed.add("tool", run_.settings_of(i).tool);
    failed.add("tool_call_id", run_.settings_of(i).tool_call_id);
    failed.add("error_code", to_string(record.error->code));
    failed.add("message", message_of(i));
    out.push_back(std::move(failed));
  }
  return out;
}

Json Report::skipped_tools() const {
  Json out = Json::array();
  for (CallIndex i = 0; i < run_.size(); ++i) {
    const CallRecord& record = run_.record(i);
    if (record.status != CallStatus::skipped) continue;
    Json skipped = Json::object();
    skipped.add("tool", run_.settings_of(i).tool);
    skipped.add("tool_call_id", run_.settings_of(i).tool_call_id);
    skipped.add("because_of", run_.settings_of(*record.because_of).tool_call_id);
    out.push_back(std::move(skipped));
  }
  return out;
}

const char* Report::strategy() const {
  const auto& calls = run_.plan().calls;
  if (std::any_of(calls.begin(), calls.end(), [](const PlanCall& call) { return !call.dependencies.empty(); })) {
    return "dag";
  }
  return std::any_of(groups_.begin(), groups_.end(), [](const Group& g) { return g.parallel(); }) ? "parallel"
                                                                                                  : "serial";
}

Json Report::error() const {
  const Finish& result = run_.result();
  if (!result.code) return Json();
  const CodeInfo& known = info(*result.code);
  Error shown;
  shown.code = *result.code;
  bool full = false;
  if (result.because_of) {
    const CallRecord& cause = run_.record(*result.because_of);
    if (cause.error && cause.error->code == *result.code) {
      shown = *cause.error;
      full = options_.internal_texts || cause.error_is_plain;
    }
  }
  Json out = Json::object();
  out.add("code", known.name);
  out.add("severity", to_string(known.severity));
  out.add("message", text_for(shown, full, options_.korean));
  out.add("hint", full && !shown.hint.empty() ? Json(shown.hint) : Json());
  out.add("retryable", known.retryable);
  return out;
}

Json Report::trace_tool_calls() const {
  Json out = Json::array();
  for (CallIndex i = 0; i < run_.size(); ++i) {
    const CallRecord& record = run_.record(i);
    Json call = tool_call(i);
    call.add("args", run_.args(i));
    call.add("queue_ms", record.ready && record.started() ? duration_ms(*record.ready, *record.started()) : Json());
    Json internal;
    if (record.error) {
      internal.add("code", to_string(record.error->code));
      internal.add("message", record.error->message);
      internal.add("detail", record.error->detail);
      internal.add("hint", record.error->hint);
      internal.add("sqlstate", record.sqlstate.empty() ? Json() : Json(record.sqlstate));
      if (!record.refusal.is_null()) internal.add("refusal", record.refusal);
    }
    call.add("internal_error", std::move(internal));
    Json attempts = Json::array();
    for (const Attempt& attempt : record.attempts) {
      Json detail = Json::object();
      detail.add("attempt", static_cast<std::uint64_t>(attempt.number));
      detail.add("start_ms", ms(attempt.started.value_or(attempt.dispatched)));
      detail.add("end_ms", ms(attempt.ended));
      detail.add("status", to_string(attempt.status));
      detail.add("error_code", code_or_null(attempt.code));
      detail.add("timing", attempt.timing);
      attempts.push_back(std::move(detail));
    }
    call.add("attempts_detail", std::move(attempts));
    out.push_back(std::move(call));
  }
  return out;
}

Json Report::spans() const {
  Json out = Json::array();
  for (CallIndex i = 0; i < run_.size(); ++i) {
    const CallRecord& record = run_.record(i);
    if (!record.ready) continue;  // nothing happened that took time
    const std::string id = run_.plan().calls[i].id;
    const auto span = [&](const std::string& span_id, const char* name, Micros from, Micros to, CallStatus status,
                          std::uint32_t attempt) {
      constexpr std::size_t kMembers = 10;
      Json entry = Json::object();
      entry.reserve(kMembers);
      entry.add("span_id", span_id);
      entry.add("parent", span_id == id ? Json() : Json(id));
      entry.add("name", name);
      entry.add("call", id);
      entry.add("tool_call_id", run_.settings_of(i).tool_call_id);
      if (attempt > 0) entry.add("attempt", static_cast<std::uint64_t>(attempt));
      entry.add("start_ms", ms(from));
      entry.add("end_ms", ms(to));
      entry.add("duration_ms", duration_ms(from, to));
      entry.add("status", to_string(status));
      out.push_back(std::move(entry));
    };
    span(id, "call", *record.ready, record.ended, record.status, 0);
    const Micros left_queue = record.resolve_began.value_or(record.dispatched().value_or(record.ended));
    const bool queued_out = !record.resolve_began && record.attempts.empty();
    span(id + "/queue", "queue", *record.ready, left_queue, queued_out ? record.status : CallStatus::success, 0);
    if (record.resolve_began) {
      span(id + "/resolve", "resolve", *record.resolve_began, record.resolve_ended.value_or(record.ended),
           record.attempts.empty() ? record.status : CallStatus::success, 0);
    }
    for (const Attempt& attempt : record.attempts) {
      span(id + "/" + std::to_string(attempt.number), "attempt", attempt.started.value_or(attempt.dispatched),
           attempt.ended, attempt.status, attempt.number);
    }
  }
  return out;
}

}  // namespace pgops::run
