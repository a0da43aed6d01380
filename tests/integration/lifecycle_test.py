#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How the server starts and ends: it drains on SIGTERM without failing a request, a second signal hurries it,
certificates come from files or are made, and whatever keeps it from starting is one line on standard error and exit
code 2."""

import http.client
import json
import pathlib
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from webhook import BOUND, ROOT, RawConnection, Webhook, load_review, run, wait_until

GOOD = load_review("create-pod-typical-hardened.json")
BODY = json.dumps(GOOD).encode()
MISSPELT = ROOT / "tests" / "fixtures" / "policies" / "misspelt.yaml"


def head(body=BODY):
    return (b"POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            % len(body))


def is_port_open(port):
    try:
        socket.create_connection(("127.0.0.1", port), BOUND).close()
    except ConnectionRefusedError:
        return False
    except ConnectionResetError:
        pass  # it is just closing
    return True


class Client(threading.Thread):
    """Sends reviews as the API server does: keep-alive, a new connection after `Connection: close`. Ends with the first
    request that fails, whose start it notes."""

    def __init__(self, webhook):
        super().__init__(daemon=True)
        self.webhook = webhook
        self.times = []  # (start, did the answer close the connection)
        self.failure = None  # (start, error)
        self.wrong = []
        self.start()

    def run(self):
        connection = self.webhook.connect()
        while True:
            started = time.monotonic()
            try:
                connection.request("POST", "/validate?timeout=10s", BODY, {"Content-Type": "application/json"})
                reply = connection.getresponse()
                closes, body = reply.getheader("Connection") == "close", reply.read()
            except (OSError, http.client.HTTPException) as error:
                self.failure = (started, error)
                connection.close()
                return
            if reply.status != 200 or not json.loads(body)["response"]["allowed"]:
                self.wrong.append((reply.status, body))
            self.times.append((started, closes))


class DrainTest(unittest.TestCase):
    def test_no_request_fails_before_the_port_closes(self):
        drain = 1.5
        webhook = Webhook("--drain-seconds", drain)
        clients = [Client(webhook) for _ in range(4)]
        wait_until(lambda: all(len(client.times) >= 20 for client in clients), "a steady stream")
        self.assertEqual(webhook.ops("/readyz").status, 200)
        told = time.monotonic()
        webhook.signal()
        wait_until(lambda: webhook.ops("/readyz").status == 503, "/readyz fails")
        failed_readiness = time.monotonic()
        self.assertLess(failed_readiness - told, 1)
        self.assertEqual(webhook.ops("/livez").status, 200)
        self.assertEqual(webhook.wait(), 0)
        self.assertFalse(is_port_open(webhook.port))
        for client in clients:
            client.join(BOUND)
            self.assertFalse(client.is_alive())
            self.assertEqual(client.wrong, [])
            started, error = client.failure
            self.assertGreater(started, told + drain - 0.1, f"failed while the port was open: {error!r}")
            during = [closes for start, closes in client.times if start > failed_readiness]
            self.assertGreater(len(during), 5, "served on")
            self.assertTrue(all(during), "every answer says Connection: close while draining")
            self.assertFalse(any(closes for start, closes in client.times if start < told - 0.2))
        messages = [line["msg"] for line in webhook.log()]
        self.assertEqual((messages[-2:], webhook.rest_of_output), (["draining", "stopped"], ""))

    def test_what_runs_is_finished(self):
        webhook = Webhook("--drain-seconds", "0")
        webhook.ask("validate", GOOD)
        with webhook.raw() as raw:
            raw.send(head() + BODY[:100])
            wait_until(lambda: webhook.metrics()['tidewaiter_connections{state="parked"}'] == 2, "it has arrived")
            webhook.signal()
            wait_until(lambda: not is_port_open(webhook.port), "the port closes")
            raw.send(BODY[100:])
            answer = raw.read_answer()
            self.assertEqual((answer.status, answer.response["allowed"], answer.closes), (200, True, True))
        self.assertEqual(webhook.wait(), 0)

    def test_idle_connections_are_no_reason_to_wait(self):
        webhook = Webhook("--drain-seconds", "0")
        idle = [webhook.raw() for _ in range(20)]
        strangers = [socket.create_connection(("127.0.0.1", webhook.port), BOUND) for _ in range(5)]  # no handshake
        started = time.monotonic()
        webhook.stop()
        self.assertLess(time.monotonic() - started, 3)
        for raw in idle:
            self.assertTrue(raw.is_closed_by_server())
            raw.socket.close()
        for stranger in strangers:
            stranger.close()

    def test_second_signal_hurries(self):
        for second in (signal.SIGTERM, signal.SIGINT):
            webhook = Webhook("--drain-seconds", "3600")
            webhook.signal()
            wait_until(lambda: webhook.ops("/readyz").status == 503, "/readyz fails")
            self.assertIs(webhook.ask("validate", GOOD)["allowed"], True)
            started = time.monotonic()
            webhook.signal(second)
            self.assertEqual(webhook.wait(), 0)
            self.assertLess(time.monotonic() - started, 3)

    def test_interrupt_is_like_sigterm(self):
        webhook = Webhook("--drain-seconds", "0")
        webhook.signal(signal.SIGINT)
        self.assertEqual(webhook.wait(), 0)
        self.assertEqual([line.get("signal") for line in webhook.log() if line["msg"] == "draining"], ["SIGINT"])


class CertificateTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = pathlib.Path(cls.folder.name)
        for name in ("one", "two"):
            cls.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=tidewaiter", "-addext", "subjectAltName=IP:127.0.0.1,DNS:tidewaiter.svc",
                        "-keyout", f"{name}.key", "-out", f"{name}.crt")
        cls.openssl("pkey", "-in", "one.key", "-aes128", "-passout", "pass:secret", "-out", "locked.key")
        (cls.path / "garbage.pem").write_text("no certificate\n")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def openssl(cls, *arguments):
        subprocess.run(["openssl", *arguments], cwd=cls.path, check=True, capture_output=True, timeout=BOUND)

    def test_certificate_from_files(self):
        ca = (self.path / "one.crt").read_text()
        webhook = Webhook("--drain-seconds", "0", "--tls-cert", self.path / "one.crt", "--tls-key",
                          self.path / "one.key", ca=ca)
        self.assertIs(webhook.ask("validate", GOOD)["allowed"], True)
        expires = webhook.metrics()["tidewaiter_certificate_expiry_timestamp_seconds"]
        self.assertAlmostEqual(expires, time.time() + 2 * 86400, delta=3600)
        webhook.stop()
        self.assertNotIn("CERTIFICATE", webhook.rest_of_output)

    def test_chain_is_sent_whole(self):
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=root", "-keyout",
                     "root.key", "-out", "root.crt")
        (self.path / "ca.ext").write_text("basicConstraints=critical,CA:true\n")
        (self.path / "leaf.ext").write_text("subjectAltName=IP:127.0.0.1\n")
        for name, issuer, extension in [("middle", "root", "ca"), ("leaf", "middle", "leaf")]:
            self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key",
                         "-out", f"{name}.csr")
            self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{issuer}.crt", "-CAkey", f"{issuer}.key",
                         "-CAcreateserial", "-days", "2", "-extfile", f"{extension}.ext", "-out", f"{name}.crt")
        chain = "".join((self.path / name).read_text() for name in ("leaf.crt", "middle.crt"))
        (self.path / "chain.crt").write_text(chain)
        webhook = Webhook("--drain-seconds", "0", "--tls-cert", self.path / "chain.crt", "--tls-key",
                          self.path / "leaf.key", ca=(self.path / "root.crt").read_text())
        self.assertIs(webhook.ask("validate", GOOD)["allowed"], True)
        webhook.stop()

    def test_self_signed_certificate_has_the_names_that_were_asked_for(self):
        webhook = Webhook("--drain-seconds", "0", "--tls-san", "tidewaiter.svc,10.1.2.3", "--tls-san", "::5")
        for name in ("tidewaiter.svc", "10.1.2.3", "::5"):
            plain = socket.create_connection(("127.0.0.1", webhook.port), BOUND)
            webhook.tls.wrap_socket(plain, server_hostname=name).close()
        with self.assertRaises(ssl.SSLCertVerificationError):
            RawConnection(webhook.tls, webhook.port)  # 127.0.0.1 is none of them
        webhook.stop()

    def test_certificate_that_cannot_be_used_is_one_line(self):
        one, key = self.path / "one.crt", self.path / "one.key"
        missing, garbage = self.path / "missing.pem", self.path / "garbage.pem"
        for certificate, private, text in [
            (missing, key, f"{missing}: cannot be read: No such file or directory"),
            (one, missing, f"{missing}: cannot be read: No such file or directory"),
            (one, self.path / "two.key", f"{self.path}/two.key: is not the key of {one}"),
            (garbage, key, f"{garbage}: no usable PEM certificate: "),
            (one, garbage, f"{garbage}: no usable PEM private key: "),
            (one, self.path / "locked.key", f"{self.path}/locked.key: no usable PEM private key: "),
            (self.path, key, f"{self.path}: "),
        ]:
            with self.subTest(certificate=certificate.name, key=private.name):
                StartTest.check_refused(self, text, "--tls-cert", certificate, "--tls-key", private)
        StartTest.check_refused(self, "--tls-key", "--tls-cert", one)
        StartTest.check_refused(self, "--tls-cert", "--tls-key", key)
        StartTest.check_refused(self, "--tls-san", "--tls-cert", one, "--tls-key", key, "--tls-san", "x")


class StartTest(unittest.TestCase):
    def check_refused(self, text, *arguments):
        result = run("serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", *arguments)
        self.assertEqual((result.returncode, result.stdout), (2, ""), result.stderr)
        self.assertIn(text, result.stderr)
        self.assertRegex(result.stderr, r"\Atidewaiter: [^\n]+\n\Z")

    def check_port_refused(self, option, port):
        arguments = {"--listen": "127.0.0.1:0", "--ops-listen": "127.0.0.1:0", option: f"127.0.0.1:{port}"}
        result = run("serve", *(part for pair in arguments.items() for part in pair), timeout=3)
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertRegex(result.stderr, rf"\Atidewaiter: cannot listen at 127\.0\.0\.1:{port}[^\n]*\n\Z")

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            for option in ("--listen", "--ops-listen"):
                with self.subTest(option):
                    self.check_port_refused(option, other.getsockname()[1])

    def test_port_in_use_by_another_tidewaiter(self):
        webhook = Webhook("--drain-seconds", "0")
        self.addCleanup(webhook.stop)
        for option, port in [("--listen", webhook.port), ("--ops-listen", webhook.ops_port)]:
            with self.subTest(option):
                try:
                    self.check_port_refused(option, port)
                except subprocess.TimeoutExpired:
                    self.fail("it started all the same, and the two share the port")

    def test_bad_policies(self):
        self.check_refused(f'{MISSPELT}:6:5: spec.controls.imag-digest: unknown control; did you mean "image-digest"?',
                           "--policies", MISSPELT)
        self.check_refused("/nowhere.yaml: cannot be read", "--policies", "/nowhere.yaml")

    def test_bad_usage(self):
        for text, arguments in [("--frobnicate", ["--frobnicate"]), ("--workers", ["--workers", "0"]),
                                ("--log-level", ["--log-level", "loud"]),
                                ("--drain-seconds", ["--drain-seconds", "-1"]),
                                ("--max-wait-ms", ["--max-wait-ms", "soon"]), ("extra", ["extra"])]:
            with self.subTest(arguments=arguments):
                self.check_refused(text, *arguments)
        for address in ("8443", ":8443", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", "::1:8443",
                        "no-such-host.invalid:0"):
            for option in ("--listen", "--ops-listen"):
                arguments = {"--listen": "127.0.0.1:0", "--ops-listen": "127.0.0.1:0", option: address}
                result = run("serve", *(part for pair in arguments.items() for part in pair))
                self.assertEqual((result.returncode, result.stdout), (2, ""), address)
                self.assertRegex(result.stderr, r"\Atidewaiter: [^\n]+\n\Z")

    def test_start_takes_no_time(self):
        started = time.monotonic()
        webhook = Webhook("--drain-seconds", "0")
        webhook.ask("validate", GOOD)
        self.assertLess(time.monotonic() - started, 2)  # 50 ms on an idle machine: ./dev bench measures it
        self.assertEqual(webhook.policy_lines, ["policy hardened: 6 controls (built-in hardened.yaml:4)"])
        webhook.stop()


if __name__ == "__main__":
    unittest.main()
