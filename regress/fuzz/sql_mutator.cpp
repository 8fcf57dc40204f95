// regress/fuzz: see sql_mutator.hpp. The word lists hold what the guard decides about, beside ordinary words.
#include "regress/fuzz/sql_mutator.hpp"

#include <algorithm>
#include <cctype>

namespace pgops::fuzz {

namespace {

constexpr const char* kKeywords[] = {
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP BY",
    "HAVING",
    "ORDER BY",
    "LIMIT",
    "OFFSET",
    "FETCH FIRST 1 ROWS WITH TIES",
    "UNION ALL",
    "INTERSECT",
    "EXCEPT",
    "WITH",
    "WITH RECURSIVE",
    "AS",
    "AS MATERIALIZED",
    "LATERAL",
    "JOIN",
    "LEFT JOIN",
    "NATURAL JOIN",
    "CROSS JOIN",
    "FULL JOIN",
    "ON true",
    "USING (id)",
    "INTO",
    "INTO TEMP x",
    "FOR UPDATE",
    "FOR NO KEY UPDATE OF t",
    "FOR SHARE",
    "FOR KEY SHARE SKIP LOCKED",
    "INSERT INTO t VALUES (1)",
    "UPDATE t SET a = 1",
    "DELETE FROM t",
    "RETURNING *",
    "VALUES (1)",
    "TABLE t",
    "TABLESAMPLE system (1)",
    "ROWS FROM (f(1), g(2))",
    "WITH ORDINALITY",
    "ONLY",
    "DISTINCT ON (a)",
    "ALL",
    "GROUPING SETS ((a), ())",
    "ROLLUP (a, b)",
    "CUBE (a)",
    "OVER (PARTITION BY a ORDER BY b)",
    "OVER w",
    "WINDOW w AS (ORDER BY a)",
    "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES",
    "FILTER (WHERE true)",
    "WITHIN GROUP (ORDER BY a)",
    "CASE WHEN",
    "THEN",
    "ELSE",
    "END",
    "IN",
    "NOT",
    "AND",
    "OR",
    "IS NULL",
    "IS DISTINCT FROM",
    "BETWEEN SYMMETRIC",
    "LIKE",
    "ILIKE",
    "SIMILAR TO",
    "ESCAPE",
    "COLLATE \"C\"",
    "AT TIME ZONE 'UTC'",
    "ANY",
    "SOME",
    "EXISTS",
    "ARRAY",
    "ROW",
    "NULL",
    "TRUE",
    "DEFAULT",
    "COPY t TO PROGRAM 'id'",
    "DO $$BEGIN END$$",
    "CREATE TABLE x AS",
    "EXPLAIN ANALYZE",
    "SET ROLE x",
    "LISTEN a",
    "NOTIFY a",
    "CALL p()",
    "PREPARE p AS",
    "DECLARE c CURSOR FOR",
    "SEARCH DEPTH FIRST BY a SET o",
    "CYCLE a SET c USING p",
    "OPERATOR(pg_catalog.+)",
    "OPERATOR(x.=)",
    "INTERVAL '1' DAY",
    "XMLELEMENT(NAME a, b)",
    "XMLTABLE('/a' PASSING x COLUMNS b text)",
    "MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE",
    "BEGIN",
    "COMMIT",
    "GRANT SELECT ON t TO x",
};
constexpr const char* kFunctions[] = {
    "count",
    "sum",
    "lower",
    "pg_catalog.upper",
    "coalesce",
    "nullif",
    "greatest",
    "now",
    "generate_series",
    "unnest",
    "jsonb_build_object",
    "string_agg",
    "percentile_cont",
    "row_number",
    "lag",
    "pg_sleep",
    "pg_catalog.pg_sleep",
    "\"pg_sleep\"",
    "\"PG_SLEEP\"",
    "U&\"pg\\005fsleep\"",
    "set_config",
    "lo_import",
    "lo_create",
    "lo_unlink",
    "pg_read_file",
    "pg_ls_dir",
    "query_to_xml",
    "table_to_xml",
    "dblink",
    "nextval",
    "setval",
    "pg_notify",
    "pg_advisory_lock",
    "pg_terminate_backend",
    "current_setting",
    "txid_current",
    "pg_stat_reset",
    "ts_stat",
    "database_to_xml",
    "pg_logical_emit_message",
    "pg_export_snapshot",
    "x.y",
    "a.b.c",
    "ops.query",
    "pg_blocking_pids",
    "pg_database_size",
    "format",
    "regexp_replace",
};
constexpr const char* kRelations[] = {
    "shop.orders",
    "orders",
    "t",
    "public.\"T\"",
    "pg_authid",
    "pg_catalog.pg_shadow",
    "pg_class",
    "information_schema.tables",
    "ops.trace_store",
    "pg_temp.x",
    "db.shop.orders",
    "pg_stat_activity",
    "\"select\"",
    "ONLY shop.orders",
    "shop.orders *",
};
constexpr const char* kTypes[] = {"int",
                                  "text",
                                  "numeric(10,2)",
                                  "regclass",
                                  "jsonb",
                                  "int[]",
                                  "pg_catalog.oid",
                                  "timestamptz",
                                  "x.t",
                                  "varchar(3)",
                                  "int[][3]",
                                  "setof int",
                                  "t.a%TYPE",
                                  "interval day to second",
                                  "bit varying(5)",
                                  "\"char\""};
constexpr const char* kLiterals[] = {
    "0",
    "1",
    "-1",
    "1.5e10",
    ".5",
    "12345678901234567890",
    "''",
    "'a'",
    "'it''s'",
    "E'\\''",
    "E'\\x27'",
    "U&'\\0027' UESCAPE '!'",
    "$$a$$",
    "$q$;DROP TABLE t;$q$",
    "$a$ $b$ $a$",
    "B'101'",
    "X'1F'",
    "N'x'",
    "NULL",
    "TRUE",
    "$1",
    "$2",
    "1e200000",
    "$0",
    "$99999",
    ":x",
    "*",
    "t.*",
    "'\xED\x95\x9C\xEA\xB8\x80'",
    "\"\xC3\xA9\"",
    "DATE '2026-01-01'",
    "'a'\n'b'",
    "0x1F",
    "1_000",
    "ARRAY[1,2]",
    "(1,2)",
    "'{}'::jsonb",
};
constexpr const char* kOperators[] = {"+",   "-",  "*",  "/",  "%",   "^",  "||", "=",   "<>", "!=",  "<", ">=", "->",
                                      "->>", "#>", "@>", "?",  "?|",  "&&", "~",  "!~*", "~~",

                                      "::",  ":=", "=>", "@@", "<->", "|/", "!!", "@",   "#",  "<<=", ".", "..", "..."};
constexpr const char* kSpaces[] = {" ",    "\n",     "\t",    "\r\n",  "\f", "/**/",    "/* a /* b */ c */",
                                   "--\n", "-- ;\n", "/*'*/", "--'\n", "\v", "\xC2\xA0"};
constexpr const char* kScraps[] = {"(",
                                   ")",
                                   "[",
                                   "]",
                                   ",",
                                   ";",
                                   "; SELECT 1",
                                   ";;",
                                   "'",
                                   "\"",
                                   "$$",
                                   "$a$",
                                   "/*",
                                   "*/",
                                   "--",
                                   "\\",
                                   "\xC3",
                                   "\xED\xA0\x80",
                                   "\xF0\x9F\x98\x80",
                                   "\xEF\xBB\xBF",
                                   "\x01",
                                   "{",
                                   "}",
                                   "@",
                                   "`",
                                   "E'",
                                   "U&\"",
                                   ":",
                                   "::",
                                   "$",
                                   "\xE2\x80\xAE"};

// How many at the front of each list no rule refuses.
constexpr std::size_t kCleanFunctions = 15;
constexpr std::size_t kCleanRelations = 4;
constexpr std::size_t kCleanTypes = 6;
constexpr std::size_t kCleanLiterals = 22;
constexpr std::size_t kCleanOperators = 22;
constexpr std::size_t kLong = 1'500;  // bytes

bool is_word(unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c >= 0x80; }

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += part;
  return out;
}

}  // namespace

