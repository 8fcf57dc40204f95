"""Hostile questions, options, plans, tool texts and results: the documented code or a clear error, never a crash."""
import json
import os
import sys
import unittest

import psycopg2

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster  # noqa: E402
from hostile_harness import Number, Site, cells, check_envelope, code_of, error_of  # noqa: E402

ECHO = ("echo", "Echo of a text", "SELECT :x::text AS x")
RATIO = ("ratio", "One by n", "SELECT 1 / :n AS x")
TREES = ("trees", "Nested documents", "SELECT jsonb_build_object('a', jsonb_build_array(g, jsonb_build_object('b',"
         " jsonb_build_array(1, 2, jsonb_build_array(3, g))))) AS x FROM generate_series(1, 5000) AS g")


def nested(depth):
    return "[" * depth + "]" * depth


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(f"hostile_{cls.__name__.lower()}").start()
        cls.site = Site(cls.cluster).build()
        for tool in (ECHO, RATIO, TREES):
            cls.site.create_tool(*tool)

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def tearDown(self):
        self.site.well()

    def ask(self, question, options="{}"):
        answer = self.site.value("SELECT ops.ask(%s, %s)", (question, options))
        check_envelope(answer)
        return answer

    def raises(self, sqlstate, text, function, *arguments):
        error = error_of(function, *arguments)
        self.assertEqual((error.pgcode, text in str(error)), (sqlstate, True), str(error)[:500])


