#!/usr/bin/env python3
"""An upstream that does everything an upstream should not do.

One thread per connection, raw sockets, so that every byte sent is a byte written here. Each function of
ROUTES is one path; routes whose framing is well and whose body is not are in hostile_bodies. Run alone it prints its port and
serves until its standard input closes; `Upstream` embeds it in a test.

`Upstream.wait_for(path)` blocks until that path was asked for: tests wait on it instead of sleeping.
"""
import collections
import json
import os
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
MEGABYTE = 1 << 20


def response(body=b"", status="200 OK", headers=(), length=None, content_type="application/json"):
    lines = [f"HTTP/1.1 {status}"]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    lines.extend(headers)
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


class Hangup(Exception):
    """Ends a connection."""


class Connection:
    def __init__(self, upstream, sock, number):
        self.upstream, self.sock, self.number = upstream, sock, number
        self.buffer = b""
        self.requests = 0

    def send(self, data):
        self.sock.sendall(data)

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Hangup

    def hold(self):
        """Says nothing more until the peer leaves or the upstream stops."""
        self.sock.settimeout(0.2)
        while not self.upstream.stopping:
            try:
                if not self.sock.recv(4096):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        raise Hangup

    def drip(self, data, pause):
        for i in range(len(data)):
            if self.upstream.stopping:
                raise Hangup
            self.send(data[i:i + 1])
            time.sleep(pause)

    def read_request(self):
        while b"\r\n\r\n" not in self.buffer:
            chunk = self.sock.recv(65536)
            if not chunk:
                raise Hangup
            self.buffer += chunk
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        headers = [tuple(line.split(": ", 1)) if ": " in line else (line.rstrip(":"), "") for line in lines[1:]]
        length = int(dict((k.lower(), v) for k, v in headers).get("content-length", 0))
        while len(self.buffer) < length:
            self.buffer += self.sock.recv(65536)
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return method, target, headers, body

    def serve(self):
        while True:
            method, target, headers, body = self.read_request()
            self.requests += 1
            path, _, query = target.partition("?")
            self.upstream.saw(path)
            route = ROUTES.get(path)
            if route is None:
                self.send(response(b'{"error":"no such route"}', "404 Not Found"))
            else:
                route(self, method=method, query=query, headers=headers, body=body)


ROUTES = {}


def route(path):
    def register(function):
        ROUTES[path] = function
        return function
    return register


@route("/ok")
def ok(c, **_):
    c.send(response(b'{"ok": true, "n": 12345678901234567890.10}'))


@route("/connection")
def connection(c, **_):
    """Which connection, and the how-manieth request on it."""
    c.send(response(json.dumps({"connection": c.number, "request": c.requests}).encode()))


@route("/echo")
def echo(c, method, query, headers, body):
    c.send(response(json.dumps({"method": method, "query": query, "headers": headers,
                                "body": body.decode("utf-8", "replace")}).encode()))


@route("/sleep")
def sleep(c, query, **_):
    """Answers after `query` milliseconds."""
    time.sleep(int(query or 500) / 1000)
    c.send(response(b'{"slept": true}'))


@route("/hang")
def hang(c, **_):
    c.hold()


@route("/drip")
def drip(c, **_):
    c.send(response(b"", length=10_000))
    c.drip(b'"' + b"x" * 9_999, 0.05)


@route("/slow-headers")
def slow_headers(c, **_):
    c.drip(b"HTTP/1.1 200 OK\r\n" + b"X-Slow: x\r\n" * 1_000, 0.05)


@route("/close")
def close(c, **_):
    raise Hangup


@route("/reset")
def reset(c, **_):
    c.reset()


@route("/reset-in-body")
def reset_in_body(c, **_):
    c.send(response(b'{"a": [1, 2,', length=1_000))
    c.reset()


@route("/redirect")
def redirect(c, **_):
    c.send(response(b"", "302 Found", ["Location: http://169.254.169.254/latest/meta-data/"]))


@route("/redirect-loop")
def redirect_loop(c, **_):
    c.send(response(b"", "301 Moved Permanently", ["Location: /redirect-loop"]))


@route("/length-too-long")
def length_too_long(c, **_):
    """Announces more than it sends, then closes."""
    c.send(response(b'{"a": 1}', length=5_000))
    raise Hangup


@route("/length-too-short")
def length_too_short(c, **_):
    """Announces less than it sends: what is read ends in the middle of a value."""
    c.send(response(b'{"a": 123456789}', length=8))


@route("/length-negative")
def length_negative(c, **_):
    c.send(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}")
    raise Hangup


@route("/length-huge")
def length_huge(c, **_):
    c.send(response(b"{", length=1 << 62))
    c.hold()


@route("/garbage")
def garbage(c, **_):
    c.send(bytes(range(256)) * 64)
    raise Hangup


@route("/http09")
def http09(c, **_):
    c.send(b'{"no": "status line"}\n')
    raise Hangup


@route("/bad-chunk")
def bad_chunk(c, **_):
    c.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n{}\r\n0\r\n\r\n")
    raise Hangup


@route("/cut-chunk")
def cut_chunk(c, **_):
    c.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{\"a\":1")
    raise Hangup


@route("/chunked")
def chunked(c, **_):
    """Well-formed, with extensions and trailers."""
    c.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
           b"4;ext=1\r\n{\"a\"\r\n3\r\n: 1\r\n1\r\n}\r\n0\r\nX-Sum: 9\r\n\r\n")


