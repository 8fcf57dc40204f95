// extension/pg/analysis: the analysis guard, layer 2 of the SQL statement guard. Includes postgres.h; for
// extension/pg only.
//
// prepare() takes a tool's text to the rewritten Query that may be planned and run, in the session and
// under the role that will run it: named parameters, parse guard, the server's own parser, inference of
// parameter types, analysis with fixed types, rewriting, and the walk over exactly that Query. Nothing
// may be planned but `queries` of an allowed verdict: a second parse is a tree nobody walked.
//
// Precondition: a transaction with an active snapshot, search_path = pg_catalog, row_security and
// standard_conforming_strings on, GetUserId() is the executing role. Server errors (unknown column,
// missing grant) are thrown as pg::Error with cursor_position in characters of the user's text. After an
// error and after a refusal the transaction must be rolled back.
#pragma once

#include "extension/pg/door.hpp"

#include "core/json.hpp"
#include "guard/params.hpp"

extern "C" {
#include "nodes/pg_list.h"
}

namespace pgops::pg::analysis {

// Longer ones are refused unseen.
inline constexpr std::size_t kMaxStatementBytes = 32768;

struct Context {
  Oid role = InvalidOid;  // the executing role
  bool monitor = false;   // tenant system and run_as ops_stats: class monitor is allowed
  bool will_run = true;   // false: nothing follows, so what only planning can tell is found out here
};

struct Parameter {
  std::string name;
  Oid type = InvalidOid;
  std::string type_name;
};

struct Verdict {
  bool allowed = false;
  Code code = Code::sql_blocked;  // or tenant_mismatch
  std::string rule;               // stable
  std::string message;            // lower case, no period; may name relations and functions
  std::string hint;
  std::string object;                  // the function or relation that was refused, if it was one
  std::string remedy;                  // the SQL statement that would allow it, if there is one
  int position = 0;                    // 1-based character of the user's text; 0 = no place
  std::vector<std::string> relations;  // schema.name
  std::vector<std::string> functions;  // schema.name, built-in operators and casts left out
  std::vector<Parameter> parameters;

  pgops::Error error() const { return pgops::Error{code, message, {}, hint}; }
  // The object that ops.check_sql returns; line and column are places in the user's text, which must be given.
  Json to_json(std::string_view user_sql) const;
};

struct Prepared {
  Verdict verdict;
  guard::Rewritten text;             // text.sql is what `queries` was made of
  List* queries = nullptr;           // one CMD_SELECT Query; nullptr unless allowed
  std::vector<Oid> parameter_types;  // of $1, $2, ...
};

// `schema_types`: {"name": "string|date-time|integer|number|boolean"} of the input schema, or null when
// there is none: then every name is welcome, and one whose type cannot be inferred is refused.
Prepared prepare(std::string_view user_sql, const Json& schema_types, const Context& context);

// ops.check_sql(level full): the verdict as JSON, also for what the server refuses. Throws only what is
// no judgement on the statement: cancels, exhausted memory, internal errors.
Json check_full(std::string_view user_sql, const Json& schema_types, const Context& context);

// ops.check_sql(level syntax): the parse tree alone; no catalog, no transaction needed.
Verdict check_syntax(std::string_view user_sql, bool monitor);

}  // namespace pgops::pg::analysis
