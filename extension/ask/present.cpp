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

// Calls and groups of a recount come after those of the plan: their groups are numbered on.
void append(Json& list, Json more, std::size_t groups_before) {
  for (Json& one : more.items()) {
    if (const auto group = one["execution_group"].as_int(); group) {
      one.set("execution_group", Json(*group + static_cast<std::int64_t>(groups_before)));
    }
    list.push_back(std::move(one));
  }
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
void apply_recording(Json& call, const registry::Tool& tool, std::string_view record, const Json* result,
                     const ResultDigest& digest) {
  if (Json* args = call.find("args"); args != nullptr) {
    if (has_sensitive(tool)) blank_paths(*args, tool.policy->sensitive);
    call.set("args_digest", Json("sha256:" + sha256_hex(args->canonical())));
    if (tool.direct) call.set("statement", record == "digest" ? Json() : (*args)["sql"]);
  }
  hide_args(call, tool, record);
  if (result != nullptr) {
    call.set("result_digest", Json(digest.digest));
    if (record == "full" && digest.bytes <= kMaxRecordedPart) {
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

// Nothing failed anywhere: then there is no text that says more to one caller than to another.
bool flawless(const Outcome& outcome) {
  if (outcome.failure || outcome.routed == nullptr || outcome.routed->route == Route::reject) return false;
  if (outcome.executed == nullptr || outcome.executed->run == nullptr) return true;
  const run::Run& run = *outcome.executed->run;
  if (!run.finished() || run.result().code) return false;
  for (CallIndex call = 0; call < run.size(); call++) {
    if (run.record(call).error) return false;
  }
  return true;
}

// `internal`: with texts that may name relations, hosts and statements. `composed`: the answer and its
// references, to be had for good.
Json envelope_for(const Request& request, const Outcome& outcome, bool internal, std::optional<Composed> composed) {
  const Routed* routed = outcome.routed;
  const bool ran = outcome.executed != nullptr && outcome.executed->run != nullptr;

  constexpr std::size_t kMembers = 29;
  Json out = Json::object();
  out.reserve(kMembers);
  out.add("trace_id", Json(request.trace_id.to_string()));
  out.add("parent_trace_id", request.options.parent_trace_id ? Json(*request.options.parent_trace_id) : Json());
  out.add("plan_id", outcome.validated != nullptr ? Json(outcome.validated->plan_id) : Json());
  out.add("tenant", Json(request.identity.tenant));
  Json actor = Json::object();
  actor.add("role", Json(request.identity.role_name));
  actor.add("label", request.options.actor.empty() ? Json() : Json(request.options.actor));
  out.add("actor", std::move(actor));
  out.add("locale", Json(request.options.locale));
  out.add("question", request.question.empty() ? Json() : Json(cut(request.question, kMaxQuestionInEnvelope)));
  out.add("intent", routed != nullptr && !routed->intent.empty() ? Json(routed->intent) : Json());
  out.add("route", Json(to_string(routed != nullptr ? routed->route : Route::reject)));
  out.add("route_reason", Json(routed != nullptr ? routed->reason : std::string()));

  std::optional<run::Report> report;
  if (ran) report.emplace(report_of(request, *outcome.executed, internal));
  out.add("strategy", report ? Json(report->strategy()) : Json());
  out.add("status", Json(status_of(request, outcome)));

  Json error;
  if (outcome.failure) {
    error = error_object(request, *outcome.failure, internal);
  } else if (routed != nullptr && routed->route == Route::reject && routed->refusal) {
    error = error_object(request, *routed->refusal, internal);
  } else if (report) {
    error = report->error();
  }
  out.add("error", error);

  if (composed) {
    out.add("answer", std::move(composed->answer));
    out.add("references", std::move(composed->references));
  } else if (routed != nullptr && routed->route == Route::direct && !outcome.failure) {
    out.add("answer", routed->direct_answer);
    out.add("references", Json::array());
  } else {
    out.add("answer", routed != nullptr && error.is_object() ? refused_answer(*routed, error) : Json());
    out.add("references", Json::array());
  }
  Json calls = report ? report->tool_calls() : Json::array();
  Json groups = report ? report->execution_groups() : Json::array();
  if (report && outcome.recounted != nullptr) {
    const run::Report again = report_of(request, outcome.recounted->executed, internal);
    append(calls, again.tool_calls(), groups.size());
    append(groups, again.execution_groups(), groups.size());
  }
  out.add("tool_calls", std::move(calls));
  out.add("execution_groups", std::move(groups));
  out.add("failed_tools", report ? report->failed_tools() : Json::array());
  out.add("skipped_tools", report ? report->skipped_tools() : Json::array());
  out.add("fallback", Json());
  out.add("clarification", routed != nullptr ? routed->clarification : Json());
  out.add("trace_durable", Json(true));
  out.add("replans", Json(0));
  out.add("next_actions", routed != nullptr ? as_array(routed->next_actions) : Json::array());
  out.add("duration_ms", Json::millis(elapsed_ms(request)));
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
  std::optional<Composed> composed;
  if (outcome.composed != nullptr) composed = std::move(*outcome.composed);
  return envelope_for(request, outcome, internal_texts(request), std::move(composed));
}

namespace {

Json internal_error_of(const Error& error) {
  return Json::object({{"code", Json(to_string(error.code))},
                       {"message", Json(error.message)},
                       {"detail", Json(error.detail)},
                       {"hint", Json(error.hint)}});
}

Json traced_calls(const Request& request, const Outcome& outcome, const run::Report& report, const Validated& validated,
                  const Executed& executed) {
  Json calls = report.trace_tool_calls();
  for (std::size_t i = 0; i < calls.size(); i++) {
    Json& call = calls.items()[i];
    call.add("plan_id", Json(outcome.validated->plan_id));
    const std::string& digest = executed.statement_digests[i];
    call.add("statement_digest", digest.empty() ? Json() : Json("sha256:" + digest));
    const registry::Tool& tool = *validated.tools[i];
    apply_recording(call, tool, recording(request, tool), executed.results[i].get(), executed.result_digests[i]);
  }
  return calls;
}

// Calls add(key, value) for each member of the trace, in order. `base` is the envelope everybody may read; its values
// are moved on.
template <class Add>
void each_member(const Request& request, const Outcome& outcome, Json base, Add&& add) {
  const bool planned = outcome.routed != nullptr && outcome.routed->plan.has_value();
  const bool ran = outcome.executed != nullptr && outcome.executed->run != nullptr && outcome.executed->run->finished();
  static const Json none;
  std::optional<run::Report> report;
  if (ran) report.emplace(report_of(request, *outcome.executed, false));
  for (auto& [key, value] : base.members()) {
    if (key != "tool_calls" || !ran) {
      add(key, std::move(value));
      continue;
    }
    Json calls = traced_calls(request, outcome, *report, *outcome.validated, *outcome.executed);
    if (outcome.recounted != nullptr) {
      const Recounted& again = *outcome.recounted;
      const run::Report second = report_of(request, again.executed, false);
      append(calls, traced_calls(request, outcome, second, again.validated, again.executed),
             report->execution_groups().size());
    }
    add(key, std::move(calls));
  }
  add("entry", Json(to_string(request.entry)));
  add("started_at", Json(iso_utc(request.started_wall_us)));
  add("actor_role", Json(request.identity.role_name));
  add("options", request.options.given);
  add("now", Json(iso_utc(request.now_us())));
  add("timezone", Json(request.options.timezone));
  add("stages", request.stages.stages());
  add("plan", planned ? *outcome.routed->plan : none);
  add("validated_plan", outcome.validated != nullptr ? to_json(outcome.validated->plan) : none);
  add("planner", outcome.routed != nullptr && outcome.routed->explain != nullptr ? *outcome.routed->explain : none);
  if (outcome.failure) add("internal_error", internal_error_of(*outcome.failure));
  add("spans", ran ? report->spans() : Json::array());
  if (ran && !outcome.failure) {
    Json internal = report_of(request, *outcome.executed, true).error();
    if (internal.is_object()) add("internal_error", std::move(internal));
  }
}

}  // namespace

Json trace_document(const Request& request, const Outcome& outcome, Json base) {
  // Everybody of the tenant reads the stored envelope, so it never says more than a user may know, whoever
  // asked; operators find the texts in internal_error.
  if (internal_texts(request) && !flawless(outcome)) {
    std::optional<Composed> composed;
    if (outcome.composed != nullptr) {
      composed.emplace();
      composed->answer = std::move(*base.find("answer"));
      composed->references = std::move(*base.find("references"));
    }
    Json for_everybody = envelope_for(request, outcome, false, std::move(composed));
    for_everybody.set("duration_ms", std::move(*base.find("duration_ms")));
    base = std::move(for_everybody);
  }
  std::vector<std::shared_ptr<const registry::Tool>> tools;
  if (outcome.validated != nullptr) {
    tools = outcome.validated->tools;
  } else if (outcome.routed != nullptr && outcome.routed->plan) {
    tools = tools_named(request, *outcome.routed->plan);
  }
  constexpr std::size_t kMembers = 43;
  Json document = Json::object();
  document.reserve(kMembers);
  each_member(request, outcome, std::move(base),
              [&document](std::string_view key, Json value) { document.add(key, std::move(value)); });
  hide_elsewhere(document, request, tools);
  abridge(document);
  return document;
}

}  // namespace pgops::ask
