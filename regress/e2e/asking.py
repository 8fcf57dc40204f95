"""A tenant with tools, and clients that ask at full speed while a test does harm to the server.

    asking = Asking(cluster, upstream.port).install()
    load = Load(asking, clients=32).start()
    ...
    load.stop(); load.check(test)

Every ask carries a tag that the tool must give back: an answer that belongs to another request is found.
A trace is *acknowledged* when an envelope with "trace_durable": true reached the client.
"""
import json
import os
import socket
import threading
import time

import psycopg2
from cluster import wait_for

REQUEST_TIMEOUT_S = 8.0
# A request ends at its deadline; it may wait longer for its trace, and this machine may be busy.
GRACE_S = 7.0
SLOW = "SELECT count(*) AS n FROM generate_series(1, 20000) a, generate_series(1, 20000) b"


class Asking:
    def __init__(self, cluster, http_port=9):
        self.cluster = cluster
        self.http_port = http_port
        self.env = cluster.env()

    def connect(self, user="alice", database=None, **more):
        connection = psycopg2.connect(host=self.env["PGHOST"], port=self.env["PGPORT"], user=user,
                                      dbname=database or self.env["PGDATABASE"], connect_timeout=30, **more)
        connection.autocommit = True
        return connection

    def install(self, database=None):
        """Tenant acme, its user alice, and the tools echo, busy, slow and web."""
        admin = self.connect("postgres", database)
        run = admin.cursor().execute
        run("DO $$ BEGIN CREATE ROLE alice LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        run("GRANT ops_user TO alice")
        run("SELECT ops.create_tenant('acme', 'Acme')")
        run("SELECT ops.grant_tenant('acme', 'alice', 'user'), ops.set_default_tenant('alice', 'acme')")
        self.tools("acme", {
            "echo": "SELECT :tag::text AS tag",
            "busy": "SELECT max(:tag::text) AS tag FROM generate_series(1, 20000) n",
            "slow": SLOW,
        }, database)
        admin.autocommit = False
        run("SELECT ops.set_tenant('acme')")
        run("SELECT ops.create_http_tool('web', 'Asks a web server', 'GET', %s, result => '$.query', "
            "query => '{\"q\": {\"$arg\": \"tag\"}}')", [f"http://127.0.0.1:{self.http_port}/echo"])
        admin.commit()
        admin.close()
        return self

    def tools(self, tenant, statements, database=None):
        connection = self.connect("postgres", database)
        connection.autocommit = False
        run = connection.cursor().execute
        run("SELECT ops.set_tenant(%s)", [tenant])
        for name, statement in statements.items():
            run("SELECT ops.create_sql_tool(%s, %s, %s)", [name, f"The tool {name}", statement])
        connection.commit()
        connection.close()

    def claims(self, database=None):
        """The counters that must be zero when nothing runs."""
        connection = self.connect("postgres", database)
        try:
            cursor = connection.cursor()
            cursor.execute("SELECT tasks_used, tasks_queued, traces_queued, trace_slots_used FROM ops._claims()")
            return cursor.fetchone()
        finally:
            connection.close()

    def wait_until_free(self, timeout=20.0):
        wait_for(lambda: self.claims() == (0, 0, 0, 0), "nothing of the shared memory is claimed", timeout, 0.05)

    def missing_traces(self, trace_ids):
        """Those of the traces that ops.traces does not have."""
        connection = self.connect()
        try:
            cursor = connection.cursor()
            cursor.execute("SELECT id FROM unnest(%s::uuid[]) id WHERE NOT EXISTS "
                           "(SELECT FROM ops.traces t WHERE t.trace_id = id)", [list(trace_ids)])
            return [row[0] for row in cursor.fetchall()]
        finally:
            connection.close()


def plan(**calls):
    """plan(a=("echo", {...})) as the text of a plan."""
    return json.dumps({"calls": [{"id": name, "tool": tool, "args": args} for name, (tool, args) in calls.items()]})


def run_plan(connection, calls, timeout_s=REQUEST_TIMEOUT_S, **options):
    """One ask; returns the envelope."""
    cursor = connection.cursor()
    cursor.execute("SELECT ops.run_plan(%s, %s)",
                   [plan(**calls), json.dumps({"timeout_ms": int(timeout_s * 1000), **options})])
    return cursor.fetchone()[0]


def values_of(answer):
    """The single cells an answer shows."""
    return [str(block.get("value")).removeprefix("q=") for block in answer["answer"]["blocks"]]


def drop_connection(connection):
    """The client vanishes: its socket is shut down under the library's hands."""
    duplicate = socket.socket(fileno=os.dup(connection.fileno()))
    try:
        duplicate.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    finally:
        duplicate.close()


class Load:
    """Clients in threads. What is seen of them is protected by one lock."""

    def __init__(self, asking, clients=32, mixture=None, statement_timeout_ms=None):
        self.asking = asking
        self.mixture = mixture or (("echo",), ("busy",), ("web",), ("echo", "web", "busy"))
        self.statement_timeout_ms = statement_timeout_ms or (lambda number, turn: 0)
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._client, args=(n,), daemon=True) for n in range(clients)]
        self.connections = {}    # client number -> its connection
        self.acknowledged = []
        self.answers = 0
        self.sql_answers = 0
        self.web_answers = 0
        self.errors = {}         # error codes of answers -> how often
        self.interrupted = {}    # SQLSTATE -> tags of asks that ended with it
        self.lost = 0            # asks that ended with their connection
        self.wrong = []          # answers that belong to somebody else
        self.unexpected = []
        self.longest = 0.0

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def stop(self):
        """Ends the clients; a client that hangs fails here."""
        self.stopping.set()
        deadline = time.monotonic() + REQUEST_TIMEOUT_S + GRACE_S
        for thread in self.threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        hanging = sum(thread.is_alive() for thread in self.threads)
        if hanging:
            raise AssertionError(f"{hanging} clients hang beyond their deadline")
        return self

    def wait_for_more(self, count=100, what="answers", timeout=60.0):
        start = getattr(self, what)
        wait_for(lambda: getattr(self, what) >= start + count, f"{count} more {what}: {self.summary()}", timeout)

    def summary(self):
        with self.lock:
            return {"answers": self.answers, "sql": self.sql_answers, "web": self.web_answers, "lost": self.lost,
                    "acknowledged": len(self.acknowledged), "errors": dict(self.errors),
                    "interrupted": {k: len(v) for k, v in self.interrupted.items()},
                    "unexpected": self.unexpected[:3], "longest": round(self.longest, 2)}

    def check(self, test):
        """What holds after any harm, once the clients have stopped."""
        test.assertEqual(self.wrong, [], "answers that belong to another request")
        test.assertEqual(self.unexpected, [])
        test.assertLess(self.longest, REQUEST_TIMEOUT_S + GRACE_S)
        test.assertEqual(self.asking.missing_traces(self.acknowledged), [], "acknowledged traces that are lost")
        self.asking.wait_until_free()

    def _client(self, number):
        connection = None
        turn = 0
        while not self.stopping.is_set():
            turn += 1
            tag = f"client{number}-{turn}"
            try:
                if connection is None:
                    connection = self._connect()
                    if connection is None:
                        continue
                    self.connections[number] = connection
                limit = self.statement_timeout_ms(number, turn)
                connection.cursor().execute("SET statement_timeout = %s", [limit])
                self._ask(connection, tag, self.mixture[(number + turn) % len(self.mixture)])
            except (psycopg2.OperationalError, psycopg2.InterfaceError, psycopg2.DatabaseError) as error:
                self._failed(error, tag)
                if connection is not None and (connection.closed or error.pgcode in (None, "57P01", "57P02", "57P03")):
                    connection.close()
                    connection = None
        if connection is not None:
            connection.close()

    def _connect(self):
        try:
            return self.asking.connect()
        except psycopg2.OperationalError:
            self.stopping.wait(0.02)   # the server is down or recovering
            return None

    def _failed(self, error, tag):
        with self.lock:
            if error.pgcode is None or error.pgcode.startswith("57P"):
                self.lost += 1
            elif error.pgcode == "57014":
                self.interrupted.setdefault(error.pgcode, []).append(tag)
            else:
                self.unexpected.append(f"{tag}: {error.pgcode} {error}")

    def _ask(self, connection, tag, tools):
        begun = time.monotonic()
        try:
            answer = run_plan(connection, {f"{tool}_{i}": (tool, {} if tool == "slow" else {"tag": f"{tag}.{i}"})
                                           for i, tool in enumerate(tools)}, actor=tag)
        finally:
            with self.lock:
                self.longest = max(self.longest, time.monotonic() - begun)
        with self.lock:
            self._judge(answer, tag, tools)

    def _judge(self, answer, tag, tools):
        if answer["actor"]["label"] != tag or any(not v.startswith(tag + ".") for v in values_of(answer)):
            self.wrong.append((tag, answer["actor"], values_of(answer)))
        if answer["trace_durable"]:
            self.acknowledged.append(answer["trace_id"])
        codes = [call["error_code"] for call in answer["tool_calls"] if call["error_code"]]
        for code in codes:
            self.errors[code] = self.errors.get(code, 0) + 1
        if not codes and answer["status"] == "success":
            expected = sorted(f"{tag}.{i}" for i in range(len(tools)))
            if "slow" not in tools and sorted(values_of(answer)) != expected:
                self.wrong.append((tag, values_of(answer)))
            self.answers += 1
            self.sql_answers += tools == ("echo",) or tools == ("busy",)
            self.web_answers += "web" in tools
