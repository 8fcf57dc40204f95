"""pg_ops_worker as a process: its protocol towards hostile peers, start, stop, log, status, command line."""
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hostile_upstream import Upstream  # noqa: E402
from worker_harness import Disconnected, Worker, WorkerCase, binary, wait_until  # noqa: E402


class Protocol(WorkerCase, unittest.TestCase):
    tables = {"limits": {"handshake_ms": 500, "max_calls": 4, "max_connections": 20}}

    def rejected(self, client, word):
        """An error frame with this word, then the end of the connection."""
        with client:
            reply = client.receive()
            self.assertIn(word, reply["error"]["message"])
            with self.assertRaises(Disconnected):
                client.receive()
        self.client.ping()

    def test_hello_carries_version_and_instance(self):
        hello = self.client.hello["hello"]
        self.assertEqual((hello["protocol"], hello["worker"], hello["pid"]), (1, "0.1.0", self.worker.process.pid))
        with self.worker.client() as other:
            self.assertEqual(other.hello["hello"]["instance"], hello["instance"])

    def test_another_protocol_is_refused_with_a_sentence(self):
        client = self.worker.client(hello=False)
        client.send({"hello": {"protocol": 2, "extension": "9.9.9", "pid": 1, "database": "d"}})
        self.rejected(client, "protocol version 2")

    def test_garbage_ends_that_connection_only(self):
        for payload in (b"{", b"[]", b"\xff\xfe", b'{"op":"fly","id":"a"}', b'{"hello":{}}', b"null", b"{}",
                        b"[" * 100_000, b'{"op":"ping"}', b'{"op":"ping","id":7}'):
            client = self.worker.client()
            client.send_raw(payload)
            self.rejected(client, "")
        client = self.worker.client(hello=False)
        client.send({"op": "ping", "id": "1"})
        self.rejected(client, "hello")
        client = self.worker.client()
        client.send_raw(b"")
        self.rejected(client, "")

    def test_oversized_frames_are_refused_by_their_length_alone(self):
        for size in ((16 << 20) + 1, 0xFFFFFFFF):
            client = self.worker.client()
            client.sock.sendall(struct.pack(">I", size))
            self.rejected(client, "")

    def test_frames_in_pieces_are_put_together(self):
        payload = json.dumps({"op": "ping", "id": "x" * 100}).encode()
        for byte in struct.pack(">I", len(payload)) + payload:
            self.client.sock.sendall(bytes([byte]))
        self.assertEqual(self.client.receive()["id"], "x" * 100)

    def test_a_running_id_cannot_be_used_again(self):
        client = self.worker.client()
        client.start(self.base + "/hang", id="same")
        client.start(self.base + "/hang", id="same")
        self.rejected(client, "id")

    def test_who_says_no_hello_is_disconnected(self):
        client = self.worker.client(hello=False)
        self.rejected(client, "hello")

    def test_limits_on_calls_and_connections(self):
        ids = [self.client.start(self.base + "/hang") for _ in range(4)]
        self.assertEqual(self.client.call(self.base + "/ok")["code"], "OVERLOADED")
        for running in ids:
            self.client.send({"op": "cancel", "id": running})
        self.assertTrue(self.client.call(self.base + "/ok")["ok"])
        clients = [self.worker.client() for _ in range(19)]
        self.rejected(self.worker.client(hello=False), "connections")
        for client in clients:
            client.close()
        wait_until(lambda: self.client.status()["connections"] == 1, "the connections are gone")


