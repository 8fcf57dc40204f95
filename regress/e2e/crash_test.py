"""kill -9 of every kind of process during a 32-client load: what was acknowledged is stored, nothing hangs, the next
ask is well, and nothing of the shared memory stays claimed. PGOPS_ROUNDS: rounds of all kinds (default 1; long 4)."""
import os
import signal
import sys
import unittest

import psycopg2

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from asking import Asking, Load, run_plan, values_of  # noqa: E402
from cluster import Cluster, wait_for  # noqa: E402
from hostile_upstream import Upstream  # noqa: E402

ROUNDS = int(os.environ.get("PGOPS_ROUNDS") or (4 if os.environ.get("PGOPS_LONG") else 1))


class Crash(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = Upstream()
        cls.addClassCleanup(cls.upstream.stop)
        cls.cluster = Cluster("crash", egress=[f"127.0.0.1:{cls.upstream.port}"])
        cls.cluster.expect_kills()
        cls.cluster.start()
        cls.addClassCleanup(cls.cluster.stop)
        cls.asking = Asking(cls.cluster, cls.upstream.port).install()

    def processes(self, kind):
        """{pid: generation} of our background processes of one kind."""
        return dict(self.cluster.rows("SELECT pid, generation FROM ops.workers WHERE kind = %s AND pid > 0", [kind]))

    def any_process(self, kind):
        return wait_for(lambda: list(self.processes(kind)), f"a process of kind {kind}")[0]

    def check_next_ask(self):
        connection = self.asking.connect()
        answer = run_plan(connection, {"a": ("echo", {"tag": "next"}), "b": ("web", {"tag": "next"})})
        self.assertEqual((answer["status"], values_of(answer)), ("success", ["next", "next"]), answer["error"])
        self.assertTrue(answer["trace_durable"])
        connection.close()

    def under_load(self, harm):
        """Does the harm while clients ask and checks what holds afterwards."""
        load = Load(self.asking).start()
        try:
            load.wait_for_more(150)
            harm(load)
            load.wait_for_more(150)
            load.wait_for_more(20, "web_answers")
        finally:
            load.stop()
        self.check_next_ask()
        load.check(self)
        return load

    def wait_for_restart(self, dead):
        """Until the server has restarted after the crash of one process."""
        def restarted():
            try:
                return dead not in [row[0] for row in self.cluster.rows("SELECT pid FROM pg_stat_activity")]
            except psycopg2.OperationalError:
                return False
        wait_for(restarted, "the server's restart after a crash", 60)

    def kill_process(self, find):
        def harm(load):
            lost = load.lost
            pid = find()
            self.cluster.kill(pid)
            self.wait_for_restart(pid)
            wait_for(lambda: load.lost > lost, "the clients' notice of the restart")
        self.assertNotIn("UPSTREAM_UNAVAILABLE", self.under_load(harm).errors)

    def test_executor(self):
        for _ in range(ROUNDS):
            self.kill_process(lambda: self.any_process("executor"))

    def test_trace_writer(self):
        for _ in range(ROUNDS):
            self.kill_process(lambda: self.any_process("trace writer"))

    def test_backend(self):
        find = "SELECT pid FROM pg_stat_activity WHERE usename = 'alice' ORDER BY random() LIMIT 1"
        for _ in range(ROUNDS):
            self.kill_process(lambda: self.cluster.value(find))

    def test_postmaster(self):
        def harm(load):
            lost = load.lost
            with open(os.path.join(self.cluster.dir, "data", "postmaster.pid")) as f:
                pid = int(f.readline())
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda: load.lost > lost, "the clients' notice of the crash")
            self.cluster.start()
        for _ in range(ROUNDS):
            self.under_load(harm)

    def test_worker(self):
        """Only http calls notice: no process of the server changes, SQL answers go on."""
        everybody = ("SELECT pg_postmaster_start_time(), array_agg(pid ORDER BY pid) FROM pg_stat_activity "
                     "WHERE usename = 'alice' OR backend_type = 'pg_ops trace writer'")

        def harm(load):
            before = self.cluster.rows(everybody)
            self.cluster.worker("kill")
            wait_for(lambda: load.errors.get("UPSTREAM_UNAVAILABLE"), "http calls that find no worker")
            load.wait_for_more(100, "sql_answers")
            self.cluster.worker("start")
            load.wait_for_more(50, "web_answers")
            self.assertEqual(self.cluster.rows(everybody), before)
        for _ in range(ROUNDS):
            load = self.under_load(harm)
            self.assertEqual(set(load.errors), {"UPSTREAM_UNAVAILABLE"})
            self.assertEqual(load.lost, 0)


if __name__ == "__main__":
    unittest.main()
