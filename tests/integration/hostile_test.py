#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hostile and unlucky clients by the hundred against the running server: whatever they do, honest clients are answered
throughout, threads and memory stay bounded, and afterwards the server holds no more descriptors than before. How fast
it was meanwhile is printed, and never asserted: that would measure the machine.
tests/server/hostile_client_test.cc has the same kind of clients one by one, http_test.py what one request can do."""

import json
import resource
import selectors
import socket
import ssl
import struct
import subprocess
import time
import unittest

from load_client import HonestClient, count_descriptors, count_threads, describe, resident_megabytes
from webhook import BOUND, WebhookTest, load_review, wait_until

MOST_THREADS = 16
MOST_MEGABYTES = 64
REVIEW = load_review("create-pod-typical-hardened.json")
BODY = json.dumps(REVIEW).encode()
HEAD = b"POST /validate?timeout=10s HTTP/1.1\r\nHost: tidewaiter.svc\r\nContent-Type: application/json\r\n"
REQUEST = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


def setUpModule():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class HostileTest(WebhookTest):
    # A slow machine must not change an answer: how long a request may wait for a worker is another test's matter.
    arguments = ("--drain-seconds", "0", "--max-wait-ms", "30000", "--log-level", "error")

    def setUp(self):
        self.pid = self.webhook.process.pid
        self.webhook.post("/validate", BODY)
        self.before = self.wait_for_calm()
        self.open = []
        self.clients = [HonestClient([self.webhook.port], self.webhook.tls, BODY, pause=0.002) for _ in range(3)]
        wait_until(lambda: all(len(client.seconds) > 5 for client in self.clients), "a steady stream")
        self.threads_seen = self.megabytes_seen = 0

    def tearDown(self):
        self.watch()
        for stream in self.open:
            stream.close()
        count = sum(len(client.seconds) for client in self.clients)
        wait_until(lambda: sum(len(client.seconds) for client in self.clients) > count + 10, "still answered after it")
        for client in self.clients:
            client.stop()
            self.assertEqual(client.failures, [])
        print(f"{self._testMethodName}: {describe(self.clients)}; at most {self.threads_seen} threads, "
              f"{self.megabytes_seen:.1f} MB", flush=True)
        self.assertLessEqual(self.threads_seen, MOST_THREADS)
        self.assertLessEqual(self.megabytes_seen, MOST_MEGABYTES)
        wait_until(lambda: count_descriptors(self.pid) <= self.before,
                   f"descriptors come back to {self.before} of {count_descriptors(self.pid)}")

    def wait_for_calm(self):
        """The descriptors of the server when nobody but the kept connection is there."""
        wait_until(lambda: self.connections() == 1, "only one connection is left")
        return count_descriptors(self.pid)

    def connections(self):
        return sum(value for name, value in self.webhook.metrics().items() if name.startswith("tidewaiter_connections{"))

    def lost(self, reason):
        return self.webhook.metrics().get(f'tidewaiter_errors_total{{reason="{reason}"}}', 0)

    def watch(self):
        self.threads_seen = max(self.threads_seen, count_threads(self.pid))
        self.megabytes_seen = max(self.megabytes_seen, resident_megabytes(self.pid))

    def connect_tcp(self):
        stream = socket.create_connection(("127.0.0.1", self.webhook.port), BOUND)
        self.open.append(stream)
        return stream

    def connect_tls(self, context=None):
        stream = (context or self.webhook.tls).wrap_socket(
            socket.create_connection(("127.0.0.1", self.webhook.port), BOUND), server_hostname="127.0.0.1")
        self.open.append(stream)
        return stream

    def serve_meanwhile(self, holds, what):
        """Polls until `holds()`, watching the server."""
        def poll():
            self.watch()
            return holds()
        wait_until(poll, what)

    def read_to_end(self, stream):
        """All that still comes, until the server ends the connection."""
        data = b""
        try:
            while part := stream.recv(65536):
                data += part
        except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
            pass
        return data

    def test_two_thousand_idle_connections(self):
        for index in range(2000):
            stream = self.connect_tls()
            if index % 10 == 0:  # most were used once and kept
                stream.sendall(REQUEST)
                self.assertTrue(stream.recv(65536).startswith(b"HTTP/1.1 200"))
            if index % 100 == 0:
                self.watch()
        self.serve_meanwhile(lambda: self.connections() >= 2000, "all are open")
        count = sum(len(client.seconds) for client in self.clients)
        self.serve_meanwhile(lambda: sum(len(client.seconds) for client in self.clients) > count + 1000, "reviews flow")
        for stream in self.open[::40]:  # they are alive
            stream.sendall(REQUEST)
            self.assertTrue(stream.recv(65536).startswith(b"HTTP/1.1 200"))

    def test_five_hundred_slow_senders(self):
        """A byte a second: each request's own time ends it."""
        selector = selectors.DefaultSelector()
        before = self.lost("request_timeout")
        for _ in range(500):
            stream = self.connect_tls()
            stream.setblocking(False)
            selector.register(stream, selectors.EVENT_READ)
        gone = set()

        def send_a_byte(index):
            for stream in self.open:
                if stream in gone:
                    continue
                try:
                    stream.send(REQUEST[index:index + 1])
                except OSError:
                    gone.add(stream)

        began = time.monotonic()
        for index in range(len(HEAD)):
            send_a_byte(index)
            self.watch()
            end = began + index + 1
            while (left := end - time.monotonic()) > 0:
                for key, _ in selector.select(left):
                    try:
                        if key.fileobj.recv(65536):
                            continue
                    except ssl.SSLWantReadError:
                        continue
                    except OSError:
                        pass
                    gone.add(key.fileobj)
                    selector.unregister(key.fileobj)
            if len(gone) == 500:
                break
            self.assertLess(time.monotonic() - began, 3 * BOUND, f"{500 - len(gone)} are still served")
        self.assertGreaterEqual(self.lost("request_timeout"), before + 500)

    def test_half_open_handshakes(self):
        hello = self.client_hello()
        before = self.lost("handshake_failed")
        for index in range(600):
            self.connect_tcp().sendall(hello[:index % len(hello)])  # 0: nothing at all
        self.serve_meanwhile(lambda: self.lost("handshake_failed") >= before + 600, "their time is over")

    def client_hello(self):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        handshake = self.webhook.tls.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
        with self.assertRaises(ssl.SSLWantReadError):
            handshake.do_handshake()
        return outgoing.read()

    def test_header_floods(self):
        for _ in range(100):
            stream = self.connect_tls()
            try:
                for number in range(40):  # 40 KB of headers, none of them the last
                    stream.sendall((HEAD if number == 0 else b"") + b"X-Flood-%d: %s\r\n" % (number, b"x" * 1000))
            except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
                pass
            answer = self.read_to_end(stream)
            self.assertTrue(answer.startswith(b"HTTP/1.1 431") or answer == b"", answer[:80])
            self.watch()

    def test_chunks_without_end(self):
        chunk = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
        for _ in range(20):
            stream = self.connect_tls()
            stream.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
            self.assertTrue(stream.recv(65536).startswith(b"HTTP/1.1 411"))
            end = time.monotonic() + BOUND
            with self.assertRaises((BrokenPipeError, ConnectionResetError, ssl.SSLError)):
                while time.monotonic() < end:
                    stream.sendall(chunk)
            self.watch()

    def test_bodies_that_never_come(self):
        """500 announce the largest body, and some send a part of it."""
        before = self.lost("request_timeout")
        for index in range(500):
            stream = self.connect_tls()
            stream.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % (8 << 20))
            if index % 10 == 0:
                stream.sendall(b"x" * 65536)
        self.watch()
        for _ in range(3):
            self.assertEqual(self.webhook.post("/validate", BODY).status, 200)
        self.serve_meanwhile(lambda: self.lost("request_timeout") >= before + 500, "their time is over")

    def test_deep_pipelines(self):
        for _ in range(20):
            stream = self.connect_tls()
            stream.sendall(b"".join(self.request_of(f"u-{number}") for number in range(50)))
            answers = b""
            while answers.count(b"HTTP/1.1 200") < 50 or not answers.endswith(b"}"):
                part = stream.recv(65536)
                self.assertTrue(part, answers[-200:])
                answers += part
            uids = [json.loads(part.split(b"\r\n\r\n", 1)[1])["response"]["uid"]
                    for part in answers.split(b"HTTP/1.1 ")[1:]]
            self.assertEqual(uids, [f"u-{number}" for number in range(50)])
            self.watch()

    def request_of(self, uid):
        body = json.dumps({**REVIEW, "request": {**REVIEW["request"], "uid": uid}}).encode()
        return HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body

    def test_smuggled_requests_are_never_answered(self):
        """Shapes that two readers could frame differently: one refusal, then the end, whatever is hidden behind."""
        length = b"Content-Length: %d\r\n" % len(BODY)
        shapes = [
            length + length, length + b"Content-Length: 0\r\n", length + b"content-length: 1\r\n",
            length + b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked\r\n" + length,
            length + b"Transfer-Encoding : chunked\r\n", length + b"Transfer-Encoding: xchunked\r\n",
            length + b"Transfer-Encoding:\x0bchunked\r\n", length + b"Transfer-Encoding: identity\r\n",
            length + b"X: a\nTransfer-Encoding: chunked\r\n", length + b"X: a\r\n\tContent-Length: 0\r\n",
            length + b"X: a\rContent-Length: 0\r\n", length + b"X: a\x00b\r\n", length + b"\x00: a\r\n",
            b"Content-Length: 0%d, 0\r\n" % len(BODY), b"Content-Length: %d;\r\n" % len(BODY),
            b"Content-Length: 0x1\r\n", b"Content-Length: 1_0\r\n", b"Content-Length: \xb2\r\n",
            b"Content-Length:\n 5\r\n", b" " + length, b"Content-Length\r\n",
        ]
        hidden = self.request_of("hidden")
        for shape in shapes:
            with self.subTest(shape=shape):
                stream = self.connect_tls()
                stream.sendall(HEAD + shape + b"\r\n" + BODY + hidden)
                answer = self.read_to_end(stream)
                self.assertRegex(answer, rb"\AHTTP/1\.1 4(00|11) ")
                self.assertEqual(answer.count(b"HTTP/1.1 "), 1, answer)
                self.assertNotIn(b"hidden", answer)

    def test_renegotiation_is_refused(self):
        for _ in range(3):
            done = subprocess.run(["openssl", "s_client", "-tls1_2", "-connect", f"127.0.0.1:{self.webhook.port}"],
                                  input=b"R\n", capture_output=True, timeout=BOUND, check=False)
            self.assertIn(b"RENEGOTIATING", done.stdout + done.stderr)
            self.assertIn(b"no renegotiation", done.stderr)

    def test_wrong_tls_versions(self):
        for version in ("-tls1", "-tls1_1"):
            for _ in range(10):
                done = subprocess.run(["openssl", "s_client", version, "-cipher", "ALL:@SECLEVEL=0", "-connect",
                                       f"127.0.0.1:{self.webhook.port}"], input=b"", capture_output=True, timeout=BOUND,
                                      check=False)
                self.assertIn(b"protocol version", done.stderr)

    def test_no_tls_at_all(self):
        for data in (REQUEST, b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01" + b"\xff" * 5000, b"SSH-2.0-x\r\n", b"\x00"):
            for _ in range(40):
                stream = self.connect_tcp()
                try:
                    stream.sendall(data)
                    stream.shutdown(socket.SHUT_WR)
                except OSError:
                    pass  # it has ended the connection already
                self.assertNotIn(b"HTTP/1.1 200", self.read_to_end(stream))
        self.watch()

    def test_clients_that_never_read(self):
        """They ask until nothing more can be sent; answers pile up in the kernel, and the server's time is over."""
        # Denials of 7 KB each, so that few of them fill the buffers.
        pod = {"metadata": {"name": "x"},
               "spec": {"containers": [{"name": f"c-{i}", "image": "nginx:latest"} for i in range(100)]}}
        body = json.dumps({**REVIEW, "request": {**REVIEW["request"], "object": pod}}).encode()
        request = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
        self.assertGreater(len(self.webhook.post("/validate", body).body), 5_000)
        before = self.lost("write_timeout")
        streams = []
        for _ in range(5):
            plain = socket.socket()
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            plain.settimeout(BOUND)
            plain.connect(("127.0.0.1", self.webhook.port))
            stream = self.webhook.tls.wrap_socket(plain, server_hostname="127.0.0.1")
            stream.setblocking(False)
            self.open.append(stream)
            streams.append(stream)

        def push(stream):
            try:
                while stream.send(request):
                    pass
            except OSError:
                pass
        # Some megabytes of requests fit into the kernel's buffers, and are judged before the server's time begins.
        end = time.monotonic() + 6 * BOUND
        while self.lost("write_timeout") < before + len(streams):
            self.assertLess(time.monotonic(), end, "they are not cut off")
            self.watch()
            for stream in streams:
                push(stream)

    def test_ten_thousand_connects_and_disconnects(self):
        for index in range(10_000):
            stream = socket.create_connection(("127.0.0.1", self.webhook.port), BOUND)
            if index % 4 == 0:  # with a reset
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if index % 20 == 1:
                stream = self.webhook.tls.wrap_socket(stream, server_hostname="127.0.0.1")
                if index % 40 == 1:
                    stream.sendall(REQUEST[:100])
            elif index % 3 == 0:
                stream.sendall(b"\x16\x03\x01\x02\x00\x01")
            stream.close()
            if index % 500 == 0:
                self.watch()


if __name__ == "__main__":
    unittest.main()
