"""Callers that are terminated, cancelled, timed out or gone while they ask, without any restart: nobody gets another's
answer, nothing stays claimed, and a cancelled ask leaves its trace. PGOPS_TERMINATIONS (default 1000)."""
import os
import random
import signal
import sys
import threading
import time
import unittest

import psycopg2
import psycopg2.errors

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from asking import Asking, Load, drop_connection, run_plan, values_of  # noqa: E402
from cluster import Cluster, wait_for  # noqa: E402
from hostile_upstream import Upstream  # noqa: E402

TERMINATIONS = int(os.environ.get("PGOPS_TERMINATIONS") or 1000)
INTERRUPTIONS = 3000 if os.environ.get("PGOPS_LONG") else 600
MIXTURE = (("busy",), ("echo", "web"), ("busy", "busy", "web"), ("echo",))


class Interrupted(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = Upstream()
        cls.addClassCleanup(cls.upstream.stop)
        cls.cluster = Cluster("interrupted", egress=[f"127.0.0.1:{cls.upstream.port}"]).start()
        cls.addClassCleanup(cls.cluster.stop)
        cls.asking = Asking(cls.cluster, cls.upstream.port).install()

    def setUp(self):
        self.admin = self.asking.connect("postgres")
        self.addCleanup(self.admin.close)

    def rows(self, statement, *parameters):
        with self.admin.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall()

    def check_next_ask(self):
        connection = self.asking.connect()
        answer = run_plan(connection, {"a": ("echo", {"tag": "next"}), "b": ("web", {"tag": "next"})})
        self.assertEqual((answer["status"], values_of(answer)), ("success", ["next", "next"]), answer["error"])
        connection.close()

    def test_terminated(self):
        started = self.rows("SELECT pg_postmaster_start_time()")
        writer = self.rows("SELECT pid FROM ops.workers WHERE kind = 'trace writer'")
        load = Load(self.asking, mixture=MIXTURE).start()
        terminated = set()
        try:
            while len(terminated) < TERMINATIONS:
                found = self.rows("SELECT pid, backend_start, pg_terminate_backend(pid) FROM (SELECT * FROM "
                                  "pg_stat_activity WHERE usename = 'alice' AND state = 'active' AND query LIKE "
                                  "'%%run_plan%%' ORDER BY random() LIMIT 6) a")
                terminated.update((pid, start) for pid, start, sent in found if sent)
            load.wait_for_more(100)
        finally:
            load.stop()
        self.check_next_ask()
        load.check(self)
        self.assertGreater(load.lost, TERMINATIONS * 0.9)
        self.assertEqual(self.rows("SELECT pg_postmaster_start_time()"), started)
        if writer:
            self.assertEqual(self.rows("SELECT pid FROM ops.workers WHERE kind = 'trace writer'"), writer)

    def test_interrupted_at_random(self):
        """A third of the clients is cancelled, a third times out, a third loses its connection."""
        def limit(number, _turn):
            return random.randint(1, 60) if number % 3 == 0 else 0
        load = Load(self.asking, mixture=MIXTURE, statement_timeout_ms=limit)
        threads = []

        def cancel():
            admin = self.asking.connect("postgres")
            with admin.cursor() as cursor:
                while not load.stopping.is_set():
                    cursor.execute("SELECT count(pg_cancel_backend(pid)) FROM (SELECT pid FROM pg_stat_activity "
                                   "WHERE usename = 'alice' AND query LIKE '%%run_plan%%' AND state = 'active' "
                                   "ORDER BY random() LIMIT 3) p")
                    load.stopping.wait(random.random() / 50)
            admin.close()

        def vanish():
            while not load.stopping.is_set():
                for connection in list(load.connections.values()):
                    if random.random() < 0.1 and not connection.closed:
                        try:
                            drop_connection(connection)
                        except (psycopg2.Error, OSError):
                            pass
                load.stopping.wait(random.random() / 10)
        load.start()
        threads = [threading.Thread(target=work, daemon=True) for work in (cancel, vanish)]
        for thread in threads:
            thread.start()
        try:
            wait_for(lambda: len(load.interrupted.get("57014", ())) >= INTERRUPTIONS and
                     load.lost >= INTERRUPTIONS // 10, f"enough interruptions: {load.summary()}", 60)
        finally:
            load.stop()
            for thread in threads:
                thread.join(10)
        self.check_next_ask()
        load.check(self)
        self.assertGreater(load.answers, 50, load.summary())

    def executing(self):
        return self.rows("SELECT executors_busy FROM ops._claims()")[0][0] > 0

    def interrupt(self, do, **options):
        """An ask that is interrupted while its tool runs: returns the error and the seconds it took to end."""
        connection = self.asking.connect()
        seen = {}

        def ask():
            try:
                seen["answer"] = run_plan(connection, {"a": ("slow", {})}, **options)
            except psycopg2.Error as error:
                seen["error"] = error
            seen["at"] = time.monotonic()
        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        wait_for(self.executing, "the tool runs")
        begun = time.monotonic()
        do(connection)
        thread.join(20)
        self.assertFalse(thread.is_alive())
        self.asking.wait_until_free()
        wait_for(lambda: not self.executing(), "the executor is free again", 5)
        return seen, seen["at"] - begun

    def trace_of(self, actor):
        connection = self.asking.connect()
        with connection.cursor() as cursor:
            cursor.execute("SELECT status, error_code FROM ops.traces WHERE actor = %s", [actor])
            found = cursor.fetchall()
        connection.close()
        return found

    def test_cancelled_leaves_a_trace(self):
        for turn in range(5):
            actor = f"cancelled-{turn}"
            seen, seconds = self.interrupt(
                lambda connection: self.rows("SELECT pg_cancel_backend(%s)", connection.get_backend_pid()), actor=actor)
            self.assertIsInstance(seen["error"], psycopg2.errors.QueryCanceled)
            self.assertLess(seconds, 1.0)
            self.assertEqual(self.trace_of(actor), [("cancelled", "CANCELLED")])

    def test_statement_timeout_leaves_a_trace(self):
        connection = self.asking.connect(options="-c statement_timeout=200")
        with self.assertRaises(psycopg2.errors.QueryCanceled):
            run_plan(connection, {"a": ("slow", {})}, actor="timed-out")
        connection.close()
        self.asking.wait_until_free()
        self.assertEqual(self.trace_of("timed-out"), [("cancelled", "CANCELLED")])

    def test_terminated_frees_the_executor(self):
        seen, seconds = self.interrupt(
            lambda connection: self.rows("SELECT pg_terminate_backend(%s)", connection.get_backend_pid()))
        self.assertIn("error", seen)
        self.assertLess(seconds, 1.0)

    def test_terminated_executor(self):
        """An executor ended by an administrator costs its own call only."""
        seen, _ = self.interrupt(lambda _: self.rows(
            "SELECT pg_terminate_backend(pid) FROM ops.workers WHERE kind = 'executor' AND state = 'busy'"))
        call = seen["answer"]["tool_calls"][0]
        self.assertEqual((call["status"], call["error_code"]), ("error", "INTERNAL_ERROR"), call)
        self.check_next_ask()

    def test_cancelled_executor(self):
        """pg_cancel_backend on an executor cancels its call, not the request."""
        seen, _ = self.interrupt(lambda _: self.rows(
            "SELECT pg_cancel_backend(pid) FROM ops.workers WHERE kind = 'executor' AND state = 'busy'"))
        self.assertEqual(seen["answer"]["tool_calls"][0]["error_code"], "CANCELLED", seen["answer"]["tool_calls"])
        self.check_next_ask()

    def test_terminated_launcher(self):
        """It comes back, and requests that need a new executor meanwhile wait for it."""
        launcher = self.launcher()
        self.cluster.kill(launcher, signal.SIGTERM)
        wait_for(lambda: self.launcher() != launcher, "the launcher's end")
        self.rows("SELECT pg_terminate_backend(pid) FROM ops.workers WHERE pid > 0")
        self.check_next_ask()
        self.check_next_ask()

    def launcher(self):
        """The launcher has no database and therefore no row in pg_stat_activity: found by its title."""
        with open(os.path.join(self.cluster.dir, "data", "postmaster.pid")) as f:
            postmaster = f.readline().strip()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat") as f:
                    parent = f.read().rpartition(")")[2].split()[1]
                with open(f"/proc/{pid}/cmdline") as f:
                    title = f.read()
            except OSError:
                continue
            if parent == postmaster and "pg_ops launcher" in title:
                return int(pid)
        return None


if __name__ == "__main__":
    unittest.main()
