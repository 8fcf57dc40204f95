"""ops.query where things go wrong around it: the caller's transaction, locks, cancels, timeouts, killed processes,
two tenants and many clients. Whatever happens, a refusal stays recorded and nothing stays claimed."""
import json
import os
import sys
import threading
import unittest

import psycopg2
from psycopg2 import errorcodes

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from asking import SLOW, Asking  # noqa: E402
from cluster import Cluster, wait_for  # noqa: E402


def query(connection, sql, args=None):
    cursor = connection.cursor()
    cursor.execute("SELECT ops.query(%s, %s)", [sql, json.dumps(args or {})])
    return cursor.fetchone()[0]


class Query(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("query").start()
        cls.cluster.expect_kills()
        cls.addClassCleanup(cls.cluster.stop)
        cls.asking = Asking(cls.cluster).install()
        run = cls.cluster.rows
        run("CREATE ROLE otto LOGIN; GRANT ops_operator TO otto")
        run("SELECT ops.create_tenant('globex'), ops.grant_tenant('acme', 'otto', 'operator'), "
            "ops.grant_tenant('globex', 'otto', 'operator'), ops.set_default_tenant('otto', 'acme')")
        run("CREATE TABLE stock (tenant_id text NOT NULL, item text, amount int); GRANT SELECT ON stock TO ops_tool; "
            "GRANT ALL ON stock TO otto; SELECT count(*) FROM ops.protect_table('stock')")
        run("INSERT INTO stock VALUES ('acme', 'bolts', 7), ('globex', 'bolts', 11)")

    def setUp(self):
        self.otto = self.connect()

    def connect(self):
        connection = self.asking.connect("otto")
        self.addCleanup(connection.close)
        return connection

    def tearDown(self):
        self.asking.wait_until_free()

    def refused(self, connection, sql, args=None):
        with self.assertRaises(psycopg2.Error) as caught:
            query(connection, sql, args)
        return caught.exception

    def traces_of(self, sql):
        return self.cluster.rows("SELECT t.status, t.error_code FROM ops.tool_calls c JOIN ops.traces t USING (trace_id) "
                                 "WHERE c.statement = %s", [sql])

    def test_in_every_kind_of_transaction(self):
        amount = "SELECT amount FROM public.stock"
        for begin in ("BEGIN", "BEGIN READ ONLY", "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE"):
            run = self.otto.cursor().execute
            run(begin)
            self.assertEqual(query(self.otto, amount)["rows"], [{"amount": 7}], begin)
            run("SAVEPOINT s")
            self.refused(self.otto, "DROP TABLE public.stock")
            run("ROLLBACK TO s")
            self.assertEqual(query(self.otto, amount)["rows"], [{"amount": 7}], begin)
            run("SELECT ops.set_tenant('globex')")
            self.assertEqual(query(self.otto, amount)["rows"], [{"amount": 11}], begin)
            run("ROLLBACK")
            self.assertEqual(query(self.otto, amount)["rows"], [{"amount": 7}], begin)

    def test_a_refusal_stays_recorded_after_rollback(self):
        run = self.otto.cursor().execute
        run("BEGIN")
        sql = "SELECT 'rolled back', lo_create(0)"
        self.assertIn("SQL_BLOCKED", str(self.refused(self.otto, sql)))
        run("ROLLBACK")
        self.assertEqual(self.traces_of(sql), [("failed", "SQL_BLOCKED")])

    def test_own_lock(self):
        run = self.otto.cursor().execute
        run("BEGIN")
        run("LOCK TABLE stock IN ACCESS EXCLUSIVE MODE")
        error = self.refused(self.otto, "SELECT amount FROM public.stock")
        self.assertIn("waits for a lock that this session's own transaction holds", str(error))
        run("ROLLBACK")
        self.assertEqual(query(self.otto, "SELECT amount FROM public.stock")["row_count"], 1)

    def test_statement_timeout(self):
        run = self.otto.cursor().execute
        run("SET statement_timeout = 300")
        error = self.refused(self.otto, SLOW)
        self.assertEqual(error.pgcode, errorcodes.QUERY_CANCELED)
        run("SET statement_timeout = 0")
        self.assertEqual(query(self.otto, "SELECT 1 AS x")["rows"], [{"x": 1}])

    def test_request_timeout(self):
        self.otto.cursor().execute("SET pg_ops.request_timeout = 300")
        error = self.refused(self.otto, SLOW)
        self.assertEqual(error.pgcode, "OP001")
        self.assertRegex(str(error), "REQUEST_TIMEOUT|TOOL_TIMEOUT")

    def test_cancel(self):
        sql = "/* cancelled */ " + SLOW
        seen = []
        thread = threading.Thread(target=lambda: seen.append(self.refused(self.otto, sql).pgcode))
        thread.start()
        running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'pg_ops tool direct_query%%'"
        wait_for(lambda: self.cluster.value(running), "the statement runs")
        self.otto.cancel()
        thread.join(20)
        self.assertEqual(seen, [errorcodes.QUERY_CANCELED])
        wait_for(lambda: not self.cluster.value(running), "the statement ends")
        wait_for(lambda: self.traces_of(sql), "its trace is there")
        self.assertEqual(self.traces_of(sql), [("cancelled", "CANCELLED")])
        self.assertEqual(query(self.otto, "SELECT 2 AS x")["rows"], [{"x": 2}])

    def test_executor_terminated(self):
        seen = []
        thread = threading.Thread(target=lambda: seen.append(self.refused(self.otto, SLOW)))
        thread.start()
        running = "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'pg_ops tool direct_query%%'"
        pid = wait_for(lambda: self.cluster.value(running), "the statement runs")
        self.cluster.rows("SELECT pg_terminate_backend(%s)", [pid])
        thread.join(20)
        self.assertIn("INTERNAL_ERROR: the executor was terminated", str(seen[0]))
        self.assertEqual(query(self.otto, "SELECT 3 AS x")["rows"], [{"x": 3}])

    def test_executor_killed(self):
        """SIGKILL of an executor restarts the server; afterwards everything is as before."""
        seen = []
        thread = threading.Thread(target=lambda: seen.append(self.refused(self.otto, SLOW)))
        thread.start()
        running = "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'pg_ops tool direct_query%%'"
        self.cluster.kill(wait_for(lambda: self.cluster.value(running), "the statement runs"))
        thread.join(30)
        self.assertEqual(len(seen), 1)

        def asks_again():
            try:
                return query(self.connect(), "SELECT 4 AS x")["rows"] == [{"x": 4}]
            except psycopg2.Error:
                return False
        wait_for(asks_again, "the server is back", 60, 0.1)

    def test_client_gone(self):
        connection = self.asking.connect("otto")
        pid = connection.get_backend_pid()
        thread = threading.Thread(target=lambda: self.refused(connection, SLOW))
        thread.start()
        wait_for(lambda: self.cluster.value("SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s", [pid]) ==
                 "Extension", "it waits for the executor")
        self.cluster.rows("SELECT pg_terminate_backend(%s)", [pid])
        thread.join(20)
        self.assertFalse(thread.is_alive())
        connection.close()

    def test_huge_statement_and_huge_arguments(self):
        error = self.refused(self.otto, "SELECT '" + "x" * 50_000_000 + "'")
        self.assertIn("SQL_BLOCKED: the statement is longer than 32 kB", str(error))
        self.assertLess(len(str(error)), 1000)
        size = self.cluster.value("SELECT max(octet_length(statement)) FROM ops.tool_calls")
        self.assertLess(size, 50_000)
        result = query(self.otto, "SELECT length(:x::text) AS n", {"x": "y" * 3_000_000})
        self.assertEqual(result["rows"], [{"n": 3_000_000}])
        error = self.refused(self.otto, "SELECT repeat('x', 20000000) AS x")
        self.assertIn("RESULT_TOO_LARGE", str(error))

    def test_many_clients_of_two_tenants(self):
        """32 clients, half in each tenant, good and bad statements mixed: everybody gets his own."""
        wrong = []

        def client(number):
            connection = self.connect()
            tenant, amount = (("acme", 7), ("globex", 11))[number % 2]
            for turn in range(20):
                connection.autocommit = False
                connection.cursor().execute("SELECT ops.set_tenant(%s)", [tenant])
                try:
                    tag = f"{number}-{turn}"
                    rows = query(connection, "SELECT amount, :tag AS tag FROM public.stock", {"tag": tag})["rows"]
                    if rows != [{"amount": amount, "tag": tag}]:
                        wrong.append((tag, rows))
                    if turn % 4 == 3:
                        query(connection, "SELECT pg_sleep(1)")
                        wrong.append(tag)
                except psycopg2.Error as error:
                    if "SQL_BLOCKED" not in str(error):
                        wrong.append(str(error))
                connection.rollback()
        threads = [threading.Thread(target=client, args=(n,)) for n in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        self.assertFalse(any(thread.is_alive() for thread in threads))
        self.assertEqual(wrong, [])
        self.assertEqual(self.cluster.rows("SELECT tenant, count(*) FROM ops.tool_calls WHERE args #>> '{args,tag}' LIKE '%%-%%' "
                                           "GROUP BY tenant ORDER BY tenant"), [("acme", 320), ("globex", 320)])


if __name__ == "__main__":
    unittest.main()
