"""End-to-end tests: a private cluster as a Python object, and waiting for conditions.

    from cluster import Cluster, wait_for

    class Something(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            cls.cluster = Cluster("something", egress=["127.0.0.1:8088"]).start()
        @classmethod
        def tearDownClass(cls):
            cls.cluster.stop()

Clusters live below PGOPS_TEST_DIR (set by regress/run; else .test/e2e). regress/run reads their logs after the
file ended: a crash fails it. A test that kills processes calls expect_kills() first. All calls have timeouts.
"""
import atexit
import os
import signal
import subprocess
import time

import psycopg2
import psycopg2.extensions

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = os.path.join(ROOT, "dev", "cluster")


def wait_for(condition, what, timeout=30.0, step=0.01):
    """Returns the first true value of condition(); fails with `what` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(step)


class Cluster:
    """`settings` are server settings, `egress` are HOST:PORT exceptions for the worker."""

    def __init__(self, name, settings=None, egress=()):
        base = os.environ.get("PGOPS_TEST_DIR") or os.path.join(ROOT, ".test", "e2e")
        self.dir = os.path.join(base, name)
        self.settings = dict(settings or {})
        self.egress = list(egress)

    def tool(self, *arguments, timeout=180, check=True):
        done = subprocess.run([TOOL, *arguments], capture_output=True, text=True, timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError(f"dev/cluster {' '.join(arguments)}: {done.stderr.strip()}")
        return done

    def start(self):
        """Starts what is not running; new settings and egress entries are applied. Returns self."""
        os.makedirs(self.dir, exist_ok=True)
        arguments = []
        for name, value in self.settings.items():
            arguments += ["--set", f"{name}={value}"]
        for place in self.egress:
            arguments += ["--egress", place]
        self.tool("start", self.dir, *arguments)
        atexit.register(self.stop)
        return self

    def stop(self):
        atexit.unregister(self.stop)
        self.tool("stop", self.dir, check=False)

    def expect_kills(self):
        """Announces that this cluster's processes get SIGKILL, so that its log is read accordingly."""
        os.makedirs(self.dir, exist_ok=True)
        with open(os.path.join(self.dir, "expects_kills"), "w"):
            pass

    def worker(self, command):
        """start, stop or kill the worker."""
        self.tool("worker", self.dir, command)

    def env(self):
        """The NAME=VALUE lines of `dev/cluster env` as a dict, read anew at each call."""
        return dict(line.split("=", 1) for line in self.tool("env", self.dir).stdout.splitlines())

    def connect(self, user=None, database=None, options=None, autocommit=True):
        """A psycopg2 connection; `options` as in PGOPTIONS."""
        env = self.env()
        connection = psycopg2.connect(host=env["PGHOST"], port=env["PGPORT"], user=user or env["PGUSER"],
                                      dbname=database or env["PGDATABASE"], options=options, connect_timeout=30)
        connection.autocommit = autocommit
        return connection

    def rows(self, statement, parameters=None, user=None, database=None):
        """All rows of one statement on a connection of its own (None for a statement without a result)."""
        connection = self.connect(user=user, database=database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def value(self, statement, parameters=None, user=None, database=None):
        """The first column of the first row, or None."""
        rows = self.rows(statement, parameters, user, database)
        return rows[0][0] if rows else None

    def psql(self, text, *arguments, user=None, check=True):
        """Runs a script through psql's standard input; returns the finished process."""
        environment = {**os.environ, **{k: v for k, v in self.env().items() if k.startswith("PG")}}
        if user:
            environment["PGUSER"] = user
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *arguments], input=text,
                              env=environment, capture_output=True, text=True, timeout=180)
        if check and done.returncode != 0:
            raise AssertionError(done.stderr)
        return done

    def kill(self, pid, how=signal.SIGKILL):
        os.kill(pid, how)

    def log(self, name="postgres.log"):
        """The text of a log so far."""
        with open(os.path.join(self.dir, "log", name), errors="replace") as f:
            return f.read()
