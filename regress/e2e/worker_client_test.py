"""A backend's connection to the worker: kept between asks, made anew when stale, refused when of another version."""
import json
import os
import socket
import struct
import sys
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from asking import Asking, run_plan, values_of  # noqa: E402
from cluster import Cluster  # noqa: E402
from hostile_upstream import Upstream  # noqa: E402


class FakeWorker:
    """Takes the worker's place at its socket; `script(connection)` is what it does with each connection."""

    def __init__(self, path, script):
        self.path, self.script, self.connections = path, script, []
        self.listener = socket.socket(socket.AF_UNIX)
        if os.path.exists(path):
            os.unlink(path)
        self.listener.bind(path)
        os.chmod(path, 0o777)
        self.listener.listen(16)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            self.script(connection)
        except (OSError, EOFError, struct.error):
            pass
        finally:
            connection.close()

    def stop(self):
        self.listener.close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        if os.path.exists(self.path):
            os.unlink(self.path)


def receive(connection):
    def exactly(count):
        data = b""
        while len(data) < count:
            piece = connection.recv(count - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data
    return json.loads(exactly(struct.unpack(">I", exactly(4))[0]))


def send(connection, message):
    payload = message if isinstance(message, bytes) else json.dumps(message, separators=(",", ":")).encode()
    connection.sendall(struct.pack(">I", len(payload)) + payload)


HELLO = {"hello": {"protocol": 1, "worker": "0.1.0", "instance": "5f0f9f3e-0000-7000-8000-000000000000", "pid": 1}}


class WorkerClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = Upstream()
        cls.addClassCleanup(cls.upstream.stop)
        cls.cluster = Cluster("worker_client", egress=[f"127.0.0.1:{cls.upstream.port}"])
        cls.cluster.expect_kills()
        cls.cluster.start()
        cls.addClassCleanup(cls.cluster.stop)
        cls.asking = Asking(cls.cluster, cls.upstream.port).install()

    def setUp(self):
        self.caller = self.asking.connect()
        self.addCleanup(self.caller.close)

    def web(self, tag="x", timeout_s=3):
        return run_plan(self.caller, {"a": ("web", {"tag": tag})}, timeout_s)

    def internal_error(self, answer):
        """What the trace of an answer knows about its only call's error."""
        return self.cluster.value("SELECT doc -> 'internal_error' FROM ops.tool_call_store WHERE trace_id = %s",
                                  [answer["trace_id"]])

    def check_well(self):
        self.assertEqual(values_of(self.web("well")), ["well"])
        self.asking.wait_until_free()

    def test_restarted_between_asks(self):
        for command in ("stop", "kill"):
            for _ in range(3):
                self.check_well()
                self.cluster.worker(command)
                self.cluster.worker("start")
                self.check_well()

    def test_down_and_up_again(self):
        self.check_well()
        self.cluster.worker("stop")
        for _ in range(2):
            answer = self.web()
            self.assertEqual(answer["tool_calls"][0]["error_code"], "UPSTREAM_UNAVAILABLE")
            self.assertIn("pg_ops_worker", self.internal_error(answer)["hint"])
        self.cluster.worker("start")
        self.check_well()

    def with_fake(self, *scripts, check):
        """Runs check(fake) with each of the scripts; afterwards the real worker serves the same session."""
        self.cluster.worker("stop")
        try:
            for script in scripts:
                fake = FakeWorker(self.cluster.value("SHOW pg_ops.worker_socket"), script)
                try:
                    with self.subTest(script=script.__name__):
                        check(fake)
                finally:
                    fake.stop()
        finally:
            self.cluster.worker("start")
        self.check_well()

    def test_other_protocol_version(self):
        def script(connection):
            receive(connection)
            send(connection, {"hello": {**HELLO["hello"], "protocol": 2, "worker": "9.0.0"}})
            connection.recv(1 << 20)
            connection.recv(1)

        def check(_):
            answer = self.web()
            self.assertEqual(answer["tool_calls"][0]["error_code"], "UPSTREAM_UNAVAILABLE")
            error = self.internal_error(answer)
            self.assertIn("protocol version 2 offered, 1 needed", error["message"])
            self.assertIn("same release", error["hint"])
        self.with_fake(script, check=check)

    def test_refused_with_a_sentence(self):
        def script(connection):
            receive(connection)
            send(connection, {"error": {"code": "INTERNAL_ERROR", "message": "protocol version 1 offered, 2 needed"}})

        def check(_):
            answer = self.web()
            self.assertEqual(answer["tool_calls"][0]["error_code"], "UPSTREAM_UNAVAILABLE")
            self.assertIn("1 offered, 2 needed", self.internal_error(answer)["message"])
        self.with_fake(script, check=check)

    def test_misbehaving_worker(self):
        """Whatever the socket says, the answer comes, and the session is well afterwards."""
        def reply(call, **more):
            return {"id": call["id"], "ok": True, "status": 200, "content_type": "application/json", "bytes": 2,
                    "address": "127.0.0.1", "timing": {}, "body": {"query": "q=stranger"}, **more}

        def closing(connection):
            receive(connection)

        def garbage(connection):
            receive(connection)
            connection.sendall(b"\xff" * 64)
            connection.recv(1 << 20)

        def no_json(connection):
            receive(connection)
            send(connection, HELLO)
            send(connection, b"{\"id\":")
            connection.recv(1 << 20)

        def half_a_frame(connection):
            receive(connection)
            send(connection, HELLO)
            receive(connection)
            connection.sendall(struct.pack(">I", 1000) + b"{")

        def foreign(connection):
            receive(connection)
            send(connection, HELLO)
            call = receive(connection)
            send(connection, reply({"id": "somebody-elses"}))
            send(connection, reply({"id": call["id"] + "1"}))

        def silent(connection):
            receive(connection)
            send(connection, HELLO)
            while connection.recv(1 << 20):
                pass

        def deaf(connection):
            while connection.recv(1):
                pass

        def check(fake):
            answer = self.web("mine", timeout_s=1)
            self.assertEqual(answer["status"], "failed", answer)
            self.assertEqual(values_of(answer), [])
            self.assertIn(answer["tool_calls"][0]["error_code"], ("UPSTREAM_UNAVAILABLE", "REQUEST_TIMEOUT"))
            self.assertTrue(answer["trace_durable"])
            self.assertTrue(fake.connections)
        self.with_fake(closing, garbage, no_json, half_a_frame, foreign, silent, deaf, check=check)

    def test_late_answer_is_nobodys(self):
        """An answer that comes after its request's deadline is not taken for the next request's."""
        late = {}

        def script(connection):
            receive(connection)
            send(connection, HELLO)
            while True:
                message = receive(connection)
                if message.get("op") != "http":
                    continue
                if "first" not in late:
                    late["first"] = message["id"]
                    continue
                for call, value in ((late["first"], "q=late"), (message["id"], "q=right")):
                    send(connection, {"id": call, "ok": True, "status": 200, "content_type": "application/json",
                                      "bytes": 2, "address": "127.0.0.1", "timing": {}, "body": {"query": value}})

        def check(_):
            first = run_plan(self.caller, {"a": ("web", {"tag": "1"})}, timeout_s=0.3)
            self.assertEqual(first["error"]["code"], "REQUEST_TIMEOUT")
            second = self.web("2")
            self.assertEqual(values_of(second), ["right"], self.internal_error(second))
        self.with_fake(script, check=check)


if __name__ == "__main__":
    unittest.main()
