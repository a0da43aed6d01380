#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures tidewaiter beside the Pod Security webhook of Kubernetes, in one run and by turns, so that what else the
machine does hurts both: CPU time a review, throughput, latency, latency at a steady rate, memory, start. `./dev bench
peers` builds both and runs it; --update writes peers.json, from which docs/performance.md is made (performance.py).
tests/bench/peers_test.py tests it. It fails when a review is answered wrongly or not at all, never by a time.
"""
import argparse
import datetime
import json
import math
import os
import pathlib
import platform
import re
import resource
import statistics
import subprocess
import sys
import threading
import time

import load
import performance
from peer_servers import HERE, NAMES, ROOT, Stage, check_verdicts, find_pod_security, find_review_load
from performance import TITLES

RECORD = pathlib.Path(__file__).with_suffix(".json")
STEADY_CONNECTIONS = 16
SHARES = {"p50": 0.5, "p99": 0.99, "p999": 0.999}
RECORDED = ("tidewaiter", "pod-security")  # of these the verdicts must be equal


def quantiles(values):
    """p50, p99 and p999: the least value that so large a share does not exceed."""
    ordered = sorted(values)
    return {name: round(ordered[max(math.ceil(share * len(ordered)), 1) - 1], 1) for name, share in SHARES.items()}


class Cell:
    """One server, size and number of connections: what all its rounds came to."""

    def __init__(self):
        self.reviews, self.seconds, self.cpu, self.rounds, self.latencies, self.memory = 0, 0.0, 0.0, [], [], 0.0

    def add(self, reviews, seconds, cpu, latencies, memory):
        self.reviews, self.seconds, self.cpu = self.reviews + reviews, self.seconds + seconds, self.cpu + cpu
        self.rounds.append(round(cpu / reviews * 1e6, 1))
        self.latencies += latencies
        self.memory = max(self.memory, memory)

    def figures(self):
        return {"reviews": self.reviews, "cpu_us": round(self.cpu / self.reviews * 1e6, 1), "cpu_us_rounds": self.rounds,
                "rate": round(self.reviews / self.seconds, 1), "memory_mb": round(self.memory, 1),
                **quantiles(self.latencies)}


class MemorySampler:
    """The most resident memory while it is open."""

    def __init__(self, server):
        self.most, self._stop = [server.resident_megabytes()], threading.Event()
        self._thread = threading.Thread(target=load.sample_highest, args=(server.resident_megabytes, self._stop, self.most))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


def run_load(server, review, rate, seconds, connections, is_allowed=None):
    """Posts a review at a rate, or with 0 as fast as it is answered. Returns review_load's figures; every answer was the
    expected one (None: whatever), and the server itself counted as many."""
    before = server.count_decisions()
    command = [find_review_load(), server.port, server.path, review, rate, seconds, connections, server.process.pid]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120 + seconds, check=False)
    if done.returncode != 0:
        raise load.BenchError(f"{done.stderr}{server.read_log()}")
    row = json.loads(done.stdout)
    allowed, denied = (after - earlier for after, earlier in zip(server.count_decisions(), before))
    if (row["denied"] if is_allowed else row["allowed"]) and is_allowed is not None:
        raise load.BenchError(f"{row['allowed']} reviews were allowed and {row['denied']} denied")
    if allowed + denied != row["allowed"] + row["denied"] + row["warm_up"] or not row["reviews"]:
        raise load.BenchError(f"the client counted {row['allowed']} allowed and {row['denied']} denied reviews besides "
                              f"{row['warm_up']}, the server {allowed} and {denied}")
    return row


def run_closed(server, review, connections, seconds, is_allowed):
    """As fast as it answers, on kept connections. Returns what Cell.add takes."""
    with MemorySampler(server) as memory:
        row = run_load(server, review, 0, seconds, connections, is_allowed)
    if row["failed"]:
        raise load.BenchError(f"{row['failed']} of {row['reviews']} reviews failed: {server.read_log()}")
    return row["reviews"], row["seconds"], row["cpu_seconds"], row["latencies"], memory.most[0]


def wait_until_ready(server):
    deadline = time.monotonic() + load.START_LIMIT
    while not server.is_ready():
        if time.monotonic() > deadline:
            raise load.BenchError(f"not ready: {server.read_log()}")
        time.sleep(0.02)


def settled_megabytes(server):
    """Resident memory once it has not grown for half a second."""
    last, since = server.resident_megabytes(), time.monotonic()
    while time.monotonic() - since < 0.5:
        time.sleep(0.05)
        if abs((now := server.resident_megabytes()) - last) > 0.1:
            last, since = now, time.monotonic()
    return last


def describe_machine():
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.*)$", cpuinfo, re.MULTILINE)
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())[1])
    return {"processor": model[1] if model else platform.machine(), "processors": os.cpu_count(),
            "memory_gb": round(memory / 2**20), "kernel": platform.release(),
            "system": platform.freedesktop_os_release().get("PRETTY_NAME", "?")}


def describe_versions(tidewaiter, pod_security):
    def ask(*command):
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        return (done.stdout + done.stderr).strip()
    built = ask("go", "version", "-m", str(pod_security))
    return {"tidewaiter": ask(str(tidewaiter), "version").split()[-1],
            "pod-security": re.search(r"^require k8s.io/pod-security-admission (\S+)|^\s+k8s.io/pod-security-admission (\S+)",
                                      (HERE / "go.mod").read_text(), re.MULTILINE).group(0).split()[-1],
            "go": (re.search(r": (go\S+)", built) or ["", "?"])[1], "openssl": ask("openssl", "version").split()[1]}


def machine_seconds():
    """(busy, stolen, all) of all processors since the machine started (proc(5), stat)."""
    ticks = [int(field) for field in pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    user, nice, system, idle, waiting, interrupt, soft, stolen = ticks
    return tuple(each / load.TICKS_PER_SECOND for each in (user + nice + system + interrupt + soft, stolen, sum(ticks)))


class Bystanders:
    """What others took of the machine meanwhile: a run beside a build says little about percentiles."""

    def __init__(self):
        self._start, self._own = machine_seconds(), self._own_seconds([])

    @staticmethod
    def _own_seconds(servers):
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(each.ru_utime + each.ru_stime for each in used) + sum(server.cpu_seconds() for server in servers)

    def shares(self, servers):
        """Of servers that still run the time is not among that of children."""
        busy, stolen, total = (after - before for after, before in zip(machine_seconds(), self._start))
        own = self._own_seconds(servers) - self._own
        return {"others": round(max(busy - own, 0) / total, 3), "stolen": round(stolen / total, 3)}


def measure_starts(stage, count):
    """Milliseconds from the start of the process to its first answer, by turns; also the memory at rest after it."""
    small, starts = load.SIZES["small"].read_bytes(), {name: [] for name in NAMES}
    for _ in range(count):
        for name in NAMES:
            server = stage.start(name)
            try:
                starts[name].append(round(server.wait_for_first_answer(server.path, small), 1))
            finally:
                server.stop()
    return starts


def measure(stage, arguments):
    """The rows of the record, by name."""
    rows = {name: {"verdicts": {}, "closed": {}, "steady": {}} for name in NAMES}
    for name, starts in measure_starts(stage, arguments.starts).items():
        rows[name]["first_answer_ms"] = starts
    bystanders, servers = Bystanders(), {}
    try:
        for name in NAMES:
            servers[name] = stage.start(name)
            servers[name].wait_for_first_answer(servers[name].path, load.SIZES["small"].read_bytes())
            wait_until_ready(servers[name])
            rows[name]["memory_at_rest_mb"] = round(settled_megabytes(servers[name]), 1)
        for name in RECORDED:
            check_verdicts(servers[name])
        for size in arguments.size:
            for name, server in servers.items():
                answer = server.post(server.path, load.SIZES[size].read_bytes())["response"]
                rows[name]["verdicts"][size] = answer["allowed"]
            if len({rows[name]["verdicts"][size] for name in RECORDED}) != 1:
                raise load.BenchError(f"of the {size} review they say {[rows[name]['verdicts'][size] for name in RECORDED]}")
            measure_size(servers, size, rows, arguments)
        return rows, bystanders.shares(servers.values())
    finally:
        for server in servers.values():
            server.stop()


def measure_size(servers, size, rows, arguments):
    review = load.SIZES[size]
    for name, server in servers.items():  # threads started, memory touched
        run_load(server, review, 0, 1, max(arguments.connections))
    for connections in arguments.connections:
        cells = {name: Cell() for name in NAMES}
        for turn in range(arguments.rounds):
            for name in NAMES[turn % len(NAMES):] + NAMES[:turn % len(NAMES)]:
                cells[name].add(*run_closed(servers[name], review, connections, arguments.seconds,
                                            rows[name]["verdicts"][size]))
        for name, cell in cells.items():
            rows[name]["closed"].setdefault(size, {})[str(connections)] = cell.figures()
        print_closed(size, connections, rows)
    steady = {name: [] for name in NAMES}
    for turn in range(arguments.steady_rounds):
        for name in NAMES[turn % len(NAMES):] + NAMES[:turn % len(NAMES)]:
            steady[name].append(run_load(servers[name], review, arguments.rate, arguments.steady_seconds,
                                         STEADY_CONNECTIONS, rows[name]["verdicts"][size]))
    for name, runs in steady.items():
        latencies = [value for run in runs for value in run["latencies"]]
        rows[name]["steady"][size] = {
            "reviews": len(latencies), "failed": sum(run["failed"] for run in runs),
            "sent_late_p99": round(statistics.median(run["sent_late_p99"] for run in runs), 1),
            **quantiles(latencies)}
    print_steady(size, rows, arguments.rate)


def print_closed(size, connections, rows):
    theirs = rows["pod-security"]["closed"][size][str(connections)]
    for name in NAMES:
        row = rows[name]["closed"][size][str(connections)]
        print(f"{size:<8}{connections:>4} {TITLES[name]:<33}{row['cpu_us']:>9.1f}{row['rate']:>10.0f}{row['p50']:>9.0f}"
              f"{row['p99']:>9.0f}{row['p999']:>9.0f}{row['memory_mb']:>8.1f}{theirs['cpu_us'] / row['cpu_us']:>8.1f}",
              flush=True)


def print_steady(size, rows, rate):
    for name in NAMES:
        row = rows[name]["steady"][size]
        print(f"{size:<8}{rate:>4} {TITLES[name] + ', a second':<33}{'':>19}{row['p50']:>9.0f}{row['p99']:>9.0f}{row['p999']:>9.0f}"
              + (f"   {row['failed']} of {row['reviews']} not answered" if row["failed"] else ""), flush=True)


def run(arguments):
    started = time.monotonic()
    stage = Stage(arguments.binary.resolve(), find_pod_security().resolve())
    try:
        print(f"{'':<8}{'':>4} {'':<33}{'CPU us':>9}{'reviews/s':>10}{'p50 us':>9}{'p99 us':>9}{'p99.9 us':>9}{'MB':>8}{'times':>8}")
        rows, shares = measure(stage, arguments)
    finally:
        stage.close()
    for name in NAMES:
        row = rows[name]
        print(f"{TITLES[name]:<33} first answer after {statistics.median(row['first_answer_ms']):.0f} ms, "
              f"at rest {row['memory_at_rest_mb']:.1f} MB")
    print(f"others took {shares['others']:.0%} of the machine meanwhile, and its host {shares['stolen']:.0%}")
    return {"date": datetime.date.today().isoformat(), "machine": describe_machine(), **shares,
            "versions": describe_versions(arguments.binary, find_pod_security()), "rate": arguments.rate,
            "rounds": arguments.rounds, "seconds": arguments.seconds, "steady_seconds": arguments.steady_seconds,
            "steady_rounds": arguments.steady_rounds, "steady_connections": STEADY_CONNECTIONS,
            "minutes": round((time.monotonic() - started) / 60, 1),
            "bytes": {size: load.SIZES[size].stat().st_size for size in arguments.size}, "rows": rows}


def parse(words=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build/tidewaiter")
    parser.add_argument("--rounds", type=int, default=3, help="of each (default %(default)s)")
    parser.add_argument("--seconds", type=int, default=2, help="of one round (default %(default)s)")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16, 256])
    parser.add_argument("--size", nargs="+", choices=load.SIZES, default=list(load.SIZES))
    parser.add_argument("--rate", type=int, default=500, help="reviews a second, steady (default %(default)s)")
    parser.add_argument("--steady-seconds", type=int, default=3)
    parser.add_argument("--steady-rounds", type=int, default=2)
    parser.add_argument("--starts", type=int, default=7, help="of each, until its first answer (default %(default)s)")
    parser.add_argument("--output", type=pathlib.Path, help="write the record there")
    parser.add_argument("--update", action="store_true", help=f"write {RECORD.relative_to(ROOT)}, and the documents")
    return parser.parse_args(words)


def main():
    arguments = parse()
    try:
        record = run(arguments)
    except (load.BenchError, OSError) as error:
        print(f"peers.py: {error}", file=sys.stderr)
        return 1
    for path in [arguments.output] * bool(arguments.output) + [RECORD] * arguments.update:
        path.write_text(json.dumps(record, indent=1) + "\n")
        print(f"wrote {path}")
    return performance.main(["write"]) if arguments.update else 0


if __name__ == "__main__":
    sys.exit(main())
