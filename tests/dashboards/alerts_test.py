#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The alerts by themselves: Prometheus takes the file, promtool proves that each fires and keeps quiet
(alerts_test.yaml), and each has all that an on-call engineer needs."""

import re
import subprocess
import unittest

import yaml

from prometheus import ROOT, RULES, find_program

TESTS = ROOT / "tests" / "dashboards" / "alerts_test.yaml"


def alerts():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def promtool(*arguments):
    return subprocess.run([find_program("promtool"), *map(str, arguments)], capture_output=True, text=True, timeout=280)


class AlertsTest(unittest.TestCase):
    def test_promtool_takes_the_rules(self):
        result = promtool("check", "rules", "--lint=all", "--lint-fatal", RULES)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn(f"SUCCESS: {len(alerts())} rules found", result.stdout)

    def test_each_fires_and_keeps_quiet(self):
        result = promtool("test", "rules", TESTS)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_each_has_both_cases(self):
        cases = {"fires": set(), "keeps quiet": set()}
        for test in yaml.safe_load(TESTS.read_text())["tests"]:
            match = re.fullmatch(r"(Tidewaiter\w+) (fires|keeps quiet): .+", test["name"])
            self.assertTrue(match, test["name"])
            name, case = match.groups()
            cases[case].add(name)
            asked = [each for each in test["promql_expr_test"] if f'alertname="{name}"' in each["expr"]]
            self.assertEqual(len(asked), len(test["promql_expr_test"]), test["name"])
            fires = [each for each in asked if each["exp_samples"]]
            self.assertEqual(bool(fires), case == "fires", test["name"])
            for each in fires:
                self.assertIn('alertstate="firing"', each["expr"])
        names = {alert["alert"] for alert in alerts()}
        self.assertEqual(cases, {"fires": names, "keeps quiet": names})

    def test_each_says_what_is_needed(self):
        runbooks = (ROOT / "docs" / "alerts.md").read_text()
        sections = set(re.findall(r"(?m)^## (\w+)$", runbooks))
        named = set()
        for alert in alerts():
            with self.subTest(alert["alert"]):
                self.assertIn(alert["labels"]["severity"], ("critical", "warning", "info"))
                self.assertEqual(set(alert["annotations"]), {"summary", "description", "runbook_url"})
                section = alert["annotations"]["runbook_url"].removeprefix("docs/alerts.md#")
                self.assertIn(section, {each.lower() for each in sections})
                named.add(section)
                self.assertIn("cluster, namespace, job", alert["expr"])
        self.assertEqual(named, {each.lower() for each in sections}, "a runbook without its alert")

    def test_each_runbook_has_its_three_parts(self):
        text = (ROOT / "docs" / "alerts.md").read_text()
        for section in re.split(r"(?m)^## ", text)[1:]:
            title = section.splitlines()[0]
            with self.subTest(title):
                for part in ("**Means.**", "**Look.**", "**Mend.**"):
                    self.assertEqual(section.count(part), 1, part)
                self.assertIn("```sh\n", section)


if __name__ == "__main__":
    unittest.main()
