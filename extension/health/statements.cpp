// extension/health: pg_stat_statements. See statements.hpp.
//
// The view is taken from the extension's own members, never by its name alone: anybody who may create something
// in a schema can call it pg_stat_statements. Statements that set passwords keep their text there, so they are marked.
#include "extension/health/statements.hpp"

#include <map>

namespace pgops::health {

namespace {

constexpr const char* kFind =
    "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname),"
    "       EXISTS (SELECT FROM pg_catalog.pg_settings g WHERE g.name OPERATOR(pg_catalog.=) 'pg_stat_statements.max'),"
    "       pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT'),"
    "       EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid"
    "                AND a.attname OPERATOR(pg_catalog.=) 'total_exec_time')"
    "  FROM pg_catalog.pg_extension e"
    "  JOIN pg_catalog.pg_depend d ON d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass"
    "   AND d.refobjid OPERATOR(pg_catalog.=) e.oid AND d.deptype OPERATOR(pg_catalog.=) 'e'"
    "   AND d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass"
    "  JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) d.objid"
    "   AND c.relname OPERATOR(pg_catalog.=) 'pg_stat_statements' AND c.relkind OPERATOR(pg_catalog.=) 'v'"
    "  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
    " WHERE e.extname OPERATOR(pg_catalog.=) 'pg_stat_statements'";

std::string statement_over(const std::string& view) {
  return "SELECT s.query, s.calls, s.total_exec_time::pg_catalog.numeric, s.mean_exec_time::pg_catalog.numeric,"
         "       s.max_exec_time::pg_catalog.numeric, s.rows, s.shared_blks_hit, s.shared_blks_read, s.temp_blks_written,"
         "       s.query OPERATOR(pg_catalog.~*) 'password'"
         "  FROM " +
         view +
         " s"
         " WHERE s.query IS NOT NULL AND s.dbid OPERATOR(pg_catalog.=)"
         "       (SELECT d.oid FROM pg_catalog.pg_database d"
         "         WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())";
}

// Plans are kept by the address and text of their statement, so each text is kept as well; there is one for each
// schema the extension has ever been in.
const char* kept(std::string statement) {
  static auto* const statements = new std::map<std::string, std::string>();
  return statements->try_emplace(statement, statement).first->second.c_str();
}

}  // namespace

StatementStatistics statement_statistics() {
  const pg::spi::Rows found = pg::spi::query(kFind);
  StatementStatistics out;
  if (found.empty()) {
    out.state = "not created";
    return out;
  }
  const auto& row = found.rows.front();
  const auto says = [&](std::size_t column) { return row[column].value_or("f").starts_with("t"); };
  out.state = !says(1) ? "not preloaded" : !says(2) ? "not readable" : !says(3) ? "too old" : "ok";
  if (out.state == "ok") out.rows = pg::spi::query(kept(statement_over(*row[0])));
  return out;
}

}  // namespace pgops::health
