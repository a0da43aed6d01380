#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the real binary takes, as the table of docs/operations.md: memory by namespaces and policies of the cluster and by
open connections, CPU time by size of the review. The API server is tests/dashboards' own. Not a test; prints Markdown.
`python3 -B tests/bench/sizing.py` after `./dev build`."""

import argparse
import pathlib
import socket
import ssl
import sys
import tempfile
import time

import yaml

import load

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "dashboards"))

from api_server import NAMESPACES, POLICIES, ApiServer  # noqa: E402
from prometheus import wait_for  # noqa: E402

CLUSTERS = [(10, 1), (100, 10), (1000, 50), (1000, 200), (5000, 200)]
CONNECTIONS = [100, 1000, 5000]
SIZES = {"small": "a Pod that sets nothing, 3 KB (denied, and logged)", "typical": "a hardened Pod, 10 KB", "large": "a large Pod, 100 KB"}


def settled_megabytes(server):
    """Resident memory once it has not changed for a second."""
    last, since = server.resident_megabytes(), time.monotonic()
    while time.monotonic() - since < 1:
        time.sleep(0.1)
        if abs((now := server.resident_megabytes()) - last) > 0.1:
            last, since = now, time.monotonic()
    return last


def measure_cluster(binary, namespaces, policies, folder):
    """Resident memory of a replica that watches so many namespaces of ten labels, and policies for one of them each."""
    api = ApiServer()
    spec = yaml.safe_load((ROOT / "policies" / "production.yaml").read_text())["spec"]
    for number in range(namespaces):
        api.put(NAMESPACES, f"namespace-{number}", labels={f"example.com/label-{i}": f"value-{i}" for i in range(10)})
    for number in range(policies):
        api.put(POLICIES, f"policy-{number}", spec={**spec, "match": {"namespaces": {"include": [f"namespace-{number}"]}}})
    kubeconfig = api.write_kubeconfig(folder / "kubeconfig")
    with open(folder / "log", "w", encoding="utf-8") as log:
        server = load.Server([binary, "serve", "--cluster", "--kubeconfig", kubeconfig], log)
        try:
            # Until then reviews are answered 503.
            wait_for(lambda: (folder / "log").read_text().count("policy resource in force") >= policies,
                     "all policies are in force")
            load.run_wrk(server, "/validate", load.SIZES["typical"], 4, 1)
            return settled_megabytes(server)
        finally:
            server.stop()
            api.stop()


def measure_connections(binary, count, log):
    """Megabytes that so many idle connections add."""
    server = load.Server([binary, "serve"], log)
    try:
        server.wait_for_first_answer("/validate", load.SIZES["small"].read_bytes())
        before, context, clients = settled_megabytes(server), ssl._create_unverified_context(), []
        for _ in range(count):
            clients.append(context.wrap_socket(socket.create_connection(("127.0.0.1", server.port), 10)))
        after = settled_megabytes(server)
        for client in clients:
            client.close()
        return after - before
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build" / "tidewaiter")
    parser.add_argument("--repeat", type=int, default=3, help="CPU time: the least of so many (default %(default)s)")
    arguments = parser.parse_args()
    binary = str(arguments.binary.resolve())
    print("| what | figure |\n| --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with open(folder / "plain", "w", encoding="utf-8") as log:
            server = load.Server([binary, "serve"], log)
            try:
                start = server.wait_for_first_answer("/validate", load.SIZES["small"].read_bytes())
                print(f"| memory at rest, the built-in policy, no cluster | {settled_megabytes(server):.0f} MB |")
                rows = {size: [load.measure(server, "/validate", load.SIZES[size], 4, 3) for _ in range(arguments.repeat)]
                        for size in SIZES}
                most = max(row["memory"] for each in rows.values() for row in each)
                print(f"| the same under load | {most:.0f} MB |")
            finally:
                server.stop()
            for namespaces, policies in CLUSTERS:
                megabytes = measure_cluster(binary, namespaces, policies, folder)
                print(f"| memory with {namespaces:,} namespaces and {policies} {'policy' if policies == 1 else 'policies'} as long as `production.yaml` | "
                      f"{megabytes:.0f} MB |", flush=True)
            for count in CONNECTIONS:
                print(f"| {count:,} idle connections | {measure_connections(binary, count, log):+.0f} MB |", flush=True)
        for size, words in SIZES.items():
            print(f"| CPU time of a review of {words} | {min(row['cpu'] for row in rows[size]):.0f} µs |")
        print(f"| from start to the first answer | {start:.0f} ms |")


if __name__ == "__main__":
    main()
