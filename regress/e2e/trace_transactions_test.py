"""A trace is the record of what happened, whatever becomes of the transaction that asked."""
import os
import sys
import unittest

import psycopg2

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from asking import Asking, plan, run_plan  # noqa: E402
from cluster import Cluster  # noqa: E402


class TraceTransactions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("trace_transactions").start()
        cls.addClassCleanup(cls.cluster.stop)
        cls.asking = Asking(cls.cluster).install()

    def setUp(self):
        self.caller = self.asking.connect()
        self.caller.autocommit = False
        self.cursor = self.caller.cursor()
        self.run = self.cursor.execute
        self.addCleanup(self.caller.close)

    def ask(self):
        answer = run_plan(self.caller, {"a": ("echo", {"tag": "x"})}, actor=self.id())
        self.assertEqual(answer["status"], "success", answer["error"])
        self.assertTrue(answer["trace_durable"])

    def stored(self):
        self.asking.wait_until_free()
        connection = self.asking.connect()
        try:
            cursor = connection.cursor()
            cursor.execute("SELECT status FROM ops.traces WHERE actor = %s ORDER BY trace_id", [self.id()])
            return [row[0] for row in cursor.fetchall()]
        finally:
            connection.close()

    def ask_in_sql(self):
        """The ask as an SQL expression, for use inside of functions."""
        text = self.cursor.mogrify("ops.run_plan(%s, %s)", [plan(a=("echo", {"tag": "x"})),
                                                            '{"actor": "%s"}' % self.id()])
        return text.decode()

    def test_rolled_back(self):
        self.run("CREATE TEMP TABLE t (i int)")
        self.ask()
        self.caller.rollback()
        self.assertEqual(self.stored(), ["success"])

    def test_failed_later(self):
        self.ask()
        with self.assertRaises(psycopg2.errors.DivisionByZero):
            self.run("SELECT 1/0")
        self.caller.rollback()
        self.assertEqual(self.stored(), ["success"])

    def test_failed_in_the_same_statement(self):
        with self.assertRaises(psycopg2.errors.DivisionByZero):
            self.run(f"SELECT 1 / (length(({self.ask_in_sql()})::text) * 0)")
        self.caller.rollback()
        self.assertEqual(self.stored(), ["success"])

    def test_read_only(self):
        self.run("SET TRANSACTION READ ONLY")
        self.ask()
        self.caller.commit()
        self.assertEqual(self.stored(), ["success"])

    def test_isolation_levels(self):
        for level in ("REPEATABLE READ", "SERIALIZABLE", "SERIALIZABLE, READ ONLY, DEFERRABLE"):
            self.run(f"SET TRANSACTION ISOLATION LEVEL {level}")
            self.run("SELECT count(*) FROM ops.traces")
            self.ask()
            self.ask()
            self.caller.commit()
        self.assertEqual(self.stored(), ["success"] * 6)

    def test_in_a_savepoint_rolled_back(self):
        self.run("SAVEPOINT s")
        self.ask()
        self.run("ROLLBACK TO s")
        self.ask()
        self.run("RELEASE s")
        self.caller.rollback()
        self.assertEqual(self.stored(), ["success"] * 2)

    def test_in_an_exception_block(self):
        self.run(f"DO $$ BEGIN FOR i IN 1..3 LOOP BEGIN PERFORM {self.ask_in_sql()}; PERFORM 1/0; "
                 "EXCEPTION WHEN division_by_zero THEN NULL; END; END LOOP; END $$")
        self.caller.commit()
        self.assertEqual(self.stored(), ["success"] * 3)

    def test_misuse_caught_in_an_exception_block(self):
        """An ask that is an error itself leaves the session as it was."""
        self.run("DO $$ BEGIN FOR i IN 1..200 LOOP BEGIN PERFORM ops.run_plan('{\"calls\": 1}', '{\"unknown\": 1}'); "
                 f"EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; PERFORM {self.ask_in_sql()}; END $$")
        self.caller.commit()
        self.assertEqual(self.stored(), ["success"])

    def test_through_a_cursor(self):
        self.run(f"DECLARE c CURSOR FOR SELECT {self.ask_in_sql()} ->> 'status' FROM generate_series(1, 5)")
        for _ in range(3):
            self.run("FETCH 1 FROM c")
            self.assertEqual(self.cursor.fetchone(), ("success",))
        self.run("CLOSE c")
        self.caller.rollback()
        self.assertEqual(self.stored(), ["success"] * 3)

    def test_through_a_function_called_by_a_cursor(self):
        self.run(f"CREATE FUNCTION pg_temp.f() RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..3 LOOP "
                 f"RETURN NEXT {self.ask_in_sql()} ->> 'status'; END LOOP; END $$")
        self.run("DECLARE c CURSOR FOR SELECT * FROM pg_temp.f()")
        self.run("FETCH ALL FROM c")
        self.assertEqual([row[0] for row in self.cursor.fetchall()], ["success"] * 3)
        self.caller.rollback()
        self.assertEqual(self.stored(), ["success"] * 3)

    def test_cursor_with_hold(self):
        """Run at commit, when the transaction is as good as over."""
        self.run(f"DECLARE c CURSOR WITH HOLD FOR SELECT {self.ask_in_sql()} ->> 'status' FROM generate_series(1, 2)")
        self.caller.commit()
        self.run("FETCH ALL FROM c")
        self.assertEqual([row[0] for row in self.cursor.fetchall()], ["success"] * 2)
        self.run("CLOSE c")
        self.caller.commit()
        self.assertEqual(self.stored(), ["success"] * 2)

    def test_deferred_trigger(self):
        self.run("CREATE TEMP TABLE t (i int)")
        self.run("CREATE FUNCTION pg_temp.g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                 f"PERFORM {self.ask_in_sql()}; RETURN NULL; END $$")
        self.run("CREATE CONSTRAINT TRIGGER g AFTER INSERT ON t INITIALLY DEFERRED FOR EACH ROW "
                 "EXECUTE FUNCTION pg_temp.g()")
        self.run("INSERT INTO t VALUES (1), (2)")
        self.caller.commit()
        self.assertEqual(self.stored(), ["success"] * 2)

    def test_many_asks_in_one_transaction(self):
        self.run(f"SELECT count({self.ask_in_sql()}) FROM generate_series(1, 500)")
        self.assertEqual(self.cursor.fetchone(), (500,))
        self.caller.rollback()
        self.assertEqual(len(self.stored()), 500)


if __name__ == "__main__":
    unittest.main()