@route("/endless-trailers")
def endless_trailers(c, **_):
    c.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n")
    while True:
        c.send(b"X-More: " + b"y" * 1_000 + b"\r\n")


@route("/endless-headers")
def endless_headers(c, **_):
    c.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        c.send(b"X-More: " + b"y" * 1_000 + b"\r\n")


@route("/endless-header-line")
def endless_header_line(c, **_):
    c.send(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        c.send(b"z" * 65_536)


@route("/endless-continue")
def endless_continue(c, **_):
    while True:
        c.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


@route("/hundred-megabytes")
def hundred_megabytes(c, **_):
    """No length announced: chunked, a JSON string of 100 MB."""
    c.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"100000\r\n" + b"a" * MEGABYTE + b"\r\n"
    c.send(b"1\r\n\"\r\n")
    for _i in range(100):
        c.send(chunk)
    c.send(b"1\r\n\"\r\n0\r\n\r\n")


@route("/hundred-megabytes-announced")
def hundred_megabytes_announced(c, **_):
    c.send(response(b"", length=100 * MEGABYTE))
    while True:
        c.send(b"a" * MEGABYTE)


@route("/error-hundred-megabytes")
def error_hundred_megabytes(c, **_):
    c.send(response(b"", "500 Internal Server Error", length=100 * MEGABYTE))
    while True:
        c.send(b"a" * MEGABYTE)


@route("/empty")
def empty(c, **_):
    c.send(response(b""))


@route("/no-content")
def no_content(c, **_):
    c.send(b"HTTP/1.1 204 No Content\r\n\r\n")


@route("/half-close")
def half_close(c, **_):
    """Shuts its sending side down in the middle of the body and goes on reading."""
    c.send(response(b'{"a":', length=100))
    c.sock.shutdown(socket.SHUT_WR)
    c.hold()


@route("/until-close")
def until_close(c, **_):
    """HTTP/1.0 style: the end of the connection is the end of the body."""
    c.send(b"HTTP/1.0 200 OK\r\n\r\n{\"until\": \"close\"}")
    raise Hangup


@route("/ok-then-reset")
def ok_then_reset(c, **_):
    """Answers well, promises to keep the connection, and resets it."""
    c.send(response(b'{"ok": true}', headers=["Connection: keep-alive"]))
    c.reset()


@route("/die-when-reused")
def die_when_reused(c, **_):
    """The first request of a connection is answered, the next one resets it."""
    if c.requests > 1:
        c.reset()
    c.send(response(json.dumps({"connection": c.number}).encode()))


@route("/two-lengths")
def two_lengths(c, **_):
    c.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 300\r\n\r\n{}")
    raise Hangup


@route("/extra-answer")
def extra_answer(c, **_):
    """A second answer nobody asked for follows the first (response splitting)."""
    c.send(response(b'{"first": 1}') + response(b'{"second": 2}'))


@route("/folded-header")
def folded_header(c, **_):
    c.send(b"HTTP/1.1 200 OK\r\nX-Folded: a\r\n b\r\nContent-Length: 2\r\n\r\n{}")


@route("/nul-header")
def nul_header(c, **_):
    c.send(b"HTTP/1.1 200 OK\r\nX-Nul: a\x00b\r\nContent-Length: 2\r\n\r\n{}")
    raise Hangup


@route("/retry-after")
def retry_after(c, **_):
    c.send(response(b'{"slow": "down"}', "429 Too Many Requests", ["Retry-After: 7"]))


@route("/retry-after-garbage")
def retry_after_garbage(c, **_):
    c.send(response(b"{}", "429 Too Many Requests", ["Retry-After: soon, maybe"]))


@route("/status")
def status(c, query, **_):
    c.send(response(b'{"said": "no, Bearer abcdef0123456789abcdef0123456789 is bad"}', f"{query} Whatever"))


@route("/cookie")
def cookie(c, headers, **_):
    """Sets a cookie and tells whether one came."""
    came = any(name.lower() == "cookie" for name, _v in headers)
    c.send(response(json.dumps({"cookie": came}).encode(), headers=["Set-Cookie: session=1; Path=/"]))


import hostile_bodies  # noqa: E402  (adds its routes)

hostile_bodies.register(route, response)


class Upstream:
    def __init__(self, host="127.0.0.1", port=0):
        self.stopping = False
        self._seen = collections.Counter()
        self._changed = threading.Condition()
        self._connections = 0
        self._listener = socket.create_server((host, port), backlog=2048)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self.stopping:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections += 1
            threading.Thread(target=self._serve, args=(sock, self._connections), daemon=True).start()

    def _serve(self, sock, number):
        try:
            Connection(self, sock, number).serve()
        except (Hangup, OSError, ValueError):
            pass
        finally:
            sock.close()

    def saw(self, path):
        with self._changed:
            self._seen[path] += 1
            self._changed.notify_all()

    def count(self, path):
        with self._changed:
            return self._seen[path]

    def wait_for(self, path, times=1, timeout=10):
        with self._changed:
            if not self._changed.wait_for(lambda: self._seen[path] >= times, timeout):
                raise AssertionError(f"{path} was asked for {self._seen[path]} times, not {times}")

    def stop(self):
        self.stopping = True
        self._listener.close()


if __name__ == "__main__":
    upstream = Upstream(port=int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(upstream.port, flush=True)
    sys.stdin.read()
    upstream.stop()
