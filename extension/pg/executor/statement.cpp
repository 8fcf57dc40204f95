// extension/pg/executor: the wire form of requests and responses between backend and executor.
#include "extension/pg/executor/statement.hpp"

namespace pgops::pg::executor {

namespace {

std::string_view kind_name(TaskKind kind) noexcept {
  switch (kind) {
    case TaskKind::run: return "run";
    case TaskKind::describe: return "describe";
    case TaskKind::check: return "check";
    case TaskKind::probe: return "probe";
  }
  return "run";
}

pgops::Error malformed() {
  return {Code::internal_error, "a message between backend and executor is malformed", {}, {}};
}

}  // namespace

std::string Request::encode() const {
  Json out = Json::object();
  out.set("kind", Json(kind_name(kind)));
  out.set("parameter_types", parameter_types);
  out.set("tenant", Json(tenant));
  out.set("run_as", Json(std::int64_t{run_as}));
  out.set("monitor", Json(monitor));
  out.set("timeout_ms", Json(timeout_ms));
  out.set("max_rows", Json(max_rows));
  out.set("max_bytes", Json(max_bytes));
  out.set("max_cost", max_cost ? Json::number(*max_cost) : Json());
  out.set("timezone", Json(timezone));
  out.set("now_us", Json(now_us));
  out.set("label", Json(label));
  out.set("sql_bytes", Json(static_cast<std::int64_t>(sql.size())));
  // SQL and arguments follow verbatim: escaping and unescaping them would cost more than all the rest.
  std::string text = out.dump();
  text.reserve(text.size() + sql.size() + args.size() + 1);
  text += '\n';
  text += sql;
  text += args;
  return text;
}

Result<Request> Request::decode(std::string_view text) {
  const auto line = text.find('\n');
  if (line == std::string_view::npos) return malformed();
  auto parsed = Json::parse(text.substr(0, line));
  if (!parsed) return malformed();
  const Json& in = *parsed;
  const auto sql_bytes = in["sql_bytes"].as_int().value_or(-1);
  const std::string_view rest = text.substr(line + 1);
  if (sql_bytes < 0 || static_cast<std::size_t>(sql_bytes) > rest.size()) return malformed();
  Request out;
  const std::string_view kind = in["kind"].string_or("");
  if (kind == "run") {
    out.kind = TaskKind::run;
  } else if (kind == "describe") {
    out.kind = TaskKind::describe;
  } else if (kind == "check") {
    out.kind = TaskKind::check;
  } else if (kind == "probe") {
    out.kind = TaskKind::probe;
  } else {
    return malformed();
  }
  out.sql = std::string(rest.substr(0, static_cast<std::size_t>(sql_bytes)));
  out.args = std::string(rest.substr(static_cast<std::size_t>(sql_bytes)));
  out.parameter_types = in["parameter_types"];
  out.tenant = std::string(in["tenant"].string_or(""));
  out.run_as = static_cast<std::uint32_t>(in["run_as"].as_int().value_or(0));
  out.monitor = in["monitor"].as_bool();
  out.timeout_ms = in["timeout_ms"].as_int().value_or(0);
  out.max_rows = in["max_rows"].as_int().value_or(0);
  out.max_bytes = in["max_bytes"].as_int().value_or(0);
  out.max_cost = in["max_cost"].as_double();
  out.timezone = std::string(in["timezone"].string_or(""));
  out.now_us = in["now_us"].as_int().value_or(0);
  out.label = std::string(in["label"].string_or(""));
  return out;
}

std::string Response::encode() const {
  Json out = Json::object();
  out.set("ok", Json(ok));
  if (!ok) {
    Json problem = Json::object();
    problem.set("code", Json(to_string(error.code)));
    problem.set("message", Json(error.message));
    problem.set("detail", Json(error.detail));
    problem.set("hint", Json(error.hint));
    out.set("error", std::move(problem));
    out.set("sqlstate", Json(sqlstate));
    out.set("rule", Json(rule));
    out.set("object", Json(object));
    out.set("remedy", Json(remedy));
    out.set("position", Json(position));
  }
  out.set("row_count", Json(row_count));
  out.set("truncated", Json(truncated));
  out.set("bytes", Json(bytes));
  out.set("analyse_ms", Json::millis(analyse_ms));
  out.set("plan_ms", Json::millis(plan_ms));
  out.set("execute_ms", Json::millis(execute_ms));
  if (!details.is_null()) out.set("details", details);
  std::string text = out.dump();
  text += '\n';
  text += result;
  return text;
}

Result<Response> Response::decode(std::string_view text) {
  const auto line = text.find('\n');
  if (line == std::string_view::npos) return malformed();
  auto parsed = Json::parse(text.substr(0, line));
  if (!parsed) return malformed();
  const Json& in = *parsed;
  Response out;
  out.ok = in["ok"].as_bool();
  if (!out.ok) {
    const Json& problem = in["error"];
    out.error.code = code_from_name(problem["code"].string_or("")).value_or(Code::internal_error);
    out.error.message = std::string(problem["message"].string_or(""));
    out.error.detail = std::string(problem["detail"].string_or(""));
    out.error.hint = std::string(problem["hint"].string_or(""));
    out.sqlstate = std::string(in["sqlstate"].string_or(""));
    out.rule = std::string(in["rule"].string_or(""));
    out.object = std::string(in["object"].string_or(""));
    out.remedy = std::string(in["remedy"].string_or(""));
    out.position = static_cast<int>(in["position"].as_int().value_or(0));
  }
  out.row_count = in["row_count"].as_int().value_or(0);
  out.truncated = in["truncated"].as_bool();
  out.bytes = in["bytes"].as_int().value_or(0);
  out.analyse_ms = in["analyse_ms"].as_double().value_or(0);
  out.plan_ms = in["plan_ms"].as_double().value_or(0);
  out.execute_ms = in["execute_ms"].as_double().value_or(0);
  out.details = in["details"];
  out.result = std::string(text.substr(line + 1));
  return out;
}

}  // namespace pgops::pg::executor
