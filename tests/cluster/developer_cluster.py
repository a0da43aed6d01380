#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A control plane with the webhook registered that keeps running in the background, for trying things out: `up` starts
it in build/cluster/run, `down` ends it. `./dev cluster` runs this; nothing else does."""

import shutil
import sys

from control_plane import PROGRAMS, ControlPlane
from processes import is_detached_running, stop_detached
from registered_webhook import RegisteredWebhook

FOLDER = PROGRAMS / "run"
NEXT = """\
  ./dev cluster kubectl run web --image=nginx                                     # denied, and why
  ./dev cluster kubectl run web --image=nginx:1.27.3 --dry-run=server -o yaml     # what is added"""


def stop_all():
    """Ends what runs, the last one first, and removes the folder. Returns whether there was anything."""
    for each in sorted(FOLDER.glob("*.pid"), key=lambda file: file.stat().st_mtime_ns, reverse=True):
        stop_detached(each)
    was_there = FOLDER.exists()
    shutil.rmtree(FOLDER, ignore_errors=True)
    return was_there


def up(serve):
    files = list(FOLDER.glob("*.pid"))
    if files and all(is_detached_running(file) for file in files):
        print(f"it runs already, in {FOLDER}; `./dev cluster down` ends it")
        return
    stop_all()
    try:
        cluster = ControlPlane(FOLDER, detached=True)
        RegisteredWebhook(cluster, arguments=serve, detached=True)
    except BaseException:
        stop_all()
        raise
    print(f"Kubernetes at {cluster.server} with tidewaiter registered; logs and kubeconfigs are in {FOLDER}. Try:")
    print(NEXT)


def main():
    match sys.argv[1:]:
        case ["up", *serve]:
            up(serve)
        case ["down"]:
            if not stop_all():
                print("nothing to end")
        case _:
            sys.exit("usage: developer_cluster.py up [ARGUMENTS OF serve] | down")


if __name__ == "__main__":
    main()
