"""Calls through pg_ops_worker: every misbehaviour of an upstream has its documented outcome."""
import json
import os
import signal
import socket
import struct
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hostile_upstream import Upstream  # noqa: E402
from worker_harness import SANITIZED, Worker, WorkerCase, wait_until  # noqa: E402


class HostileUpstream(WorkerCase, unittest.TestCase):
    def test_good_answer_comes_verbatim_with_every_field(self):
        wanted = self.client.start(self.base + "/ok")
        raw = self.client.receive_raw()
        self.assertTrue(raw.endswith(b'"body":{"ok": true, "n": 12345678901234567890.10}}'), raw)
        reply = json.loads(raw)
        self.assertEqual((reply["id"], reply["ok"], reply["status"]), (wanted, True, 200))
        self.assertEqual(reply["content_type"], "application/json")
        self.assertEqual(reply["address"], "127.0.0.1")
        self.assertEqual(reply["bytes"], 42)
        self.assertGreaterEqual(reply["timing"]["total_ms"], reply["timing"]["first_byte_ms"])

    def test_slow_upstreams_time_out_in_time(self):
        for path in ("/hang", "/drip", "/slow-headers"):
            begun = time.monotonic()
            self.expect(path, "TOOL_TIMEOUT", timeout_ms=400)
            took = time.monotonic() - begun
            self.assertGreaterEqual(took, 0.39, path)
            self.assertLess(took, 2, path)

    def test_broken_connections(self):
        for path in ("/close", "/reset", "/reset-in-body", "/length-too-long", "/cut-chunk", "/half-close"):
            self.expect(path, "UPSTREAM_UNAVAILABLE", timeout_ms=5_000)

    def test_refused_connection(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        worker = Worker(allow=[f"127.0.0.1:{port}"]).start()
        self.addCleanup(worker.remove)
        with worker.client() as client:
            reply = client.call(f"http://127.0.0.1:{port}/")
            self.assertEqual(reply["code"], "UPSTREAM_UNAVAILABLE", reply)
        worker.stop()

    def test_redirects_are_not_followed(self):
        reply = self.expect("/redirect", "TOOL_ERROR")
        self.assertEqual(reply["status"], 302)
        before = self.upstream.count("/redirect-loop")
        self.expect("/redirect-loop", "TOOL_ERROR")
        self.assertEqual(self.upstream.count("/redirect-loop"), before + 1)

    def test_bad_bodies(self):
        for path in ("/length-too-short", "/garbage", "/http09", "/gzip-broken", "/encoding-unknown",
                     "/encoding-tower", "/charset", "/charset-bytes", "/utf16", "/invalid-utf8", "/nul-escape", "/nul-raw",
                     "/lone-surrogate", "/deep", "/huge-number", "/tiny-number", "/long-number", "/not-json",
                     "/two-values", "/big-broken"):
            self.expect(path, "TOOL_ERROR")

    def test_nonsense_in_the_framing(self):
        for path in ("/length-negative", "/bad-chunk", "/two-lengths", "/nul-header"):
            reply = self.client.call(self.base + path, timeout_ms=3_000)
            self.assertIn(reply.get("code"), ("TOOL_ERROR", "UPSTREAM_UNAVAILABLE"), (path, reply))

    def test_too_large_answers(self):
        for path in ("/endless-headers", "/endless-header-line", "/endless-continue", "/endless-trailers",
                     "/hundred-megabytes", "/hundred-megabytes-announced", "/gzip-bomb", "/length-huge"):
            self.expect(path, "RESULT_TOO_LARGE")

    def test_byte_limit_is_exact_and_counts_after_decompression(self):
        self.expect_ok("/gzip", max_bytes=16)
        self.expect("/gzip", "RESULT_TOO_LARGE", max_bytes=15)
        self.expect_ok("/ok", max_bytes=42)
        self.expect("/ok", "RESULT_TOO_LARGE", max_bytes=41)

    def test_good_but_unusual_bodies(self):
        self.assertEqual(self.expect_ok("/gzip")["body"], {"zipped": True})
        self.assertEqual(self.expect_ok("/chunked")["body"], {"a": 1})
        self.assertEqual(self.expect_ok("/charset-utf8")["body"], {"name": "caf\u00e9"})
        self.assertEqual(self.expect_ok("/bom")["body"], {"bom": 1})
        self.assertEqual(self.expect_ok("/until-close")["body"], {"until": "close"})
        self.assertTrue(self.expect_ok("/type-bytes")["content_type"].startswith("a?b/"))
        self.assertEqual(self.expect_ok("/folded-header")["body"], {})
        self.assertIsNone(self.expect_ok("/empty")["body"])
        self.assertIsNone(self.expect_ok("/no-content", ok=[204])["body"])
        self.assertIsNone(self.expect_ok("/no-content", ok=[])["body"])
        self.assertIsNone(self.expect_ok("/ok", method="HEAD")["body"])
        self.assertEqual(len(self.expect_ok("/big-array")["body"]), 330_000)
        self.client.start(self.base + "/big-number")
        self.assertIn(b'1e131071, "b": 123456789012345678901234567890.123456789', self.client.receive_raw())
        self.client.start(self.base + "/deep-allowed")
        self.assertIn(b"[" * 200, self.client.receive_raw())

    def test_statuses(self):
        wanted = {400: "TOOL_BAD_REQUEST", 401: "AUTH_FAILED", 403: "AUTH_FAILED", 404: "TOOL_BAD_REQUEST",
                  409: "TOOL_BAD_REQUEST", 422: "TOOL_BAD_REQUEST", 429: "TOOL_RATE_LIMITED",
                  500: "UPSTREAM_UNAVAILABLE", 502: "UPSTREAM_UNAVAILABLE", 503: "UPSTREAM_UNAVAILABLE",
                  201: "TOOL_ERROR", 304: "TOOL_ERROR", 999: "TOOL_ERROR"}
        for status, code in wanted.items():
            reply = self.expect(f"/status?{status}", code, timeout_ms=3_000)
            self.assertEqual(reply["status"], status)
        self.expect_ok("/status?404", ok=[200, 404])
        self.expect("/no-content", "TOOL_ERROR")

    def test_a_status_that_says_no_counts_however_the_body_ends(self):
        reply = self.expect("/error-hundred-megabytes", "UPSTREAM_UNAVAILABLE")
        self.assertEqual(reply["status"], 500)

    def test_errors_hold_no_secret_of_the_upstream(self):
        reply = self.expect("/status?400", "TOOL_BAD_REQUEST")
        self.assertIn("no,", reply["message"])
        self.assertNotIn("abcdef0123456789", json.dumps(reply))

    def test_retry_after(self):
        self.assertEqual(self.expect("/retry-after", "TOOL_RATE_LIMITED")["retry_after_ms"], 7_000)
        self.assertIsNone(self.expect("/retry-after-garbage", "TOOL_RATE_LIMITED").get("retry_after_ms"))

    def test_connections_are_kept_and_dead_ones_replaced(self):
        first = self.expect_ok("/connection")["body"]
        second = self.expect_ok("/connection")["body"]
        self.assertEqual(first["connection"], second["connection"])
        self.assertEqual(second["request"], first["request"] + 1)
        self.expect_ok("/die-when-reused?1")
        self.expect_ok("/die-when-reused?2")  # a GET is repeated on a new connection
        self.expect_ok("/ok-then-reset")
        self.expect_ok("/ok-then-reset")

    def test_a_post_is_never_sent_twice(self):
        self.expect_ok("/connection")
        before = self.upstream.count("/reset")
        self.expect("/reset", "UPSTREAM_UNAVAILABLE", method="POST", body="{}")
        self.assertEqual(self.upstream.count("/reset"), before + 1)

    def test_split_response_does_not_reach_the_next_call(self):
        self.assertEqual(self.expect_ok("/extra-answer")["body"], {"first": 1})
        self.assertEqual(self.expect_ok("/charset-utf8")["body"], {"name": "caf\u00e9"})

    def test_no_cookie_is_kept(self):
        self.expect_ok("/cookie")
        self.assertEqual(self.expect_ok("/cookie")["body"], {"cookie": False})


class Requests(WorkerCase, unittest.TestCase):
    def echo(self, **more):
        return self.expect_ok("/echo", **more)["body"]

    def test_request_goes_out_as_asked(self):
        sent = self.echo(method="POST", body='{"a": "\u00fc"}', headers=[["X-One", "1"], ["X-Empty", ""]])
        headers = {name.lower(): value for name, value in sent["headers"]}
        self.assertEqual((sent["method"], sent["body"]), ("POST", '{"a": "\u00fc"}'))
        self.assertEqual((headers["x-one"], headers["x-empty"]), ("1", ""))
        self.assertEqual(headers["content-type"], "application/json")
        self.assertEqual(headers["host"], f"127.0.0.1:{self.upstream.port}")
        self.assertNotIn("expect", headers)
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "GET"):
            self.assertEqual(self.echo(method=method, body="{}")["method"], method)
        self.assertEqual(self.echo(headers=[["Accept", "text/json"], ["accept", "x/y"]])["headers"].count(
            ["Accept", "application/json"]), 0)

    def test_headers_that_could_change_the_request_are_refused(self):
        for name, value in (("X-A", "1\r\nX-B: 2"), ("X-A", "1\n"), ("X-A", "\x00"), ("X A", "1"), ("", "1"),
                            ("X:A", "1"), ("Host", "other"), ("hOsT", "other"), ("Content-Length", "0"),
                            ("Transfer-Encoding", "chunked"), ("Connection", "close"), ("Upgrade", "h2c"),
                            ("Proxy-Authorization", "x"), ("Expect", "100-continue"), ("TE", "trailers")):
            before = self.upstream.count("/echo")
            self.expect("/echo", "TOOL_BAD_REQUEST", headers=[[name, value]])
            self.assertEqual(self.upstream.count("/echo"), before)

    def test_methods_are_a_closed_list(self):
        for method in ("CONNECT", "TRACE", "get", "", "GET / HTTP/1.1\r\nX: y", "x" * 19 + "\u00e9"):
            self.expect("/echo", "TOOL_BAD_REQUEST", method=method)
        self.expect("/echo", "TOOL_BAD_REQUEST", method="HEAD", body="{}")

    def test_an_unknown_secret_sends_nothing(self):
        before = self.upstream.count("/echo")
        for more in ({"headers": [["Authorization", "Bearer {{secret:pager}}"]]}, {"body": "{{secret:x}}"}):
            self.assertIn("secret is not known", self.expect("/echo", "AUTH_FAILED", **more)["message"])
        self.expect("/echo?key={{secret:a}}", "AUTH_FAILED")
        self.assertEqual(self.upstream.count("/echo"), before)


