#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what the webhook adds to a request of a real API server: dry-run creations of one Pod, by turns in a
namespace that both doors are asked about and in one that none is, over one kept connection. Not a test: it fails only
when a request does. `./dev bench cluster` runs it.
"""
import argparse
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cluster"))

from control_plane import ROOT, ControlPlane, pods_path
from registered_webhook import RegisteredWebhook

POD = {"metadata": {"name": "web"},
       "spec": {"containers": [{"name": "web", "image": "registry.example.com/shop/web:1.4"}]}}
WARM_UP = 200  # requests of each kind that are not counted


def measure(cluster, namespaces, count):
    """Returns the milliseconds of each request, by namespace."""
    times = {namespace: [] for namespace in namespaces}
    for _ in range(WARM_UP + count):
        for namespace in namespaces:
            started = time.perf_counter()
            status, answer = cluster.api("POST", pods_path(namespace, dry_run=True), POD)
            times[namespace].append((time.perf_counter() - started) * 1000)
            if status != 201:
                raise AssertionError(f"HTTP {status}: {answer}")
    return {namespace: each[WARM_UP:] for namespace, each in times.items()}


def percentiles(milliseconds):
    cuts = statistics.quantiles(milliseconds, n=100, method="inclusive")
    return {"p50": cuts[49], "p90": cuts[89], "p99": cuts[98]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--requests", type=int, default=3000, help="of each kind (default %(default)s)")
    parser.add_argument("--policy", type=Path, default=ROOT / "policies/hardened.yaml")
    arguments = parser.parse_args()
    labels = {"judged": "yes"}
    cluster = ControlPlane()
    try:
        cluster.create_namespace("without")
        cluster.create_namespace("with", labels)
        webhook = RegisteredWebhook(cluster, policies=[arguments.policy], labels=labels, probe_namespace="with",
                                    log_level="info")
        asked = webhook.count_requests("validate")
        times = measure(cluster, ("without", "with"), arguments.requests)
        asked = webhook.count_requests("validate") - asked
        if asked != WARM_UP + arguments.requests:
            raise AssertionError(f"the webhook was asked {asked} times")
    finally:
        cluster.stop()
    rows = {namespace: percentiles(each) for namespace, each in times.items()}
    rows["difference"] = {name: rows["with"][name] - rows["without"][name] for name in rows["with"]}
    print(f"{'Pod creations (dry run), ms':<28} {'p50':>7} {'p90':>7} {'p99':>7}")
    for title, name in (("without the webhook", "without"), ("mutated and validated", "with"),
                        ("difference", "difference")):
        print(f"{title:<28} " + " ".join(f"{value:>7.2f}" for value in rows[name].values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
