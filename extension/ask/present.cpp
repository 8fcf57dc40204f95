// extension/ask: envelope and trace document. See present.hpp.
#include "extension/ask/present.hpp"

#include <cstdio>
#include <ctime>
#include <utility>

#include "core/digest.hpp"
#include "core/redact.hpp"
#include "core/run/report.hpp"
#include "extension/ask/abridge.hpp"
#include "extension/pg/sync.hpp"

namespace pgops::ask {

namespace {

constexpr std::size_t kMaxQuestionInEnvelope = 4000;

bool internal_texts(const Request& request) noexcept { return request.identity.access >= tenancy::Access::operator_; }

// These say what the caller did and name nothing the caller may not see.
bool about_the_request(Code code) noexcept {
  switch (code) {
    case Code::plan_invalid:
    case Code::no_match:
    case Code::ambiguous:
    case Code::unsupported_action:
    case Code::policy_deny:
    case Code::permission_denied:
    case Code::tool_bad_request: return true;
    default: return false;
  }
}

Json error_object(const Request& request, const Error& error, bool internal) {
  const CodeInfo& known = info(error.code);
  const bool full = internal || about_the_request(error.code);
  const std::string_view user = request.options.korean() ? known.user_message_ko : known.user_message;
  Json out = Json::object();
  out.set("code", Json(known.name));
  out.set("severity", Json(to_string(known.severity)));
  out.set("message", full && !error.message.empty() ? Json(error.message) : Json(user));
  if (full && !error.detail.empty()) out.set("detail", Json(error.detail));
  out.set("hint", full && !error.hint.empty() ? Json(error.hint) : Json());
  out.set("retryable", Json(known.retryable));
  return out;
}

// At most so many bytes, cut at a character.
std::string cut(const std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  std::size_t end = bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) end--;
  return text.substr(0, end) + "...";
}

double elapsed_ms(const Request& request) {
  return static_cast<double>(pg::monotonic_us() - request.started_us) / 1000.0;
}

run::Report report_of(const Request& request, const Executed& executed, bool internal) {
  return {*executed.run, {request.started_us, internal, request.options.korean()}};
}

Json refused_answer(const Routed& routed, const Json& error) {
  Json answer = Json::object();
  std::string text = error["message"].text();
  answer.set("summary", Json(text));
  answer.set("severity", Json("info"));
  answer.set("facts", Json::array());
  answer.set("blocks", Json::array());
  (void)routed;
  return answer;
}

Json as_array(const std::vector<std::string>& texts) {
  Json out = Json::array();
  for (const std::string& text : texts) out.push_back(Json(text));
  return out;
}

int thoroughness(std::string_view record) noexcept { return record == "full" ? 2 : record == "arguments" ? 1 : 0; }

// What is recorded of a call: as the policy says, or less when the caller wants that; more is for operators.
std::string recording(const Request& request, const registry::Tool& tool) {
  const std::string policy = tool.policy ? tool.policy->record : std::string("arguments");
  const std::string& wanted = request.options.record;
  if (wanted.empty()) return policy;
  return internal_texts(request) || thoroughness(wanted) < thoroughness(policy) ? wanted : policy;
}

bool has_sensitive(const registry::Tool& tool) noexcept { return tool.policy && !tool.policy->sensitive.empty(); }

// Masks what the policy calls sensitive; under `digest` nothing of the arguments stays. A statement that came
// as an argument names relations: it is kept as `statement` of its tool call, for operators.
void hide_args(Json& holder, const registry::Tool& tool, std::string_view record) {
  Json* args = holder.find("args");
  if (args == nullptr) return;
  if (tool.direct && args->is_object()) args->set("sql", Json("[statement]"));
  if (has_sensitive(tool)) blank_paths(*args, tool.policy->sensitive);
  if (record == "digest") holder.set("args", Json());
}

// Keeps arguments or only their digest, adds results when asked.
void apply_recording(Json& call, const registry::Tool& tool, std::string_view record, const Json* result) {
  if (Json* args = call.find("args"); args != nullptr) {
    if (has_sensitive(tool)) blank_paths(*args, tool.policy->sensitive);
    call.set("args_digest", Json("sha256:" + sha256_hex(args->canonical())));
    if (tool.direct) call.set("statement", record == "digest" ? Json() : (*args)["sql"]);
  }
  hide_args(call, tool, record);
  if (result != nullptr) {
    const std::string text = result->dump();
    call.set("result_digest", Json("sha256:" + sha256_hex(text)));
    if (record == "full" && text.size() <= kMaxRecordedPart) {
      Json kept = *result;
      if (has_sensitive(tool)) blank_paths(kept, tool.policy->sensitive);
      call.set("result", std::move(kept));
    }
  }
}

// The same arguments stand in the plans and in the references of the answer; and an answer made from
// sensitive results repeats them in its sentences and tables, where no path finds them.
void hide_elsewhere(Json& document, const Request& request,
                    const std::vector<std::shared_ptr<const registry::Tool>>& tools) {
  bool sensitive = false;
  for (std::size_t i = 0; i < tools.size(); i++) {
    if (tools[i] == nullptr) continue;
    const registry::Tool& tool = *tools[i];
    const std::string record = recording(request, tool);
    sensitive = sensitive || has_sensitive(tool);
    if (!has_sensitive(tool) && record != "digest" && !tool.direct) continue;
    if (Json* options = document.find("options"); has_sensitive(tool) && options != nullptr) {
      if (Json* params = options->find("params"); params != nullptr) blank_paths(*params, tool.policy->sensitive);
    }
    for (const char* name : {"plan", "validated_plan"}) {
      Json* plan = document.find(name);
      Json* calls = plan == nullptr ? nullptr : plan->find("calls");
      if (calls != nullptr && i < calls->size()) hide_args(calls->items()[i], tool, record);
    }
    Json* references = document.find("references");
    for (std::size_t r = 0; references != nullptr && r < references->size(); r++) {
      Json& reference = references->items()[r];
      if (reference["tool"].string_or("") == tool.name) hide_args(reference, tool, record);
    }
  }
  if (sensitive) document.set("planner", Json());
  if (Json* answer = document.find("answer"); sensitive && answer != nullptr && answer->is_object()) {
    answer->set("summary", Json("[masked]"));
    answer->set("facts", Json::array());
    answer->set("blocks", Json::array());
  }
}

// By call, the tools a plan names that was refused before its calls were bound; null where there is none. A version
// picked by asset_overrides counts as the published one: the policy is the tool's.
std::vector<std::shared_ptr<const registry::Tool>> tools_named(const Request& request, const Json& plan) {
  std::vector<std::shared_ptr<const registry::Tool>> out;
  for (const Json& call : plan["calls"].items()) {
    const std::string_view name = call["tool"].string_or("");
    std::shared_ptr<const registry::Tool> found;
    if (request.tested_tool != nullptr && request.tested_tool->name == name) found = request.tested_tool;
    for (const auto& tool : request.snapshot->tools()) {
      if (found == nullptr && tool->name == name) found = tool;
    }
    out.push_back(std::move(found));
  }
  return out;
}

std::string_view status_of(const Request& /*request*/, const Outcome& outcome) {
  if (outcome.cancelled) return "cancelled";
  if (outcome.failure) return "failed";
  if (outcome.executed != nullptr && outcome.executed->run != nullptr) {
    return run::to_string(outcome.executed->run->result().status);
  }
  if (outcome.routed != nullptr && outcome.routed->route == Route::direct) return "success";
  return "failed";
}

// `internal`: with texts that may name relations, hosts and statements.
Json envelope_for(const Request& request, const Outcome& outcome, bool internal) {
  const Routed* routed = outcome.routed;
  const bool ran = outcome.executed != nullptr && outcome.executed->run != nullptr;

  Json out = Json::object();
  out.set("trace_id", Json(request.trace_id.to_string()));
  out.set("parent_trace_id", request.options.parent_trace_id ? Json(*request.options.parent_trace_id) : Json());
  out.set("plan_id", outcome.validated != nullptr ? Json(outcome.validated->plan_id) : Json());
  out.set("tenant", Json(request.identity.tenant));
  Json actor = Json::object();
  actor.set("role", Json(request.identity.role_name));
  actor.set("label", request.options.actor.empty() ? Json() : Json(request.options.actor));
  out.set("actor", std::move(actor));
  out.set("question", request.question.empty() ? Json() : Json(cut(request.question, kMaxQuestionInEnvelope)));
  out.set("intent", routed != nullptr && !routed->intent.empty() ? Json(routed->intent) : Json());
  out.set("route", Json(to_string(routed != nullptr ? routed->route : Route::reject)));
  out.set("route_reason", Json(routed != nullptr ? routed->reason : std::string()));

  std::optional<run::Report> report;
  if (ran) report.emplace(report_of(request, *outcome.executed, internal));
  out.set("strategy", report ? Json(report->strategy()) : Json());
  out.set("status", Json(status_of(request, outcome)));

  Json error;
  if (outcome.failure) {
    error = error_object(request, *outcome.failure, internal);
  } else if (routed != nullptr && routed->route == Route::reject && routed->refusal) {
    error = error_object(request, *routed->refusal, internal);
  } else if (report) {
    error = report->error();
  }
  out.set("error", error);

  if (outcome.composed != nullptr) {
    out.set("answer", outcome.composed->answer);
    out.set("references", outcome.composed->references);
  } else if (routed != nullptr && routed->route == Route::direct && !outcome.failure) {
    out.set("answer", routed->direct_answer);
    out.set("references", Json::array());
  } else {
    out.set("answer", routed != nullptr && error.is_object() ? refused_answer(*routed, error) : Json());
    out.set("references", Json::array());
  }
  out.set("tool_calls", report ? report->tool_calls() : Json::array());
  out.set("execution_groups", report ? report->execution_groups() : Json::array());
  out.set("failed_tools", report ? report->failed_tools() : Json::array());
  out.set("skipped_tools", report ? report->skipped_tools() : Json::array());
  out.set("fallback", Json());
  out.set("clarification", routed != nullptr ? routed->clarification : Json());
  out.set("trace_durable", Json(true));
  out.set("replans", Json(0));
  out.set("next_actions", routed != nullptr ? as_array(routed->next_actions) : Json::array());
  out.set("duration_ms", Json::millis(elapsed_ms(request)));
  return out;
}

}  // namespace

