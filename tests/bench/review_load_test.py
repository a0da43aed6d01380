#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The client of the measurements counts rightly, against a server that answers as it is told: every answer by its
verdict, also in chunks and when it fails, and at a steady rate each from the moment at which it was due."""

import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cluster"))

from certificates import Authority  # noqa: E402

PROGRAM = os.environ.get("REVIEW_LOAD", str(ROOT / "build/release/tests/review_load"))
ALLOWED, DENIED = b'{"response":{"uid":"u","allowed":true}}', b'{"response":{"uid":"u","allowed":false}}'


def answer(body, status=b"200 OK"):
    return b"HTTP/1.1 " + status + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def chunked(*pieces):
    text = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + text + b"0\r\n\r\n"


class Server:
    """Answers the number-th request, from 0, with `reply(number)`; that may take its time."""

    def __init__(self, folder, reply):
        certificate, key = Authority(folder).issue_server("server", "IP:127.0.0.1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.reply, self.bodies, self._lock = reply, [], threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(context,), daemon=True).start()

    def _accept(self, context):
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(plain, context), daemon=True).start()

    def _serve(self, plain, context):
        try:
            with context.wrap_socket(plain, server_side=True) as link, link.makefile("rb") as file:
                while file.readline():
                    headers = iter(file.readline, b"\r\n")
                    size = next(int(line.split(b":")[1]) for line in list(headers) if line.startswith(b"Content-Length"))
                    body = file.read(size)
                    with self._lock:
                        number = len(self.bodies)
                        self.bodies.append(body)
                    data = self.reply(number)
                    if not data:
                        return  # closes
                    link.sendall(data)
        except OSError:
            pass  # the client has gone

    def close(self):
        self._listener.close()


class ReviewLoadTest(unittest.TestCase):
    def run_against(self, reply, rate, seconds, connections):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "review.json").write_text('{"a": "review"}')
            server = Server(folder, reply)
            try:
                command = [PROGRAM, server.port, "/validate", folder / "review.json", rate, seconds, connections, os.getpid()]
                done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, check=False)
            finally:
                server.close()
            self.bodies = server.bodies
            return done

    def figures(self, *arguments):
        done = self.run_against(*arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def test_counts_answers_by_their_verdict(self):
        replies = [answer(ALLOWED), answer(DENIED), chunked(ALLOWED), chunked(DENIED[:30], DENIED[30:]),
                   answer(b"later", b"429 Too Many Requests")]
        row = self.figures(lambda number: replies[0] if number < 2 else replies[(number - 2) % 5], 500, 0.4, 2)
        self.assertEqual((row["allowed"], row["denied"], row["failed"], row["warm_up"]), (80, 80, 40, 2))
        self.assertEqual((row["reviews"], len(row["latencies"])), (200, 200))
        self.assertEqual(self.bodies, [b'{"a": "review"}'] * 202)

    def test_as_fast_as_it_answers_counts_every_answer(self):
        row = self.figures(lambda number: answer(ALLOWED), 0, 0.3, 3)
        self.assertEqual(row["allowed"], len(self.bodies) - 3)
        self.assertEqual((row["reviews"], row["denied"], row["failed"]), (row["allowed"], 0, 0))
        self.assertGreaterEqual(row["seconds"], 0.3)
        self.assertGreater(row["cpu_seconds"], 0)

    def test_a_stall_makes_what_was_due_meanwhile_late(self):
        stall = threading.Event()  # never set: waits out its time

        def reply(number):
            if number == 11:
                stall.wait(0.4)
            return answer(ALLOWED)

        row = self.figures(reply, 100, 0.6, 1)  # one connection: behind the stall nothing can be sent
        self.assertEqual(row["allowed"], 60)
        # Due every 10 ms: of the 40 behind the stall, 30 wait 100 ms and longer. A client that counts from when it sends
        # would see one.
        self.assertGreaterEqual(sum(latency >= 100_000 for latency in row["latencies"]), 30)
        self.assertGreaterEqual(max(row["latencies"]), 400_000)

    def test_a_server_that_closes_is_an_error(self):
        done = self.run_against(lambda number: answer(ALLOWED) if number < 5 else b"", 0, 0.2, 1)
        self.assertNotEqual(done.returncode, 0)

    def test_wrong_usage_is_an_error(self):
        self.assertEqual(subprocess.run([PROGRAM], capture_output=True, check=False).returncode, 2)


if __name__ == "__main__":
    unittest.main()
