#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the integration tests share: the running binary with a TLS connection to it, a raw TLS client for requests that
no HTTP library would send, and an RFC 6902 applier that knows nothing of the product. Not a test itself; every
*_test.py beside it uses it. Nothing here sleeps for a fixed time: everything waits for an event, with a bound."""

import atexit
import base64
import copy
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
REVIEWS = ROOT / "tests" / "fixtures" / "reviews"
BINARY = os.environ.get("TIDEWAITER", str(ROOT / "build" / "tidewaiter"))
BOUND = 20.0  # Seconds that anything may take before the test fails, also under sanitizers.


def load_review(name):
    return json.loads((REVIEWS / name).read_text())


def run(*arguments, stdin="", timeout=BOUND):
    """Runs the binary to its end."""
    return subprocess.run([BINARY, *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=timeout)


class FolderTest(unittest.TestCase):
    """A test with an empty folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)


def wait_until(holds, what):
    """Polls until `holds()` returns something true, and returns that."""
    deadline = time.monotonic() + BOUND
    while not (value := holds()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {BOUND} s in vain: {what}")
        threading.Event().wait(0.01)
    return value


# ---- RFC 6902, RFC 6901


def _step(target, token):
    return target[_index(token, len(target) - 1)] if isinstance(target, list) else target[token]


def _index(token, most):
    if not re.fullmatch(r"0|[1-9][0-9]*", token) or int(token) > most:
        raise ValueError(f"bad array index {token!r}, at most {most} is possible")
    return int(token)


def _locate(document, pointer):
    """The container that holds `pointer`, and the last token."""
    if not pointer.startswith("/"):
        raise ValueError(f"bad JSON pointer {pointer!r}")
    *parents, last = [token.replace("~1", "/").replace("~0", "~") for token in pointer[1:].split("/")]
    for token in parents:
        document = _step(document, token)
    return document, last


def apply_patch(document, patch):
    """A patched copy of `document`; raises where RFC 6902 says that the patch does not apply."""
    document = copy.deepcopy(document)
    for operation in patch:
        target, last = _locate(document, operation["path"])
        name, value = operation["op"], copy.deepcopy(operation.get("value"))
        if name in ("add", "replace", "test") and "value" not in operation:
            raise ValueError(f"{name} without a value: {operation}")
        if name in ("replace", "remove", "test"):
            current = _step(target, last)  # raises when it is not there
        if name == "add" and isinstance(target, list):
            target.insert(len(target) if last == "-" else _index(last, len(target)), value)
        elif name in ("add", "replace"):
            if not isinstance(target, (dict, list)):
                raise ValueError(f"{operation['path']}: the parent is no container")
            target[int(last) if isinstance(target, list) else last] = value
        elif name == "remove":
            del target[int(last) if isinstance(target, list) else last]
        elif name == "test":
            if current != value:
                raise ValueError(f"test failed: {operation}")
        else:
            raise ValueError(f"unknown operation: {operation}")
    return document


def patch_of(response):
    """The decoded patch of a review's response; an empty list when there is none."""
    return json.loads(base64.b64decode(response["patch"], validate=True)) if "patch" in response else []


def apply_response(review, response):
    """The review as the API server sends it to the next webhook."""
    review = copy.deepcopy(review)
    review["request"]["object"] = apply_patch(review["request"]["object"], patch_of(response))
    return review


# ---- the binary


class Answer:
    """One HTTP answer."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode()

    @property
    def response(self):
        return json.loads(self.body)["response"]

    @property
    def closes(self):
        return self.headers.get("Connection", "").lower() == "close"


class Webhook:
    """`tidewaiter serve` on free ports, and one verified TLS keep-alive connection to it."""

    def __init__(self, *arguments, ca=None):
        command = [BINARY, "serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", *map(str, arguments)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)  # when a test fails halfway; does nothing to a process that has ended
        self.log_lines = []
        self.log_reader = threading.Thread(target=lambda: self.log_lines.extend(self.process.stderr), daemon=True)
        self.log_reader.start()
        self.first_line = self.process.stdout.readline()
        match = re.fullmatch(r"tidewaiter 0\.1\.0 serves https://127\.0\.0\.1:(\d+) \(.*\) and "
                             r"http://127\.0\.0\.1:(\d+) \(.*\)\n", self.first_line)
        if not match:
            self.process.kill()
            self.process.wait()
            self.log_reader.join()
            self._close_pipes()
            raise AssertionError(f"did not start: {self.first_line!r} {self.log_lines}")
        self.port, self.ops_port = int(match[1]), int(match[2])
        self.policy_lines, self.ca = [], ca or ""
        while not ca and not self.ca.endswith("-----END CERTIFICATE-----\n"):
            line = self.process.stdout.readline()
            if line.startswith("policy "):
                self.policy_lines.append(line.rstrip("\n"))
            elif line.startswith("-----BEGIN") or self.ca:
                self.ca += line
            elif not line:
                raise AssertionError("stdout ended before the CA certificate")
        self.tls = ssl.create_default_context(cadata=self.ca)
        self.connection = self.connect()

    def connect(self):
        """A new keep-alive connection; it connects on first use."""
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=self.tls, timeout=BOUND)

    def post(self, path, body, headers=None, method="POST", connection=None):
        """Sends any request on the kept connection (http.client reconnects when the server closed it)."""
        connection = connection or self.connection
        headers = {"Content-Type": "application/json"} if headers is None else headers
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        return Answer(reply.status, dict(reply.getheaders()), reply.read())

    def ask(self, door, review, connection=None):
        """Sends a review and returns its response."""
        answer = self.post(f"/{door}?timeout=10s", json.dumps(review).encode(), connection=connection)
        if answer.status != 200:
            raise AssertionError(f"/{door}: HTTP {answer.status}: {answer.text}")
        review_answer = json.loads(answer.body)
        assert answer.headers["Content-Type"] == "application/json", answer.headers
        assert set(review_answer) == {"apiVersion", "kind", "response"}, review_answer
        assert (review_answer["apiVersion"], review_answer["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
        return review_answer["response"]

    def ops(self, path, method="GET"):
        """One request to the operations port, on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ops_port, timeout=BOUND)
        try:
            connection.request(method, path)
            reply = connection.getresponse()
            return Answer(reply.status, dict(reply.getheaders()), reply.read())
        finally:
            connection.close()

    def metrics(self):
        """Every sample: `name{labels}` to its value."""
        lines = self.ops("/metrics").text.splitlines()
        samples = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name: float(value) for name, _, value in samples}

    def raw(self):
        return RawConnection(self.tls, self.port)

    def resident_bytes(self):
        pages = int(pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE")

    def log(self):
        """The log lines so far, each one JSON object."""
        return [json.loads(line) for line in self.log_lines]

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self):
        """Waits for the end and returns the exit code."""
        try:
            code = self.process.wait(BOUND)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"still running {BOUND} s after it was told to stop") from None
        finally:
            self.connection.close()
        self.log_reader.join(BOUND)
        self.rest_of_output = self.process.stdout.read()
        self._close_pipes()
        return code

    def _close_pipes(self):
        self.process.stdout.close()
        self.process.stderr.close()

    def stop(self):
        """SIGTERM; anything but exit code 0 fails the test."""
        if self.process.returncode is None:
            self.signal()
            code = self.wait()
            if code != 0:
                raise AssertionError(f"exit code {code} after SIGTERM: {self.log_lines[-5:]}")


