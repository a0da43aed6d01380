#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures `tidewaiter scan` and `fix` as their users wait for them: 1,000 Deployments in one file, 10,000 small files in
a tree, and the five files of a commit; time from start to end and the most memory. Not a test: it fails only when a scan does not
find what it must. `./dev bench` runs it.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 60  # seconds for one scan

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-{i}
  namespace: shop
  labels:
    app.kubernetes.io/name: web-{i}
    app.kubernetes.io/part-of: shop
    app.kubernetes.io/managed-by: kustomize
    team: storefront
  annotations:
    example.com/owner: storefront@example.com
    example.com/runbook: https://runbooks.example.com/shop/web-{i}
spec:
  replicas: 3
  revisionHistoryLimit: 5
  selector:
    matchLabels:
      app.kubernetes.io/name: web-{i}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: web-{i}
        app.kubernetes.io/part-of: shop
    spec:
      serviceAccountName: web
      # What listens to the world.
      containers:
        - name: web
          image: registry.example.com/shop/web:1.4.{i}
          args: ["--listen=:8080", "--log-level=info", "--cache=/var/cache"]
          ports:
            - name: http
              containerPort: 8080
          env:
            - name: DATABASE_HOST
              value: db.shop.svc
            - name: CACHE_SIZE
              value: "128"
          readinessProbe:
            httpGet:
              path: /ready
              port: http
            periodSeconds: 5
          resources:
            requests:
              cpu: 100m
              memory: 128Mi
          volumeMounts:
            - name: cache
              mountPath: /var/cache
        - name: exporter
          image: registry.example.com/tools/exporter:latest
          ports:
            - containerPort: 9100
          securityContext:
            runAsNonRoot: false
      volumes:
        - name: cache
          emptyDir: {{}}
"""
POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: pod-{i}
spec:
  containers:
    - name: c
      image: registry.example.com/c:{i}
"""


def make_inputs(folder):
    """Writes the three inputs; yields (name, arguments, how many workloads there are, what is to be reached)."""
    big = folder / "deployments.yaml"
    big.write_text("---\n".join(DEPLOYMENT.format(i=i) for i in range(1000)))
    title = f"1,000 Deployments in one file of {big.stat().st_size / 1e6:.1f} MB"
    yield title + ", to SARIF", ["scan", "--format", "sarif", str(big)], 1000, "<= 500 ms, <= 64 MB"
    yield title + ", to text", ["scan", "--format", "text", str(big)], 1000, "<= 500 ms, <= 64 MB"
    yield title + ", to HTML", ["scan", "--format", "html", str(big)], 1000, "<= 2,000 ms"
    yield title + ", fixed", ["fix", "--diff", str(big)], 1000, "<= 2,000 ms"
    for i in range(10_000):
        path = folder / "tree" / f"{i // 1000}" / f"{i // 100 % 10}" / f"{i}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(POD.format(i=i))
    yield "10,000 small files in a tree", ["scan", str(folder / "tree")], 10_000, "<= 2,000 ms"
    few = [str(folder / "tree" / "0" / "0" / f"{i}.yaml") for i in range(5)]
    yield "5 files", ["scan", *few], 5, "<= 30 ms"


# In an interpreter of its own, which is small: what a process had in memory when it was forked counts as its most.
MEASURE = """
import os, subprocess, sys, time
begin = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), (time.perf_counter() - begin) * 1000, (usage.ru_utime + usage.ru_stime) * 1000,
      usage.ru_maxrss / 1024)
process.returncode = 0
"""


def run_scan(binary, arguments):
    """Returns (milliseconds, milliseconds of CPU, megabytes at most) of one run."""
    done = subprocess.run([sys.executable, "-S", "-c", MEASURE, binary, *arguments], capture_output=True, text=True,
                          check=True, timeout=LIMIT)
    code, *figures = done.stdout.split()
    if code not in ("0", "1"):
        sys.exit(f"{' '.join(arguments)[:200]} ended with {code}")
    return tuple(float(figure) for figure in figures)


def count_workloads(binary, arguments):
    paths = [one for one in arguments[1:] if one.startswith("/")]
    done = subprocess.run([binary, "scan", "--format", "json", *paths], capture_output=True, check=False, timeout=LIMIT)
    return json.loads(done.stdout)["summary"]["workloads"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", type=Path, default=ROOT / "build/tidewaiter")
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    binary = str(arguments.binary.resolve())
    print(f"\n{'tidewaiter scan and fix':<58} {'ms, best':>9} {'median':>7} {'CPU ms':>7} {'MB':>6}   to reach")
    with tempfile.TemporaryDirectory() as folder:
        for name, scan, workloads, goal in make_inputs(Path(folder)):
            if (found := count_workloads(binary, scan)) != workloads:
                sys.exit(f"{name}: {found} workloads were judged, not {workloads}")
            runs = sorted(run_scan(binary, scan) for _ in range(arguments.runs))
            milliseconds, cpu, memory = zip(*runs)
            print(f"{name:<58} {milliseconds[0]:>9.1f} {milliseconds[len(runs) // 2]:>7.1f} {min(cpu):>7.1f} "
                  f"{max(memory):>6.1f}   {goal}")


if __name__ == "__main__":
    main()