class Egress(WorkerCase, unittest.TestCase):
    tables = {"resolver": {"hosts": {"inside.test": ["127.0.0.1"], "mixed.test": ["93.184.216.34", "10.0.0.1"],
                                     "named.test": ["127.0.0.1"], "twice.test": ["::1", "127.0.0.1"]}}}

    def blocked(self, url):
        reply = self.client.call(url)
        self.assertEqual(reply.get("code"), "EGRESS_BLOCKED", (url, reply))
        return reply

    def test_everything_inside_is_blocked_without_an_exception(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            for host in ("127.0.0.1", "localhost", "127.1", "0x7f.1", "2130706433", "0177.0.0.1", "[::1]",
                         "[::ffff:127.0.0.1]", "0.0.0.0", "[::]", "inside.test", "INSIDE.test.", "127.0.0.1.",
                         "%31%32%37.0.0.1", "\uff11\uff12\uff17.0.0.1"):
                self.blocked(f"http://{host}:{port}/")
            listener.settimeout(0.05)
            with self.assertRaises(TimeoutError):
                listener.accept()
        for host in ("10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "[fd00:ec2::254]",
                     "[fe80::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "168.63.129.16", "224.0.0.1", "mixed.test"):
            self.blocked(f"http://{host}/")

    def test_the_exception_is_for_one_port_only(self):
        self.blocked("http://127.0.0.1:1/")

    def test_an_exception_for_an_address_serves_a_name_that_has_it(self):
        reply = self.client.call(f"http://twice.test:{self.upstream.port}/ok")
        self.assertTrue(reply["ok"], reply)
        self.assertEqual(reply["address"], "127.0.0.1")

    def test_only_http_and_no_userinfo(self):
        for url in ("ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "dict://example.com/",
                    f"http://user:pw@127.0.0.1:{self.upstream.port}/", "http://example.com:0/",
                    "http://[fe80::1%25lo]/"):
            self.blocked(url)
        for url in ("", "http://", "not a url", "//example.com", "http://exa mple.com/", "http://a:99999/",
                    "http://example.com/\r\nX: y"):
            self.assertIn(self.client.call(url)["code"], ("TOOL_BAD_REQUEST", "EGRESS_BLOCKED"), url)

    def test_a_proxy_in_the_environment_is_ignored(self):
        proxy = Upstream()
        self.addCleanup(proxy.stop)
        names = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy")
        before = {name: os.environ.get(name) for name in names}
        os.environ.update({name: f"http://127.0.0.1:{proxy.port}" for name in names})
        try:
            worker = Worker(allow=[f"127.0.0.1:{self.upstream.port}"]).start()
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)
        self.addCleanup(worker.remove)
        with worker.client() as client:
            self.assertTrue(client.call(self.base + "/connection")["ok"])
        worker.stop()
        self.assertEqual(proxy.count("/connection"), 0)

    def test_reload_takes_an_exception_away_from_kept_connections_too(self):
        worker = Worker(allow=[f"127.0.0.1:{self.upstream.port}"]).start()
        self.addCleanup(worker.remove)
        with worker.client() as client:
            self.assertTrue(client.call(self.base + "/ok")["ok"])
            worker.tables["egress"]["allow"] = []
            worker.write_config()
            worker.signal(signal.SIGHUP)
            wait_until(lambda: "configuration reloaded" in worker.log_text(), "the reload")
            self.assertEqual(client.call(self.base + "/ok")["code"], "EGRESS_BLOCKED")
            with open(worker.config, "a") as f:
                f.write("nonsense\n")
            worker.signal(signal.SIGHUP)
            wait_until(lambda: "configuration not reloaded" in worker.log_text(), "the refused reload")
            client.ping()
        worker.stop()

    def test_a_reload_leaves_running_calls_alone(self):
        worker = Worker(allow=[f"127.0.0.1:{self.upstream.port}"]).start()
        self.addCleanup(worker.remove)
        with worker.client() as client:
            before = self.upstream.count("/sleep")
            running = {client.start(self.base + f"/sleep?{wait}") for wait in (300, 400)}
            self.upstream.wait_for("/sleep", before + 2)
            worker.signal(signal.SIGHUP)
            wait_until(lambda: "configuration reloaded" in worker.log_text(), "the reload")
            replies = [client.receive() for _ in running]
            self.assertEqual({reply["id"] for reply in replies if reply["ok"]}, running)
            self.assertTrue(client.call(self.base + "/ok")["ok"])
        worker.stop()

    def test_a_name_that_does_not_resolve(self):
        reply = self.client.call("http://nothing.invalid/", timeout_ms=8_000)
        self.assertIn(reply["code"], ("UPSTREAM_UNAVAILABLE", "TOOL_TIMEOUT"), reply)


class Concurrency(WorkerCase, unittest.TestCase):
    def test_calls_run_at_the_same_time(self):
        begun = time.monotonic()
        wanted = {self.client.start(self.base + "/sleep?500") for _ in range(32)}
        got = {self.client.receive()["id"] for _ in range(32)}
        took = time.monotonic() - begun
        self.assertEqual(got, wanted)
        self.assertGreaterEqual(took, 0.5)
        self.assertLess(took, 2.0 if SANITIZED else 0.75)

    def test_cancel_in_flight_is_silent_and_closes_the_upstreams_connection(self):
        before = self.upstream.count("/hang")
        running = self.client.start(self.base + "/hang")
        self.upstream.wait_for("/hang", before + 1)
        self.client.send({"op": "cancel", "id": running})
        self.client.ping()  # the next frame is the pong: nothing came for the cancelled id
        self.assertEqual(self.client.status()["calls_running"], 0)
        self.client.send({"op": "cancel", "id": "never-heard-of"})
        self.client.ping()

    def test_cancel_while_the_name_is_looked_up_and_while_the_body_is_checked(self):
        for _ in range(20):
            looking = self.client.start("http://some-name-that-is-not-there.invalid/")
            self.client.send({"op": "cancel", "id": looking})
        for _ in range(5):
            before = self.upstream.count("/big-array")
            checking = self.client.start(self.base + "/big-array")
            self.upstream.wait_for("/big-array", before + 1)
            self.client.send({"op": "cancel", "id": checking})
        self.client.send({"op": "ping", "id": "end"})
        reply = self.client.receive()
        while reply["id"] != "end":  # a body that was checked before its cancel arrived
            reply = self.client.receive()
        self.assertEqual(self.client.status()["calls_running"], 0)

    def test_a_client_that_goes_takes_its_calls_along(self):
        before = self.upstream.count("/hang")
        other = self.worker.client()
        for _ in range(10):
            other.start(self.base + "/hang", timeout_ms=60_000)
        self.upstream.wait_for("/hang", before + 10)
        self.assertEqual(self.client.status()["calls_running"], 10)
        other.close()
        wait_until(lambda: self.client.status()["calls_running"] == 0, "the calls of the closed connection end")

    def test_a_slow_reader_does_not_slow_others_down_and_its_answers_arrive(self):
        slow = self.worker.client(timeout=60)
        self.addCleanup(slow.close)
        for _ in range(8):
            slow.start(self.base + "/big-array", timeout_ms=60_000)
        wait_until(lambda: self.client.status()["calls_running"] == 0, "the slow reader's calls end", 60)
        begun = time.monotonic()
        self.expect_ok("/ok")
        self.assertLess(time.monotonic() - begun, 1)
        for _ in range(3000):  # requests of one that reads nothing are not taken in without end
            slow.sock.setblocking(False)
            try:
                payload = json.dumps({"op": "ping", "id": "p" * 150}).encode()
                slow.sock.send(struct.pack(">I", len(payload)) + payload)
            except BlockingIOError:
                break
            finally:
                slow.sock.settimeout(60)
        self.assertEqual(sum("body" in slow.receive() for _ in range(8)), 8)

    def test_a_thousand_connections(self):
        count = 300 if SANITIZED else 1_000
        clients = [self.worker.client() for _ in range(count)]
        try:
            self.assertGreaterEqual(self.client.status()["connections"], count)
            for client in clients[::10]:
                client.start(self.base + "/ok")
            for client in clients[::10]:
                self.assertTrue(client.receive()["ok"])
        finally:
            for client in clients:
                client.close()
        wait_until(lambda: self.client.status()["connections"] <= 2, "the connections are gone")


if __name__ == "__main__":
    unittest.main()
