// extension/pg/executor: one request from text to rows. See statement.hpp.
#include "extension/pg/executor/session.hpp"
#include "extension/pg/executor/statement.hpp"

#include "extension/pg/analysis/analysis.hpp"
#include "extension/pg/analysis/parse.hpp"
#include "extension/pg/analysis/gate.hpp"
#include "extension/pg/executor/cost.hpp"
#include "extension/pg/executor/parameters.hpp"
#include "extension/pg/executor/receiver.hpp"
#include "extension/pg/sync.hpp"

extern "C" {
#include "executor/executor.h"
#include "nodes/params.h"
#include "nodes/plannodes.h"
#include "tcop/tcopprot.h"
#include "utils/snapmgr.h"
}

namespace pgops::pg::executor {

namespace {

double ms_since(std::int64_t start_us) { return static_cast<double>(monotonic_us() - start_us) / 1000.0; }

pgops::Error error_of(const Error& error, CancelReason reason) {
  const std::string& state = error.sqlstate;
  const auto starts = [&state](const char* prefix) { return state.starts_with(prefix); };
  pgops::Error out{Code::tool_error, error.message, error.detail, error.hint};
  if (state == "57014") {
    switch (reason) {
      case CancelReason::timer: return {Code::tool_timeout, "the statement ran into its timeout", {}, {}};
      case CancelReason::administrator: return {Code::cancelled, "an administrator cancelled the statement", {}, {}};
      default: return {Code::cancelled, "the caller cancelled the statement", {}, {}};
    }
  }
  if (state == "42501") {
    out.code = Code::permission_denied;
    if (out.hint.empty()) out.hint = "Grant what is missing to the tool's run_as role.";
  } else if (starts("53") || state == "54000") {  // other 54 are shapes of the statement: columns, arguments, depth
    out.code = Code::result_too_large;
    if (out.hint.empty() && starts("53")) {
      out.hint = "The statement needs more memory or temporary space than an executor may use.";
    }
  } else if (starts("XX") || starts("58")) {
    out.code = Code::internal_error;
  }
  return out;
}

analysis::Context context_of(const Request& request) {
  analysis::Context context;
  context.role = request.run_as;
  context.monitor = request.monitor;
  context.will_run = request.kind == TaskKind::run;
  return context;
}

void describe(const analysis::Prepared& prepared, Response& response) {
  Json parameters = Json::array();
  for (const analysis::Parameter& parameter : prepared.verdict.parameters) {
    Json one = Json::object();
    one.set("name", Json(parameter.name));
    one.set("type", Json(parameter.type_name));
    parameters.push_back(std::move(one));
  }
  Query* query = linitial_node(Query, prepared.queries);
  const char* columns = call([=] {
    StringInfoData out;
    initStringInfo(&out);
    append_columns(&out, ExecCleanTypeFromTL(query->targetList));
    return static_cast<const char*>(out.data);
  });
  response.details = Json::object();
  response.details.set("parameters", std::move(parameters));
  if (auto parsed = Json::parse(columns)) response.details.set("columns", *std::move(parsed));
  Json relations = Json::array();
  for (const std::string& relation : prepared.verdict.relations) relations.push_back(Json(relation));
  response.details.set("relations", std::move(relations));
  response.ok = true;
}

// What one statement may be judged again because definitions change while it is prepared.
constexpr int kAttempts = 5;

// False when definitions changed since `judged_at`: nothing has run, the verdict may be another by now.
bool run_query(const Request& request, const analysis::Prepared& prepared, std::optional<std::uint64_t> judged_at,
               Response& response) {
  std::int64_t begun = monotonic_us();
  ParamListInfo params = bind_parameters(prepared, request.args);
  Query* query = linitial_node(Query, prepared.queries);
  const char* sql = prepared.text.sql.c_str();
  const bool capped = request.max_cost.has_value();  // the planner takes its query apart
  const Query* unplanned = call([=] { return capped ? static_cast<Query*>(copyObjectImpl(query)) : nullptr; });
  PlannedStmt* plan = call([=] { return pg_plan_query(query, sql, CURSOR_OPT_PARALLEL_OK, params); });
  response.plan_ms = ms_since(begun);
  if (plan->commandType != CMD_SELECT || plan->hasModifyingCTE || plan->utilityStmt != nullptr) {
    response.error = {Code::sql_blocked, "the plan is no plain SELECT", {}, {}};
    response.rule = "node_not_allowed";
    return true;
  }
  if (request.max_cost && cost_without_values(plan, unplanned, sql, params) > *request.max_cost) {
    response.error = {Code::policy_deny,
                      "the planner estimates a cost above the policy's max_cost",
                      {},
                      "Restrict the question, add an index, or raise max_cost in the tool's policy."};
    return true;
  }

  begun = monotonic_us();
  const int64 max_rows = request.max_rows;
  const int64 max_bytes = request.max_bytes;
  struct Output {
    Receiver* receiver;
    const char* columns;
    bool outdated;
  } output = {};
  Output* into = &output;
  call([=] {
    StringInfoData columns;
    initStringInfo(&columns);
    append_columns(&columns, ExecCleanTypeFromTL(query->targetList));
    into->columns = columns.data;
    into->receiver = make_receiver(max_rows, max_bytes);
    QueryDesc* running =
        CreateQueryDesc(plan, sql, GetActiveSnapshot(), InvalidSnapshot, &into->receiver->pub, params, nullptr, 0);
    ExecutorStart(running, 0);  // looks up steps of aggregates, functions behind operators, checks of domains
    into->outdated = judged_at && *judged_at != analysis::definition_moment();
    if (!into->outdated) ExecutorRun(running, ForwardScanDirection, 0, true);
    ExecutorFinish(running);
    ExecutorEnd(running);
    FreeQueryDesc(running);
  });
  if (output.outdated) return false;
  response.execute_ms = ms_since(begun);
  const Receiver& receiver = *output.receiver;
  if (receiver.too_large) {
    response.error = {Code::result_too_large,
                      "the result is larger than " + std::to_string(request.max_bytes) + " bytes",
                      {},
                      "Select fewer or smaller columns, or raise max_bytes in the tool's policy."};
    return true;
  }
  response.row_count = receiver.row_count;
  response.truncated = receiver.truncated;
  response.bytes = receiver.rows.len;
  std::string& result = response.result;
  const auto rows_length = static_cast<std::size_t>(receiver.rows.len);
  result.reserve(rows_length + 256);
  result = "{\"columns\":";
  result += output.columns;
  result += ",\"rows\":[";
  result.append(receiver.rows.data, rows_length);
  result += "],\"row_count\":" + std::to_string(receiver.row_count);
  result += receiver.truncated ? ",\"truncated\":true}" : ",\"truncated\":false}";
  response.ok = true;
  return true;
}

bool run_behind_gate(const Request& request, const analysis::Prepared& prepared, std::uint64_t judged_at,
                     Response& response) {
  const analysis::Gate gate(analysis::GateMode::verdict);
  try {
    return run_query(request, prepared, judged_at, response);
  } catch (const Error& error) {
    // A function may have caught the refusal and failed otherwise afterwards.
    if (error.sqlstate != "42501" || !analysis::gate_refused()) throw;
    // A judgement; the transaction is rolled back in any case.
    response = Response{};
    response.error = {Code::sql_blocked, error.message, {}, error.hint};
    response.rule = "function_not_allowed";
    response.object = analysis::gate_refusal().object;
    response.remedy = analysis::gate_refusal().remedy;
    return true;
  }
}

// A statement of our own text under a role of the application: read only, capped, rolled back, and not judged,
// because what the application reads without us is the question.
void run_probe(const Request& request, Response& response) {
  analysis::Prepared prepared;
  prepared.text.sql = request.sql;
  prepared.queries = analysis::analyse_and_rewrite(request.sql.c_str(), {});
  (void)run_query(request, prepared, std::nullopt, response);
}

// False when it has to be judged again.
bool judge_and_run(const Request& request, Response& response) {
  const std::int64_t begun = monotonic_us();
  const std::uint64_t judged_at = analysis::definition_moment();
  const analysis::Prepared prepared = analysis::prepare(request.sql, request.parameter_types, context_of(request));
  response.analyse_ms = ms_since(begun);
  if (!prepared.verdict.allowed) {
    response.error = {prepared.verdict.code, prepared.verdict.message, {}, prepared.verdict.hint};
    response.rule = prepared.verdict.rule;
    response.object = prepared.verdict.object;
    response.remedy = prepared.verdict.remedy;
    response.position = prepared.verdict.position;
    return true;
  }
  if (request.kind != TaskKind::describe) return run_behind_gate(request, prepared, judged_at, response);
  describe(prepared, response);
  return true;
}

void run_in_transaction(const Request& request, Response& response) {
  if (request.kind == TaskKind::check) {
    response.details = analysis::check_full(request.sql, request.parameter_types, context_of(request));
    response.ok = true;
    return;
  }
  if (request.kind == TaskKind::probe) {
    run_probe(request, response);
    return;
  }
  for (int attempt = 0; attempt < kAttempts; attempt++) {
    if (judge_and_run(request, response)) return;
  }
  response.error = {Code::tool_error,
                    "functions, operators, casts or constraints changed each time the statement was prepared",
                    {},
                    "Ask again when the changes to the database's definitions are over."};
}

}  // namespace

Response execute(const Request& request, std::uint64_t task_id) {
  Response response;
  const auto refuse = [&response](pgops::Error error, const std::string& sqlstate, int position) {
    response = Response{};
    response.error = std::move(error);
    response.sqlstate = sqlstate;
    response.position = position;
  };
  try {
    const TaskTransaction transaction(request, task_id);
    try {
      run_in_transaction(request, response);
    } catch (const Error& error) {
      refuse(error_of(error, cancel_reason()), error.sqlstate, error.cursor_position);
    } catch (const Failure& failure) {
      refuse(failure.error, {}, 0);
    } catch (const std::bad_alloc&) {
      refuse({Code::result_too_large, "out of memory", {}, "Raise pg_ops.executor_memory or restrict the statement."},
             "53200", 0);
    }
  } catch (const Error& error) {
    refuse(error_of(error, CancelReason::caller), error.sqlstate, 0);
  }
  return response;
}

}  // namespace pgops::pg::executor
