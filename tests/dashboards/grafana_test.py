#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The dashboard against Grafana's own schema: tests/dashboards/grafana reads it strictly with the Grafana Foundation SDK,
so that a misspelt key or an option that a panel does not have is found here and not in somebody's Grafana."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from queries import DASHBOARD, load_dashboard

SOURCE = pathlib.Path(__file__).resolve().parent / "grafana"


class GrafanaTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.program = pathlib.Path(cls.folder.name, "check")
        done = subprocess.run(["go", "build", "-buildvcs=false", "-o", cls.program, "."], cwd=SOURCE, capture_output=True,
                              text=True, env={**os.environ, "GOTOOLCHAIN": "auto"})
        assert done.returncode == 0, done.stderr

    def check(self, path):
        return subprocess.run([self.program, path], capture_output=True, text=True, timeout=60)

    def test_grafana_reads_it(self):
        done = self.check(DASHBOARD)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_what_is_wrong_is_found_wrong(self):
        def misspell(document):
            document["panels"][1]["options"]["colourMode"] = "value"

        def mistype(document):
            document["panels"][1]["gridPos"]["w"] = "wide"

        def misname(document):
            document["panels"][9]["panels"] = [{"type": "timeseries", "titel": "x"}]

        for change in (misspell, mistype, misname):
            with self.subTest(change.__name__):
                document = load_dashboard()
                change(document)
                path = pathlib.Path(self.folder.name, "changed.json")
                path.write_text(json.dumps(document))
                self.assertEqual(self.check(path).returncode, 1)


if __name__ == "__main__":
    unittest.main()