class Input(Hostile):
    # --- questions and options ----------------------------------------------------------------------
    def test_questions(self):
        self.raises("22004", "question", self.ask, None)
        for question in ("", " \t\r\n ", "\u200b\u00a0", "what is " * 130_000, "x" * 50_000_000,
                         "who\x01\x02 blocks\x1b[31m whom?", "who \u202eblocks\u2066 whom?", "\ufffd\ufffe", "?" * 4000,
                         "\U0001f4a9" * 900, "e\u0301" * 1500, "'; TABLE shop.item; --", "{{secret:x}} {0} %s %n"):
            with self.subTest(question=question[:40]):
                answer = self.ask(question)
                self.assertEqual((answer["status"], answer["error"]["code"], answer["error"]["severity"]),
                                 ("failed", "NO_MATCH", "info"))
                self.assertLess(len(json.dumps(answer)), 100_000)
        self.assertEqual(self.ask("'; DROP TABLE shop.item; --")["error"]["code"], "UNSUPPORTED_ACTION")
        stored = self.cluster.value("SELECT max(length(question)) FROM ops.traces")
        self.assertLess(stored, 5_000, "a question of 50 MB is not kept")

    def test_bytes_that_are_no_text(self):
        for encoding, question in (("UTF8", b"who \xc3\x28"), ("UTF8", b"\xed\xa0\x80"), ("UTF8", b"\xff\xfe"),
                                   ("SQL_ASCII", b"who \xc3\x28"), ("EUC_KR", b"who \xa0 x"), ("SJIS", b"\x81")):
            connection = self.site.app()
            connection.set_client_encoding(encoding)
            with self.subTest(encoding=encoding, question=question), connection.cursor() as cursor:
                self.raises("22021", "encoding", cursor.execute, b"SELECT ops.ask('" + question + b"')")
            connection.close()
        connection = self.site.app()
        connection.set_client_encoding("LATIN1")
        with connection.cursor() as cursor:
            cursor.execute(b"SELECT ops.ask('caf\xe9')->>'question'")
            self.assertEqual(cursor.fetchone()[0], "caf\u00e9")

    def test_options(self):
        for options in ("[]", '"x"', "3", '{"bogus": 1}', '{"tenant": 5}', '{"timeout_ms": "x"}', '{"timeout_ms": 1e400}',
                        '{"timeout_ms": -1}', '{"timeout_ms": 1.5}', '{"max_parallel": 0}', '{"now": "soonish"}',
                        '{"now": "infinity"}', '{"timezone": "Mars/Olympus"}', '{"timezone": ""}', '{"locale": "xx"}',
                        '{"parent_trace_id": "zzz"}', '{"params": 7}', '{"asset_overrides": {"x": 1}}',
                        '{"allow_write": "yes"}', '{"record": "all"}', '{"planner": "nobody"}',
                        json.dumps({"actor": "a" * 100_000}), '{"params": {"a": ' + nested(5_000) + "}}"):
            with self.subTest(options=options[:60]):
                self.raises("22023", "TOOL_BAD_REQUEST", self.ask, "anything", options)
        self.raises("22023", 'Did you mean "tenant"?', self.ask, "anything", '{"tenat": "acme"}')
        self.raises("42501", "TENANT_MISMATCH", self.ask, "anything", '{"tenant": "nobody"}')
        self.assertEqual(self.ask("anything", None)["tenant"], "acme")

    # --- plans --------------------------------------------------------------------------------------
    def test_plans_that_are_none(self):
        items = {"tool": "items"}
        plans = {
            "[]": "$: a plan", "null": "$: a plan", "{}": "$.calls", '{"calls": 5}': "$.calls", '{"calls": []}': "$.calls",
            '{"calls": [5]}': "$.calls[0]", '{"calls": [{"id": "a"}]}': "$.calls[0].tool",
            '{"calls": [{"id": "", "tool": "items"}]}': "$.calls[0].id",
            '{"calls": [{"id": "a", "tool": "items", "args": []}]}': "$.calls[0].args",
            '{"calls": [{"id": "a", "tool": "items", "bogus": 1}]}': "$.calls[0]",
            '{"calls": [{"id": "a", "tool": "items", "on_error": "explode"}]}': "$.calls[0].on_error",
            '{"calls": [{"id": "a", "tool": "itemz"}]}': "$.calls[0].tool",
            '{"calls": [{"id": "a", "tool": "items", "args": {"x": 1}}]}': "$.calls[0].args",
            json.dumps({"calls": [{"id": "a", "depends_on": ["b"], **items}, {"id": "b", "depends_on": ["a"], **items}]}):
                "a -> b -> a",
            json.dumps({"calls": [{"id": "a", "depends_on": ["a"], **items}]}): "refers to itself",
            json.dumps({"calls": [{"id": "a", "tool": "echo", "args": {"x": {"$ref": "a", "path": "$"}}}]}):
                "refers to itself",
            json.dumps({"calls": [{"id": "a", "depends_on": ["zz"], **items}]}): "zz",
            json.dumps({"calls": [{"id": "a", **items}, {"id": "a", **items}]}): "duplicate id",
            json.dumps({"calls": [{"id": f"c{i}", **items} for i in range(10_000)]}): "10000 calls",
        }
        for path in ("$[", "", 5, None, "$" + ".a" * 5_000):
            plans[json.dumps({"calls": [{"id": "a", **items}, {"id": "b", "tool": "echo",
                                                               "args": {"x": {"$ref": "a", "path": path}}}]})] = "$.calls[1].args.x.path"
        for plan, place in plans.items():
            with self.subTest(plan=plan[:100]):
                answer = self.site.value("SELECT ops.run_plan(%s)", (plan,))
                check_envelope(answer)
                self.assertEqual((answer["status"], answer["error"]["code"]), ("failed", "PLAN_INVALID"))
                self.assertIn(place, answer["error"]["message"])
                self.assertEqual(answer["tool_calls"], [])
        for depth in (800, 10_000):
            plan = '{"calls": [{"id": "a", "tool": "items", "args": {"x": ' + nested(depth) + "}}]}"
            self.raises("22023", "PLAN_INVALID", self.site.value, "SELECT ops.run_plan(%s)", (plan,))
        self.raises("22004", "plan", self.site.value, "SELECT ops.run_plan(NULL)")

    def test_references(self):
        def second(path, tool="items", on_error="skip", args=None):
            answer = self.site.run_plan([{"id": "a", "tool": tool, "args": args or {}, "on_error": on_error},
                                         {"id": "b", "tool": "echo", "args": {"x": {"$ref": "a", "path": path}}}],
                                        options={"timeout_ms": 20_000})
            return answer["tool_calls"][1]
        self.assertEqual(second("$.rows[0].names")["status"], "success")
        for path in ("$.rows[9].names", "$.nosuch", "strict $.nosuch", "$.rows[0].n / 0", "$.rows[*].names.double()"):
            with self.subTest(path=path):
                self.assertEqual(second(path)["error_code"], "PLAN_INVALID")
        for path in ("$.rows", "$.rows[0].n", "$.rows[0]", "$.**"):  # found, and no text
            with self.subTest(path=path):
                self.assertEqual(second(path)["error_code"], "TOOL_BAD_REQUEST")
        for on_error in ("skip", "continue"):
            call = second("$.rows[0].x", "ratio", on_error, {"n": 0})
            self.assertEqual((call["status"], call["error_code"]), ("skipped", "DEPENDENCY_FAILED"))
        # Work and memory of a path are bounded, whatever it multiplies.
        for path in ("$" + ".**" * 4, "$" + ".**" * 8, "$.rows[*] ? (exists($.rows[*] ? (exists($.rows[*] ? (@.x == 1)))))"):
            with self.subTest(path=path):
                call = second(path, "trees")
                self.assertEqual((call["status"], call["error_code"]), ("error", "PLAN_INVALID"))
                self.assertIn("takes too long or needs too much memory", call["message"])

    def test_arguments(self):
        self.raises("22004", "name", self.site.value, "SELECT ops.call_tool(NULL)")
        for args in ("[1]", "5", "null", '"x"'):
            self.raises("22023", "TOOL_BAD_REQUEST", self.site.value, "SELECT ops.call_tool('items', %s)", (args,))
        for name, args in (("", {}), ("nobody", {}), ("items", {"x": 1}), ("ratio", {"n": None}), ("ratio", {"n": "x"}),
                           ("ratio", {}), ("echo", {"x": {"a": 1}}), ("items", {"x": "y" * 10_000_000})):
            self.assertEqual(code_of(self.site.call(name, args)), "PLAN_INVALID", name)
        self.assertEqual(code_of(self.site.call("ratio", {"n": 0})), "TOOL_ERROR")
        self.assertEqual(code_of(self.site.call("ratio", {"n": 10 ** 30})), "TOOL_ERROR")
        self.assertEqual(cells(self.site.call("echo", {"x": "'; DROP TABLE shop.item; --"}))["x"],
                         "'; DROP TABLE shop.item; --")
        self.assertEqual(cells(self.site.call("echo", {"x": "\u202e\x01\\:x"}))["x"], "\u202e\x01\\:x")

    def test_text_form_of_anything(self):
        for answer in ("null", "[]", "5", '"x"', "{}", '{"answer": 5}', '{"answer": {"blocks": {"a": 1}}, "tool_calls": 7}',
                       '{"answer": {"blocks": [{"type": "table", "columns": [5, {"name": 7}], "rows": [3, null]}]},'
                       ' "references": [1], "clarification": {"options": 5}, "next_actions": {"a": 1}}',
                       '{"references": {"a": {"ref": {"x": 1}}}, "failed_tools": 3, "error": {"code": 3}, "duration_ms": []}',
                       '{"answer": {"summary": "a\\u202eb\\u001b[31m"}}'):
            lines = self.site.value("SELECT array_agg(line) FROM ops.to_text(%s) AS line", (answer,))
            self.assertFalse([c for line in lines for c in line if c in "\u202e\x1b"], answer)
        lines = self.site.value("SELECT array_agg(line) FROM ops.to_text(ops.call_tool('trees')) AS line")
        self.assertIn("... and 50 more rows", lines)
        self.site.create_tool("nothing", "Nothing at all", "SELECT 1 AS lonely WHERE false")
        lines = self.site.value("SELECT array_agg(line) FROM ops.to_text(ops.call_tool('nothing')) AS line")
        self.assertNotIn("lonely", "\n".join(lines), "no rows, no table")