class RawConnection:
    """A TLS connection that sends any bytes, and reads HTTP answers off it."""

    def __init__(self, tls, port):
        self.socket = tls.wrap_socket(socket.create_connection(("127.0.0.1", port), BOUND),
                                      server_hostname="127.0.0.1")
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def _fill(self):
        try:
            data = self.socket.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError):
            data = b""
        if not data:
            raise EOFError(f"the server closed after {self.buffer[:200]!r}")
        self.buffer += data

    def read_head(self):
        """The next status and headers, also of a 100."""
        while b"\r\n\r\n" not in self.buffer:
            self._fill()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        status_line, *lines = head.decode().split("\r\n")
        return int(status_line.split()[1]), dict(line.split(": ", 1) for line in lines)

    def read_answer(self):
        status, headers = self.read_head()
        size = int(headers.get("Content-Length", 0))
        while len(self.buffer) < size:
            self._fill()
        body, self.buffer = self.buffer[:size], self.buffer[size:]
        return Answer(status, headers, body)

    def is_closed_by_server(self, bound=1.0):
        """True once the server closes; False when it sends more, or does nothing for `bound` seconds."""
        self.socket.settimeout(bound)
        try:
            self._fill()
        except EOFError:
            return True
        except TimeoutError:
            return False
        finally:
            self.socket.settimeout(BOUND)
        return False


class WebhookTest(unittest.TestCase):
    """A test class with one server for all its tests; `arguments` are serve's."""

    arguments = ("--drain-seconds", "0")

    @classmethod
    def setUpClass(cls):
        cls.webhook = Webhook(*cls.arguments)

    @classmethod
    def tearDownClass(cls):
        cls.webhook.stop()
