"""TLS of pg_ops_worker: nothing is trusted but what the system or egress.ca_file says, and names must match."""
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from worker_harness import Worker  # noqa: E402

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\n{\"tls\": true}"


@unittest.skipUnless(shutil.which("openssl"), "needs the openssl program")
class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix="pgopstls")
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.key, cls.certificate = (os.path.join(cls.directory, name) for name in ("key.pem", "cert.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", cls.key, "-out", cls.certificate, "-days", "2", "-subj", "/CN=api.test",
                        "-addext", "subjectAltName=DNS:api.test"], check=True, capture_output=True)
        cls.listener = socket.create_server(("127.0.0.1", 0))
        cls.addClassCleanup(cls.listener.close)
        cls.port = cls.listener.getsockname()[1]
        cls.handshakes = 0
        cls.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cls.context.load_cert_chain(cls.certificate, cls.key)
        threading.Thread(target=cls.serve, daemon=True).start()

    @classmethod
    def serve(cls):
        while True:
            try:
                plain, _ = cls.listener.accept()
            except OSError:
                return
            try:
                with cls.context.wrap_socket(plain, server_side=True) as secure:
                    cls.handshakes += 1
                    secure.recv(65536)
                    secure.sendall(ANSWER)
            except OSError:
                pass
            finally:
                plain.close()

    def call(self, host, **egress):
        worker = Worker(egress={"allow": [f"127.0.0.1:{self.port}"], **egress},
                        resolver={"hosts": {"api.test": ["127.0.0.1"], "other.test": ["127.0.0.1"]}}).start()
        self.addCleanup(worker.remove)
        with worker.client() as client:
            reply = client.call(f"https://{host}:{self.port}/")
        worker.stop()
        return reply

    def test_an_authority_nobody_named_is_not_trusted(self):
        reply = self.call("api.test")
        self.assertEqual(reply.get("code"), "UPSTREAM_UNAVAILABLE", reply)
        self.assertIn("certificate", reply["message"])

    def test_the_authority_of_ca_file_is_trusted(self):
        reply = self.call("api.test", ca_file=self.certificate)
        self.assertTrue(reply["ok"], reply)
        self.assertGreater(reply["timing"]["tls_ms"], 0)

    def test_another_name_than_the_certificates_is_not(self):
        for host in ("other.test", "127.0.0.1"):
            reply = self.call(host, ca_file=self.certificate)
            self.assertEqual(reply.get("code"), "UPSTREAM_UNAVAILABLE", reply)

    def test_a_ca_file_without_a_certificate_stops_the_start(self):
        worker = Worker(egress={"ca_file": self.key})
        self.addCleanup(worker.remove)
        with self.assertRaisesRegex(AssertionError, "no readable certificate"):
            worker.start()


if __name__ == "__main__":
    unittest.main()
