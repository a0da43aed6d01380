#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The formats of `tidewaiter scan`, each as the tool that reads it: SARIF against the schema that OASIS published, JUnit
XML by a parser, GitHub's workflow commands, GitLab's code quality report, Markdown, and the text for people."""

import json
import os
import pathlib
import re
import subprocess
import unittest
import xml.etree.ElementTree

import jsonschema

from scan_test import DEPLOYMENT, GOOD, POD, ScanTest

AWKWARD = "a <b> & \"c\" | `d`: 100%, [x]"


class FormatsTest(ScanTest):
    def setUp(self):
        super().setUp()
        self.write("deploy/web.yaml", DEPLOYMENT + "---\n" + GOOD.replace("name: web\n  namespace", "name: good\n  namespace"))
        self.write("odd name é.yaml", POD.replace("name: p", f"name: {json.dumps(AWKWARD)}"))
        self.write("broken.yaml", "a: [\n")
        self.policies = self.policy("  controls:\n    run-as-non-root: {}\n    image-tag: {mode: warn}\n"
                                    "    image-digest: {mode: audit}\n    resources: {require: {limits: [memory]}}\n")
        self.paths = ["deploy", "odd name é.yaml", "broken.yaml"]

    def render(self, name, *arguments):
        result = self.scan("--format", name, *self.policies, *arguments, *self.paths)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertEqual(len(result.stderr.splitlines()), 1)
        return result.stdout

    def expected(self):
        return json.loads(self.render("json"))["findings"]

    def test_sarif(self):
        sarif = json.loads(self.render("sarif"))
        schema = json.loads(subprocess.run([os.environ["ORACLE_PROGRAM"], "sarif-schema"], capture_output=True, check=True,
                                           text=True).stdout)
        jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(sarif)
        self.assertFalse(jsonschema.Draft4Validator(schema).is_valid({**sarif, "runs": [{}]}), "the schema accepts anything")
        run, = sarif["runs"]
        rules = run["tool"]["driver"]["rules"]
        self.assertEqual(len(run["results"]), len(self.expected()))
        for result, finding in zip(run["results"], self.expected()):
            self.assertEqual(result["ruleId"], finding["control"])
            self.assertEqual(rules[result["ruleIndex"]]["id"], finding["control"])
            self.assertEqual(result["level"], {"enforce": "error", "warn": "warning", "audit": "note"}[finding["mode"]])
            self.assertTrue(result["message"]["text"].startswith(finding["message"]))
            self.assertIn(finding["remedy"], result["message"]["text"])
            place = result["locations"][0]["physicalLocation"]
            self.assertEqual(place["region"]["startLine"], finding["line"])
            self.assertEqual(place["artifactLocation"]["uri"], finding["file"].replace(" ", "%20").replace("é", "%C3%A9"))
        fingerprints = [result["partialFingerprints"]["tidewaiter/v1"] for result in run["results"]]
        self.assertEqual(len(set(fingerprints)), len(fingerprints))
        for rule in rules:
            self.assertTrue(rule["shortDescription"]["text"] and rule["help"]["text"] and rule["help"]["markdown"])
        self.assertTrue(any(rule.get("helpUri", "").startswith("https://") for rule in rules))
        notification, = run["invocations"][0]["toolExecutionNotifications"]
        self.assertIn("not YAML", notification["message"]["text"])
        self.assertFalse(run["invocations"][0]["executionSuccessful"])

    def test_fingerprints_do_not_move_with_lines(self):
        def read():
            results = json.loads(self.render("sarif"))["runs"][0]["results"]
            return [(result["partialFingerprints"], result["locations"][0]["physicalLocation"]["region"]["startLine"])
                    for result in results if "web" in str(result)]
        before = read()
        self.write("deploy/web.yaml", "# one line more\n" + DEPLOYMENT)
        after = [(fingerprint, line - 1) for fingerprint, line in read()]
        self.assertEqual([one for one in before if one in after], after)

    def test_junit(self):
        suites = xml.etree.ElementTree.fromstring(self.render("junit"))
        self.assertEqual((suites.get("tests"), suites.get("failures"), suites.get("errors")), ("4", "3", "1"))
        cases = {case.get("name"): case for case in suites.iter("testcase")}
        self.assertEqual(set(cases), {"Deployment shop/web", "Deployment shop/good", f"Pod default/{AWKWARD}",
                                      "broken.yaml:2:1"})
        self.assertIn("deploy/web.yaml:13:13: error: container \"web\" must not set",
                      cases["Deployment shop/web"].find("failure").text)
        self.assertIn("warning: ", cases["Deployment shop/web"].find("system-out").text)
        self.assertIsNotNone(cases["broken.yaml:2:1"].find("error"))
        for suite in suites:
            self.assertEqual(int(suite.get("tests")), len(suite))

    def test_github(self):
        lines = self.render("github").splitlines()
        self.assertEqual(len(lines), len(self.expected()) + 1)
        for line, finding in zip([line for line in lines if "could not be judged" not in line], self.expected()):
            match = re.fullmatch(r"::(error|warning|notice) file=([^,]*),line=(\d+),col=\d+(?:,endColumn=\d+)?,title=([^:]*)"
                                 r"::(.*)", line)
            self.assertTrue(match, line)
            self.assertEqual(int(match.group(3)), finding["line"])
            self.assertEqual(match.group(2).replace("%2C", ",").replace("%3A", ":"), finding["file"])
            text = match.group(5).replace("%0A", "\n").replace("%25", "%")
            self.assertTrue(text.startswith(finding["message"]), text)

    def test_gitlab(self):
        issues = json.loads(self.render("gitlab"))
        self.assertEqual([(issue["check_name"], issue["location"]["path"], issue["location"]["lines"]["begin"],
                           issue["severity"]) for issue in issues],
                         [(finding["control"], finding["file"], finding["line"],
                           {"enforce": "major", "warn": "minor", "audit": "info"}[finding["mode"]])
                          for finding in self.expected()])
        self.assertEqual(len({issue["fingerprint"] for issue in issues}), len(issues))
        result = self.scan("--format", "gitlab", *self.policies, "-", stdin="# nothing\n")
        self.assertEqual(json.loads(result.stdout), [])

    def test_markdown(self):
        text = self.render("markdown")
        self.assertIn("| Deployment shop/web | deploy/web.yaml:1:1 | 2 | 1 | 1 |", text)
        self.assertIn("**could not be judged:** `broken.yaml:2:1`", text)
        row, = [line for line in text.splitlines() if line.startswith("| Pod ")]
        self.assertEqual(len(re.findall(r"(?<!\\)\|", row)), 6, row)
        self.assertNotIn("<b>", text)

    def test_text(self):
        text = self.render("text")
        self.assertIn("""\