std::string iso_utc(std::int64_t wall_us) {
  const std::int64_t seconds = wall_us >= 0 ? wall_us / 1'000'000 : (wall_us - 999'999) / 1'000'000;
  const auto micros = static_cast<int>(wall_us - seconds * 1'000'000);
  const std::time_t when = seconds;
  std::tm parts = {};
  gmtime_r(&when, &parts);
  char text[80];
  std::snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%06d+00:00", parts.tm_year + 1900, parts.tm_mon + 1,
                parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, micros);
  return text;
}

Json envelope(const Request& request, const Outcome& outcome) {
  return envelope_for(request, outcome, internal_texts(request));
}

Json trace_document(const Request& request, const Outcome& outcome, const Json& answer_envelope) {
  // Everybody of the tenant reads the stored envelope, so it never says more than a user may know, whoever
  // asked; operators find the texts in internal_error.
  Json out = internal_texts(request) ? envelope_for(request, outcome, false) : answer_envelope;
  out.set("duration_ms", answer_envelope["duration_ms"]);
  out.set("entry", Json(to_string(request.entry)));
  out.set("started_at", Json(iso_utc(request.started_wall_us)));
  out.set("actor_role", Json(request.identity.role_name));
  out.set("options", request.options.given);
  out.set("now", Json(iso_utc(request.now_us())));
  out.set("timezone", Json(request.options.timezone));
  out.set("stages", request.stages.to_json());
  const bool planned = outcome.routed != nullptr && outcome.routed->plan.has_value();
  out.set("plan", planned ? *outcome.routed->plan : Json());
  out.set("validated_plan", outcome.validated != nullptr ? to_json(outcome.validated->plan) : Json());
  out.set("planner", outcome.routed != nullptr ? outcome.routed->explain : Json());
  if (outcome.validated != nullptr) {
    hide_elsewhere(out, request, outcome.validated->tools);
  } else if (planned) {
    hide_elsewhere(out, request, tools_named(request, *outcome.routed->plan));
  }
  if (outcome.failure) {
    Json internal = Json::object();
    internal.set("code", Json(to_string(outcome.failure->code)));
    internal.set("message", Json(outcome.failure->message));
    internal.set("detail", Json(outcome.failure->detail));
    internal.set("hint", Json(outcome.failure->hint));
    out.set("internal_error", std::move(internal));
  }
  if (outcome.executed == nullptr || outcome.executed->run == nullptr || !outcome.executed->run->finished()) {
    out.set("spans", Json::array());
    abridge(out);
    return out;
  }
  const run::Report report = report_of(request, *outcome.executed, false);
  Json calls = report.trace_tool_calls();
  for (std::size_t i = 0; i < calls.size(); i++) {
    Json& call = calls.items()[i];
    call.set("plan_id", Json(outcome.validated->plan_id));
    const std::string& digest = outcome.executed->statement_digests[i];
    call.set("statement_digest", digest.empty() ? Json() : Json("sha256:" + digest));
    const registry::Tool& tool = *outcome.validated->tools[i];
    apply_recording(call, tool, recording(request, tool), outcome.executed->results[i].get());
  }
  out.set("tool_calls", std::move(calls));
  out.set("spans", report.spans());
  if (!outcome.failure) {
    if (Json internal = report_of(request, *outcome.executed, true).error(); internal.is_object()) {
      out.set("internal_error", std::move(internal));
    }
  }
  abridge(out);
  return out;
}

}  // namespace pgops::ask