std::vector<std::string> SqlMutator::tokens(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '\'' || c == '"') {
      while (end < text.size() && text[end] != text[i]) end++;
      end = std::min(end + 1, text.size());
    } else if (is_word(c)) {
      while (end < text.size() && is_word(static_cast<unsigned char>(text[end]))) end++;
    } else if (std::isspace(c) != 0) {
      while (end < text.size() && std::isspace(static_cast<unsigned char>(text[end])) != 0) end++;
    }
    out.emplace_back(text.substr(i, end - i));
    i = end;
  }
  return out;
}

std::string SqlMutator::expression(int depth) {
  if (depth <= 0) return chance(50) ? pick(kLiterals, kCleanLiterals) : std::string(chance(50) ? "a" : "t.b");
  const auto sub = [&] { return expression(depth - 1 - static_cast<int>(below(2))); };
  switch (below(16)) {
    case 0: return pick(kFunctions, kCleanFunctions) + "(" + sub() + (chance(40) ? ", " + sub() : "") + ")";
    case 1: return "(" + select(depth - 1) + ")";
    case 2: return "EXISTS (" + select(depth - 1) + ")";
    case 3:
      return "CASE " + (chance(30) ? sub() : "") + " WHEN " + sub() + " THEN " + sub() + " ELSE " + sub() + " END";
    case 4: return "(" + sub() + ")::" + pick(kTypes, kCleanTypes);
    case 5: return "CAST(" + sub() + " AS " + pick(kTypes, kCleanTypes) + ")";
    case 6: return sub() + " IN (" + (chance(50) ? select(depth - 1) : sub() + ", " + sub()) + ")";
    case 7:
      return pick(kFunctions, kCleanFunctions) + "(" + sub() + ") FILTER (WHERE " + sub() + ") OVER (PARTITION BY " +
             sub() + " ORDER BY " + sub() + ")";
    case 8: return "ARRAY[" + sub() + ", " + sub() + "]";
    case 9: return "ROW(" + sub() + ", " + sub() + ")";
    case 10: return sub() + " " + pick(kOperators, kCleanOperators) + " ANY (" + sub() + ")";
    case 11: return "(" + sub() + ")[" + sub() + ":" + sub() + "]";
    case 12: return "NOT " + sub();
    case 13: return sub() + " OPERATOR(pg_catalog.=) " + sub();
    case 14: return "pg_catalog.string_agg(DISTINCT " + sub() + ", ',' ORDER BY " + sub() + ")";
    default: return sub() + " " + pick(kOperators, kCleanOperators) + " " + sub();
  }
}

