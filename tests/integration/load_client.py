# SPDX-License-Identifier: Apache-2.0
"""Honest clients for tests that do something to the server meanwhile: threads that send reviews over keep-alive
connections and note every answer that is not what it must be; and what the kernel knows of the server."""

import http.client
import json
import pathlib
import re
import select
import ssl
import threading
import time

from webhook import BOUND


def read_status(pid, key):
    """A number of /proc/PID/status: Threads, or VmRSS in KB."""
    return int(re.search(rf"^{key}:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)[1])


def count_threads(pid):
    return read_status(pid, "Threads")


def resident_megabytes(pid):
    return read_status(pid, "VmRSS") / 1024


def count_descriptors(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class HonestClient(threading.Thread):
    """Sends `body` until it is stopped. As Go's HTTP client does with a POST, it sends a request anew only when the
    connection was found closed before anything of the request was written; whatever else goes wrong is a failure.
    `ports` are asked in turn when one refuses a connection, as a Service has several endpoints."""

    def __init__(self, ports, tls, body, pause=0.0):
        super().__init__(daemon=True)
        self.ports, self.tls, self.body, self.pause = list(ports), tls, body, pause
        self.uid = json.loads(body)["request"]["uid"]
        self.failures, self.seconds, self.reconnects = [], [], 0
        self._stopping, self._connection = threading.Event(), None
        self.start()

    def run(self):
        while not self._stopping.wait(self.pause):
            began = time.monotonic()
            try:
                problem = self.ask()
            except (OSError, http.client.HTTPException) as error:
                problem = repr(error)
                self.close()
            if problem:
                self.failures.append(problem)
            self.seconds.append(time.monotonic() - began)
        self.close()

    def ask(self):
        if self._connection and self._is_closed():
            self.close()
            self.reconnects += 1
        if not self._connection:
            self._connect()
        self._connection.request("POST", "/validate?timeout=10s", self.body, {"Content-Type": "application/json"})
        reply = self._connection.getresponse()
        text = reply.read()
        if reply.getheader("Connection") == "close":
            self.close()
        if reply.status != 200 or json.loads(text)["response"]["uid"] != self.uid:
            return f"HTTP {reply.status}: {text[:200]!r}"
        return None

    def _is_closed(self):
        """Whether the other side has ended the idle connection. Session tickets are read here as well."""
        stream = self._connection.sock
        stream.setblocking(False)
        try:
            while select.select([stream], [], [], 0)[0]:
                if not stream.recv(1):
                    return True
        except (ssl.SSLWantReadError, BlockingIOError):
            pass
        except OSError:
            return True
        stream.settimeout(BOUND)
        return False

    def _connect(self):
        for port in list(self.ports):
            connection = http.client.HTTPSConnection("127.0.0.1", port, context=self.tls, timeout=BOUND)
            try:
                connection.connect()
                self._connection = connection
                return
            except ConnectionRefusedError:
                self.ports.append(self.ports.pop(0))
        raise ConnectionRefusedError(f"nobody listens at any of {self.ports}")

    def close(self):
        if self._connection:
            self._connection.close()
        self._connection = None

    def stop(self):
        self._stopping.set()
        self.join(2 * BOUND)
        if self.is_alive():
            raise AssertionError("an honest client hangs")


def describe(clients):
    """Figures to print: how many were answered, and how fast."""
    seconds = [each for client in clients for each in client.seconds]
    return (f"{len(seconds)} reviews, p50 {percentile(seconds, 0.5) * 1000:.1f} ms, "
            f"p99 {percentile(seconds, 0.99) * 1000:.1f} ms")
