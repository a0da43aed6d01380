#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures how a review's cost grows: in the engine (growth.cc) with containers, policies, exemptions and namespaces, in
instructions, which are the same on a busy machine, and in CPU time; in the real server with namespaces that it watches
and with connections, in CPU time and memory. `./dev bench growth` runs it; --update writes growth.json, from which
docs/performance.md is made (performance.py). tests/bench/growth_test.py bounds the growth.
"""
import argparse
import functools
import json
import os
import pathlib
import re
import resource
import socket
import ssl
import subprocess
import sys
import tempfile
import time

import load
import performance
from instructions import without_random_addresses
from peer_servers import HERE, NAMESPACES, ROOT, ApiServer, Tidewaiter
from peers import describe_machine, run_load, settled_megabytes

RECORD = pathlib.Path(__file__).with_suffix(".json")
POINTS = {"containers": [1, 2, 5, 10, 20, 50, 100], "policies": [1, 10, 100, 1000],
          "exemptions": [1, 10, 100, 1000, 10000], "namespaces": [1, 10, 100, 1000, 20000]}
SERVED_NAMESPACES = [1, 100, 1000, 5000, 20000]
CONNECTIONS = [0, 10, 100, 1000, 5000]  # idle ones, beside ACTIVE that ask
ACTIVE = 16
COUNTED = 5  # reviews that are counted of each point


def find_program():
    return os.environ.get("GROWTH", str(ROOT / "build/release/tests/growth"))


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]})
    if done.returncode != 0:
        raise load.BenchError(f"{' '.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done


def list_cases():
    return run([find_program()]).stdout.split()


@functools.cache
def count_instructions(case, number):
    """Instructions of a review."""
    with tempfile.TemporaryDirectory() as folder:
        done = run(without_random_addresses([
            "valgrind", "--tool=callgrind", "--instr-atstart=no", "--callgrind-out-file=" + os.path.join(folder, "out"),
            find_program(), case, str(number), str(COUNTED)]))
    collected = re.search(r"Collected : (\d+)", done.stderr)
    if collected is None or int(collected[1]) == 0:
        raise load.BenchError(f"{case} {number}: nothing was counted: {done.stderr}")
    return int(collected[1]) // COUNTED


def time_review(case, number):
    """CPU microseconds of a review, the least of what the program measured."""
    return float(run([find_program(), case, str(number)]).stdout)


def measure_engine(points, print_row=print):
    cases = {}
    for case in list_cases():
        numbers = points[case.partition("/")[0]]
        row = {"n": numbers, "instructions": [count_instructions(case, number) for number in numbers],
               "cpu_us": [round(time_review(case, number), 2) for number in numbers]}
        cases[case] = row
        print_row(f"{case:<28}" + "  ".join(f"{number:,}: {count / 1000:,.0f}k, {spent:,.1f} us" for number, count, spent
                                            in zip(numbers, row["instructions"], row["cpu_us"])))
    return cases


def cost_of_review(server, seconds, rounds=3):
    """CPU microseconds of the typical review, the least of some rounds."""
    rows = [run_load(server, load.SIZES["typical"], 0, seconds, ACTIVE) for _ in range(rounds)]
    if any(row["failed"] for row in rows):
        raise load.BenchError(f"{[row['failed'] for row in rows]} reviews failed: {server.read_log()}")
    return round(min(row["cpu_seconds"] / row["reviews"] for row in rows) * 1e6, 1)


def measure_connections(binary, numbers, seconds, print_row=print):
    """With so many idle connections besides those that ask."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < max(numbers) + 200:  # here and, inherited, in the server
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(numbers) + 200, hard), hard))
    rows, idle, context = {"n": [], "cpu_us": [], "memory_mb": []}, [], ssl._create_unverified_context()
    with tempfile.NamedTemporaryFile("w", suffix=".log") as log:
        server = Tidewaiter([str(binary), "serve", "--drain-seconds", "0", "--max-wait-ms", "30000"], log)
        try:
            server.wait_for_first_answer("/validate", load.SIZES["typical"].read_bytes())
            cost_of_review(server, seconds, 1)  # threads started, memory touched
            for number in numbers:
                while len(idle) < number:
                    idle.append(context.wrap_socket(socket.create_connection(("127.0.0.1", server.port), 30)))
                cost = cost_of_review(server, seconds)
                for key, value in (("n", number), ("cpu_us", cost), ("memory_mb", round(settled_megabytes(server), 1))):
                    rows[key].append(value)
                print_row(f"{number:,} idle connections: {cost:.1f} us a review, {rows['memory_mb'][-1]:.1f} MB")
        finally:
            for each in idle:
                each.close()
            server.stop()
    return rows


def measure_namespaces(binary, numbers, seconds, print_row=print):
    """With so many namespaces watched, ten labels each, whose labels the policy asks for."""
    rows = {"n": [], "cpu_us": [], "memory_mb": [], "ready_ms": []}
    for number in numbers:
        api = ApiServer()
        labels = {f"example.com/label-{i}": f"value-{i}" for i in range(10)}
        api.put(NAMESPACES, "default", labels={**labels, "pod-security.kubernetes.io/enforce": "restricted"})
        for i in range(1, number):
            api.put(NAMESPACES, f"team-{i}", labels=labels)
        with tempfile.TemporaryDirectory() as folder, open(os.path.join(folder, "log"), "w", encoding="utf-8") as log:
            kubeconfig = api.write_kubeconfig(pathlib.Path(folder, "kubeconfig"))
            server = Tidewaiter([str(binary), "serve", "--cluster", "--kubeconfig", str(kubeconfig), "--policies",
                                  str(HERE / "restricted.yaml"), "--drain-seconds", "0", "--max-wait-ms", "30000"], log)
            try:
                ready = server.wait_for_first_answer("/validate", load.SIZES["typical"].read_bytes())
                cost = cost_of_review(server, seconds)
                for key, value in (("n", number), ("cpu_us", cost), ("memory_mb", round(settled_megabytes(server), 1)),
                                   ("ready_ms", round(ready))):
                    rows[key].append(value)
            finally:
                server.stop()
                api.stop()
        print_row(f"{number:,} namespaces: {cost:.1f} us a review, {rows['memory_mb'][-1]:.1f} MB, ready after {ready:.0f} ms")
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build/tidewaiter")
    parser.add_argument("--seconds", type=int, default=1, help="of each round of load (default %(default)s)")
    parser.add_argument("--update", action="store_true", help=f"write {RECORD.relative_to(ROOT)}, and the documents")
    arguments = parser.parse_args()
    started = time.monotonic()
    try:
        binary = arguments.binary.resolve()
        record = {"date": time.strftime("%Y-%m-%d"), "machine": describe_machine(), "active": ACTIVE,
                  "engine": measure_engine(POINTS), "connections": measure_connections(binary, CONNECTIONS, arguments.seconds),
                  "namespaces": measure_namespaces(binary, SERVED_NAMESPACES, arguments.seconds)}
    except (load.BenchError, OSError) as error:
        print(f"growth.py: {error}", file=sys.stderr)
        return 1
    record["minutes"] = round((time.monotonic() - started) / 60, 1)
    if arguments.update:
        RECORD.write_text(json.dumps(record, indent=1) + "\n")
        print(f"wrote {RECORD}")
        return performance.main(["write"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
