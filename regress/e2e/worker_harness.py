"""A worker process of a test's own, and a client that speaks its protocol.

The binary is OPS_WORKER_BIN, else build/cmake/pg_ops_worker of this tree, else the installed one. A worker
that ends badly, or whose log shows a sanitizer's report, fails the test that started it.
"""
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hostile_upstream import Upstream  # noqa: E402

SANITIZED = any(word in os.environ.get("OPS_WORKER_BIN", "") for word in ("asan", "tsan"))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def binary():
    for place in (os.environ.get("OPS_WORKER_BIN"), os.path.join(ROOT, "build/cmake/pg_ops_worker"),
                  shutil.which("pg_ops_worker"), "/usr/lib/postgresql/15/bin/pg_ops_worker"):
        if place and os.path.exists(place):
            return place
    raise AssertionError("pg_ops_worker is not built; set OPS_WORKER_BIN")


def wait_until(condition, what, timeout=10):
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(0.005)


class Disconnected(Exception):
    """The worker closed the connection."""


class Client:
    def __init__(self, path, hello=True, timeout=20):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(timeout)
        self.stream = self.sock.makefile("rb")
        self.numbers = 0
        self.hello = None
        try:
            self.sock.connect(path)
            if hello:
                self.send({"hello": {"protocol": 1, "extension": "0.1.0", "pid": os.getpid(), "database": "test"}})
                self.hello = self.receive()
                assert "hello" in self.hello, self.hello
        except BaseException:
            self.close()
            raise

    def send_raw(self, payload):
        self.sock.sendall(struct.pack(">I", len(payload)) + payload)

    def send(self, message):
        self.send_raw(json.dumps(message).encode())

    def receive_raw(self):
        try:
            prefix = self.stream.read(4)
            if len(prefix) < 4:
                raise Disconnected
            (size,) = struct.unpack(">I", prefix)
            payload = self.stream.read(size)
        except ConnectionError as error:
            raise Disconnected from error
        if len(payload) < size:
            raise Disconnected
        return payload

    def receive(self):
        return json.loads(self.receive_raw())

    def start(self, url, **more):
        """Sends an http request; returns its id."""
        self.numbers += 1
        request = {"op": "http", "id": f"call-{self.numbers}", "trace_id": "t", "tenant": "acme", "plan_id": "p",
                   "tool": "demo", "method": "GET", "url": url, "headers": [], "body": None, "timeout_ms": 10_000,
                   "connect_timeout_ms": 2_000, "max_bytes": 10 << 20, "ok": [200]}
        request.update(more)
        self.send(request)
        return request["id"]

    def call(self, url, **more):
        """Sends an http request and returns its reply, which must be the next one."""
        wanted = self.start(url, **more)
        reply = self.receive()
        assert reply["id"] == wanted, reply
        return reply

    def ping(self):
        self.send({"op": "ping", "id": "ping"})
        reply = self.receive()
        assert reply["id"] == "ping", reply
        return reply

    def status(self):
        """The worker's own figures: the one object in its reply."""
        self.send({"op": "status", "id": "status"})
        reply = self.receive()
        return next(value for value in reply.values() if isinstance(value, dict))

    def close(self):
        self.stream.close()
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Worker:
    def __init__(self, allow=(), directory=None, **tables):
        self.own_directory = directory is None
        self.directory = directory or tempfile.mkdtemp(prefix="pgopsw")
        self.socket = os.path.join(self.directory, "w.sock")
        self.config = os.path.join(self.directory, "worker.toml")
        self.log = os.path.join(self.directory, "worker.log")
        self.tables = {"egress": {"allow": list(allow)}, **tables}
        self.process = None

    def write_config(self):
        lines = [f"socket = {json.dumps(self.socket)}"]
        for table, keys in self.tables.items():
            lines.append(f"[{table}]")
            for key, value in keys.items():
                if isinstance(value, dict):
                    value = "{" + ", ".join(f"{json.dumps(k)} = {json.dumps(v)}" for k, v in value.items()) + "}"
                else:
                    value = json.dumps(value)
                lines.append(f"{key} = {value}")
        with open(self.config, "w") as f:
            f.write("\n".join(lines) + "\n")

    def start(self):
        self.write_config()
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen([binary(), "--config", self.config], stdout=out, stderr=out)
        wait_until(lambda: self.process.poll() is not None or self.listening(), "the worker's socket", 30)
        if self.process.poll() is not None:
            raise AssertionError(f"the worker ended at once:\n{self.log_text()}")
        return self

    def listening(self):
        try:
            Client(self.socket, timeout=2).close()
            return True
        except (OSError, Disconnected):
            return False

    def client(self, **more):
        return Client(self.socket, **more)

    def log_text(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def log_events(self):
        return [json.loads(line) for line in self.log_text().splitlines() if line.startswith("{")]

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, timeout=20):
        """Ends the worker gently and checks that it ended well."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the worker did not stop within {timeout} s:\n{self.log_text()[-5000:]}") from None
        text = self.log_text()
        assert status == 0, f"the worker ended with {status}:\n{text[-5000:]}"
        for mark in ("Sanitizer", "runtime error"):
            assert mark not in text, text[-10_000:]

    def remove(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.own_directory:
            shutil.rmtree(self.directory, ignore_errors=True)


class WorkerCase:
    """Mixed into a test case: one worker and one upstream for all its tests; both are still well after each."""
    tables = {}

    @classmethod
    def setUpClass(cls):
        cls.upstream = Upstream()
        cls.base = f"http://127.0.0.1:{cls.upstream.port}"
        cls.worker = Worker(allow=[f"127.0.0.1:{cls.upstream.port}"], **cls.tables)
        cls.addClassCleanup(cls.worker.remove)
        cls.addClassCleanup(cls.upstream.stop)
        cls.worker.start()
        cls.addClassCleanup(cls.worker.stop)

    def setUp(self):
        self.client = self.worker.client()
        self.addCleanup(self.client.close)

    def tearDown(self):
        with self.worker.client() as other:
            other.ping()
            self.assertTrue(other.call(self.base + "/ok")["ok"])

    def expect(self, path, code, **more):
        reply = self.client.call(self.base + path, **more)
        self.assertFalse(reply["ok"], (path, str(reply)[:500]))
        self.assertEqual(reply["code"], code, (path, reply))
        self.assertTrue(reply["message"])
        self.client.ping()
        return reply

    def expect_ok(self, path, **more):
        reply = self.client.call(self.base + path, **more)
        self.assertTrue(reply["ok"], (path, str(reply)[:500]))
        return reply
