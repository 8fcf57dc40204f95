// extension/ask: SQL tools. See call_sql.hpp.
#include "extension/ask/call_sql.hpp"

#include <algorithm>
#include <utility>

#include "core/digest.hpp"
#include "core/model/sql.hpp"
#include "core/nearest.hpp"
#include "core/utf8.hpp"
#include "extension/pg/executor/statement.hpp"
#include "extension/registry/models.hpp"
#include "extension/registry/tool_spec.hpp"
#include "guard/params.hpp"
#include "guard/parse_guard.h"

namespace pgops::ask {

namespace {

// The one place where a refusal of the guard enters the trace; ops.guard_refusals counts these.
Json refusal_of(const pg::executor::Response& response) {
  if (response.rule.empty()) return {};
  const auto or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  Json out = Json::object();
  out.set("rule", Json(response.rule));
  out.set("object", or_null(response.object));
  out.set("position", response.position > 0 ? Json(response.position) : Json());
  out.set("remedy", or_null(response.remedy));
  return out;
}

Error bad_argument(std::string message, std::string hint) {
  return {Code::tool_bad_request, std::move(message), {}, std::move(hint)};
}

// What a parameter without any typed use takes from its value, as a property of a schema would say it.
const char* type_of_value(const Json& value) noexcept {
  if (value.is_bool()) return "boolean";
  if (value.is_number()) return value.as_int() ? "integer" : "number";
  return value.is_string() || value.is_null() ? "string" : "";
}

// A statement that came as an argument: its parameters are those it names, all of them given, no others.
Status take_statement(const Json& args, pg::executor::Request& request) {
  request.sql = args["sql"].text();
  if (request.sql.size() > OPSGUARD_MAX_BYTES) request.sql.resize(OPSGUARD_MAX_BYTES + 1);  // as wrong as all of it
  const Json& given = args["args"];
  request.parameter_types = Json::object();
  const auto text = guard::rewrite_params(request.sql);
  if (!text.ok) return Unit{};  // the executor's guard says why
  for (const auto& [name, value] : given.members()) {
    if (std::find(text.names.begin(), text.names.end(), name) != text.names.end()) continue;
    const std::vector<std::string_view> names(text.names.begin(), text.names.end());
    return bad_argument(
        "args has \"" + std::string(utf8_truncate(name, 80)) + "\", which the statement does not use",
        names.empty() ? "The statement has no parameters; they are written :name." : nearest_hint(name, names));
  }
  for (const std::string& name : text.names) {
    const Json* value = given.find(name);
    if (value == nullptr) {
      return bad_argument("the statement's parameter :" + name + " has no argument",
                          "Pass it in args; null gives NULL.");
    }
    request.parameter_types.set(name, Json(type_of_value(*value)));
  }
  request.args = given.is_null() ? "{}" : given.dump();
  return Unit{};
}

// A column, table, schema, operator or type that the model names is not there any more.
bool no_longer_fits(std::string_view sqlstate) noexcept {
  return sqlstate == "42703" || sqlstate == "42P01" || sqlstate == "3F000" || sqlstate == "42883" ||
         sqlstate == "42804";
}

}  // namespace

Result<Json> complete_args(const registry::Tool& tool, const Json& args) {
  if (tool.model != nullptr) {
    auto frame = model::parse_frame(args, tool.model->model);
    if (frame) return args;
    return Error{Code::tool_bad_request, "the frame is not as " + tool.name + " wants it: " + frame.error().message,
                 frame.error().message, frame.error().hint};
  }
  Json complete = args;
  if (!tool.input_schema) return complete;
  tool.input_schema->apply_defaults(complete);
  const auto problems = tool.input_schema->validate(complete);
  if (problems.empty()) return complete;
  return Error{Code::tool_bad_request, "the arguments of tool " + tool.name + " are not as its schema wants them",
               to_text(problems), "ops.assets shows the tool's input_schema."};
}

Result<runtime::TaskHandle> start_sql(const CallContext& context, std::string& digest) {
  const registry::Tool& tool = context.tool;
  auto args = complete_args(tool, context.args);
  if (!args) return args.error();
  auto role = registry::run_as_role(tool);
  if (!role) return role.error();
  pg::executor::Request request;
  request.kind = pg::executor::TaskKind::run;
  if (tool.model != nullptr) {
    auto frame = model::parse_frame(*args, tool.model->model);
    if (!frame) return frame.error();
    const model::Statement statement = model::to_sql(*frame, tool.model->model);
    request.sql = statement.sql;
    request.args = statement.args.dump();
    request.parameter_types = statement.types;
  } else if (tool.direct) {
    if (Status taken = take_statement(*args, request); !taken) return taken.error();
  } else {
    request.sql = tool.spec["sql"]["query"].text();
    request.args = args->dump();
    request.parameter_types = tool.parameter_types;
  }
  request.tenant = context.request.identity.tenant;
  request.run_as = *role;
  request.monitor = tool.tenant == tenancy::kSystemTenant && tool.run_as == "ops_stats" && !tool.direct;
  request.timeout_ms = (context.timeout + 999) / 1000;
  request.max_rows = tool.policy->max_rows;
  request.max_bytes = tool.policy->max_bytes;
  request.max_cost = tool.policy->max_cost;
  request.timezone = context.request.options.timezone;
  request.now_us = context.request.options.now_us.value_or(0);
  request.label = "pg_ops tool " + tool.name;
  digest = tool.direct || tool.model != nullptr ? sha256_hex(request.sql) : tool.statement_digest;
  return runtime::submit_task(context.request.database_index, *role, request.encode());
}

FinishedCall finish_sql(const registry::Tool& tool, runtime::TaskOutcome& outcome) {
  FinishedCall finished;
  run::Failed failed;
  if (!outcome.ok) {
    failed.error = std::move(outcome.error);
    finished.outcome = std::move(failed);
    return finished;
  }
  auto response = pg::executor::Response::decode(outcome.payload);
  if (!response) {
    failed.error = response.error();
    finished.outcome = std::move(failed);
    return finished;
  }
  Json timing = Json::object();
  timing.set("queue_ms", Json::millis(static_cast<double>(outcome.started_us - outcome.queued_us) / 1000.0));
  timing.set("analyse_ms", Json::millis(response->analyse_ms));
  timing.set("plan_ms", Json::millis(response->plan_ms));
  timing.set("execute_ms", Json::millis(response->execute_ms));
  if (!response->ok) {
    failed.error = response->error;
    if (tool.model != nullptr && no_longer_fits(response->sqlstate)) {
      failed.error = {Code::asset_load_failed,
                      tool.name + " no longer fits its table: " + response->error.message,
                      {},
                      "Its table was changed after the model was published: publish a corrected version."};
    }
    failed.sqlstate = response->sqlstate;
    failed.refusal = refusal_of(*response);
    finished.refused_by = response->rule;
    failed.timing = std::move(timing);
    finished.outcome = std::move(failed);
    return finished;
  }
  auto parsed = Json::parse(response->result);
  if (!parsed) {
    failed.error = {Code::tool_error, "the result cannot be represented: " + parsed.error().message, {}, {}};
    finished.outcome = std::move(failed);
    return finished;
  }
  run::Succeeded ok;
  ok.row_count = static_cast<std::uint64_t>(response->row_count);
  ok.truncated = response->truncated;
  ok.bytes = static_cast<std::uint64_t>(response->bytes);
  ok.timing = std::move(timing);
  finished.result = std::make_shared<const Json>(*std::move(parsed));
  finished.outcome = std::move(ok);
  return finished;
}

}  // namespace pgops::ask
