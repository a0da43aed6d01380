#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tests/demo/demo.py --once, what `./dev run` shows: it ends by itself with exit code 0, prints one row for each case
with the right decision, tells which metrics moved, and where it listened."""

import os
import re
import subprocess
import sys
import unittest

from webhook import BINARY, BOUND, ROOT

ROWS = [
    ("a hardened Pod", "allowed"),
    ("a plain Pod that sets nothing", "hardened"),
    ("a Pod with a moving tag", "denied"),
    ("a Deployment", "denied"),
    ("its annotation changes", "allowed"),
    ("kubectl debug on a Pod", "denied"),
    ("a resize in place", "allowed"),
]


def run_demo(**environment):
    environment = {**{name: value for name, value in os.environ.items() if name != "FORCE_COLOR"},
                   "TIDEWAITER": BINARY, "PYTHONIOENCODING": "utf-8", "COLUMNS": "150", **environment}
    return subprocess.run([sys.executable, "-B", "tests/demo/demo.py", "--once"], cwd=ROOT, capture_output=True,
                          encoding="utf-8", timeout=BOUND, env=environment)


class DemoTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.result = run_demo(FORCE_COLOR="1")
        cls.plain = re.sub(r"\033\[[0-9;]*m", "", cls.result.stdout)

    def test_ends_well(self):
        self.assertEqual((self.result.returncode, self.result.stderr), (0, ""))
        self.assertTrue(self.result.stdout.endswith("Stopped, exit code 0.\n"))

    def test_one_row_a_case_with_its_decision(self):
        rows = re.findall(r"─\n(\S.*?) {2,}(allowed|hardened|denied)\b", self.plain)
        self.assertEqual(rows, ROWS)

    def test_findings_and_injections_are_shown(self):
        words = " ".join(self.plain.split())
        for text in ('must not use tag "latest"', "[hardened/image-tag]", "readOnlyRootFilesystem=true",
                     "emptyDir writable-c-tmp", "ephemeralContainers[0]:"):
            self.assertIn(text, words)

    def test_metrics_and_addresses_follow(self):
        table, _, metrics = self.plain.partition("\nMetrics that moved\n")
        self.assertTrue(table)
        patched = 'tidewaiter_admission_requests_total{decision="patch",door="mutate",kind="Pod",operation="CREATE"} 2'
        self.assertIn(patched, metrics)
        self.assertRegex(metrics, r"Serving on https://127\.0\.0\.1:\d+ .*and http://127\.0\.0\.1:\d+ ")

    def test_colours_where_they_are_forced(self):
        self.assertIn("\033[", self.result.stdout)


if __name__ == "__main__":
    unittest.main()
