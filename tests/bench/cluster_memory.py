#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much memory tidewaiter holds while it watches a large cluster: 1,000 namespaces with ten labels each, 200 policies
(a copy of the strictest that is shipped, for one namespace each). Prints one line; `./dev bench cluster` runs it."""

import argparse
import http.client
import pathlib
import re
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cluster"))

from control_plane import ControlPlane  # noqa: E402
from processes import Process, find_free_port, wait_for  # noqa: E402

BINARY = ROOT / "build" / "tidewaiter"


def resident(pid):
    """(now, most so far) in MB."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return tuple(int(re.search(rf"{key}:\s+(\d+) kB", status)[1]) / 1024 for key in ("VmRSS", "VmHWM"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--namespaces", type=int, default=1000)
    parser.add_argument("--policies", type=int, default=200)
    arguments = parser.parse_args()
    cluster = ControlPlane()
    try:
        cluster.apply_policy_definition()
        labels = {f"example.com/label-{i}": f"value-{i}" for i in range(10)}
        for i in range(arguments.namespaces):
            cluster.create("/api/v1/namespaces", {"metadata": {"name": f"team-{i}", "labels": labels}})
        text = (ROOT / "policies" / "production.yaml").read_text()
        text = re.sub(r"^ *namespaces: .*\n", "", text, flags=re.MULTILINE)
        documents = [re.sub(r"name: production\b", f"name: policy-{i}", text, count=1) for i in range(arguments.policies)]
        cluster.kubectl("create", "-f", "-", input="\n---\n".join(documents))
        ops_port = find_free_port()
        process = Process("tidewaiter", [
            BINARY, "serve", "--listen", f"127.0.0.1:{find_free_port()}", "--ops-listen", f"127.0.0.1:{ops_port}",
            "--cluster", "--kubeconfig", cluster.folder / "admin.kubeconfig", "--lease", "default/tidewaiter",
            "--drain-seconds", "0"], cluster.folder)
        cluster.own(process)
        started = time.monotonic()
        def is_ready():
            try:
                connection = http.client.HTTPConnection("127.0.0.1", ops_port, timeout=5)
                connection.request("GET", "/readyz")
                return connection.getresponse().status == 200
            except OSError:
                return False

        wait_for(is_ready, "tidewaiter is ready", 60)
        ready = time.monotonic() - started
        names = [f"policy-{i}" for i in range(arguments.policies)]

        def has_all_statuses():
            items = cluster.list("/apis/tidewaiter.dev/v1alpha1/podpolicies")
            return sum(1 for item in items if item.get("status", {}).get("observedGeneration")) == len(names)

        wait_for(has_all_statuses, "every policy has a status", 120)
        now, most = resident(process.pid)
        print(f"{arguments.namespaces} namespaces, {arguments.policies} policies: ready after {ready:.2f} s, resident "
              f"{now:.1f} MB, at most {most:.1f} MB")
    finally:
        cluster.stop()


if __name__ == "__main__":
    main()
