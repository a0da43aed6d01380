#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what idle connections cost the real server: opens many TLS keep-alive connections, leaves them idle, and asks
for reviews meanwhile. Prints threads, memory and latency beside their targets and fails when one is missed. `./dev bench`
runs it."""

import argparse
import re
import resource
import socket
import ssl
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/bench"))
import load  # noqa: E402

MAX_THREADS, MAX_MEGABYTES, MAX_P99_MS = 16, 64, 5.0


class Client:
    """One keep-alive connection, as thin as can be: what is measured is the server."""

    def __init__(self, port, context):
        plain = socket.create_connection(("127.0.0.1", port), timeout=10)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(plain)

    def ask(self, request):
        self.socket.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.receive()
        header, _, body = answer.partition(b"\r\n\r\n")
        length = int(re.search(rb"Content-Length: (\d+)", header).group(1))
        while len(body) < length:
            body += self.receive()
        if not header.startswith(b"HTTP/1.1 200"):
            raise load.BenchError(header.decode(errors="replace"))

    def receive(self):
        part = self.socket.recv(65536)
        if not part:
            raise load.BenchError("the server closed the connection")
        return part


def count_threads(pid):
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def percentile(sorted_values, share):
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--binary", type=Path, default=ROOT / "build/tidewaiter")
    parser.add_argument("--connections", type=int, default=2000)
    parser.add_argument("--reviews", type=int, default=2000)
    arguments = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    body = (ROOT / "tests/fixtures/reviews/create-pod-typical-hardened.json").read_bytes()
    request = (b"POST /validate?timeout=10s HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: "
               + str(len(body)).encode() + b"\r\n\r\n" + body)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with tempfile.NamedTemporaryFile() as log:
        server = load.Server([str(arguments.binary), "serve", "--drain-seconds", "0"], log)
        try:
            server.wait_for_first_answer("/validate", body)
            before = server.resident_megabytes()
            started = time.monotonic()
            idle = [Client(server.port, context) for _ in range(arguments.connections)]
            opened = time.monotonic() - started
            active = [Client(server.port, context) for _ in range(4)]
            times = []
            for i in range(arguments.reviews):
                begin = time.monotonic()
                active[i % len(active)].ask(request)
                times.append((time.monotonic() - begin) * 1000)
            times.sort()
            rows = [("threads", count_threads(server.process.pid), MAX_THREADS, ""),
                    ("resident memory", server.resident_megabytes(), MAX_MEGABYTES, "MB"),
                    ("p99 of a review", percentile(times, 0.99), MAX_P99_MS, "ms")]
            for client in idle[:: max(1, len(idle) // 50)]:
                client.ask(request)  # they are alive
        finally:
            server.stop()
    print(f"{arguments.connections} idle TLS connections (opened in {opened:.1f} s; {before:.1f} MB before), "
          f"{arguments.reviews} reviews of {len(body)} bytes meanwhile, p50 {percentile(times, 0.5):.2f} ms")
    for name, value, target, unit in rows:
        print(f"  {name:18}{value:8.1f} {unit:3} target <= {target} {unit}{'' if value <= target else '   MISSED'}")
    return 0 if all(value <= target for _, value, target, _ in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
