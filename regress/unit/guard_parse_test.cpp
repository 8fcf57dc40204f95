// The parse guard: read-only SELECT of every kind passes, everything else is refused by a named rule,
// and no text of any shape crashes it.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "guard/parse_guard.h"

namespace {

struct Free {
  void operator()(opsguard_result* r) const { opsguard_free(r); }
};
using Verdict = std::unique_ptr<opsguard_result, Free>;

Verdict check(std::string_view sql, int flags = 0) { return Verdict(opsguard_check(sql.data(), sql.size(), flags)); }

std::string rule_of(std::string_view sql, int flags = 0) {
  const Verdict v = check(sql, flags);
  if (v == nullptr) return "out of memory";
  return v->allowed ? "allowed" : v->rule;
}

// Statements that people write: too strict is also a defect.
const char* const kLegitimate[] = {
    "SELECT 1",
    "SELECT 1;",
    "  /* lead */ SELECT 1 -- trail",
    "SELECT",
    "SELECT *",
    "VALUES (1, 'a'), (2, 'b')",
    "TABLE shop.orders",
    "(SELECT 1)",
    "((TABLE shop.orders) UNION ALL (VALUES (1)))",
    "SELECT 'DELETE FROM users; DROP TABLE x'",
    "SELECT 'it''s'",
    "SELECT E'a\\'; DROP TABLE x; --'",
    "SELECT $$; DELETE FROM a $$",
    "SELECT $tag$ $$ ; $tag$",
    "SELECT U&'\\0061'",
    "SELECT B'101', X'1F', N'x'",
    "SELECT \"update\", \"delete\" FROM \"insert\".\"drop\"",
    "SELECT insert.update FROM shop.insert AS insert",
    "SELECT 1 AS \"into\"",
    "SELECT for_update FROM shop.locks",
    "SELECT id, name FROM shop.orders WHERE id = $1",
    "SELECT DISTINCT status FROM shop.orders",
    "SELECT DISTINCT ON (customer) customer, id FROM shop.orders ORDER BY customer, id DESC",
    "SELECT count(*), sum(total), avg(total) FROM shop.orders",
    "SELECT count(DISTINCT status) FILTER (WHERE total > 0) FROM shop.orders",
    "SELECT string_agg(name, ', ' ORDER BY name DESC NULLS LAST) FROM shop.items",
    "SELECT array_agg(DISTINCT x ORDER BY x) FROM shop.t",
    "SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY ms) FROM shop.requests",
    "SELECT mode() WITHIN GROUP (ORDER BY status) FROM shop.orders",
    "SELECT status, count(*) FROM shop.orders GROUP BY status HAVING count(*) > 1",
    "SELECT a, b, count(*) FROM shop.t GROUP BY GROUPING SETS ((a), (b), ())",
    "SELECT a, b, count(*), grouping(a, b) FROM shop.t GROUP BY ROLLUP (a, b)",
    "SELECT a, b FROM shop.t GROUP BY CUBE (a, b)",
    "SELECT a, b FROM shop.t GROUP BY DISTINCT ROLLUP (a), ROLLUP (b)",
    "SELECT rank() OVER (PARTITION BY a ORDER BY b) FROM shop.t",
    "SELECT sum(x) OVER w FROM shop.t WINDOW w AS (ORDER BY y ROWS BETWEEN 3 PRECEDING AND CURRENT ROW)",
    "SELECT sum(x) OVER (w ORDER BY z) FROM shop.t WINDOW w AS (PARTITION BY y)",
    "SELECT avg(x) OVER (ORDER BY t RANGE BETWEEN INTERVAL '1 day' PRECEDING AND INTERVAL '1 day' FOLLOWING EXCLUDE TIES) FROM shop.t",
    "SELECT lag(x, 1, 0) OVER (ORDER BY t GROUPS UNBOUNDED PRECEDING) FROM shop.t",
    "SELECT * FROM shop.a JOIN shop.b USING (id)",
    "SELECT * FROM shop.a JOIN shop.b USING (id) AS both_of",
    "SELECT * FROM shop.a LEFT JOIN shop.b ON a.id = b.id RIGHT JOIN shop.c ON true FULL JOIN shop.d ON false",
    "SELECT * FROM shop.a CROSS JOIN shop.b NATURAL JOIN shop.c",
    "SELECT * FROM (shop.a JOIN shop.b ON true) AS j(x, y)",
    "SELECT * FROM shop.a, LATERAL (SELECT * FROM shop.b WHERE b.id = a.id LIMIT 3) AS top",
    "SELECT * FROM shop.a LEFT JOIN LATERAL generate_series(1, a.n) WITH ORDINALITY AS g(v, i) ON true",
    "SELECT * FROM ROWS FROM (generate_series(1, 3), generate_series(1, 4)) AS t(a, b)",
    "SELECT * FROM json_to_recordset('[{\"a\":1}]') AS r(a int, b text COLLATE \"C\")",
    "SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b']) AS u(n, t)",
    "SELECT * FROM shop.t TABLESAMPLE SYSTEM (10) REPEATABLE (42)",
    "SELECT * FROM ONLY shop.t AS o",
    "SELECT * FROM (VALUES (1, 'x')) AS v(a, b)",
    "SELECT * FROM XMLTABLE('/r' PASSING ('<r/>'::xml) COLUMNS a int PATH 'b' DEFAULT 1 NOT NULL, n FOR ORDINALITY)",
    "WITH a AS (SELECT 1 AS x) SELECT * FROM a",
    "WITH a AS MATERIALIZED (SELECT 1), b AS NOT MATERIALIZED (SELECT * FROM a) TABLE b",
    "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 100) SELECT sum(n) FROM t",
    "WITH RECURSIVE t(id, p) AS (SELECT 1, 2 UNION SELECT id, p FROM t) SEARCH DEPTH FIRST BY id SET o CYCLE id SET c USING path SELECT * FROM t",
    "WITH RECURSIVE t(id) AS (SELECT 1 UNION SELECT id FROM t) CYCLE id SET c TO 'y' DEFAULT 'n' USING path SELECT * FROM t",
    "SELECT (WITH x AS (SELECT 1) SELECT * FROM x)",
    "SELECT 1 UNION SELECT 2 INTERSECT SELECT 3 EXCEPT ALL SELECT 4 ORDER BY 1 OFFSET 1 LIMIT 2",
    "SELECT * FROM shop.t ORDER BY a FETCH FIRST 3 ROWS WITH TIES",
    "SELECT * FROM shop.t ORDER BY a USING <, b ASC NULLS FIRST",
    "SELECT CASE WHEN a THEN 1 ELSE 2 END, CASE b WHEN 1 THEN 'x' END FROM shop.t",
    "SELECT coalesce(a, b), nullif(a, b), greatest(1, 2), least(3, 4) FROM shop.t",
    "SELECT a::int, CAST(b AS numeric(10, 2)), int '4', '{1,2}'::int[], x::text COLLATE \"C\" FROM shop.t",
    "SELECT INTERVAL '1' DAY, INTERVAL(3) '1 second', DATE '2026-01-01', TIMESTAMP WITH TIME ZONE '2026-01-01'",
    "SELECT now() AT TIME ZONE 'Asia/Seoul', current_date, current_timestamp(3), localtime, current_user",
    "SELECT extract(epoch FROM now()), position('a' IN 'b'), substring('abc' FROM 2 FOR 1), trim(BOTH 'x' FROM 'xax'), overlay('a' PLACING 'b' FROM 1)",
    "SELECT a IS NULL, b IS NOT TRUE, c IS UNKNOWN, d IS DISTINCT FROM e, f ISNULL FROM shop.t",
    "SELECT a BETWEEN 1 AND 2, b NOT BETWEEN SYMMETRIC 3 AND 1, c LIKE 'x%' ESCAPE '!', d ILIKE 'y', e SIMILAR TO 'z', f !~* 'r' FROM shop.t",
    "SELECT a IN (1, 2), b NOT IN (SELECT 1), c = ANY (ARRAY[1]), d <> ALL (SELECT 2), (1, 2) < (3, 4) FROM shop.t",
    "SELECT EXISTS (SELECT 1 FROM shop.t), ARRAY(SELECT 1), (SELECT max(a) FROM shop.t)",
    "SELECT ROW(1, 2), (1, 'a'), (t.*)::text, (x).field, (y).* FROM shop.t",
    "SELECT a[1], a[1:2], a[:2], a[1:][2], (ARRAY[1, 2])[1] FROM shop.t",
    "SELECT data->'a'->>'b', data #>> '{x,y}', data @> '{\"a\":1}', data ? 'k', data['a']['b'] FROM shop.t",
    "SELECT jsonb_path_query(data, '$.a[*] ? (@.b > $x)', '{\"x\":1}') FROM shop.t",
    "SELECT f(a => 1, b := 2), g(VARIADIC ARRAY[1, 2]), h(ALL x), pg_catalog.lower('X')",
    "SELECT 1 OPERATOR(pg_catalog.+) 2, -1, +1, @ -5, |/ 25, 2 ^ 3, 5 % 2, 1 <> 2, 1 != 2",
    "SELECT xmlelement(name a, xmlattributes(1 AS b), 'x'), xmlforest(1 AS c), xmlconcat('<a/>', '<b/>'), xmlparse(CONTENT 'x'), xmlserialize(CONTENT 'x' AS text), xmlroot('<a/>', VERSION '1.0'), xmlpi(name p), '<a/>' IS DOCUMENT",
    "SELECT NORMALIZE('a', NFC), 'a' IS NORMALIZED, COLLATION FOR ('a')",
    "SELECT random(), clock_timestamp(), gen_random_uuid(), repeat('x', 3), md5('a'), generate_series(1, 3)",
    "SELECT set_config, pg_sleep FROM shop.columns_named_like_functions",
    "SELECT unknown_function(1), myschema.set_config('a', 'b', true)",
    "SELECT * FROM pg_catalog.pg_namespace, information_schema.tables",
    "SELECT 'caf\xC3\xA9', \"\xED\x95\x9C\xEA\xB8\x80\" FROM shop.t",
    "SELECT 1 WHERE true AND NOT false OR NULL",
};

TEST(ParseGuard, AllowsEveryKindOfSelect) {
  static_assert(std::size(kLegitimate) >= 80);
  for (const char* sql : kLegitimate) {
    const Verdict v = check(sql);
    ASSERT_NE(v, nullptr);
    EXPECT_TRUE(v->allowed) << sql << "\n  " << (v->rule ? v->rule : "") << ": " << v->message;
  }
}

struct Attack {
  const char* sql;
  const char* rule;
};

constexpr const char* kKind = "statement_kind";
constexpr const char* kFunction = "function_never";

const Attack kAttacks[] = {
    {"INSERT INTO t VALUES (1)", kKind},
    {"UPDATE t SET a = 1", kKind},
    {"DELETE FROM t", kKind},
    {"MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE", kKind},
    {"TRUNCATE t", kKind},
    {"CREATE TABLE t (a int)", kKind},
    {"CREATE TABLE t AS SELECT 1", kKind},
    {"CREATE TEMP VIEW v AS SELECT 1", kKind},
    {"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", kKind},
    {"DROP TABLE t", kKind},
    {"ALTER TABLE t ADD a int", kKind},
    {"ALTER ROLE postgres SUPERUSER", kKind},
    {"ALTER SYSTEM SET fsync = off", kKind},
    {"GRANT ALL ON t TO PUBLIC", kKind},
    {"REVOKE ALL ON t FROM PUBLIC", kKind},
    {"SET ROLE postgres", kKind},
    {"SET row_security = off", kKind},
    {"RESET ALL", kKind},
    {"SHOW ALL", kKind},
    {"DISCARD ALL", kKind},
    {"BEGIN", kKind},
    {"COMMIT", kKind},
    {"ROLLBACK", kKind},
    {"SAVEPOINT a", kKind},
    {"PREPARE p AS SELECT 1", kKind},
    {"EXECUTE p", kKind},
    {"DEALLOCATE p", kKind},
    {"DECLARE c CURSOR FOR SELECT 1", kKind},
    {"FETCH c", kKind},
    {"CLOSE c", kKind},
    {"COPY t TO '/tmp/x'", kKind},
    {"COPY (SELECT 1) TO PROGRAM 'id'", kKind},
    {"COPY t FROM PROGRAM 'id'", kKind},
    {"DO $$ BEGIN PERFORM 1; END $$", kKind},
    {"CALL p()", kKind},
    {"EXPLAIN SELECT 1", kKind},
    {"EXPLAIN ANALYZE DELETE FROM t", kKind},
    {"ANALYZE", kKind},
    {"VACUUM", kKind},
    {"REINDEX TABLE t", kKind},
    {"CLUSTER t", kKind},
    {"CHECKPOINT", kKind},
    {"LOCK TABLE t", kKind},
    {"LISTEN a", kKind},
    {"UNLISTEN *", kKind},
    {"NOTIFY a, 'b'", kKind},
    {"LOAD 'x'", kKind},
    {"COMMENT ON TABLE t IS 'x'", kKind},
    {"SECURITY LABEL ON TABLE t IS 'x'", kKind},
    {"REFRESH MATERIALIZED VIEW v", kKind},
    {"IMPORT FOREIGN SCHEMA s FROM SERVER x INTO y", kKind},
    {"CREATE EXTENSION dblink", kKind},
    {"REASSIGN OWNED BY a TO b", kKind},
    {"WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", kKind},
    {"WITH a AS (SELECT 1) DELETE FROM t USING a", kKind},
    {"SELECT 1; SELECT 2", "several_statements"},
    {"SELECT 1; DROP TABLE t", "several_statements"},
    {"COMMIT; DROP TABLE t", "several_statements"},
    {"SELECT 1;;SELECT 2", "several_statements"},
    {"SELECT 1; -- x\nDELETE FROM t", "several_statements"},
    {"SELECT $$;$$; COMMIT", "several_statements"},
    {"SELECT E'\\''; DELETE FROM t; --'", "several_statements"},
    {"SELECT * INTO x FROM t", "select_into"},
    {"SELECT 1 INTO TEMP x", "select_into"},
    {"SELECT 1 INTO UNLOGGED TABLE x UNION SELECT 2", "select_into"},
    {"SELECT * FROM (SELECT 1 INTO x) AS s", "select_into"},
    {"SELECT * FROM t FOR UPDATE", "locking_clause"},
    {"SELECT * FROM t FOR NO KEY UPDATE", "locking_clause"},
    {"SELECT * FROM t FOR SHARE SKIP LOCKED", "locking_clause"},
    {"SELECT * FROM t FOR KEY SHARE NOWAIT", "locking_clause"},
    {"SELECT * FROM (SELECT * FROM t FOR UPDATE OF t) AS s", "locking_clause"},
    {"WITH a AS (SELECT * FROM t FOR UPDATE) SELECT 1", "locking_clause"},
    {"SELECT EXISTS (SELECT 1 FROM t FOR SHARE)", "locking_clause"},
    {"WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a", "modifying_cte"},
    {"WITH a AS (INSERT INTO t VALUES (1)) SELECT 1", "modifying_cte"},
    {"WITH a AS (UPDATE t SET x = 1 RETURNING 1) TABLE a", "modifying_cte"},
    {"WITH a AS (WITH b AS (DELETE FROM t) SELECT 1) SELECT 1", "modifying_cte"},
    {"SELECT (WITH a AS (DELETE FROM t RETURNING 1) SELECT * FROM a)", "modifying_cte"},
    {"SELECT * FROM s, LATERAL (WITH a AS (UPDATE t SET x = 1) SELECT 1) AS l", "modifying_cte"},
    {"VALUES ((WITH a AS (DELETE FROM t RETURNING 1) TABLE a))", "modifying_cte"},
    {"SELECT 1 UNION (WITH a AS (DELETE FROM t RETURNING 1) TABLE a)", "modifying_cte"},
    {"VALUES (DEFAULT)", "node_not_allowed"},
    {"SELECT * FROM (VALUES (DEFAULT)) AS v", "node_not_allowed"},
    {"SELECT set_config('role', 'postgres', false)", kFunction},
    {"SELECT pg_catalog.set_config('row_security', 'off', false)", kFunction},
    {"SELECT \"set_config\"('search_path', 'x', true)", kFunction},
    {"SELECT U&\"set_confi\\0067\"('a', 'b', true)", kFunction},
    {"SELECT SET_CONFIG('a', 'b', true)", kFunction},
    {"SELECT /**/set_config/**/('a', 'b', true)", kFunction},
    {"SELECT current_setting('app.secret')", kFunction},
    {"SELECT * FROM set_config('a', 'b', true)", kFunction},
    {"VALUES (set_config('a', 'b', true))", kFunction},
    {"SELECT * FROM ROWS FROM (pg_sleep(1))", kFunction},
    {"SELECT 1 FROM t JOIN s ON pg_sleep(1) IS NULL", kFunction},
    {"SELECT count(*) FILTER (WHERE pg_sleep(1) IS NULL)", kFunction},
    {"SELECT count(*) OVER (ORDER BY nextval('s'))", kFunction},
    {"SELECT 1 FROM t WINDOW w AS (PARTITION BY setval('s', 1))", kFunction},
    {"SELECT 1 GROUP BY ROLLUP (pg_notify('a', 'b'))", kFunction},
    {"SELECT 1 HAVING pg_advisory_lock(1) IS NULL", kFunction},
    {"SELECT 1 ORDER BY txid_current()", kFunction},
    {"SELECT 1 LIMIT pg_backend_pid()", "function_monitor"},
    {"SELECT 1 OFFSET lo_create(0)", kFunction},
    {"SELECT * FROM t TABLESAMPLE SYSTEM (setseed(1))", kFunction},
    {"SELECT * FROM t TABLESAMPLE SYSTEM (1) REPEATABLE (lo_unlink(1))", kFunction},
    {"SELECT CASE WHEN true THEN pg_read_file('x') END", kFunction},
    {"SELECT CASE pg_ls_dir('.') WHEN 'a' THEN 1 END", kFunction},
    {"SELECT COALESCE(NULL, lo_import('/etc/passwd'))", kFunction},
    {"SELECT ARRAY[pg_terminate_backend(1)]", kFunction},
    {"SELECT (ARRAY[1])[pg_cancel_backend(1)::int]", kFunction},
    {"SELECT ROW(pg_export_snapshot())", kFunction},
    {"SELECT f(a => pg_reload_conf())", kFunction},
    {"SELECT GREATEST(1, lastval())", kFunction},
    {"SELECT xmlforest(query_to_xml('DELETE FROM t', true, true, '') AS a)", kFunction},
    {"SELECT xmlelement(name a, xmlattributes(table_to_xml('t', true, true, '') AS b))", kFunction},
    {"SELECT xmlserialize(CONTENT cursor_to_xml('c', 1, true, true, '') AS text)", kFunction},
    {"SELECT * FROM ts_stat('SELECT 1')", kFunction},
    {"SELECT pg_logical_emit_message(true, 'a', 'b')", kFunction},
    {"SELECT pg_switch_wal()", kFunction},
    {"SELECT lo_from_bytea(0, 'x')", kFunction},
    {"SELECT pg_stat_reset()", kFunction},
    {"SELECT * FROM pg_read_binary_file('x') AS f", kFunction},
    {"WITH a AS (SELECT pg_sleep(9)) SELECT 1", kFunction},
    {"WITH RECURSIVE a(x) AS (SELECT 1 UNION ALL SELECT pg_try_advisory_lock(1)::int FROM a) TABLE a", kFunction},
    {"SELECT * FROM XMLTABLE('/r' PASSING query_to_xml('x', true, true, '') COLUMNS a int)", kFunction},
    {"SELECT * FROM XMLTABLE('/r' PASSING '<r/>' COLUMNS a int DEFAULT nextval('s'))", kFunction},
    {"SELECT a COLLATE \"C\" || current_query() FROM t", kFunction},
    {"SELECT (1, 2) < (SELECT 1, currval('s'))", kFunction},
    {"SELECT pg_stat_get_activity(NULL)", "function_monitor"},
    {"SELECT pg_blocking_pids(1)", "function_monitor"},
    {"SELECT has_table_privilege('t', 'select')", "function_monitor"},
    {"", "empty_statement"},
    {";", "empty_statement"},
    {"-- SELECT 1", "empty_statement"},
    {"SELEC 1", "syntax_error"},
    {"SELECT 'open", "syntax_error"},
    {"SELECT /* open", "syntax_error"},
    {"SELECT $a$ open", "syntax_error"},
};

TEST(ParseGuard, RefusesAttacksByTheirRule) {
  static_assert(std::size(kAttacks) >= 120);
  for (const Attack& attack : kAttacks) EXPECT_EQ(rule_of(attack.sql), attack.rule) << attack.sql;
}

TEST(ParseGuard, MonitorFunctionsPassOnlyWhenAsked) {
  EXPECT_EQ(rule_of("SELECT pg_blocking_pids(pid) FROM pg_stat_activity", OPSGUARD_ALLOW_MONITOR), "allowed");
  EXPECT_EQ(rule_of("SELECT pg_database_size(oid) FROM pg_database"), "function_monitor");
  EXPECT_EQ(rule_of("SELECT pg_sleep(1)", OPSGUARD_ALLOW_MONITOR), kFunction);
}

TEST(ParseGuard, NamesTheStatementsRelationsFunctionsAndParameters) {
  const Verdict v =
      check("WITH c AS (SELECT lower(x) FROM a.b WHERE y = $2) SELECT s.f(1) FROM c, d, a.b WHERE $1 IS NULL");
  ASSERT_TRUE(v->allowed);
  ASSERT_EQ(v->relations.count, 2U);
  EXPECT_STREQ(v->relations.items[0], "d");
  EXPECT_STREQ(v->relations.items[1], "a.b");
  ASSERT_EQ(v->functions.count, 2U);
  EXPECT_STREQ(v->functions.items[0], "s.f");
  EXPECT_STREQ(v->functions.items[1], "lower");
  EXPECT_EQ(v->parameters, 2);
}

TEST(ParseGuard, PointsAtThePlace) {
  EXPECT_EQ(check("SELECT 1, pg_sleep(1)")->offset, 10);
  EXPECT_EQ(check("SELECT 'caf\xC3\xA9', FROM x")->offset, 16);  // bytes, though the parser counts characters
  EXPECT_EQ(check("SELECT * INTO x FROM t")->offset, 14);
}

TEST(ParseGuard, RefusesWhatIsNoText) {
  using namespace std::string_view_literals;
  EXPECT_EQ(rule_of("SELECT 1\0; DROP TABLE t"sv), "not_text");
  EXPECT_EQ(check("SELECT 1\0"sv)->offset, 8);
  for (std::string_view bad : {"SELECT '\xFF'"sv, "SELECT '\xC0\x80'"sv, "SELECT '\xED\xA0\x80'"sv,
                               "SELECT '\xF4\x90\x80\x80'"sv, "SELECT '\xC3"sv, "SELECT '\xE2\x82'"sv}) {
    EXPECT_EQ(rule_of(bad), "not_text");
    EXPECT_EQ(check(bad)->offset, 8);
  }
}

std::string filled(std::string head, std::string_view unit, std::string tail = "") {
  while (head.size() + unit.size() + tail.size() <= OPSGUARD_MAX_BYTES) head.append(unit);
  return head + tail;
}

std::string nested(std::string_view open, std::string_view core, std::string_view close) {
  std::string head;
  std::string tail;
  while (head.size() + tail.size() + open.size() + close.size() + core.size() <= OPSGUARD_MAX_BYTES) {
    head.append(open);
    tail.append(close);
  }
  return head + std::string(core) + tail;
}

TEST(ParseGuard, SurvivesThirtyTwoKilobytesOfAnything) {
  EXPECT_EQ(rule_of(filled("SELECT 1", "+1")), "too_complex");
  EXPECT_EQ(rule_of(filled("SELECT 1", "@1")), "too_complex");
  EXPECT_EQ(rule_of(filled("SELECT ", "- ", "1")), "too_complex");
  EXPECT_EQ(rule_of(nested("(", "SELECT 1", ")")), "too_complex");
  EXPECT_EQ(rule_of(filled("SELECT ", "(")), "too_complex");
  EXPECT_EQ(rule_of(filled("SELECT ARRAY", "[")), "too_complex");
  EXPECT_EQ(rule_of(filled("SELECT ", "NOT ", "true")), "too_complex");
  EXPECT_EQ(rule_of(filled("SELECT 1", "::a")), "too_complex");
  EXPECT_EQ(rule_of(filled("SELECT a", " COLLATE c")), "too_complex");
  EXPECT_EQ(rule_of(filled("SELECT a", " IN(a)")), "too_complex");
  EXPECT_EQ(rule_of(filled("SELECT a", " ISNULL")), "too_complex");
  EXPECT_EQ(rule_of("SELECT " + nested("CASE WHEN true THEN ", "1", " END").substr(0, 32000)), "syntax_error");
  EXPECT_EQ(rule_of(nested("SELECT(", "SELECT 1", ")")), "too_complex");
  EXPECT_EQ(rule_of(nested("SELECT EXISTS(", "SELECT", ")")), "too_complex");
  EXPECT_EQ(rule_of(nested("SELECT ARRAY(", "SELECT", ")")), "too_complex");
  EXPECT_EQ(rule_of(nested("SELECT*FROM(", "SELECT 1", ")a")), "too_complex");
  EXPECT_EQ(rule_of(nested("WITH a AS(", "SELECT", ")SELECT")), "too_complex");
  EXPECT_EQ(rule_of(filled("SELECT FROM a", " NATURAL JOIN a")), "too_complex");
  EXPECT_EQ(rule_of(filled("SELECT 1", "/*")), "too_complex");
  EXPECT_EQ(rule_of(filled("SELECT 1", "/**/")), "too_complex");
  EXPECT_EQ(rule_of(filled("SELECT a", "@")), "too_complex");
  EXPECT_EQ(rule_of(filled("SELECT ", "+", "1")), "too_complex");
  EXPECT_EQ(rule_of(filled("SELECT 1", ",1")), "allowed");
  EXPECT_EQ(rule_of(filled("SELECT 1 IN (1", ",1", ")")), "allowed");
  EXPECT_EQ(rule_of(std::string(OPSGUARD_MAX_BYTES + 1, ' ')), "too_long");
  EXPECT_EQ(rule_of(std::string(std::size_t{1} << 20, 'x')), "too_long");
}

TEST(ParseGuard, LongChainsThatPeopleWriteArePassed) {
  std::string concatenation = "SELECT 'a'";
  for (int i = 0; i < 1000; ++i) concatenation += " || 'b'";
  EXPECT_EQ(rule_of(concatenation), "allowed");
  std::string conditions = "SELECT 1 FROM s.t WHERE a = 0";
  for (int i = 0; i < 2000; ++i) conditions += " OR a = 1";
  EXPECT_EQ(rule_of(conditions), "allowed");
  std::string unions = "SELECT 1";
  for (int i = 0; i < 500; ++i) unions += " UNION ALL SELECT 1";
  EXPECT_EQ(rule_of(unions), "allowed");
}

// A deterministic scramble of fragments: whatever comes out, the guard answers.
TEST(ParseGuard, AnswersForScrambledText) {
  const char* const fragments[] = {"SELECT ",  "FROM ", "(",  ")",      "[",    "]",   "'",           "\"",
                                   "$$",       "$a$",   "--", "/*",     "*/",   "\n",  ";",           ",",
                                   "::",       ":=",    "1",  "a",      "E'\\", "U&'", " WITH x AS ", "VALUES",
                                   "\xC3\xA9", "+",     ".",  " OVER ", "CASE "};
  unsigned state = 12345;
  for (int round = 0; round < 20000; ++round) {
    std::string sql;
    for (int i = 0; i < 12; ++i) {
      state = state * 1664525U + 1013904223U;
      sql += fragments[(state >> 16U) % std::size(fragments)];
    }
    ASSERT_NE(check(sql), nullptr) << sql;
  }
}

}  // namespace
