"""A tool that waits for a lock of the very session that asked would wait for ever, unseen by the deadlock detector: the
caller gets an error at once instead, also when the wait goes through other sessions."""
import os
import sys
import threading
import time
import unittest

import psycopg2

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from asking import Asking, run_plan  # noqa: E402
from cluster import Cluster, wait_for  # noqa: E402


class SelfLocks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("locks").start()
        cls.addClassCleanup(cls.cluster.stop)
        cls.asking = Asking(cls.cluster).install()
        cls.cluster.rows("CREATE TABLE stock (tenant_id text NOT NULL, item text, amount int)")
        cls.cluster.rows("GRANT ALL ON stock TO alice; GRANT SELECT ON stock TO ops_tool")
        cls.cluster.rows("SELECT ops.protect_table('stock')")
        cls.cluster.rows("INSERT INTO stock VALUES ('acme', 'bolts', 7)")
        cls.asking.tools("acme", {"stock": "SELECT sum(amount) AS amount FROM public.stock"})
        connection = cls.asking.connect()
        assert run_plan(connection, {"a": ("stock", {})})["status"] == "success"
        connection.close()

    def setUp(self):
        self.caller = self.asking.connect()
        self.caller.autocommit = False
        self.run = self.caller.cursor().execute
        self.addCleanup(self.caller.close)

    def check_refused(self, limit_s):
        """The ask ends soon with an error that names the cause; the transaction goes on."""
        begun = time.monotonic()
        answer = run_plan(self.caller, {"a": ("stock", {})})
        seconds = time.monotonic() - begun
        self.assertEqual((answer["status"], answer["tool_calls"][0]["error_code"]), ("failed", "TOOL_ERROR"), answer)
        self.assertLess(seconds, limit_s)
        self.assertGreater(seconds, 0.05)
        self.run("SELECT 1")
        self.caller.rollback()
        self.assertEqual(run_plan(self.caller, {"a": ("stock", {})})["status"], "success")
        self.caller.rollback()
        self.asking.wait_until_free()

    def test_direct(self):
        self.run("LOCK TABLE stock IN ACCESS EXCLUSIVE MODE")
        self.check_refused(0.7)

    def test_through_another_waiter(self):
        """The tool queues behind a session that waits for the caller."""
        self.run("LOCK TABLE stock IN ACCESS SHARE MODE")
        other = self.asking.connect("postgres")
        self.addCleanup(other.close)
        thread = threading.Thread(target=lambda: other.cursor().execute(
            "BEGIN; LOCK TABLE stock IN ACCESS EXCLUSIVE MODE; ROLLBACK"), daemon=True)
        thread.start()
        wait_for(lambda: self.cluster.value("SELECT count(*) FROM pg_locks WHERE NOT granted"), "the other waits")
        self.check_refused(1.2)
        thread.join(10)
        self.assertFalse(thread.is_alive())

    def test_chain_over_two_tables(self):
        """The tool waits for B, which holds the table and waits for a table of the caller's."""
        self.cluster.rows("CREATE TABLE gate (i int); GRANT ALL ON gate TO alice")
        self.run("LOCK TABLE gate IN ACCESS EXCLUSIVE MODE")
        other = self.asking.connect("postgres")
        self.addCleanup(other.close)
        thread = threading.Thread(target=lambda: other.cursor().execute(
            "BEGIN; LOCK TABLE stock IN ACCESS EXCLUSIVE MODE; LOCK TABLE gate IN ACCESS SHARE MODE; ROLLBACK"),
            daemon=True)
        thread.start()
        wait_for(lambda: self.cluster.value("SELECT count(*) FROM pg_locks WHERE NOT granted"), "the other waits")
        self.check_refused(1.2)
        thread.join(10)
        self.assertFalse(thread.is_alive())

    def test_lock_of_another_session_is_waited_for(self):
        """Not the caller's doing: the tool waits, and goes on when the lock is free."""
        other = self.asking.connect("postgres")
        self.addCleanup(other.close)
        other.autocommit = False
        other.cursor().execute("LOCK TABLE stock IN ACCESS EXCLUSIVE MODE")
        seen = {}
        thread = threading.Thread(target=lambda: seen.update(run_plan(self.caller, {"a": ("stock", {})})), daemon=True)
        thread.start()
        wait_for(lambda: self.cluster.value("SELECT count(*) FROM pg_locks WHERE NOT granted"), "the tool waits")
        # Longer than the caller's first two looks for a lock of its own.
        begun = time.monotonic()
        wait_for(lambda: time.monotonic() > begun + 0.8, "a while has passed")
        self.assertEqual(seen, {})
        other.rollback()
        thread.join(10)
        self.assertEqual(seen["status"], "success", seen.get("error"))

    def test_registration_under_lock(self):
        """Making a tool over a locked table ends with an error as well."""
        self.caller.close()
        admin = self.asking.connect("postgres")
        self.addCleanup(admin.close)
        admin.autocommit = False
        run = admin.cursor().execute
        run("SELECT ops.set_tenant('acme')")
        run("LOCK TABLE stock IN ACCESS EXCLUSIVE MODE")
        begun = time.monotonic()
        with self.assertRaises(psycopg2.Error):
            run("SELECT ops.create_sql_tool('stock2', 'x', 'SELECT sum(amount) AS amount FROM public.stock')")
        self.assertLess(time.monotonic() - begun, 1.5)


if __name__ == "__main__":
    unittest.main()
