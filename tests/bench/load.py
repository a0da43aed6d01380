#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the real server under load: starts the binary, posts real reviews with wrk over TLS keep-alive, and prints
what a review costs in CPU time and memory, then runs the measurement of idle connections. Not a test: it fails only
when the server does not answer properly. `./dev bench` runs it.
"""
import argparse
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REVIEWS = ROOT / "tests/fixtures/reviews"
SIZES = {
    "small": REVIEWS / "create-pod.json",
    "typical": REVIEWS / "create-pod-typical-hardened.json",
    "large": REVIEWS / "create-pod-large-hardened.json",
}
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
START_LIMIT = 10  # seconds until the first answer
STOP_LIMIT = 10   # seconds from SIGTERM to the end


class BenchError(Exception):
    pass


class NotReady(BenchError):
    """It runs, and does not know yet what it judges by."""


def find_free_ports(count):
    """Ports that were free a moment ago: bound to 0 together, so that no two are the same, and released."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


class Server:
    """The server as a child process, and what the kernel knows of it."""

    def __init__(self, command, log):
        self.port, self.ops_port = find_free_ports(2)
        self.log = log
        self.started = time.monotonic()
        self.process = subprocess.Popen([*command, *self.listen_arguments()],
                                        stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.tls = ssl.create_default_context()
        self.tls.check_hostname = False  # self-signed, made at start
        self.tls.verify_mode = ssl.CERT_NONE

    def listen_arguments(self):
        return ["--listen", f"127.0.0.1:{self.port}", "--ops-listen", f"127.0.0.1:{self.ops_port}"]

    def post(self, path, body):
        """Returns the parsed answer; raises OSError while nobody listens, BenchError for anything but a review."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=START_LIMIT, context=self.tls)
        with contextlib.closing(connection):
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
        if answer.status == 503:
            raise NotReady(f"{path} answered HTTP 503: {text[:200]!r}")
        if answer.status != 200:
            raise BenchError(f"{path} answered HTTP {answer.status}: {text[:200]!r}")
        return json.loads(text)

    def wait_for_first_answer(self, path, body):
        """Returns the milliseconds from starting the process to the end of its first answer."""
        while True:
            try:
                self.post(path, body)
                return (time.monotonic() - self.started) * 1000
            except (OSError, NotReady):
                if self.process.poll() is not None:
                    raise BenchError(f"the server ended with {self.process.returncode}: {self.read_log()}") from None
                if time.monotonic() - self.started > START_LIMIT:
                    raise BenchError(f"no answer within {START_LIMIT} s: {self.read_log()}") from None
                time.sleep(0.001)

    def read_log(self):
        self.log.flush()
        return Path(self.log.name).read_text(encoding="utf-8", errors="replace")[-2000:]

    def cpu_seconds(self):
        """User and system time of all its threads so far (proc(5), stat: fields 14 and 15)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND

    def resident_megabytes(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) / 1024

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise BenchError(f"the server did not stop within {STOP_LIMIT} s of SIGTERM") from None


def sample_highest(read, stop, result, interval=0.05):
    """Calls `read` until `stop` is set, leaving the highest value in result[0]."""
    while not stop.wait(interval):
        with contextlib.suppress(OSError, AttributeError):
            result[0] = max(result[0], read())


def run_wrk(server, path, review, connections, seconds):
    """Returns wrk's figures for one run, as post_review.lua prints them."""
    command = ["wrk", "-t", str(min(connections, 2)), "-c", str(connections), "-d", f"{seconds}s", "--timeout", "10s",
               "-s", str(ROOT / "tests/bench/post_review.lua"), f"https://127.0.0.1:{server.port}{path}", "--", str(review)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    match = re.search(r"^RESULT (.*)$", done.stdout, re.MULTILINE)
    if done.returncode != 0 or not match:
        raise BenchError(f"{' '.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return json.loads(match.group(1))


def measure(server, path, review, connections, seconds):
    """Returns the row of one run: a dictionary of figures."""
    run_wrk(server, path, review, connections, 1)  # warm: threads started, memory touched
    memory, stop = [0.0], threading.Event()
    sampler = threading.Thread(target=sample_highest, args=(server.resident_megabytes, stop, memory))
    sampler.start()
    before = server.cpu_seconds()
    try:
        row = run_wrk(server, path, review, connections, seconds)
    finally:
        stop.set()
        sampler.join()
    if row["reviews"] == 0 or row["failed"]:
        raise BenchError(f"{row['failed']} of {row['reviews']} reviews failed with {review.name}: {server.read_log()}")
    row["cpu"] = (server.cpu_seconds() - before) * 1e6 / row["reviews"]
    row["rate"] = row["reviews"] / row["seconds"]
    row["memory"] = memory[0]
    return row


def run(arguments):
    command = [str(arguments.binary.resolve()), "serve", *arguments.serve]
    with tempfile.NamedTemporaryFile("w", suffix=".log") as log:
        server = Server(command, log)
        try:
            small = SIZES["small"].read_bytes()
            first_answer = server.wait_for_first_answer(arguments.door, small)
            uid = server.post(arguments.door, small)["response"]["uid"]
            if uid != json.loads(small)["request"]["uid"]:
                raise BenchError(f"the answer has the uid {uid}")
            print(f"{'first answer after start':<27}{first_answer:6.0f} ms")
            print(f"{'resident memory, idle':<27}{server.resident_megabytes():6.1f} MB\n")
            print(f"{arguments.door:<10} {'bytes':>7} {'conns':>5} {'CPU us/review':>13} {'reviews/s':>10} "
                  f"{'p50 us':>8} {'p99 us':>8} {'MB':>6}")
            for name in arguments.size:
                for connections in arguments.connections:
                    row = measure(server, arguments.door, SIZES[name], connections, arguments.seconds)
                    print(f"{name:<10} {SIZES[name].stat().st_size:>7} {connections:>5} {row['cpu']:>13.1f} "
                          f"{row['rate']:>10.0f} {row['p50']:>8.0f} {row['p99']:>8.0f} {row['memory']:>6.1f}", flush=True)
        finally:
            server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--binary", type=Path, default=ROOT / "build/tidewaiter")
    parser.add_argument("--seconds", type=int, default=5, help="length of each run (default %(default)s)")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--size", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--door", choices=["/validate", "/mutate"], default="/validate")
    parser.add_argument("serve", nargs="*", help="further arguments of `serve`, after --")
    arguments = parser.parse_args()
    try:
        run(arguments)
    except (BenchError, OSError) as error:
        print(f"load.py: {error}", file=sys.stderr)
        return 1
    idle = ROOT / "tests/server/bench/idle_connections.py"
    if idle.exists():
        print(flush=True)
        return subprocess.run([sys.executable, str(idle)], check=False).returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