class Tools(Hostile):
    """Texts of tools, and what they return."""

    def test_statements_that_are_refused(self):
        refused = {
            "": "SELECT", "-- x": "no statement", "SELECT 1 AS a; SELECT 2 AS b": "more than one statement",
            "SELECT FROM shop.item": "no columns", "SELECT :x AS a": "parameter :x", "SELECT $1 AS a": "named, not numbered", "SELEC 1": "syntax error",
            "SELECT 'abc": "unterminated", "SELECT 1 AS a, 2 AS a": '"a" occurs more than once', "SELECT * FROM item": "item",
            "SELECT * FROM shop.nobody": "shop.nobody", "WITH d AS (DELETE FROM shop.item RETURNING 1) SELECT * FROM d": "DELETE",
            "WITH d AS (INSERT INTO shop.item VALUES ('a', 1, 'b') RETURNING 1) SELECT * FROM d": "INSERT",
            "SELECT 1 AS a INTO shop.x": "INTO", "SELECT id FROM shop.item FOR UPDATE": "locking",
            "SELECT id FROM shop.item FOR KEY SHARE": "locking", "SELECT set_config('pg_ops.tenant', 'globex', true) AS a":
            "set_config", "SELECT pg_sleep(1) AS a": "pg_sleep", "SELECT lo_create(0) AS a": "lo_create",
            "SELECT lo_import('/etc/passwd') AS a": "lo_import", "SELECT lo_get(1) AS a": "lo_get",
            "SELECT lo_from_bytea(0, '') AS a": "lo_from_bytea", "SELECT loread(1, 1) AS a": "loread",
            "SELECT pg_read_file('/etc/passwd') AS a": "pg_read_file", "COPY shop.item TO PROGRAM 'id'": "COPY",
            "DO $$BEGIN END$$": "DO", "EXPLAIN ANALYZE SELECT 1": "EXPLAIN", "BEGIN": "TRANSACTION",
            "SELECT query_to_xml('SELECT 1', true, true, '') AS a": "query_to_xml", "SELECT nextval('x') AS a": "nextval",
            "SELECT txid_current() AS a": "txid_current", "SELECT pg_terminate_backend(1) AS a": "pg_terminate_backend",
            "SELECT '1e200000'::numeric AS a": "overflows", "SELECT " + "+".join(["1"] * 50_000): "longer than",
            "SELECT 1 AS a /*" + "x" * 2_000_000 + "*/": "longer than",
            "SELECT " + ",".join(f"1 AS c{i}" for i in range(1_700)): "target lists",
        }
        for query, word in refused.items():
            with self.subTest(query=query[:80]):
                self.raises("22023", word, self.site.call_sql, query)
        # More closing than opening, and nesting that no stack holds: a sentence, not a crash.
        for query in ("SELECT " + "(" * 12_000 + "1" + ")" * 12_000 + " AS a", "SELECT " + "NOT " * 8_000 + "true AS a",
                      "SELECT " + "CASE WHEN true THEN " * 1_500 + "1" + " END" * 1_500 + " AS a", "SELECT ))) AS a"):
            try:
                self.site.call_sql(query)
            except psycopg2.Error as error:
                self.assertEqual(error.pgcode, "22023", str(error)[:300])

    def test_colons_that_are_no_parameters(self):
        for query, args, expected in (
                ("SELECT (ARRAY[1,2,3])[1:2] AS a", {}, [1, 2]), ("SELECT (ARRAY[1,2,3])[1:(:n)] AS a", {"n": 2}, [1, 2]),
                ("SELECT (ARRAY[1,2,3])[1:n] AS a FROM (VALUES (2)) AS v(n)", {}, [1, 2]),
                ("SELECT (ARRAY[1,2,3])[:2] AS a", {}, [1, 2]), ("SELECT '5'::int AS a", {}, 5),
                ("SELECT :n::text AS a", {"n": "q"}, "q"), ("SELECT 1 AS a /* :x /* :y */ */ -- :z", {}, 1),
                ("SELECT ':x' AS a", {}, ":x"), ("SELECT E'\\':y' AS a", {}, "':y"), ("SELECT $$:z$$ AS a", {}, ":z"),
                ("SELECT $q$:w$$ $q$ AS a", {}, ":w$$ "), ("SELECT U&'\\0041:v' AS a", {}, "A:v"),
                ("SELECT \":c\" AS a FROM (VALUES (1)) AS v(\":c\")", {}, 1), ("SELECT 7 AS a;", {}, 7),
                ("SELECT 1 OPERATOR(pg_catalog.+) :n AS a", {"n": 3}, 4), ("VALUES (1)", {}, None),
                ("SELECT '{\"a\":1}'::jsonb ? 'a' AS a", {}, True)):
            with self.subTest(query=query):
                answer = self.site.call_sql(query, args)
                self.assertEqual(answer["status"], "success", answer["tool_calls"])
                if expected is not None:
                    self.assertEqual(cells(answer)["a"], expected)

    def test_values(self):
        self.site.create_tool("zones", "Times", "SELECT '2026-07-01 00:00+00'::timestamptz AS a,"
                              " '2026-07-01 12:00'::timestamptz AS b, 'infinity'::timestamptz AS c")
        for zone, first, second in (("UTC", "2026-07-01T00:00:00+00:00", "2026-07-01T12:00:00+00:00"),
                                    ("Asia/Seoul", "2026-07-01T09:00:00+09:00", "2026-07-01T12:00:00+09:00"),
                                    ("America/New_York", "2026-06-30T20:00:00-04:00", "2026-07-01T12:00:00-04:00")):
            row = cells(self.site.run_plan([{"id": "a", "tool": "zones"}], options={"timezone": zone}))
            self.assertEqual(row, {"a": first, "b": second, "c": "infinity"})
        for text, value in VALUES.items():
            with self.subTest(value=text):
                self.assertEqual(cells(self.site.call_sql(f"SELECT {text} AS a"))["a"], value)
        self.assertEqual(cells(self.site.call_sql("SELECT 1 AS \"a b\"\"c\", 2 AS \"\u202e\", 3 AS \"?column?\"")),
                         {'a b"c': 1, "\u202e": 2, "?column?": 3})

    def test_results_that_cannot_be(self):
        for text in ("'{\"a\": \"x\\u0000y\"}'::json", "ROW('{\"a\": \"x\\u0000y\"}'::json)", "'1e200000'::json",
                     "ARRAY['\"\\u0000\"'::json]", "ROW('1e200000'::json)", "ROW('1e999999999999'::json)",
                     "(repeat('[', 3000) || repeat(']', 3000))::jsonb", "(repeat('[', 3000) || repeat(']', 3000))::json",
                     "xmlparse(content '<a>')", "('x' || name)::int FROM shop.item LIMIT 1 --",
                     "convert_from('\\xff', 'UTF8')"):
            with self.subTest(value=text):
                text, tail = (text[:-3], "") if text.endswith("--") else (text, " AS a")
                answer = self.site.call_sql(f"SELECT {text}{tail}")
                self.assertEqual((answer["status"], code_of(answer)), ("failed", "TOOL_ERROR"), answer["error"])

    def test_too_much(self):
        answer = self.site.call_sql("SELECT g AS a FROM generate_series(1, 100000) AS g")
        call = answer["tool_calls"][0]
        self.assertEqual((answer["status"], call["row_count"], call["truncated"]), ("success", 5_000, True))
        self.assertIn("first 5000 rows of more", answer["answer"]["summary"])
        self.assertTrue(answer["references"][0]["truncated"])
        for query in ("SELECT repeat('x', 1000000) AS a FROM generate_series(1, 60) AS g", "SELECT repeat('x', 1000000000) AS a",
                      "SELECT repeat('x', 300000000) AS a", "SELECT repeat('x', 2000000000) AS a",
                      "SELECT string_agg(repeat('x', 1000000), '') AS a FROM generate_series(1, 1000) AS g",
                      "SELECT repeat(E'\\x01', 9000000) AS a", "SELECT array_agg(g) AS a FROM generate_series(1, 20000000) AS g"):
            with self.subTest(query=query):
                answer = self.site.call_sql(query)
                self.assertEqual((answer["status"], code_of(answer)), ("failed", "RESULT_TOO_LARGE"), answer["error"])
        self.assertEqual(len(cells(self.site.call_sql("SELECT repeat('x', 9000000) AS a"))["a"]), 9_000_000)
        endless = self.site.call_sql("WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r")
        self.assertEqual((endless["status"], endless["tool_calls"][0]["truncated"]), ("success", True))


