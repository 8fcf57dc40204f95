"""At a terminal: answers as text in psql, in English and Korean, at every width, and what is said while one waits."""
import os
import subprocess
import sys
import unicodedata
import unittest

import psycopg2

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster, wait_for  # noqa: E402

SITE = """
CREATE ROLE app LOGIN IN ROLE ops_operator;
SELECT ops.create_tenant('acme'); SELECT ops.grant_tenant('acme', 'app', 'operator'); SELECT ops.set_default_tenant('app', 'acme');
CREATE TABLE public.load (tenant_id text, at timestamptz, jobs int, note text);
INSERT INTO public.load SELECT 'acme', timestamptz '2026-03-01 00:00Z' + n * interval '1 hour', n % 7, 'a note that is quite long, number ' || n || ' 번째 메모'
  FROM generate_series(0, 30) n;
SELECT ops.protect_table('public.load'); GRANT SELECT ON public.load TO ops_tool;
SET ROLE app;
SELECT ops.create_sql_tool('jobs_per_hour', 'Jobs per hour.', 'SELECT at, jobs FROM public.load ORDER BY at', ARRAY['jobs per hour']);
SELECT ops.create_sql_tool('notes', 'Notes.', 'SELECT at, note, note AS again, note AS once_more, jobs FROM public.load ORDER BY at DESC LIMIT 3',
  ARRAY['latest notes']);
SELECT ops.create_sql_tool('jobs_of', 'Jobs of an hour.', 'SELECT at, jobs FROM public.load WHERE :jobs IS NULL OR jobs = :jobs ORDER BY at LIMIT :limit',
  ARRAY['jobs of an hour'], input_schema => '{"type": "object", "additionalProperties": false, "properties": {"jobs": {"type": "integer"},
  "limit": {"type": "integer", "default": 50}}}', present => '{"recount": true}');
SELECT ops.create_sql_tool('quick', 'Quick.', 'SELECT 1 AS one', ARRAY['something quick']);
"""


