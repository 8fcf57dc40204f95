"""Traces end to end: every acknowledged one is stored, whatever happens to the caller or to the writer."""
import os
import subprocess
import sys
import threading
import time
import unittest

import psycopg2

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster, wait_for  # noqa: E402

ASK = "SELECT ops.ask('what can you answer?')"
WRITER = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'pg_ops trace writer' AND datname = current_database()"


def ask(connection):
    with connection.cursor() as cursor:
        cursor.execute(ASK)
        return cursor.fetchone()[0]


class Load:
    """Threads that ask until stopped; `acked` are the ids of the traces reported as durable."""

    def __init__(self, cluster, threads=12, mark="load"):
        self.cluster, self.acked, self.not_durable, self.interrupted = cluster, [], [], 0
        self.stopping = threading.Event()
        self.options = f"-c application_name={mark}"
        self.threads = [threading.Thread(target=self.run) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self):
        while not self.stopping.is_set():
            try:
                connection = self.cluster.connect(options=self.options)
                while not self.stopping.is_set():
                    answer = ask(connection)
                    (self.acked if answer["trace_durable"] else self.not_durable).append(answer["trace_id"])
            except psycopg2.Error:
                self.interrupted += 1

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


class Traces(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("traces").start()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def stored(self, ids):
        return self.cluster.value("SELECT count(*) FROM ops.traces WHERE trace_id = ANY (%s::uuid[])", (list(ids),))

    def assert_all_stored(self, load):
        self.assertGreater(len(load.acked), 50, "the load was too thin to prove anything")
        self.assertEqual(len(set(load.acked)), len(load.acked))
        self.assertEqual(self.stored(load.acked), len(load.acked))

    def assert_no_claims_left(self):
        wait_for(lambda: self.cluster.value("SELECT trace_slots_used FROM ops._claims()") == 0,
                 "trace tickets are given back")

    def test_survives_rollback_and_read_only(self):
        connection = self.cluster.connect(autocommit=False)
        rolled_back = ask(connection)
        connection.rollback()
        connection.set_session(readonly=True)
        read_only = ask(connection)
        connection.rollback()
        with connection.cursor() as cursor:
            connection.set_session(readonly=False)
            cursor.execute("SAVEPOINT s")
            in_savepoint = ask(connection)
            cursor.execute("ROLLBACK TO s")
        connection.rollback()
        answers = [rolled_back, read_only, in_savepoint]
        self.assertEqual([a["trace_durable"] for a in answers], [True] * 3)
        self.assertEqual(self.stored(a["trace_id"] for a in answers), 3)

    def test_callers_cancelled_and_terminated_lose_no_acknowledged_trace(self):
        load = Load(self.cluster, mark="victims")
        killer = self.cluster.connect()
        with killer.cursor() as cursor:
            for _ in range(150):
                for function in ("pg_terminate_backend", "pg_cancel_backend"):
                    cursor.execute(f"SELECT {function}(pid) FROM pg_stat_activity WHERE application_name = 'victims'"
                                   " AND state = 'active' ORDER BY random() LIMIT 1")
        wait_for(lambda: len(load.acked) > 50, "some requests come through")
        load.stop()
        self.assertGreater(load.interrupted, 10)
        self.assert_all_stored(load)
        self.assert_no_claims_left()

    def test_terminated_writer_is_replaced_and_loses_nothing(self):
        load = Load(self.cluster)
        for _ in range(5):
            pid = wait_for(lambda: self.cluster.value(WRITER), "a writer runs")
            self.cluster.value("SELECT pg_terminate_backend(%s)", (pid,))
            wait_for(lambda: self.cluster.value(WRITER) not in (None, pid), "another writer runs")
        seen = len(load.acked)
        wait_for(lambda: len(load.acked) > seen + 50, "requests go on")
        load.stop()
        self.assertEqual(load.interrupted, 0)
        self.assertEqual(load.not_durable, [])
        self.assert_all_stored(load)

    def test_a_locked_table_delays_traces_and_loses_none(self):
        lock = self.cluster.connect(autocommit=False)
        with lock.cursor() as cursor:
            cursor.execute("LOCK TABLE ops.trace_store IN ACCESS EXCLUSIVE MODE")
        connection = self.cluster.connect(options="-c pg_ops.request_timeout=500ms")
        begun = time.monotonic()
        answer = ask(connection)
        self.assertLess(time.monotonic() - begun, 5)
        self.assertFalse(answer["trace_durable"])
        self.assertIn("could not be stored", "".join(connection.notices))
        lock.rollback()
        wait_for(lambda: self.stored([answer["trace_id"]]) == 1, "it is stored later")

    def test_a_trace_that_is_refused_does_not_take_others_with_it(self):
        admin = self.cluster.connect()
        with admin.cursor() as cursor:
            cursor.execute("SELECT ops.create_tenant('refused')")
            cursor.execute("SELECT 'ops.trace_p' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD')")
            partition = cursor.fetchone()[0]
            ask(admin)  # the partition is there
            cursor.execute("CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
                           " IF NEW.tenant_id = 'refused' THEN RAISE 'no'; END IF; RETURN NEW; END$$")
            cursor.execute(f"CREATE TRIGGER refuse BEFORE INSERT ON {partition} FOR EACH ROW"
                           " EXECUTE FUNCTION public.refuse()")
        try:
            load = Load(self.cluster, threads=4)
            with admin.cursor() as cursor:
                for _ in range(20):
                    cursor.execute("SELECT ops.ask('what can you answer?', '{\"tenant\":\"refused\"}')")
                    self.assertFalse(cursor.fetchone()[0]["trace_durable"])
            wait_for(lambda: len(load.acked) > 50, "others go on")
            load.stop()
            self.assertEqual(load.not_durable, [])
            self.assert_all_stored(load)
        finally:
            with admin.cursor() as cursor:
                cursor.execute(f"DROP TRIGGER refuse ON {partition}")
                cursor.execute("DROP FUNCTION public.refuse()")

    def test_dump_leaves_traces_out_and_restores(self):
        ask(self.cluster.connect())
        env = {**os.environ, **{k: v for k, v in self.cluster.env().items() if k.startswith("PG")}}
        dump = subprocess.run(["pg_dump"], env=env, capture_output=True, text=True, timeout=120, check=True).stdout
        self.assertNotIn("trace_p", dump)
        self.assertNotIn("tool_call_p", dump)
        self.cluster.psql("CREATE DATABASE restored")
        restored = subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", "restored"], input=dump, env=env,
                                  capture_output=True, text=True, timeout=120)
        self.assertEqual(restored.returncode, 0, restored.stderr)
        self.assertTrue(ask(self.cluster.connect(database="restored"))["trace_durable"])


class KilledWriter(unittest.TestCase):
    def test_every_acknowledged_trace_is_found_after_the_crash_restart(self):
        cluster = Cluster("traces_killed")
        cluster.expect_kills()
        cluster.start()
        try:
            load = Load(cluster)
            for _ in range(3):
                seen = len(load.acked)
                wait_for(lambda: len(load.acked) > seen + 50, "requests are answered", timeout=60)
                pid = wait_for(lambda: cluster.value(WRITER), "a writer runs")
                cluster.kill(pid)
            seen = len(load.acked)
            wait_for(lambda: len(load.acked) > seen + 50, "requests are answered again", timeout=60)
            load.stop()
            self.assertEqual(cluster.value("SELECT count(*) FROM ops.traces WHERE trace_id = ANY (%s::uuid[])",
                                           (load.acked,)), len(load.acked))
        finally:
            cluster.stop()


if __name__ == "__main__":
    unittest.main()
