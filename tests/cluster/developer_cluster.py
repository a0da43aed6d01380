#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A control plane with the webhook registered that keeps running in the background, for trying things out: `up` starts
it in build/cluster/run, `down` ends it. `./dev cluster` runs this; nothing else does."""

import argparse
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
    """Ends what runs, the API server before etcd, and removes the folder. Returns whether there was anything."""
    files = list(FOLDER.glob("*.pid"))
    for each in sorted(files, key=lambda file: file.stem == "etcd"):
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
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up").add_argument("serve", nargs=argparse.REMAINDER, help="arguments of `tidewaiter serve`")
    commands.add_parser("down")
    arguments = parser.parse_args()
    if arguments.command == "up":
        up(arguments.serve)
    elif not stop_all():
        print("nothing to end")
    return 0


if __name__ == "__main__":
    sys.exit(main())
