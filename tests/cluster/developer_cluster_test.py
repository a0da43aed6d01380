#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `./dev cluster up` and `down` do: the control plane and the webhook outlive the command that started them, the
commands that it names work, a second `up` changes nothing, and `down` leaves neither process nor file."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from control_plane import PROGRAMS, ROOT
from processes import is_detached_running, start_time

SCRIPT = ROOT / "tests" / "cluster" / "developer_cluster.py"


class DeveloperClusterTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.programs = pathlib.Path(folder.name)  # so that a developer's own cluster is left alone
        for program in ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"):
            (self.programs / program).symlink_to((PROGRAMS / program).resolve())
        self.run_folder = self.programs / "run"

    def developer_cluster(self, *arguments):
        done = subprocess.run([sys.executable, "-B", SCRIPT, *arguments], capture_output=True, text=True, timeout=300,
                              env={**os.environ, "CONTROL_PLANE": str(self.programs)})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def kubectl(self, *arguments):
        """As `./dev cluster kubectl`: (exit code, output)."""
        done = subprocess.run([self.programs / "kubectl", *arguments], capture_output=True, text=True, timeout=60, env={
            **os.environ, "HOME": str(self.run_folder), "KUBECONFIG": str(self.run_folder / "admin.kubeconfig")})
        return done.returncode, done.stdout + done.stderr

    def test_up_and_down(self):
        self.assertEqual(self.developer_cluster("down"), "nothing to end\n")
        self.addCleanup(self.developer_cluster, "down")  # after a failure; otherwise there is nothing to end
        told = self.developer_cluster("up")
        pid_files = list(self.run_folder.glob("*.pid"))
        self.assertEqual(sorted(each.stem for each in pid_files),
                         ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "tidewaiter"])
        commands = [line.split("#")[0].split()[3:] for line in told.splitlines() if "./dev cluster kubectl" in line]
        self.assertEqual(len(commands), 2, told)
        code, output = self.kubectl(*commands[0])
        self.assertEqual(code, 1, output)
        self.assertIn("denied the request", output)
        code, output = self.kubectl(*commands[1])
        self.assertEqual(code, 0, output)
        self.assertIn("readOnlyRootFilesystem: true", output)
        self.assertIn("it runs already", self.developer_cluster("up"))
        pids = [int(each.read_text().split()[0]) for each in pid_files]
        self.assertTrue(all(is_detached_running(each) for each in pid_files))
        self.assertEqual(self.developer_cluster("down"), "")
        self.assertFalse(self.run_folder.exists())
        self.assertEqual([pid for pid in pids if start_time(pid)], [])


if __name__ == "__main__":
    unittest.main()