std::string SqlMutator::from_item(int depth) {
  switch (depth <= 0 ? 0 : below(8)) {
    case 1: return (chance(30) ? "LATERAL (" : "(") + select(depth - 1) + ") AS s";
    case 2: return pick(kFunctions, kCleanFunctions) + "(" + expression(depth - 1) + ") WITH ORDINALITY AS f(x, n)";
    case 3: return from_item(depth - 1) + " JOIN " + from_item(depth - 1) + " ON " + expression(depth - 1);
    case 4: return "(VALUES (" + expression(depth - 1) + "), (" + expression(depth - 1) + ")) AS v(a)";
    case 5:
      return "ROWS FROM (" + pick(kFunctions, kCleanFunctions) + "(1), " + pick(kFunctions, kCleanFunctions) +
             "(2)) AS r";
    case 6: return pick(kRelations, kCleanRelations) + " TABLESAMPLE bernoulli (" + expression(depth - 1) + ")";
    default: return pick(kRelations, kCleanRelations) + (chance(50) ? " AS t" : "");
  }
}

std::string SqlMutator::select(int depth) {
  std::string out;
  if (chance(12)) {
    out += chance(20) ? "WITH RECURSIVE c AS (" : "WITH c AS (";
    out += (!clean_ && chance(8) ? statement() : select(depth - 1)) + ") ";
  }
  if (chance(6)) return out + "VALUES (" + expression(depth - 1) + ")";
  if (chance(3)) return out + "TABLE " + pick(kRelations, kCleanRelations);
  out += "SELECT " + std::string(chance(8) ? "DISTINCT " : "") + expression(depth);
  for (std::size_t i = below(3); i > 0; i--) out += ", " + expression(depth - 1) + (chance(50) ? " AS c" : "");
  if (chance(75)) out += " FROM " + from_item(depth);
  if (chance(20)) out += ", " + from_item(depth - 1);
  if (chance(40)) out += " WHERE " + expression(depth - 1);
  if (chance(15))
    out += " GROUP BY " + (chance(50) ? expression(depth - 1) : "GROUPING SETS ((a), (" + expression(0) + "), ())");
  if (chance(8)) out += " HAVING " + expression(depth - 1);
  if (chance(5)) out += " WINDOW w AS (ORDER BY " + expression(0) + ")";
  if (depth > 0 && chance(10)) out += (chance(50) ? " UNION ALL " : " EXCEPT ") + select(depth - 1);
  if (chance(20)) out += " ORDER BY " + expression(depth - 1) + (chance(30) ? " DESC NULLS LAST" : "");
  if (chance(15)) out += " LIMIT " + expression(0);
  if (!clean_ && chance(4)) out += " FOR UPDATE";
  return out;
}

