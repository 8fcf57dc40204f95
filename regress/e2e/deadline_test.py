"""Deadlines: of the whole request, of one tool, and what happens to executors that do not react."""
import os
import signal
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from asking import Asking, run_plan, values_of  # noqa: E402
from cluster import Cluster, wait_for  # noqa: E402
from hostile_upstream import Upstream  # noqa: E402


class Deadline(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = Upstream()
        cls.addClassCleanup(cls.upstream.stop)
        cls.cluster = Cluster("deadline", settings={"pg_ops.max_executors": "2"},
                              egress=[f"127.0.0.1:{cls.upstream.port}"]).start()
        cls.addClassCleanup(cls.cluster.stop)
        cls.asking = Asking(cls.cluster, cls.upstream.port).install()
        # Ends at neither a cancel nor the first look at it; the stubborn one catches what it can catch.
        cls.cluster.psql("""
            CREATE FUNCTION public.nap(seconds float8) RETURNS text LANGUAGE plpgsql STABLE AS
              $$ BEGIN PERFORM pg_sleep(seconds); RETURN 'awake'; END $$;
            CREATE FUNCTION public.stubborn(seconds float8) RETURNS text LANGUAGE plpgsql STABLE AS
              $$ DECLARE until timestamptz := clock_timestamp() + make_interval(secs => seconds);
              BEGIN
                WHILE clock_timestamp() < until LOOP
                  BEGIN PERFORM pg_sleep(seconds); EXCEPTION WHEN query_canceled THEN NULL; END;
                END LOOP;
                RETURN 'awake';
              END $$;
            SELECT ops.allow_function('public.nap(float8)', 'sleeps for tests');
            SELECT ops.allow_function('public.stubborn(float8)', 'sleeps for tests');
        """)
        connection = cls.asking.connect("postgres")
        connection.autocommit = False
        run = connection.cursor().execute
        run("SELECT ops.set_tenant('acme')")
        run("""SELECT ops.publish_asset('policy', 'quick', ops.put_asset('policy', 'quick',
            (SELECT spec FROM ops.asset_versions WHERE tenant = 'system' AND kind = 'policy' AND name = 'default_sql')
            || '{"timeout_ms": 200}'))""")
        for name, function, policy in (("nap", "nap", "default_sql"), ("short_nap", "nap", "quick"),
                                       ("stubborn", "stubborn", "quick")):
            run("SELECT ops.create_sql_tool(%s, %s, %s, policy => %s)",
                [name, f"The tool {name}", f"SELECT public.{function}(:s::float8) AS tag", policy])
        run("SELECT ops.create_http_tool('hang', 'Never answers', 'GET', %s)",
            [f"http://127.0.0.1:{cls.upstream.port}/hang"])
        connection.commit()
        connection.close()

    def setUp(self):
        self.caller = self.asking.connect()
        self.addCleanup(self.caller.close)

    def timed(self, calls, **options):
        begun = time.monotonic()
        answer = run_plan(self.caller, calls, **options)
        return answer, time.monotonic() - begun

    def codes(self, answer):
        return {call["call"]: call["error_code"] for call in answer["tool_calls"]}

    def busy(self):
        return self.cluster.value("SELECT executors_busy FROM ops._claims()")

    def lost(self):
        return self.cluster.value("SELECT count(*) FROM ops.workers WHERE state = 'lost'")

    def check_free(self):
        """Soon after the answer nothing runs any more, and the next ask is well."""
        wait_for(lambda: self.busy() == 0, "the executors are free", 2)
        self.asking.wait_until_free(2)
        self.assertEqual(values_of(run_plan(self.caller, {"a": ("echo", {"tag": "next"})})), ["next"])

    def test_whole_request(self):
        answer, seconds = self.timed({"a": ("nap", {"s": 30})}, timeout_s=0.3)
        self.assertEqual(answer["error"]["code"], "REQUEST_TIMEOUT")
        self.assertEqual(self.codes(answer), {"a": "REQUEST_TIMEOUT"})
        self.assertTrue(0.29 < seconds < 0.6, seconds)
        self.assertTrue(answer["trace_durable"])
        self.check_free()

    def test_whole_request_while_queued(self):
        """Six calls for two executors: those that never began are part of the answer too."""
        answer, seconds = self.timed({f"c{i}": ("nap", {"s": 30}) for i in range(6)}, timeout_s=0.4)
        self.assertEqual(set(self.codes(answer).values()), {"REQUEST_TIMEOUT"})
        self.assertTrue(0.39 < seconds < 0.8, seconds)
        self.check_free()

    def test_partial_success(self):
        answer, seconds = self.timed({"a": ("nap", {"s": 30}), "b": ("echo", {"tag": "quick"})}, timeout_s=0.4)
        self.assertEqual((answer["status"], values_of(answer)), ("partial_success", ["quick"]))
        self.assertTrue(seconds < 0.8, seconds)
        self.check_free()

    def test_http(self):
        answer, seconds = self.timed({"a": ("hang", {})}, timeout_s=0.3)
        self.assertEqual(self.codes(answer), {"a": "REQUEST_TIMEOUT"})
        self.assertTrue(0.29 < seconds < 0.6, seconds)
        self.check_free()

    def test_policy(self):
        answer, seconds = self.timed({"a": ("short_nap", {"s": 30})})
        self.assertEqual(self.codes(answer), {"a": "TOOL_TIMEOUT"})
        self.assertTrue(answer["tool_calls"][0]["timeout_exceeded"])
        self.assertTrue(0.19 < seconds < 0.6, seconds)
        self.check_free()

    def test_session_setting_lowers_the_deadline(self):
        self.caller.cursor().execute("SET pg_ops.request_timeout = 250")
        cursor = self.caller.cursor()
        begun = time.monotonic()
        cursor.execute("SELECT ops.call_tool('nap', '{\"s\": 30}')")
        self.assertEqual(cursor.fetchone()[0]["error"]["code"], "REQUEST_TIMEOUT")
        self.assertLess(time.monotonic() - begun, 0.6)
        self.caller.cursor().execute("RESET pg_ops.request_timeout")

    def test_stubborn_statement_is_terminated(self):
        """It catches cancels: the caller is answered in time, the executor is terminated and replaced."""
        before = {row[0] for row in self.cluster.rows("SELECT pid FROM ops.workers WHERE kind = 'executor'")}
        answer, seconds = self.timed({"a": ("stubborn", {"s": 60}), "b": ("stubborn", {"s": 60})})
        self.assertEqual(set(self.codes(answer).values()), {"TOOL_TIMEOUT"})
        self.assertLess(seconds, 1.0)
        stuck = {row[0] for row in self.cluster.rows("SELECT pid FROM ops.workers WHERE state = 'busy'")}
        self.assertEqual(len(stuck), 2)
        # Both executors are stuck: the next one waits for the replacement.
        answer, seconds = self.timed({"a": ("echo", {"tag": "next"})})
        self.assertEqual(values_of(answer), ["next"], answer)
        self.assertLess(seconds, 5.0)
        left = {row[0] for row in self.cluster.rows("SELECT pid FROM ops.workers WHERE kind = 'executor'")}
        self.assertFalse(left & stuck, (before, stuck, left))
        self.check_free()

    def test_frozen_executor_is_given_up(self):
        """Reacts to nothing at all (stopped): counted as lost, replaced, and free again when it wakes."""
        pids = []
        done = threading.Event()

        def ask():
            connection = self.asking.connect()
            self.answer = run_plan(connection, {"a": ("short_nap", {"s": 30})})
            connection.close()
            done.set()
        threading.Thread(target=ask, daemon=True).start()
        wait_for(self.busy, "the tool runs")
        pids = [row[0] for row in self.cluster.rows("SELECT pid FROM ops.workers WHERE state = 'busy'")]
        for pid in pids:
            self.cluster.kill(pid, signal.SIGSTOP)
        try:
            self.assertTrue(done.wait(5))
            self.assertEqual(self.codes(self.answer), {"a": "TOOL_TIMEOUT"})
            wait_for(lambda: self.lost() == 1, "it is given up", 15)
            self.assertEqual(self.cluster.value("SELECT workers_lost FROM ops._claims()"), 1)
            answer = run_plan(self.caller, {"a": ("echo", {"tag": "x"}), "b": ("echo", {"tag": "x"})})
            self.assertEqual(values_of(answer), ["x", "x"])
        finally:
            for pid in pids:
                self.cluster.kill(pid, signal.SIGCONT)
        wait_for(lambda: self.lost() == 0, "it has gone")
        self.check_free()


if __name__ == "__main__":
    unittest.main()