deploy/web.yaml
  Deployment shop/web would be denied
    error: container "web" must set resources.limits.memory [test/resources]
      10 |         - name: web
         |           ---------
         = add: resources: {limits: {memory: <amount>}}
""", text)
        self.assertIn("""\
    error: container "web" must not set securityContext.runAsNonRoot=false [test/run-as-non-root]
      13 |             runAsNonRoot: false
         |             ^^^^^^^^^^^^^^^^^^^
         = write: securityContext: {runAsNonRoot: true}
""", text)
        self.assertTrue(text.endswith("3 of 3 workloads would be denied: 5 errors, 1 warning, 2 notes "
                                      "(1 problem with the input)\n"), text)
        self.assertNotIn("\033", text)
        coloured = self.render("text", "--color", "always")
        self.assertEqual(re.sub("\033\\[[0-9;]*m", "", coloured), text)
        self.assertIn("\033[1;31merror\033[0m", coloured)

    def test_text_of_long_and_hostile_lines(self):
        long = "x" * 300
        self.write("long.yaml", POD.replace("{name: c,", f"{{args: [{long}], name: \"c\\e[31m\",").replace("c:1", "c"))
        result = self.scan("long.yaml", *self.policies)
        self.assertEqual(result.returncode, 1)
        self.assertNotIn("\033", result.stdout)
        for line in result.stdout.splitlines():
            if " | " in line:
                self.assertLess(len(line), 130)
        self.assertIn('...', result.stdout)

    def test_output_goes_to_a_file(self):
        self.assertEqual(self.render("sarif", "--output", "out.sarif"), "")
        self.assertEqual((self.folder / "out.sarif").read_text(), self.render("sarif"))
        result = self.scan("--output", "nowhere/out", "odd name é.yaml")
        self.assertEqual(result.returncode, 2)
        self.assertIn("nowhere/out: cannot be written", result.stderr)


if __name__ == "__main__":
    unittest.main()