class Life(unittest.TestCase):
    def setUp(self):
        self.upstream = Upstream()
        self.addCleanup(self.upstream.stop)
        self.base = f"http://127.0.0.1:{self.upstream.port}"

    def start(self, **tables):
        worker = Worker(allow=[f"127.0.0.1:{self.upstream.port}"], **tables)
        self.addCleanup(worker.remove)
        return worker.start()

    def test_sigterm_finishes_what_runs_and_refuses_what_comes(self):
        worker = self.start()
        with worker.client() as client:
            running = client.start(self.base + "/sleep?700")
            self.upstream.wait_for("/sleep")
            worker.signal(signal.SIGTERM)
            wait_until(lambda: not os.path.exists(worker.socket), "the socket is gone")
            refused = client.call(self.base + "/ok")
            self.assertEqual(refused["code"], "UPSTREAM_UNAVAILABLE")
            done = client.receive()
            self.assertEqual((done["id"], done["ok"]), (running, True))
            with self.assertRaises(Disconnected):
                client.receive()
        worker.stop()

    def test_what_outlasts_the_grace_is_ended_with_a_code(self):
        worker = self.start(limits={"stop_grace_ms": 200})
        with worker.client() as client:
            running = client.start(self.base + "/hang", timeout_ms=60_000)
            self.upstream.wait_for("/hang")
            worker.signal(signal.SIGTERM)
            ended = client.receive()
            self.assertEqual((ended["id"], ended["code"]), (running, "UPSTREAM_UNAVAILABLE"))
        worker.stop()

    def test_an_idle_worker_stops_at_once_also_during_a_look_up(self):
        worker = self.start()
        with worker.client() as client:
            running = client.start("http://nobody.invalid/")
            client.send({"op": "cancel", "id": running})
            client.ping()
            begun = time.monotonic()
            worker.stop()
            self.assertLess(time.monotonic() - begun, 3)

    def test_a_stale_socket_is_replaced_and_a_live_one_is_not(self):
        worker = self.start()
        second = subprocess.run([binary(), "--config", worker.config], capture_output=True, text=True, timeout=20)
        self.assertEqual(second.returncode, 1)
        self.assertIn("another worker serves", second.stderr)
        worker.process.kill()
        worker.process.wait()
        self.assertTrue(os.path.exists(worker.socket))
        worker.start()
        self.assertEqual(os.stat(worker.socket).st_mode & 0o777, 0o600)
        worker.stop()
        self.assertFalse(os.path.exists(worker.socket))

    def test_a_file_that_is_no_socket_and_an_open_directory_are_refused(self):
        worker = self.start()
        worker.stop()
        with open(worker.socket, "w") as f:
            f.write("precious")
        started = subprocess.run([binary(), "--config", worker.config], capture_output=True, text=True, timeout=20)
        self.assertEqual((started.returncode, "is not a socket" in started.stderr), (1, True), started.stderr)
        os.remove(worker.socket)
        os.chmod(worker.directory, 0o777)
        started = subprocess.run([binary(), "--config", worker.config], capture_output=True, text=True, timeout=20)
        self.assertEqual((started.returncode, "by everybody" in started.stderr), (1, True), started.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "needs root to change users")
    def test_another_user_is_refused(self):
        worker = self.start()
        os.chmod(worker.directory, 0o755)
        os.chmod(worker.socket, 0o666)
        script = ("import os, sys; sys.path.insert(0, sys.argv[2]); from worker_harness import Client\n"
                  "os.setgid(65534); os.setuid(65534)\n"
                  "c = Client(sys.argv[1], hello=False); print(c.receive()['error']['code'])")
        run = subprocess.run([sys.executable, "-c", script, worker.socket, os.path.dirname(os.path.abspath(__file__))],
                             capture_output=True, text=True, timeout=20)
        self.assertEqual(run.stdout.strip(), "PERMISSION_DENIED", run.stderr)
        worker.stop()

    def test_a_reader_that_stalls_is_disconnected(self):
        worker = self.start(limits={"write_stall_ms": 300})
        stalled = worker.client()
        stalled.start(self.base + "/big-array", timeout_ms=60_000)
        with worker.client() as other:
            wait_until(lambda: other.status()["connections"] == 1, "the stalled reader is disconnected", 30)
            wait_until(lambda: other.status()["buffered_bytes"] == 0, "its body is let go")
        stalled.close()
        worker.stop()

    def test_the_memory_for_bodies_is_bounded(self):
        worker = self.start(limits={"max_memory_bytes": 20 << 20})
        with worker.client() as client:
            wanted = [client.start(self.base + "/hundred-megabytes", max_bytes=60 << 20, timeout_ms=60_000)
                      for _ in range(2)]
            replies = [client.receive() for _ in wanted]
            self.assertEqual({reply["code"] for reply in replies}, {"OVERLOADED"}, replies)
            self.assertEqual(client.status()["buffered_bytes"], 0)
        worker.stop()

    def test_each_failed_call_leaves_one_log_line_with_its_identity(self):
        worker = self.start()
        with worker.client() as client:
            client.call(self.base + "/ok")
            client.call(self.base + "/status?500", trace_id="trace-1", plan_id="plan-1", id="attempt-1",
                        tool='evil"\n{"severity_text":"FORGED"}')
        worker.stop()
        lines = [event for event in worker.log_events() if event["body"] == "call failed"]
        self.assertEqual(len(lines), 1)
        line = lines[0]
        self.assertEqual((line["trace_id"], line["pg_ops.tenant"], line["pg_ops.plan_id"], line["pg_ops.tool_call_id"],
                          line["pg_ops.code"], line["http.response.status_code"]),
                         ("trace-1", "acme", "plan-1", "attempt-1", "UPSTREAM_UNAVAILABLE", 500))
        self.assertNotIn("FORGED", [event.get("severity_text") for event in worker.log_events()])
        self.assertNotIn("abcdef0123456789", worker.log_text())

    def test_status_endpoint(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        worker = self.start(http={"listen": f"127.0.0.1:{port}"})

        def get(target, method="GET"):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
                s.sendall(f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                return s.makefile("rb").read()

        with worker.client() as client:
            client.call(self.base + "/ok")
            client.call(self.base + "/status?500")
            health = get("/health")
            self.assertIn(b"200 OK", health)
            report = json.loads(health.split(b"\r\n\r\n", 1)[1])
            self.assertEqual(report["calls_total"], {"OK": 1, "UPSTREAM_UNAVAILABLE": 1})
            self.assertEqual(report["connections"], 1)
        self.assertIn(b'pg_ops_worker_calls_total{code="UPSTREAM_UNAVAILABLE"} 1', get("/metrics"))
        self.assertIn(b"404", get("/etc/passwd").split(b"\r\n")[0])
        self.assertIn(b"405", get("/health", "POST").split(b"\r\n")[0])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
            s.sendall(b"\x00" * 100_000)
            self.assertIn(s.makefile("rb").read()[:12], (b"", b"HTTP/1.1 400"))
        self.assertIn(b"200 OK", get("/health"))
        worker.stop()


class CommandLine(unittest.TestCase):
    def run_worker(self, *arguments):
        return subprocess.run([binary(), *arguments], capture_output=True, text=True, timeout=30)

    def verdict(self, url, *arguments):
        run = self.run_worker("check-egress", *arguments, "--", url)
        self.assertEqual((run.returncode, run.stderr, run.stdout.count("\n")), (0, "", 1), (url, run))
        verdict = json.loads(run.stdout)
        self.assertEqual(set(verdict), {"allowed", "address", "rule"})
        return verdict

    def test_check_egress(self):
        self.assertEqual(self.verdict("http://127.0.0.1:8088/x"), {"allowed": False, "address": "127.0.0.1",
                                                                   "rule": "loopback"})
        self.assertEqual(self.verdict("https://93.184.216.34/")["allowed"], True)
        self.assertEqual(self.verdict("http://x.test/", "--resolve", "x.test=10.1.2.3")["allowed"], False)
        self.assertEqual(self.verdict("http://x.test/", "--resolve", "x.test=93.184.216.34"),
                         {"allowed": True, "address": "93.184.216.34", "rule": "public"})
        for order in ("93.184.216.34,10.1.2.3", "10.1.2.3,93.184.216.34"):
            self.assertEqual(self.verdict("http://x.test/", "--resolve", "x.test=" + order)["address"], "10.1.2.3")
        self.assertEqual(self.verdict("http://x.test/", "--resolve", "y.test=1.1.1.1", "--resolve",
                                      "X.test=[2606:4700::1111]")["address"], "2606:4700::1111")
        self.assertEqual(self.verdict("http://nothing.invalid/"), {"allowed": False, "address": None,
                                                                   "rule": "unresolvable"})
        self.assertEqual(self.verdict("ftp://x.test/")["rule"], "scheme")
        self.assertEqual(self.verdict("http://u:p@x.test/")["rule"], "userinfo")
        self.assertEqual(self.verdict("nonsense")["allowed"], False)
        self.assertEqual(self.verdict("--config")["allowed"], False)

    def test_check_egress_takes_exceptions_from_the_configuration(self):
        worker = Worker(allow=["127.0.0.1:8088"])
        self.addCleanup(worker.remove)
        worker.write_config()
        self.assertEqual(self.verdict("http://127.0.0.1:8088/", "--config", worker.config),
                         {"allowed": True, "address": "127.0.0.1", "rule": "exception"})
        self.assertEqual(self.verdict("http://127.0.0.1:8089/", "--config", worker.config)["allowed"], False)

    def test_wrong_use_is_exit_code_2(self):
        for arguments in ((), ("check-egress",), ("check-egress", "--resolve", "x", "--", "http://x/"),
                          ("check-egress", "--resolve", "x=y", "--", "http://x/"), ("--nonsense",), ("lint", "a"),
                          ("keygen",), ("secret", "set", "x"), ("check-egress", "--", "http://a/", "http://b/")):
            run = self.run_worker(*arguments)
            self.assertEqual(run.returncode, 2, (arguments, run))
            self.assertTrue(run.stderr, arguments)
        self.assertEqual(self.run_worker("--version").stdout.strip(), "pg_ops_worker 0.1.0 (protocol 1)")
        self.assertIn("check-egress", self.run_worker("--help").stdout)

    def test_check_names_what_it_checked_and_what_not(self):
        worker = Worker()
        self.addCleanup(worker.remove)
        worker.write_config()
        run = self.run_worker("check", "--config", worker.config)
        self.assertEqual(run.returncode, 0, run)
        self.assertIn("not running", run.stdout)
        self.assertIn("not checked  database", run.stdout)
        worker.start()
        self.assertIn("version 0.1.0 is running", self.run_worker("check", "--config", worker.config).stdout)
        worker.stop()
        with open(worker.config, "a") as f:
            f.write("alow = []\n")
        run = self.run_worker("check", "--config", worker.config)
        self.assertEqual(run.returncode, 1)
        self.assertIn("worker.toml:4: egress.alow", run.stdout)
        self.assertIn("egress.allow", run.stdout)


if __name__ == "__main__":
    unittest.main()
