#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`serve --supervise`: the serving process is killed under a stream of requests, and nobody is refused. What ends it for
good, what a supervisor that is killed leaves behind (nothing), and how often a process that cannot live is tried."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from webhook import BINARY, BOUND, Webhook, load_review, run, wait_until

GOOD = load_review("create-pod-typical-hardened.json")
BODY = json.dumps(GOOD).encode()
HEADERS = {"Content-Type": "application/json"}


def make_certificate(folder):
    """A certificate for 127.0.0.1 that is its own CA: (certificate, key)."""
    certificate, key = folder / "tls.crt", folder / "tls.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


def children_of(pid):
    try:
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def is_running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class SuperviseTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.certificate, self.key = make_certificate(pathlib.Path(folder.name))

    def start(self, *arguments):
        webhook = Webhook("--supervise", "--tls-cert", self.certificate, "--tls-key", self.key, *arguments,
                          ca=self.certificate.read_text())
        self.addCleanup(lambda: webhook.process.poll() is None and webhook.process.kill())
        return webhook

    def serving(self, webhook, other_than=None):
        """The serving process, once there is one."""
        def find():
            return [pid for pid in children_of(webhook.process.pid) if is_running(pid) and pid != other_than]
        return wait_until(find, "a serving process")[0]

    def kill_serving(self, webhook, number=signal.SIGKILL):
        """Ends the serving process by a signal; returns when it is gone, with its successor's operations port known."""
        pid = self.serving(webhook)
        os.kill(pid, number)
        wait_until(lambda: not is_running(pid), f"{number.name} ends it")
        while True:
            line = webhook.process.stdout.readline()
            self.assertTrue(line, "the supervisor ended")
            if match := re.search(r"serves https://127\.0\.0\.1:(\d+) .* http://127\.0\.0\.1:(\d+) ", line):
                self.assertEqual(int(match[1]), webhook.port)
                webhook.ops_port = int(match[2])
                return pid

    def ask_anew(self, webhook):
        """A review on a connection of its own."""
        connection = webhook.connect()
        try:
            return webhook.post("/validate?timeout=10s", BODY, connection=connection).status
        finally:
            connection.close()

    def test_no_new_connection_is_refused_while_it_is_killed(self):
        webhook = self.start("--drain-seconds", "0")
        stop, lock = threading.Event(), threading.Lock()
        asked, failed = [], []

        def keep_asking():
            while not stop.is_set():
                began = time.monotonic()
                try:
                    status = self.ask_anew(webhook)
                    error = None if status == 200 else f"HTTP {status}"
                except Exception as caught:  # whatever it is, a caller would have seen it
                    error = repr(caught)
                with lock:
                    asked.append(began)
                    if error:
                        failed.append((began, error))

        threads = [threading.Thread(target=keep_asking, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        gone = []
        for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT):
            count = len(asked)
            wait_until(lambda count=count: len(asked) > count + 30, "a steady stream")
            self.kill_serving(webhook, number)
            gone.append(time.monotonic())
        count = len(asked)
        wait_until(lambda: len(asked) > count + 30, "a steady stream")
        stop.set()
        for thread in threads:
            thread.join(BOUND)
        # Connections that the process had accepted end with it; one that came later never notices.
        kills = [(moment - 0.5, moment) for moment in gone]
        unexplained = [each for each in failed if not any(start <= each[0] <= end for start, end in kills)]
        self.assertEqual(unexplained, [])
        self.assertLessEqual(len(failed), 3 * len(threads), failed)
        self.assertEqual(webhook.metrics()["tidewaiter_process_restarts_total"], 3)
        lines = [line for line in webhook.log() if "started anew" in line["msg"]]
        self.assertEqual([line["signal"] for line in lines], ["SIGKILL", "SIGSEGV", "SIGABRT"])
        self.assertEqual([line["restarts"] for line in lines], ["1", "2", "3"])
        webhook.stop()

    def test_callers_wait_while_nobody_serves(self):
        webhook = self.start("--drain-seconds", "0")
        for _ in range(4):  # now the next start waits 400 ms
            self.kill_serving(webhook)
        pid = self.serving(webhook)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not is_running(pid), "it is gone")
        self.assertEqual([child for child in children_of(webhook.process.pid) if is_running(child)], [])
        self.assertEqual(self.ask_anew(webhook), 200)
        webhook.stop()

    def test_sigterm_drains_and_closes_the_port(self):
        webhook = self.start("--drain-seconds", "1")
        pid = self.serving(webhook)
        connection = webhook.connect()
        self.assertFalse(webhook.post("/validate", BODY, connection=connection).closes)
        webhook.signal()
        wait_until(lambda: webhook.ops("/readyz").status == 503, "/readyz fails")
        self.assertTrue(webhook.post("/validate", BODY, connection=connection).closes)
        self.assertEqual(self.ask_anew(webhook), 200)  # still accepted

        def is_refused():
            try:
                socket.create_connection(("127.0.0.1", webhook.port), BOUND).close()
            except ConnectionRefusedError:
                return True
            except ConnectionResetError:
                pass  # it is just closing
            return False
        wait_until(is_refused, "the port is closed")
        self.assertEqual(webhook.wait(), 0)
        self.assertFalse(is_running(pid))

    def test_killed_while_draining_it_is_not_started_anew(self):
        webhook = self.start("--drain-seconds", "60")
        pid = self.serving(webhook)
        webhook.signal()
        wait_until(lambda: webhook.ops("/readyz").status == 503, "/readyz fails")
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(webhook.wait(), 128 + signal.SIGKILL)

    def test_supervisor_leaves_nothing_behind(self):
        webhook = self.start()
        pid = self.serving(webhook)
        webhook.process.kill()
        wait_until(lambda: not is_running(pid), "the serving process ends with its supervisor")
        webhook.wait()

    def test_what_cannot_start_is_not_tried_again(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            tls = ("--tls-cert", self.certificate, "--tls-key", self.key)
            for arguments, message in (
                    (("--listen", address, *tls), "cannot listen at"),
                    (("--listen", "127.0.0.1:0", "--ops-listen", address, *tls), "cannot listen at"),
                    (("--listen", "127.0.0.1:0", "--policies", "/nowhere", *tls), "/nowhere"),
                    (("--listen", "127.0.0.1:0"), "--supervise: a certificate made in memory would be another one")):
                done = run("serve", "--supervise", *arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""), done)
                self.assertIn(message, done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)


if __name__ == "__main__":
    unittest.main()
