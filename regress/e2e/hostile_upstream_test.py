"""HTTP tools against an upstream that misbehaves, asked through the database: documented codes in a complete answer.

The worker's own test (worker_test) covers what the worker says; this one covers what callers get: error_code of the
tool call, the envelope, the trace, and that the next call is well.
"""
import json
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import Cluster  # noqa: E402
from hostile_harness import Number, Site, cells, code_of, error_of  # noqa: E402
from hostile_upstream import ROUTES, Upstream  # noqa: E402

SLOW = ("/hang", "/drip", "/slow-headers")
EXPECTED = {
    "TOOL_TIMEOUT": SLOW,
    "UPSTREAM_UNAVAILABLE": ("/close", "/reset", "/reset-in-body", "/length-too-long", "/cut-chunk", "/half-close",
                             "/error-hundred-megabytes"),
    "TOOL_ERROR": ("/redirect", "/redirect-loop", "/length-too-short", "/garbage", "/http09", "/gzip-broken",
                   "/encoding-unknown", "/encoding-tower", "/charset", "/charset-bytes", "/utf16", "/invalid-utf8",
                   "/nul-escape", "/nul-raw", "/lone-surrogate", "/deep", "/huge-number", "/tiny-number", "/long-number",
                   "/not-json", "/two-values", "/big-broken"),
    "RESULT_TOO_LARGE": ("/endless-headers", "/endless-header-line", "/endless-continue", "/endless-trailers",
                         "/hundred-megabytes", "/hundred-megabytes-announced", "/gzip-bomb", "/length-huge"),
    "TOOL_RATE_LIMITED": ("/retry-after", "/retry-after-garbage"),
}
NONSENSE = ("/length-negative", "/bad-chunk", "/two-lengths", "/nul-header")
STATUSES = {400: "TOOL_BAD_REQUEST", 401: "AUTH_FAILED", 403: "AUTH_FAILED", 404: "TOOL_BAD_REQUEST", 409: "TOOL_BAD_REQUEST",
            429: "TOOL_RATE_LIMITED", 500: "UPSTREAM_UNAVAILABLE", 502: "UPSTREAM_UNAVAILABLE", 503: "UPSTREAM_UNAVAILABLE",
            304: "TOOL_ERROR", 999: "TOOL_ERROR"}
WELL = {"/gzip": {"zipped": True}, "/chunked": {"a": 1}, "/charset-utf8": {"name": "caf\u00e9"}, "/bom": {"bom": 1},
        "/until-close": {"until": "close"}, "/ok-then-reset": {"ok": True}, "/extra-answer": {"first": 1},
        "/ok": {"ok": True, "n": Number("12345678901234567890.10")}}


