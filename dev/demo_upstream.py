#!/usr/bin/python3
"""Development: the sample HTTP services that the demo's tools call. Loopback only, standard library only.

  dev/demo_upstream.py PORTS_FILE      writes {"up": PORT, "down": PORT} there once both are bound

GET /TENANT/status and /TENANT/deployments?limit=N answer JSON, a little late as real services do. The port `down` is
bound but nobody listens on it: connections are refused, and no other program can take it meanwhile. Ports that the
file names already are used again, so that tools made earlier stay right.
"""
import http.server
import json
import os
import socket
import sys
import time
import urllib.parse

LATENCY_S = 0.12
STATUS = {
    "acme": [{"service": "billing", "state": "down", "since_minutes": 4}, {"service": "webshop", "state": "up", "since_minutes": 9120}],
    "globex": [{"service": "tracking", "state": "up", "since_minutes": 41760}],
}
DEPLOYMENTS = {
    "acme": [{"service": "billing", "version": "2.14.0", "by": "lee", "minutes_ago": 6},
             {"service": "webshop", "version": "5.2.1", "by": "kim", "minutes_ago": 1440},
             {"service": "mailer", "version": "1.9.3", "by": "lee", "minutes_ago": 20160}],
    "globex": [{"service": "tracking", "version": "2026.11", "by": "murphy", "minutes_ago": 4320}],
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        _, tenant, what = (url.path + "//").split("/")[:3]
        time.sleep(LATENCY_S)
        if what == "status" and tenant in STATUS:
            self.answer(200, {"services": STATUS[tenant]})
        elif what == "deployments" and tenant in DEPLOYMENTS:
            limit = int(urllib.parse.parse_qs(url.query).get("limit", ["10"])[0])
            self.answer(200, {"items": DEPLOYMENTS[tenant][:limit]})
        else:
            self.answer(404, {"error": "no such thing"})

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


def bind(port):
    """A socket on the port asked for, or on a free one where that is taken."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind(("127.0.0.1", port))
    except OSError:
        found.bind(("127.0.0.1", 0))
    return found


def main():
    ports_file = sys.argv[1]
    former = {}
    if os.path.exists(ports_file):
        with open(ports_file) as f:
            former = json.load(f)
        os.unlink(ports_file)
    down = bind(former.get("down", 0))
    up = bind(former.get("up", 0))
    port = up.getsockname()[1]
    up.close()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    with open(ports_file + ".new", "w") as f:
        json.dump({"up": port, "down": down.getsockname()[1]}, f)
    os.rename(ports_file + ".new", ports_file)
    server.serve_forever()


main()
