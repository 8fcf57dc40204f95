// extension/pg/executor: what one task of an executor is, and how it is run. Free of postgres.h.
//
// The order of things inside one task is the security model: transaction READ ONLY, tenant set, role
// switched without a way back, one timer over everything; analysis, the walk over exactly the Query that
// is then planned and run; our own receiver with row and byte caps; always rolled back; session reset.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/json.hpp"

namespace pgops::pg::executor {

enum class TaskKind : std::uint8_t {
  run,       // analyse, judge, plan, execute
  describe,  // analyse and judge: parameter types and result columns, nothing executed
  check,     // ops.check_sql(full): the verdict as JSON, never an error for bad SQL
  probe,     // ops.prove_isolation: a statement of our own making, run without the guard
};

struct Request {
  TaskKind kind = TaskKind::run;
  std::string sql;          // the user's text, with :name parameters
  std::string args = "{}";  // JSON object
  Json parameter_types;     // {"name": "string|date-time|integer|number|boolean"} of the input schema
  std::string tenant;
  std::uint32_t run_as = 0;
  bool monitor = false;  // tenant system and run_as ops_stats: functions of class monitor are allowed
  std::int64_t timeout_ms = 30000;
  std::int64_t max_rows = 10000;
  std::int64_t max_bytes = 10 << 20;
  std::optional<double> max_cost;
  std::string timezone;     // empty: the server's
  std::int64_t now_us = 0;  // frozen clock, microseconds since 1970; 0: the real one
  std::string label;        // what pg_stat_activity shows: the tool's name

  std::string encode() const;
  static Result<Request> decode(std::string_view text);
};

struct Response {
  bool ok = false;
  pgops::Error error;
  std::string sqlstate;  // of the server's error, when there was one
  std::string rule;      // of the guard, when it refused
  std::string object;    // what it refused: a function or relation
  std::string remedy;    // the SQL statement that would allow it
  int position = 0;      // characters into the user's text, 1-based; 0 unknown
  std::int64_t row_count = 0;
  bool truncated = false;
  std::int64_t bytes = 0;
  double analyse_ms = 0;
  double plan_ms = 0;
  double execute_ms = 0;
  Json details;        // describe: {"parameters":[..],"columns":[..]}; check: the verdict
  std::string result;  // run: the tool result as JSON text

  std::string encode() const;
  static Result<Response> decode(std::string_view text);
};

// Pins settings and memory of this process; once, after the connection is made.
void prepare_process();
// Runs one request. Never throws for what the statement did; lets termination end the process.
Response execute(const Request& request, std::uint64_t task_id);

// What SIGINT is compared with: set around a task under the slot's rules.
void set_cancel_source(const volatile std::uint64_t* cancel_task_id) noexcept;

}  // namespace pgops::pg::executor
