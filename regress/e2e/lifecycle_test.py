"""Where pg_ops may and may not work: two databases, too few worker processes, no preload, a standby, switched off."""
import os
import shutil
import subprocess
import sys
import time
import unittest

import psycopg2

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from asking import Asking, run_plan, values_of  # noqa: E402
from cluster import Cluster, wait_for  # noqa: E402


def echo(test, asking, database=None):
    connection = asking.connect(database=database)
    try:
        answer = run_plan(connection, {"a": ("echo", {"tag": "x"})})
    finally:
        connection.close()
    test.assertEqual((answer["status"], values_of(answer), answer["trace_durable"]), ("success", ["x"], True),
                     answer["tool_calls"])
    return answer


class Databases(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("lifecycle").start()
        cls.addClassCleanup(cls.cluster.stop)
        cls.asking = Asking(cls.cluster).install()

    def make_database(self, name):
        self.cluster.rows(f"CREATE DATABASE {name}")
        self.addCleanup(lambda: self.cluster.rows(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        self.cluster.rows("CREATE EXTENSION pg_ops", database=name)
        self.asking.install(name)

    def workers(self, database):
        return self.cluster.rows("SELECT kind, count(*)::int FROM ops.workers WHERE database = %s AND pid > 0 "
                                 "GROUP BY kind ORDER BY kind", [database])

    def test_two_databases(self):
        self.make_database("second")
        for _ in range(3):
            echo(self, self.asking)
            echo(self, self.asking, "second")
        for database in ("ops_dev", "second"):
            self.assertEqual([kind for kind, _ in self.workers(database)], ["executor", "trace writer"])
        self.assertEqual(self.cluster.value("SELECT count(*) FROM ops.traces", user="alice", database="second"), 3)
        with self.assertRaises(psycopg2.errors.ObjectInUse):
            self.cluster.rows("DROP DATABASE second")
        self.assertGreaterEqual(self.cluster.value("SELECT ops.stop_workers()", database="second"), 2)
        self.assertEqual(self.workers("second"), [])
        self.cluster.rows("DROP DATABASE second")
        echo(self, self.asking)
        # The next database of that name begins anew, in the same entry of the shared memory.
        self.make_database("second")
        echo(self, self.asking, "second")
        self.assertEqual(self.cluster.value("SELECT count(*) FROM ops.traces", user="alice", database="second"), 1)
        self.cluster.rows("SELECT ops.stop_workers()", database="second")

    def test_stopped_workers_start_again(self):
        for _ in range(5):
            echo(self, self.asking)
            self.cluster.rows("SELECT ops.stop_workers()")
            self.assertEqual(self.workers("ops_dev"), [])

    def test_more_databases_than_entries(self):
        """Entries of databases dropped by force are free again; when all are taken the error says what helps."""
        names = [f"db{i}" for i in range(20)]
        self.cluster.rows("CREATE DATABASE model_ops")
        self.addCleanup(lambda: self.cluster.rows("DROP DATABASE model_ops WITH (FORCE)"))
        self.cluster.rows("CREATE EXTENSION pg_ops", database="model_ops")
        self.asking.install("model_ops")
        self.cluster.rows("SELECT ops.stop_workers()", database="model_ops")
        for name in names:
            self.cluster.rows(f"CREATE DATABASE {name} TEMPLATE model_ops")
            try:
                try:
                    echo(self, self.asking, name)
                except psycopg2.Error as error:
                    self.assertIn("OVERLOADED", str(error))
                    self.assertIn("stop_workers", error.diag.message_hint)
                    self.fail(f"entries of dropped databases are not reused: {error}")
            finally:
                self.cluster.rows(f"DROP DATABASE {name} WITH (FORCE)")

    def test_switched_off(self):
        self.cluster.rows("ALTER SYSTEM SET pg_ops.enabled = off")
        try:
            self.cluster.rows("SELECT pg_reload_conf()")

            def refused():
                try:
                    echo(self, self.asking)
                except psycopg2.Error as error:
                    self.assertIn("POLICY_DENY", str(error))
                    return error.diag.message_hint
            self.assertIn("pg_ops.enabled", wait_for(refused, "requests are refused"))
        finally:
            self.cluster.rows("ALTER SYSTEM RESET pg_ops.enabled")
            self.cluster.rows("SELECT pg_reload_conf()")
        wait_for(lambda: self.cluster.value("SHOW pg_ops.enabled") == "on", "switched on")
        echo(self, self.asking)

    def test_idle_executors_exit(self):
        self.cluster.rows("ALTER SYSTEM SET pg_ops.executor_idle_timeout = '200ms'")
        try:
            self.cluster.rows("SELECT pg_reload_conf()")
            wait_for(lambda: self.cluster.value("SHOW pg_ops.executor_idle_timeout") == "200ms", "reloaded")
            for _ in range(3):
                echo(self, self.asking)
                wait_for(lambda: [kind for kind, _ in self.workers("ops_dev")] == ["trace writer"], "executors exit")
        finally:
            self.cluster.rows("ALTER SYSTEM RESET pg_ops.executor_idle_timeout")
            self.cluster.rows("SELECT pg_reload_conf()")
        echo(self, self.asking)

    def test_drop_extension(self):
        """The library stays; requests end with a sentence; a new extension works in sessions that know the old one."""
        self.make_database("third")
        connection = self.asking.connect(database="third")
        self.addCleanup(connection.close)
        run_plan(connection, {"a": ("echo", {"tag": "x"})})
        self.cluster.rows("SELECT ops.stop_workers()", database="third")
        self.cluster.rows("DROP EXTENSION pg_ops CASCADE", database="third")
        with self.assertRaises(psycopg2.Error):
            run_plan(connection, {"a": ("echo", {"tag": "x"})})
        self.cluster.rows("CREATE EXTENSION pg_ops", database="third")
        self.asking.install("third")
        self.assertEqual(values_of(run_plan(connection, {"a": ("echo", {"tag": "y"})})), ["y"])
        self.cluster.rows("SELECT ops.stop_workers()", database="third")


class Starved(unittest.TestCase):
    """max_worker_processes too small: an answer at once, with what to do."""

    def starved(self, processes):
        cluster = Cluster(f"starved{processes}").start()
        self.addCleanup(cluster.stop)
        asking = Asking(cluster).install()
        echo(self, asking)
        cluster.settings["max_worker_processes"] = str(processes)
        cluster.start()
        connection = asking.connect()
        self.addCleanup(connection.close)
        for _ in range(2):
            begun = time.monotonic()
            answer = run_plan(connection, {"a": ("echo", {"tag": "x"})})
            seconds = time.monotonic() - begun
            self.assertEqual(answer["tool_calls"][0]["error_code"], "OVERLOADED", answer["tool_calls"])
            self.assertLess(seconds, 1.5)
            self.assertFalse(answer["trace_durable"])
        operator = asking.connect("postgres")
        self.addCleanup(operator.close)
        answer = run_plan(operator, {"a": ("echo", {"tag": "x"})}, timeout_s=5, tenant="acme")
        self.assertIn("max_worker_processes", answer["error"]["hint"], answer["error"])
        cluster.settings["max_worker_processes"] = "32"
        cluster.start()
        echo(self, asking)

    def test_room_for_the_launcher_only(self):
        self.starved(2)

    def test_room_for_nobody(self):
        self.starved(1)

    def test_room_for_one_executor(self):
        """Four slots: two launchers, the writer, one executor: requests queue and are served."""
        cluster = Cluster("narrow", settings={"max_worker_processes": "4"}).start()
        self.addCleanup(cluster.stop)
        asking = Asking(cluster).install()
        echo(self, asking)
        connection = asking.connect()
        self.addCleanup(connection.close)
        for _ in range(5):
            answer = run_plan(connection, {f"c{i}": ("echo", {"tag": str(i)}) for i in range(6)})
            self.assertEqual(sorted(values_of(answer)), [str(i) for i in range(6)], answer["tool_calls"])
            self.assertTrue(answer["trace_durable"])


class NotPreloaded(unittest.TestCase):
    def test_sentence(self):
        cluster = Cluster("not_preloaded").start()
        self.addCleanup(cluster.stop)
        asking = Asking(cluster).install()
        cluster.settings["shared_preload_libraries"] = ""
        cluster.start()
        connection = asking.connect()
        self.addCleanup(connection.close)
        for _ in range(2):
            with self.assertRaises(psycopg2.Error) as caught:
                run_plan(connection, {"a": ("echo", {"tag": "x"})})
            self.assertIn("preload", str(caught.exception))
            self.assertIn("shared_preload_libraries", caught.exception.diag.message_hint)
        for statement in ("SELECT * FROM ops._claims()", "SELECT * FROM ops.workers", "SELECT ops.stop_workers()",
                          "SELECT * FROM ops.health()"):
            try:
                cluster.rows(statement)
            except psycopg2.Error as error:
                self.assertIn("preload", str(error), statement)
        cluster.rows("CREATE DATABASE fresh")
        with self.assertRaises(psycopg2.Error) as caught:
            cluster.rows("CREATE EXTENSION pg_ops", database="fresh")
        self.assertIn("preload", str(caught.exception))


class Standby(unittest.TestCase):
    def test_refused(self):
        primary = Cluster("primary", settings={"wal_level": "replica", "max_wal_senders": "4"}).start()
        self.addCleanup(primary.stop)
        asking = Asking(primary).install()
        echo(self, asking)
        env = primary.env()
        bindir = subprocess.run([os.environ.get("PG_CONFIG") or "pg_config", "--bindir"], check=True,
                                capture_output=True, text=True).stdout.strip()
        data = os.path.realpath(os.path.join(primary.dir, "data")) + "_standby"
        shutil.rmtree(data, ignore_errors=True)
        self.addCleanup(shutil.rmtree, data, True)
        subprocess.run([os.path.join(bindir, "pg_basebackup"), "-h", env["PGHOST"], "-p", env["PGPORT"], "-U",
                        "postgres", "-D", data, "-R", "-c", "fast"], check=True, timeout=120, capture_output=True)
        user = {}
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "postgres:postgres", data], check=True)
            user = {"user": "postgres", "group": "postgres", "extra_groups": []}
        port = str(int(env["PGPORT"]) + 1)
        with open(os.path.join(primary.dir, "log", "standby.log"), "wb") as log:
            server = subprocess.Popen([os.path.join(bindir, "postgres"), "-D", data, "-p", port, "-k", env["PGHOST"],
                                       "-c", "listen_addresses=", "-c", "hot_standby=on"],
                                      stdout=log, stderr=log, cwd="/", **user)
        self.addCleanup(server.wait, 60)
        self.addCleanup(server.terminate)

        def connect():
            try:
                return psycopg2.connect(host=env["PGHOST"], port=port, user="alice", dbname=env["PGDATABASE"])
            except psycopg2.OperationalError:
                return None
        connection = wait_for(connect, "the standby takes connections", 60)
        connection.autocommit = True
        with self.assertRaises(psycopg2.Error) as caught:
            run_plan(connection, {"a": ("echo", {"tag": "x"})})
        self.assertEqual(caught.exception.pgcode, "25006")
        self.assertIn("standby", str(caught.exception))
        self.assertIn("primary", caught.exception.diag.message_hint)
        as_admin = psycopg2.connect(host=env["PGHOST"], port=port, user="postgres", dbname=env["PGDATABASE"])
        as_admin.autocommit = True
        with self.assertRaises(psycopg2.Error) as caught:
            as_admin.cursor().execute("SELECT ops.stop_workers()")
        as_admin.close()
        self.assertEqual((caught.exception.pgcode, caught.exception.diag.message_hint),
                         ("25006", "Connect to the primary and call it there."))
        # What only reads works.
        cursor = connection.cursor()
        cursor.execute("SELECT count(*) FROM ops.traces")
        self.assertEqual(cursor.fetchone(), (1,))
        connection.close()


if __name__ == "__main__":
    unittest.main()