std::string SqlMutator::statement() { return pick(kKeywords); }

std::string SqlMutator::scrap(int depth) {
  switch (below(8)) {
    case 0: return " " + pick(kKeywords) + " ";
    case 1: return pick(kFunctions, kCleanFunctions) + "(";
    case 2: return pick(kSpaces);
    case 3: return pick(kScraps);
    case 4: return pick(kLiterals, kCleanLiterals);
    case 5: return expression(depth);
    case 6: return "(" + select(depth) + ")";
    default: return "::" + pick(kTypes, kCleanTypes);
  }
}

void SqlMutator::change(std::vector<std::string>& parts) {
  const std::size_t at = below(parts.size() + 1);
  const std::size_t other = below(parts.size() + 1);
  const auto place = [&](std::size_t i) { return parts.begin() + static_cast<std::ptrdiff_t>(i); };
  const std::size_t low = std::min(at, other);
  const std::size_t high = std::min(std::max(at, other), low + 1 + below(12));
  const std::vector<std::string> range(place(std::min(low, parts.size())), place(std::min(high, parts.size())));
  switch (below(14)) {
    case 0: parts.erase(place(low), place(std::min(high, parts.size()))); break;
    case 1: parts.insert(place(at), range.begin(), range.end()); break;
    case 2:
      if (at < parts.size() && other < parts.size()) std::swap(parts[at], parts[other]);
      break;
    case 3:
    case 4: parts.insert(place(at), scrap(1)); break;
    case 5:
      if (at < parts.size()) parts[at] = scrap(2);
      break;
    case 6:
      if (at < parts.size()) parts[at] = expression(2);
      break;
    case 7:
      parts.insert(place(std::min(high, parts.size())), ")");
      parts.insert(place(low), chance(50) ? "(" : "(SELECT ");
      break;
    case 8: {
      const std::size_t deep = chance(5) ? 1 + below(3000) : 1 + below(40);
      parts.insert(place(at), std::string(deep, chance(50) ? '(' : '-'));
      if (chance(70)) parts.insert(place(std::min(at + 2, parts.size())), std::string(deep, ')'));
      break;
    }
    case 9: {
      const std::string unit = chance(50) ? "1+" : (chance(50) ? "NOT " : "/*/");
      std::string many;
      for (std::size_t i = chance(5) ? below(3000) : below(60); i > 0; i--) many += unit;
      parts.insert(place(at), many);
      break;
    }
    case 10: parts.insert(place(at), pick(kSpaces)); break;
    case 11:
      if (at < parts.size()) {
        for (char& c : parts[at]) c = static_cast<char>(chance(50) ? std::toupper(static_cast<unsigned char>(c)) : c);
      }
      break;
    case 12:
      if (at < parts.size()) parts[at] = "\"" + parts[at] + "\"";
      break;
    default: parts.insert(place(at), pick(kFunctions, kCleanFunctions) + "(" + expression(1) + ")"); break;
  }
}

std::string SqlMutator::mutate(std::string_view text) {
  clean_ = chance(70);
  // Changes make texts longer; most of the time goes to short ones, which are many for the price of a long one.
  const bool long_already = text.size() > kLong && chance(85);
  if (text.size() < 4 || long_already || chance(30)) return select(1 + static_cast<int>(below(4)));
  std::vector<std::string> parts = tokens(text);
  for (std::size_t i = 1 + below(4); i > 0; i--) change(parts);
  return joined(parts);
}

std::string SqlMutator::cross(std::string_view left, std::string_view right) {
  std::vector<std::string> a = tokens(left);
  const std::vector<std::string> b = tokens(right);
  if (a.empty() || b.empty()) return std::string(left) + std::string(right);
  const std::size_t from = below(b.size());
  const std::size_t to = from + 1 + below(std::min<std::size_t>(b.size() - from, 40));
  const std::size_t at = below(a.size());
  const std::size_t gone = below(std::min<std::size_t>(a.size() - at, 20));
  a.erase(a.begin() + static_cast<std::ptrdiff_t>(at), a.begin() + static_cast<std::ptrdiff_t>(at + gone));
  a.insert(a.begin() + static_cast<std::ptrdiff_t>(at), b.begin() + static_cast<std::ptrdiff_t>(from),
           b.begin() + static_cast<std::ptrdiff_t>(std::min(to, b.size())));
  return joined(a);
}

}  // namespace pgops::fuzz
