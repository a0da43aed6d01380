#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`tidewaiter policy diff`: each way in which a workload can be decided differently, counted, and none that is not."""

import json
import pathlib
import tempfile
import unittest

from webhook import ROOT, run

WORKLOADS = """\
apiVersion: v1
kind: Pod
metadata: {name: tagged, namespace: shop}
spec: {containers: [{name: c, image: "nginx:1"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: untagged, namespace: shop}
spec: {containers: [{name: c, image: nginx}]}
---
apiVersion: v1
kind: Service
metadata: {name: none, namespace: shop}
"""


def policy(controls, name="p", **spec):
    return json.dumps({"apiVersion": "tidewaiter.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
                       "spec": {"controls": controls, **spec}})


class PolicyDiffTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.write("workloads.yaml", WORKLOADS)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def diff(self, old, new, *arguments):
        result = run("policy", "diff", self.write("old.yaml", old), self.write("new.yaml", new),
                     self.folder / "workloads.yaml", *arguments)
        self.assertEqual(result.stderr, "")
        return result

    def diff_json(self, old, new):
        result = self.diff(old, new, "--format", "json")
        answer = json.loads(result.stdout)
        self.assertEqual(result.returncode, 1 if answer["workloads"] else 0)
        return {each["workload"]: each for each in answer["workloads"]}, answer["summary"]

    def test_nothing_differs(self):
        one = policy({"image-tag": {}, "run-as-non-root": {"inject": True}})
        # Names, order and what is not asked here make no difference.
        two = policy({"run-as-non-root": {"inject": True}, "image-tag": {"forbidden": ["latest", "edge"]}}, name="q")
        result = self.diff(one, two)
        self.assertEqual((result.returncode, result.stdout), (0, "all of 2 workloads would be decided as before\n"))

    def test_newly_and_no_longer_denied(self):
        strict, lax = policy({"image-tag": {}}), policy({"privileged": {}})
        workloads, summary = self.diff_json(lax, strict)
        self.assertEqual(list(workloads), ["Pod shop/untagged"])
        self.assertEqual(workloads["Pod shop/untagged"]["newlyDenying"],
                         ['container "c" must name a tag or digest of image "nginx" (without one it is latest) '
                          "[p/image-tag]"])
        self.assertEqual(workloads["Pod shop/untagged"]["place"], f"{self.folder}/workloads.yaml:6")
        self.assertEqual((summary["workloads"], summary["different"], summary["newlyDenied"],
                          summary["noLongerDenied"]), (2, 1, 1, 0))
        workloads, summary = self.diff_json(strict, lax)
        self.assertTrue(workloads["Pod shop/untagged"]["noLongerDenied"])
        self.assertEqual((summary["newlyDenied"], summary["noLongerDenied"]), (0, 1))

    def test_modes(self):
        workloads, summary = self.diff_json(policy({"image-digest": {"mode": "audit"}}),
                                            policy({"image-digest": {"mode": "warn"}}))
        self.assertEqual(len(workloads), 2)
        self.assertEqual(workloads["Pod shop/tagged"]["modes"],
                         ["image-digest (spec.containers[0].image): audit -> warn"])
        self.assertEqual((summary["changedMode"], summary["newlyDenied"]), (2, 0))

    def test_injections(self):
        workloads, summary = self.diff_json(
            policy({"run-as-non-root": {"inject": True, "runAsUser": 1000}}),
            policy({"run-as-non-root": {"inject": True, "runAsUser": 2000},
                    "allow-privilege-escalation": {"inject": True}}))
        path = "spec.containers[0].securityContext."
        self.assertEqual(workloads["Pod shop/tagged"]["injectedOtherwise"], [f"{path}runAsUser: 1000 -> 2000"])
        self.assertEqual(workloads["Pod shop/tagged"]["injected"], [f"{path}allowPrivilegeEscalation=false"])
        self.assertEqual(summary["changedInjection"], 2)
        workloads, _ = self.diff_json(policy({"allow-privilege-escalation": {"inject": True}}),
                                      policy({"privileged": {}}))
        self.assertEqual(workloads["Pod shop/tagged"]["noLongerInjected"], [f"{path}allowPrivilegeEscalation=false"])

    def test_findings_that_do_not_deny(self):
        workloads, _ = self.diff_json(policy({"privileged": {}}), policy({"image-digest": {"mode": "warn"}}))
        self.assertTrue(workloads["Pod shop/tagged"]["newFindings"][0].startswith("warn: "))
        workloads, _ = self.diff_json(policy({"image-digest": {"mode": "warn"}}), policy({"privileged": {}}))
        self.assertTrue(workloads["Pod shop/tagged"]["goneFindings"][0].startswith("warn: "))

    def test_text(self):
        result = self.diff(policy({"privileged": {}}), policy({"image-tag": {}, "run-as-non-root": {"inject": True}}))
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stdout, f"""\
Pod shop/tagged ({self.folder}/workloads.yaml:1): allowed as before, and different
    + injects: spec.containers[0].securityContext.runAsNonRoot=true
Pod shop/untagged ({self.folder}/workloads.yaml:6): newly denied
    + denies: container "c" must name a tag or digest of image "nginx" (without one it is latest) [p/image-tag]
    + injects: spec.containers[0].securityContext.runAsNonRoot=true
2 of 2 workloads would be decided differently: 1 newly denied, 0 no longer denied, 2 with other injections, \
0 with other modes
""")

    def test_folders_built_in_and_standard_input(self):
        result = run("policy", "diff", "built-in", ROOT / "policies" / "hardened.yaml", self.folder)
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
        result = run("policy", "diff", "built-in", ROOT / "policies" / "observe.yaml", "-", stdin=WORKLOADS)
        self.assertEqual(result.returncode, 1)
        self.assertIn("Pod shop/untagged (standard input:6): no longer denied", result.stdout)

    def test_a_custom_resource_that_one_side_does_not_know(self):
        self.write("workloads.yaml", "apiVersion: argoproj.io/v1\nkind: Rollout\nmetadata: {name: r, namespace: shop}\n"
                                     "spec: {template: {spec: {containers: [{name: c, image: nginx}]}}}\n")
        row = {"group": "argoproj.io", "kind": "Rollout", "template": "/spec/template"}
        knowing, other = policy({"image-tag": {}}, workloads=[row]), policy({"image-tag": {}})
        workloads, summary = self.diff_json(other, knowing)
        rollout = workloads["Rollout shop/r"]
        self.assertEqual((rollout["old"], rollout["new"], summary["newlyDenied"]), ("not judged", "deny", 1))
        workloads, summary = self.diff_json(knowing, other)
        self.assertEqual((workloads["Rollout shop/r"]["new"], summary["noLongerDenied"]), ("not judged", 1))

    def test_unknown_namespaces(self):
        selecting = policy({"image-tag": {}}, match={"namespaceSelector": {"matchLabels": {"env": "prod"}}})
        self.write("prod.yaml", '{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", '
                                '"labels": {"env": "prod"}}}')
        result = self.diff(policy({"privileged": {}}), selecting)
        self.assertIn('denies: the labels of namespace "shop" are not known', result.stdout)
        result = self.diff(policy({"image-tag": {}}), selecting, "--namespaces", self.folder / "prod.yaml")
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_bad_input(self):
        good = self.write("good.yaml", policy({"image-tag": {}}))
        for arguments, expected in (((good, self.folder / "none.yaml", self.folder), "none.yaml"),
                                    ((good, good), "PATHs, or --cluster"),
                                    ((good, good, self.folder / "gone"), "gone"),
                                    (("cluster", good, self.folder), "need --cluster"),
                                    ((good, good, self.write("bad.yaml", "a: [")), "bad.yaml:")):
            result = run("policy", "diff", *arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertIn(expected, result.stderr)


if __name__ == "__main__":
    unittest.main()
