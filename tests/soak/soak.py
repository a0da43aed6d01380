#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends the running server very many reviews, mixed: every captured review at every door, and texts that are none, over
connections that are kept for a while and then made anew. What must hold: every text gets the same answer from the first
time to the last, and once the server has warmed up it takes no more memory, descriptors or threads.
`./dev soak` sends a million; tests/soak/soak_test.py, a part of the tests, fifty thousand."""

import argparse
import json
import pathlib
import socket
import ssl
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration"))
from load_client import count_descriptors, count_threads, read_status  # noqa: E402
from webhook import BOUND, REVIEWS, Webhook, wait_until  # noqa: E402

DOORS = ("/validate", "/mutate", "/validate-policy")
NO_REVIEWS = (b"", b"{}", b"null", b"[1,", b"\xff\xfe", b'{"kind":"AdmissionReview"}', b'{"a":' * 500,
              b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","kind":{"kind":"Pod"},'
              b'"operation":"CREATE","object":{"spec":{"containers":[{"name":5}]}}}}')
CONNECTIONS = 8
BATCH = 20               # requests that are sent before their answers are read
BATCHES_A_CONNECTION = 50  # then it is made anew
MOST_GROWTH_KB = 1024


class SoakFailure(Exception):
    pass


def make_requests():
    """(name, bytes) of every request there is."""
    bodies = [(path.name, path.read_bytes()) for path in sorted(REVIEWS.glob("*.json"))]
    bodies += [(f"no review {index}", body) for index, body in enumerate(NO_REVIEWS)]
    requests = []
    for name, body in bodies:
        for door in DOORS:
            head = (f"POST {door}?timeout=30s HTTP/1.1\r\nHost: tidewaiter.svc\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n")
            requests.append((f"{name} at {door}", head.encode() + body))
    return requests


class Connection:
    """A keep-alive connection that reads whole answers."""

    def __init__(self, tls, port):
        self.socket = tls.wrap_socket(socket.create_connection(("127.0.0.1", port), BOUND), server_hostname="127.0.0.1")
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.batches = 0

    def send(self, data):
        self.socket.sendall(data)

    def read_answer(self):
        """The status line and the body: what there is of an answer but the date."""
        while (end := self.buffer.find(b"\r\n\r\n")) < 0:
            self._fill()
        head = bytes(self.buffer[:end])
        at = head.index(b"Content-Length: ") + 16
        size = end + 4 + int(head[at:].split(b"\r\n", 1)[0])
        while len(self.buffer) < size:
            self._fill()
        answer = head.split(b"\r\n", 1)[0] + b"\n" + bytes(self.buffer[end + 4:size])
        del self.buffer[:size]
        return answer

    def _fill(self):
        data = self.socket.recv(1 << 18)
        if not data:
            raise SoakFailure(f"the server closed a connection; read so far: {bytes(self.buffer[:200])!r}")
        self.buffer += data

    def close(self):
        self.socket.close()


class Usage:
    """What the kernel says that the server takes, while no connection but ours is open."""

    def __init__(self, webhook):
        pid = webhook.process.pid
        self.kilobytes, self.threads, self.descriptors = read_status(pid, "VmRSS"), count_threads(pid), count_descriptors(pid)

    def __str__(self):
        return f"{self.kilobytes / 1024:.2f} MB, {self.threads} threads, {self.descriptors} descriptors"


def run(count, warm_up, serve=(), say=lambda text: None):
    """Sends `count` requests and returns what was measured; raises SoakFailure when something does not hold."""
    requests = make_requests()
    webhook = Webhook("--drain-seconds", "0", "--max-wait-ms", "30000", "--log-level", "error", *serve)
    try:
        return send(webhook, requests, count, warm_up, say)
    finally:
        webhook.stop()


def send(webhook, requests, count, warm_up, say):
    answers, sent, warm, connections = {}, 0, None, []

    def measure():
        """The usage without connections: they are no leak."""
        for connection in connections:
            connection.close()
        connections.clear()
        wait_until(lambda: sum(value for name, value in webhook.metrics().items()
                               if name.startswith("tidewaiter_connections{")) == 0, "the connections end")
        wait_until(lambda: warm is None or count_descriptors(webhook.process.pid) <= warm.descriptors,
                   "the descriptors come back")
        return Usage(webhook)

    began, told = time.monotonic(), 0.0
    while sent < count:
        while len(connections) < CONNECTIONS:
            connections.append(Connection(webhook.tls, webhook.port))
        for index, connection in enumerate(connections):
            batch = [requests[(sent + step) % len(requests)] for step in range(BATCH)]
            connection.send(b"".join(data for _, data in batch))
            for name, _ in batch:
                answer = connection.read_answer()
                if answers.setdefault(name, answer) != answer:
                    raise SoakFailure(f"{name} was first answered {answers[name][:500]!r}, and after {sent} reviews "
                                      f"{answer[:500]!r}")
            sent += BATCH
            connection.batches += 1
            if connection.batches == BATCHES_A_CONNECTION + 7 * index:
                connection.close()
                connections[index] = Connection(webhook.tls, webhook.port)
        if warm is None and sent >= warm_up:
            warm = measure()
            say(f"after {sent:,} reviews: {warm}")
        if time.monotonic() - told > 60:
            told = time.monotonic()
            say(f"{sent:,} reviews sent, {Usage(webhook)} with {CONNECTIONS} connections")
    end, seconds = measure(), time.monotonic() - began
    say(f"after {sent:,} reviews: {end}; {sent / seconds:,.0f} a second")
    if not any(answer.startswith(b"HTTP/1.1 200") and b'"allowed":false' in answer for answer in answers.values()):
        raise SoakFailure("no review was denied: what was measured is no work")
    growth = end.kilobytes - warm.kilobytes
    if growth > MOST_GROWTH_KB:
        raise SoakFailure(f"resident memory grew by {growth} KB")
    if end.threads != warm.threads or end.descriptors > warm.descriptors:
        raise SoakFailure(f"threads or descriptors were left: {warm}, then {end}")
    return {"reviews": sent, "texts": len(requests), "seconds": round(seconds, 1), "growth_kb": growth,
            "resident_kb": end.kilobytes, "threads": end.threads, "descriptors": end.descriptors}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--reviews", type=int, default=1_000_000)
    parser.add_argument("--warm-up", type=int, default=50_000, help="reviews before the memory counts (%(default)s)")
    parser.add_argument("serve", nargs="*", help="further arguments of `serve`, after --")
    arguments = parser.parse_args()
    try:
        result = run(arguments.reviews, arguments.warm_up, arguments.serve, lambda text: print(text, flush=True))
    except (SoakFailure, AssertionError, OSError) as failure:
        print(f"soak.py: {failure}", file=sys.stderr)
        return 1
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