class HostileUpstream(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = Upstream()
        cls.cluster = Cluster("hostile_upstream", egress=[f"127.0.0.1:{cls.upstream.port}"]).start()
        cls.site = Site(cls.cluster).build()
        for name, timeout in (("quick", 500), ("patient", 20_000)):
            cls.site.value("SELECT ops.put_asset('policy', %s, %s)", (name, json.dumps(
                {"timeout_ms": timeout, "max_retries": 0, "rate_per_minute": None, "max_concurrent": None})))
            cls.site.value("SELECT ops.publish_asset('policy', %s)", (name,))

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()
        cls.upstream.stop()

    def tearDown(self):
        self.site.well()
        self.assertEqual(code_of(self.call("/ok")), None)

    def create(self, url, name=None, **more):
        self.site.names += 1
        name = name or f"h{self.site.names}"
        values = {"name": name, "description": "an upstream", "method": "GET", "url": url, "policy": "patient", **more}
        self.site.value("SELECT ops.create_http_tool(" + ", ".join(f"{key} => %({key})s" for key in values) + ")",
                        {key: json.dumps(value) if isinstance(value, dict) else value for key, value in values.items()})
        return name

    def call(self, path, **more):
        name = self.create(f"http://127.0.0.1:{self.upstream.port}{path}", **more)
        answer = self.site.call(name)
        self.assertEqual(len(answer["tool_calls"]), 1, answer)
        self.assertTrue(answer["trace_durable"], answer)
        return answer

    def expect(self, path, code, **more):
        with self.subTest(path=path):
            answer = self.call(path, **more)
            self.assertEqual((answer["status"], code_of(answer)), ("failed", code), answer["tool_calls"])
            self.assertEqual(answer["error"]["code"], code)
            self.assertEqual(answer["failed_tools"][0]["error_code"], code)
            self.assertEqual(answer["references"], [])
            return answer

    def test_every_route_has_its_code(self):
        for code, paths in EXPECTED.items():
            for path in paths:
                begun = time.monotonic()
                self.expect(path, code, policy="quick" if path in SLOW else "patient")
                if path in SLOW:
                    self.assertLess(time.monotonic() - begun, 5, path)
        for path in NONSENSE:
            self.assertIn(code_of(self.call(path)), ("TOOL_ERROR", "UPSTREAM_UNAVAILABLE"), path)
        elsewhere = {"/status", "/no-content", "/sleep", "/echo", "/connection", "/cookie", "/die-when-reused", "/empty", "/big-array",
                     "/big-number", "/deep-allowed", "/folded-header", "/type-bytes"}
        known = {path for paths in EXPECTED.values() for path in paths} | set(NONSENSE) | set(WELL) | elsewhere
        self.assertEqual(set(ROUTES) - known, set(), "routes nobody calls")

    def test_statuses(self):
        for status, code in STATUSES.items():
            answer = self.expect(f"/status?{status}", code)
            self.assertNotIn("malformed", answer["tool_calls"][0]["message"])
            self.assertNotIn("abcdef0123456789", json.dumps(answer), "what an upstream says may hold a secret")

    def test_good_answers(self):
        for path, row in WELL.items():
            with self.subTest(path=path):
                answer = self.call(path)
                self.assertEqual((answer["status"], cells(answer)), ("success", row))
        big = self.call("/big-array")
        self.assertEqual((big["status"], big["tool_calls"][0]["row_count"], big["tool_calls"][0]["truncated"]),
                         ("success", 10_000, True))
        number = cells(self.call("/big-number"))
        self.assertEqual(number["b"], Number("123456789012345678901234567890.123456789"))
        self.assertEqual(number["a"].replace("1e131071", "1" + "0" * 131_071), "1" + "0" * 131_071)
        for path in ("/empty", "/no-content", "/folded-header", "/type-bytes", "/deep-allowed"):
            answer = self.call(path)
            self.assertIn((answer["status"], code_of(answer)), (("success", None), ("failed", "TOOL_ERROR")), path)

    def test_result_paths(self):
        for result, rows in (("$", 1), ("$.a", None), ("$.ok", 1), ("$.n", 1), ("$.* ? (@ > 1)", 1)):
            with self.subTest(result=result):
                answer = self.call("/ok", result=result)
                if rows is None:
                    self.assertEqual(code_of(answer), "TOOL_ERROR")
                else:
                    self.assertEqual((answer["status"], answer["tool_calls"][0]["row_count"]), ("success", rows))
        self.assertEqual(code_of(self.call("/big-array", result="$[*] ? (exists($[*] ? (exists($[*] ? (@.id == 2)))))")),
                         "TOOL_ERROR")

    def test_whatever_is_said_only_the_caller_s_call_fails(self):
        good = self.create(f"http://127.0.0.1:{self.upstream.port}/ok")
        bad = [self.create(f"http://127.0.0.1:{self.upstream.port}{path}", policy="quick" if path == "/hang" else "patient")
               for path in ("/hang", "/garbage", "/gzip-bomb", "/close", "/endless-headers")]
        answer = self.site.run_plan([{"id": f"c{i}", "tool": tool} for i, tool in enumerate([good, *bad, "items", good])])
        codes = [call["error_code"] for call in answer["tool_calls"]]
        self.assertEqual(codes, [None, "TOOL_TIMEOUT", "TOOL_ERROR", "RESULT_TOO_LARGE", "UPSTREAM_UNAVAILABLE",
                                 "RESULT_TOO_LARGE", None, None])
        self.assertEqual((answer["status"], len(answer["failed_tools"]), len(answer["references"])), ("partial_success", 5, 3))

    # --- egress and secrets -------------------------------------------------------------------------
    def test_places_nobody_may_call(self):
        closed = self.upstream.port + 1 if self.upstream.port < 65_535 else 1024
        for url in (f"http://127.0.0.1:{closed}/", f"http://localhost:{closed}/", "http://169.254.169.254/latest/meta-data/",
                    "http://2130706433/", "http://0177.0.0.1/", "http://0x7f.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/",
                    "http://0/", "http://10.0.0.1/", "http://[fd00:ec2::254]/", "http://192.168.1.1/", "http://100.100.100.200/"):
            with self.subTest(url=url):
                try:
                    name = self.create(url)
                except Exception as error:  # refused when it is made: as good
                    self.assertEqual(error.pgcode, "22023", error)
                    continue
                answer = self.site.call(name)
                self.assertEqual((answer["status"], code_of(answer)), ("failed", "EGRESS_BLOCKED"), answer["tool_calls"])
        for url in ("file:///etc/passwd", "gopher://x/", "ftp://x/", "http://", "//x", "http://a b/", "http://x\r\nHost: y/",
                    "http://user:pw@example.com/", "", "http://{host}/"):
            with self.subTest(url=url):
                self.assertEqual(error_of(self.create, url).pgcode, "22023")

    def test_secrets(self):
        answer = self.call("/echo", headers={"Authorization": "Bearer {{secret:pager}}"})
        self.assertEqual((answer["status"], code_of(answer)), ("failed", "AUTH_FAILED"))
        base = f"http://127.0.0.1:{self.upstream.port}/echo"
        for more in ({"headers": {"Authorization": "Bearer abcdef0123456789abcdef"}}, {"headers": {"X-Api-Key": "abcdef0123456789"}},
                     {"query": {"api_key": "abcdef0123456789abcdef"}}, {"headers": {"Cookie": "session=abcdef0123456789"}}):
            with self.subTest(more=more):
                error = error_of(lambda: self.create(base, **more))
                self.assertEqual(error.pgcode, "22023")
                self.assertNotIn("abcdef0123456789", str(error))
        self.assertEqual(error_of(self.create, base + "?token=abcdef0123456789abcdef").pgcode, "22023")

    def test_arguments_stay_where_they_belong(self):
        name = self.create(f"http://127.0.0.1:{self.upstream.port}/echo", query={"q": {"$arg": "q"}},
                           headers={"X-Note": "{q}"},
                           input_schema={"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]})
        answer = self.site.call(name, {"q": "a&b=c#d e\u00e9/../?"})
        self.assertEqual(cells(answer)["query"], "q=a%26b%3Dc%23d%20e%C3%A9%2F..%2F%3F")
        for text in ("x\r\nX-Evil: 1", "x\ny", "x\x01y"):
            answer = self.site.call(name, {"q": text})
            if answer["status"] == "success":
                self.assertNotIn("X-Evil", [header[0] for header in cells(answer)["headers"]])
            else:
                self.assertEqual(code_of(answer), "TOOL_BAD_REQUEST")


if __name__ == "__main__":
    unittest.main()