def width_of(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


class Terminal(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("terminal").start()
        cls.cluster.psql(SITE)

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def lines(self, statement, before=""):
        return self.cluster.psql(before + statement, user="app").stdout.split("\n")

    def test_a_series_has_its_curve_and_bars(self):
        text = "\n".join(self.lines("SELECT ops.to_text(ops.call_tool('jobs_per_hour'))"))
        self.assertIn("Jobs per hour: 31 points, 2026-03-01 00:00 to 2026-03-02 06:00; highest 6 (2026-03-01 06:00), lowest 0", text)
        self.assertIn(" jobs ▁▂▃▅▆▇█▁▂▃▅▆▇█", text)
        self.assertIn("2026-03-01 06:00 |    6 | " + 30 * "█", text)
        self.assertIn("[1] jobs_per_hour, 31 rows, as of 20", text)

    def test_no_line_of_a_table_is_wider_than_asked_for(self):
        for width in (40, 80, 120):
            for option in ("", "SET pg_ops.locale = 'ko';"):
                for tool in ("jobs_per_hour", "notes"):
                    lines = self.lines(f"SELECT ops.to_text(ops.call_tool('{tool}'), {width})", option)
                    # A trace id cannot be broken.
                    wide = [line for line in lines if width_of(line) > width and not line.startswith("-- ")]
                    self.assertEqual(wide, [], (width, tool))
        lines = self.lines("SELECT ops.ask_text('latest notes', '{\"width\": 60}')")
        self.assertLessEqual(max(width_of(line) for line in lines if not line.startswith("-- ")), 60)

    def test_the_setting_counts_where_no_width_is_given(self):
        narrow = self.lines("SELECT ops.to_text(ops.call_tool('notes'))", "SET pg_ops.text_width = 60;")
        table = [line for line in narrow if " | " in line]
        self.assertLessEqual(max(map(width_of, table)), 60)
        self.assertTrue(any("…" in line for line in table))
        for wrong in (39, 1001):
            with self.assertRaises(psycopg2.errors.InvalidParameterValue):
                self.cluster.value("SELECT ops.to_text('{}', %s)", (wrong,))
        self.assertEqual(self.cluster.rows("SELECT ops.to_text('{}', NULL)"), self.cluster.rows("SELECT ops.to_text('{}')"))

    def test_a_client_without_unicode_gets_ascii(self):
        text = "\n".join(self.lines("SELECT ops.to_text(ops.call_tool('jobs_per_hour'))", "SET client_encoding = 'LATIN1';"))
        self.assertIn("|    6 | " + 30 * "#", text)
        self.assertTrue(text.isascii())

    def test_korean_answers_speak_korean(self):
        text = "\n".join(self.lines("SELECT ops.ask_text('jobs per hour', '{\"locale\": \"ko\"}')"))
        for said in ("31개 값, 2026-03-01 00:00 ~ 2026-03-02 06:00; 최고 6", "\n출처\n  [1] jobs_per_hour, 31행, "):
            self.assertIn(said, text)

    def test_nothing_that_matched_is_told_from_nothing_at_all(self):
        answer = self.cluster.value("SELECT ops.call_tool('jobs_of', '{\"jobs\": 77}')", user="app")
        self.assertEqual(answer["status"], "success")
        self.assertEqual(answer["answer"]["summary"], "Jobs of an hour: nothing found for jobs = 77. Without the filter: 31.")
        self.assertEqual([(c["call"], c["status"], c["row_count"], c["execution_group"]) for c in answer["tool_calls"]],
                         [("call", "success", 0, 0), ("unfiltered_1", "success", 31, 1)])
        self.assertEqual([r["args"] for r in answer["references"]], [{"jobs": 77, "limit": 50}, {"limit": 50}])
        self.assertEqual([len(g["tool_call_ids"]) for g in answer["execution_groups"]], [1, 1])
        traced = wait_for(lambda: self.cluster.rows("SELECT call, tool, args FROM ops.tool_calls WHERE trace_id = %s ORDER BY position",
                                                    (answer["trace_id"],), user="app"), "the trace")
        self.assertEqual(traced, [("call", "jobs_of", {"jobs": 77, "limit": 50}), ("unfiltered_1", "jobs_of", {"limit": 50})])
        # Found, or not asked for: one call.
        for tool, args in (("jobs_of", '{"jobs": 3}'), ("jobs_of", "{}"), ("quick", "{}")):
            answer = self.cluster.value("SELECT ops.call_tool(%s, %s)", (tool, args), user="app")
            self.assertEqual(len(answer["tool_calls"]), 1, args)

    def test_who_waits_is_told_for_what(self):
        blocker = self.cluster.connect(autocommit=False)
        try:
            with blocker.cursor() as cursor:
                cursor.execute("LOCK TABLE public.load IN ACCESS EXCLUSIVE MODE")
            env = {**os.environ, **{k: v for k, v in self.cluster.env().items() if k.startswith("PG")}, "PGUSER": "app"}
            plan = '{"calls":[{"id":"a","tool":"quick"},{"id":"b","tool":"notes"}]}'
            silent, told = (subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-c", setting, "-c", f"SELECT ops.run_plan('{plan}') ->> 'status'"],
                                             env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                            for setting in ("RESET pg_ops.progress", "SET pg_ops.progress = on"))
            self.assertRegex(told.stderr.readline(), r"^NOTICE:  1 of 2 calls done, waiting for notes \(\d\.\d s\)$")
        finally:
            blocker.rollback()
            blocker.close()
        out, err = told.communicate(timeout=30)
        self.assertEqual(out.strip(), "success")
        self.assertRegex(err, r"^(NOTICE:  1 of 2 calls done, waiting for notes \(\d+\.\d s\)\n)*$")
        self.assertEqual(tuple(text.strip() for text in silent.communicate(timeout=30)), ("success", ""))

    def test_notices_come_as_notices_to_a_driver(self):
        blocker = self.cluster.connect(autocommit=False)
        connection = self.cluster.connect(user="app")
        try:
            with blocker.cursor() as cursor, connection.cursor() as asking:
                cursor.execute("LOCK TABLE public.load IN ACCESS EXCLUSIVE MODE")
                asking.execute("SET pg_ops.progress = on")
                asking.execute("SELECT ops.call_tool('notes') #>> '{tool_calls,0,status}' FROM pg_catalog.set_config('pg_ops.request_timeout', '2500', false)")
                self.assertEqual(asking.fetchone()[0], "timeout")
                wait_for(lambda: connection.notices, "a notice")
                self.assertRegex(connection.notices[0], r"^NOTICE:  0 of 1 call done, waiting for notes \([12]\.\d s\)\n$")
        finally:
            connection.close()
            blocker.rollback()
            blocker.close()


if __name__ == "__main__":
    unittest.main()
