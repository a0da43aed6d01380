#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`tidewaiter policy test`: tests that pass, that fail for each thing that can be expected, and files that are wrong, each
refused with file, line, column and key."""

import json
import pathlib
import tempfile
import unittest
import xml.etree.ElementTree

from webhook import ROOT, run

POLICY = """\
apiVersion: tidewaiter.dev/v1alpha1
kind: PodPolicy
metadata: {name: shop}
spec:
  match: {namespaceSelector: {matchLabels: {env: prod}}}
  enforceFrom: "2027-01-01"
  controls:
    image-tag: {}
    image-digest: {mode: warn}
    run-as-non-root: {inject: true}
    required-labels: {mode: audit, required: {team: []}}
  exemptions:
    - {name: old, reason: r, match: {names: [legacy]}, controls: [image-tag]}
"""
PODS = """\
apiVersion: v1
kind: Pod
metadata: {name: good, namespace: shop, labels: {team: a}}
spec: {containers: [{name: c, image: "a@sha256:%s"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: bad, namespace: shop}
spec: {containers: [{name: c, image: nginx}]}
---
apiVersion: v1
kind: Pod
metadata: {name: legacy, namespace: shop, labels: {team: a}}
spec: {containers: [{name: c, image: nginx}]}
""" % ("1" * 64)
WEB = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {template: {metadata: " \
      "{labels: {team: a}}, spec: {containers: [{name: c, image: \"%s\"}]}}}\n"
HEAD = """\
apiVersion: tidewaiter.dev/v1alpha1
kind: PolicyTest
policies: [policy.yaml]
today: "2027-06-01"
namespaces:
  - {name: shop, labels: {env: prod}}
tests:
"""
GOOD = HEAD + """\
  - name: a good Pod gets a user
    manifest: pods.yaml
    object: Pod/good
    expect:
      decision: warn
      policies: [shop]
      deny: []
      audit: []
      inject: {"spec.containers[0].securityContext.runAsNonRoot": true}
  - name: a bad one is denied
    manifest: pods.yaml
    object: Pod/bad
    expect: {decision: deny, deny: [image-tag], warn: [shop/image-digest], audit: [required-labels], exempt: []}
  - name: an old one is exempt
    manifest: pods.yaml
    object: Pod/legacy
    expect: {decision: warn, deny: [], exempt: [image-tag]}
  - name: an update that changes nothing is let through
    manifest: web.yaml
    old: web.yaml
    expect: {decision: allow}
  - name: what was there before only warns
    manifest: web.yaml
    old: web-before.yaml
    user: alice
    expect: {decision: deny, deny: [image-tag]}
"""


class PolicyTestTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name, text in (("policy.yaml", POLICY), ("pods.yaml", PODS), ("web.yaml", WEB % "nginx:latest"),
                           ("web-before.yaml", WEB % "nginx:1")):
            (self.folder / name).write_text(text)

    def expect(self, manifest, expect, **keys):
        extra = "".join(f"    {key}: {value}\n" for key, value in keys.items())
        return self.run_file(HEAD + f"  - name: t\n    manifest: {manifest}\n{extra}    expect: {json.dumps(expect)}\n")

    def run_file(self, text, *arguments):
        (self.folder / "tidewaiter-test.yaml").write_text(text)
        return run("policy", "test", self.folder, *arguments)

    def test_all_pass(self):
        result = self.run_file(GOOD)
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
        self.assertIn("  ok    a bad one is denied", result.stdout)
        self.assertTrue(result.stdout.endswith("5 tests passed\n"), result.stdout)

    def test_differences(self):
        bad = {"object": "Pod/bad"}
        for expect, difference in (
                ({"decision": "allow"}, "decision: expected allow, and it is deny: shop/image-tag"),
                ({"decision": "deny", "policies": ["shop", "other"]}, "policies: expected other, and it is not so"),
                ({"decision": "deny", "policies": []}, "policies: not expected: shop"),
                ({"decision": "deny", "deny": []}, "deny: not expected: shop/image-tag"),
                ({"decision": "deny", "deny": ["image-tag", "privileged"]}, "deny: expected privileged, and it is not so"),
                ({"decision": "deny", "deny": ["other/image-tag"]}, "deny: expected other/image-tag, and it is not so"),
                ({"decision": "deny", "warn": []}, "warn: not expected: shop/image-digest"),
                ({"decision": "deny", "audit": []}, "audit: not expected: shop/required-labels"),
                ({"decision": "deny", "exempt": ["image-tag"]}, "exempt: expected image-tag, and it is not so"),
                ({"decision": "deny", "inject": {}},
                 "inject: not expected: spec.containers[0].securityContext.runAsNonRoot=true"),
                ({"decision": "deny", "inject": {"spec.containers[0].securityContext.runAsNonRoot": False}},
                 "inject: expected spec.containers[0].securityContext.runAsNonRoot=false, and it is true"),
                ({"decision": "deny", "inject": {"spec.x": 1}}, "inject: expected spec.x=1, and it is not injected")):
            result = self.expect("pods.yaml", expect, **bad)
            with self.subTest(expect):
                self.assertEqual((result.returncode, result.stderr), (1, ""))
                self.assertIn("  FAIL  t  Pod shop/bad  deny\n", result.stdout)
                self.assertIn(f"        {difference}\n", result.stdout)
                self.assertTrue(result.stdout.endswith("\n1 of 1 test failed\n"), result.stdout)

    def test_a_test_of_nothing_fails(self):
        """A policy that does not apply lets everything pass: that must be said to be meant."""
        elsewhere = GOOD.split("tests:")[0].replace("env: prod", "env: dev") + "tests:\n"
        text = "  - name: t\n    manifest: pods.yaml\n    object: Pod/bad\n    expect: {decision: allow%s}\n"
        result = self.run_file(elsewhere + text % "")
        self.assertEqual(result.returncode, 1)
        self.assertIn('policies: none applies, so nothing was tested (shop: of namespace "shop": label env is "dev", and '
                      'the selector asks it to be "prod"); if that is meant, expect policies: []', result.stdout)
        self.assertEqual(self.run_file(elsewhere + text % ", policies: []").returncode, 0)

    def test_the_day_counts(self):
        before = GOOD.replace('today: "2027-06-01"', 'today: "2026-12-31"')
        result = self.run_file(before)
        self.assertEqual(result.returncode, 1)
        self.assertIn("  FAIL  a bad one is denied", result.stdout)

    def test_formats(self):
        failing = GOOD.replace("exempt: [image-tag]", "exempt: []")
        tests = json.loads(self.run_file(failing, "--format", "json").stdout)
        self.assertEqual(tests["summary"], {"tests": 5, "failed": 1})
        failed, = [test for test in tests["tests"] if not test["passed"]]
        self.assertEqual((failed["name"], failed["differences"]),
                         ("an old one is exempt", ["exempt: not expected: shop/image-tag"]))
        line = failing.splitlines()[failed["line"] - 1]
        self.assertEqual(line, "  - name: an old one is exempt")
        root = xml.etree.ElementTree.fromstring(self.run_file(failing, "--format", "junit").stdout)
        self.assertEqual((root.get("tests"), root.get("failures")), ("5", "1"))
        self.assertEqual([case.get("name") for case in root.iter("testcase") if case.find("failure") is not None],
                         ["an old one is exempt"])

    def test_bad_files(self):
        for old, new, expected in (
                ("kind: PolicyTest", "kind: PolicyTests", r':2:7: kind: .*did you mean "PolicyTest"'),
                ("policies: [policy.yaml]", "policys: [policy.yaml]", r':3:1: policys: .*did you mean "policies"'),
                ("[policy.yaml]", "[nowhere.yaml]", r"nowhere\.yaml: "),
                ("decision: warn", "decision: maybe", r":12:17: tests\[0\]\.expect\.decision: "),
                ("deny: [image-tag]", "deny: [imag-tag]", r'"imag-tag" is no control; did you mean "image-tag"\?'),
                ("manifest: web.yaml", "manifest: gone.yaml", r":\d+:15: tests\[3\]\.manifest: .*gone\.yaml"),
                ("object: Pod/good", "object: Pod/goof",
                 r":9:15: tests\[0\]\.manifest: pods\.yaml holds no Pod/goof; it holds Pod/good, Pod/bad, Pod/legacy"),
                ("    object: Pod/good\n", "", "pods.yaml holds several workloads: say which by object: Pod/good"),
                ("name: an old one is exempt", "name: a bad one is denied", "another test has this name"),
                ("    old: web.yaml\n", "    operation: UPDATE\n", "an UPDATE needs old"),
                ("    old: web.yaml\n", "    operation: CREATE\n    old: web.yaml\n", "no old object in a CREATE"),
                (GOOD[len(HEAD):], "", "tests: ")):
            with self.subTest(new):
                result = self.run_file(GOOD.replace(old, new, 1))
                self.assertEqual(result.returncode, 2, result.stdout + result.stderr)
                self.assertTrue(result.stderr.startswith(f"tidewaiter: {self.folder}/"), result.stderr)
                self.assertRegex(result.stderr, expected)

    def test_nothing_there(self):
        with tempfile.TemporaryDirectory() as empty:
            for path, expected in ((empty, "holds no tidewaiter-test.yaml"), (f"{empty}/none.yaml", "none.yaml: ")):
                result = run("policy", "test", path)
                self.assertEqual(result.returncode, 2)
                self.assertIn(expected, result.stderr)

    def test_the_documented_example(self):
        result = run("policy", "test", ROOT / "tests" / "fixtures" / "policy-tests")
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
        text = (ROOT / "docs" / "policy-tests.md").read_text()
        example = (ROOT / "tests" / "fixtures" / "policy-tests" / "tidewaiter-test.yaml").read_text()
        self.assertIn(f"```yaml\n{example}```", text)


if __name__ == "__main__":
    unittest.main()