VALUES = {
    "'NaN'::numeric": "NaN", "'Infinity'::numeric": "Infinity", "'-Infinity'::float8": "-Infinity", "'NaN'::float4": "NaN",
    "ARRAY['NaN'::numeric, 1.50]": ["NaN", Number("1.50")], "ROW('NaN'::float8, 1)": {"f1": "NaN", "f2": 1},
    "12345678901234567890123456789012345678::numeric(38)": Number("12345678901234567890123456789012345678"),
    "0.10000000000000000000000000000000000001::numeric(38, 38)": Number("0.10000000000000000000000000000000000001"),
    "9223372036854775807::int8": Number("9223372036854775807"), "0.1::float8 + 0.2::float8": Number("0.30000000000000004"),
    "1e130000::numeric": Number("1" + "0" * 130_000), "1e-16000::numeric": Number("0." + "0" * 15_999 + "1"),
    "'{\"a\": 1, \"a\": 2}'::json": {"a": 2}, "'\\xdeadbeef'::bytea": "\\xdeadbeef",
    "'1 year 2 mons 3 days 04:05:06.7'::interval": "P1Y2M3DT4H5M6.7S", "int4range(1, 5)": "[1,5)",
    "ARRAY[[1,2],[3,NULL]]": [[1, 2], [3, None]], "ROW(1, 'x', NULL)": {"f1": 1, "f2": "x", "f3": None},
    "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "'10.0.0.1/8'::inet": "10.0.0.1/8",
    "12.34::money": "$12.34", "'<a>x</a>'::xml": "<a>x</a>", "'-infinity'::date": "-infinity", "'03:04'::time": "03:04:00",
    "'294276-12-31'::timestamp": "294276-12-31T00:00:00", "'{[1,2)}'::int4multirange": "{[1,2)}", "'x'::\"char\"": "x",
    "'(1,2)'::point": "(1,2)", "B'101'": "101", "'a b'::tsvector": "'a' 'b'", "'0/1'::pg_lsn": "0/1",
    "'{}'::int[]": [], "NULL::int": None, "'12:00+02'::timetz": "12:00:00+02", "'1 2'::int2vector": "1 2",
    "'{a,b}'::name[]": ["a", "b"], "'$.a'::jsonpath": '$."a"', "E'a\\u202eb\\nc\\td\"\\\\'": "a\u202eb\nc\td\"\\",
    "(SELECT item FROM shop.item WHERE id = 1)": {"tenant_id": "acme", "id": 1, "name": "anvil"},
}


if __name__ == "__main__":
    unittest.main()
