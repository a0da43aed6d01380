#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`tidewaiter explain`: controls and their examples, tried with the program itself; reviews and manifests, each line of
which is held against the files it names."""

import json
import pathlib
import re
import unittest

import yaml

from webhook import REVIEWS, ROOT, FolderTest, apply_patch, load_review, run

POLICIES = ROOT / "policies"


def explain(*arguments, stdin="", code=0):
    result = run("explain", *arguments, stdin=stdin)
    if result.returncode != code:
        raise AssertionError(f"exit code {result.returncode}: {result.stdout}{result.stderr}")
    return result


def explain_json(*arguments, **options):
    return json.loads(explain(*arguments, "--format", "json", **options).stdout)


class WritingTest(FolderTest):
    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def line(self, place):
        """The line that FILE:LINE names."""
        path, _, number = place.rpartition(":")
        return pathlib.Path(path).read_text().splitlines()[int(number) - 1]


class ControlTest(WritingTest):
    IDS = [line.split()[0] for line in run("controls").stdout.splitlines()]

    def test_examples_are_denied_and_allowed_and_can_be_exempted(self):
        self.assertGreater(len(self.IDS), 50)
        for page in explain_json(*self.IDS)["controls"]:
            example = page["example"]
            with self.subTest(page["control"]):
                policy = self.write("policy.yaml", example["policy"])
                denied = self.write("denied.yaml", example["denied"])
                allowed = self.write("allowed.yaml", example["allowed"])
                scan = lambda path, policies=policy: run("scan", "--namespace", "shop", "--format", "json",
                                                         "--policies", policies, path)
                result = scan(denied)
                self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
                found = json.loads(result.stdout)["findings"]
                told = lambda findings: sorted((f["message"], f["pointer"], f["remedy"]) for f in findings)
                self.assertEqual(told(found), told(example["findings"]))
                self.assertEqual(scan(allowed).returncode, 0, scan(allowed).stdout)
                indented = "".join(f"  {line}\n" for line in page["exemption"].splitlines())
                exempting = self.write("exempting.yaml", example["policy"] + indented)
                excused = run("explain", "--namespace", "shop", "--policies", exempting, "--format", "json", denied)
                verdict = json.loads(excused.stdout)["objects"][0]
                expected = {"exempt"} if "namespace: default" not in example["denied"] else {"violates"}
                self.assertEqual({c["verdict"] for c in verdict["controls"]}, expected)

    def test_pages_say_everything(self):
        for control in self.IDS:
            text = explain(control).stdout
            for head in ("Why", "What it looks at", "Denied", "Allowed", "Settings", "In the policies here",
                         "Exempt a workload from it", "Source"):
                self.assertIn(f"\n{head}\n", text, control)
            self.assertRegex(text, r"\n  denied: ")
        page = explain("seccomp-profile-baseline", "--policies", POLICIES).stdout
        self.assertIn("at level restricted seccomp-profile-restricted takes its place", page)
        places = re.findall(r"(?m)^  (\S+): (?:enforce|warn|audit)  (\S+)$", page)
        self.assertTrue(places)
        for policy, place in places:
            self.assertIn("podSecurity", self.line(place))
            self.assertEqual(pathlib.Path(place.rpartition(":")[0]).stem, policy)

    def test_documentation_has_the_examples(self):
        text = (ROOT / "docs" / "controls.md").read_text()
        for page in explain_json(*self.IDS)["controls"]:
            self.assertIn(page["why"], text)

    def test_unknown_controls(self):
        for subject, expected in (("imag-digest", 'did you mean "image-digest"?'),
                                  ("seccomp", "there are seccomp-profile-baseline, seccomp-profile-restricted"),
                                  ("xyz", '"xyz" is no control and no file (tidewaiter controls lists all)'),
                                  ("nowhere.yaml", "nowhere.yaml: no such file"),
                                  (str(self.folder), "Is a directory")):
            self.assertIn(expected, explain(subject, code=2).stderr)

    def test_colours(self):
        plain = explain("privileged", str(REVIEWS / "create-pod.json")).stdout
        self.assertNotIn("\033", plain)
        coloured = explain("privileged", str(REVIEWS / "create-pod.json"), "--color", "always").stdout
        self.assertIn("\033[1;31m", coloured)
        self.assertEqual(re.sub(r"\033\[[\d;]*m", "", coloured), plain)


SHOP = """\
apiVersion: tidewaiter.dev/v1alpha1
kind: PodPolicy
metadata: {name: shop}
spec:
  match:
    namespaces:
      include: [shop]
      exclude: [shop-test]
    namespaceSelector:
      matchLabels: {env: prod}
  controls:
    image-tag: {}
    run-as-non-root: {inject: true}
    required-labels: {mode: audit, required: {team: []}}
    privileged: {}
  exemptions:
    - name: sidecar
      match:
        containers: [log]
      controls: [image-tag]
      reason: is built so
---
apiVersion: tidewaiter.dev/v1alpha1
kind: PodPolicy
metadata: {name: jobs}
spec:
  match:
    kinds: [Job]
  controls: {privileged: {}}
"""
WEB = """\
# the shop
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  template:
    spec:
      containers:
        - name: web
          image: nginx   # which?
        - name: log
          image: log
          securityContext:
            runAsNonRoot: true
"""
NAMESPACES = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {env: %s}}\n"


class FileTest(WritingTest):
    def setUp(self):
        super().setUp()
        self.policy = self.write("policy.yaml", SHOP)
        self.manifest = self.write("web.yaml", WEB)
        self.prod = self.write("prod.yaml", NAMESPACES % "prod")

    def explain_web(self, *arguments):
        answer = explain_json("--policies", self.policy, "--namespaces", self.prod, *arguments, self.manifest)
        self.assertEqual(len(answer["objects"]), 1)
        return answer["objects"][0]

    def test_a_manifest(self):
        web = self.explain_web()
        self.assertEqual((web["kind"], web["namespace"], web["name"], web["line"], web["operation"], web["allowed"]),
                         ("Deployment", "shop", "web", 2, "CREATE", False))
        policies = {policy["name"]: policy for policy in web["policies"]}
        self.assertEqual(policies["shop"]["answer"], "applies")
        self.assertEqual(policies["jobs"]["answer"], "does not apply")
        self.assertEqual(policies["jobs"]["why"]["text"], "kind Deployment is none of [Job]")
        self.assertIn("kinds: [Job]", self.line(policies["jobs"]["why"]["place"]))
        exemption, = policies["shop"]["exemptions"]
        self.assertEqual((exemption["holds"], exemption["why"]["text"]), (True, 'holds for "log"'))
        self.assertIn("name: sidecar", self.line(exemption["why"]["place"]))
        change, = web["changes"]
        self.assertEqual((change["pointer"], change["old"], change["new"], change["control"]),
                         ("/spec/template/spec/containers/0/securityContext/runAsNonRoot", None, True,
                          "run-as-non-root"))
        self.assertIn("run-as-non-root:", self.line(change["place"]))
        controls = {control["control"]: control for control in web["controls"]}
        for control in controls.values():
            self.assertIn(f"{control['control']}:", self.line(control["place"]))
        self.assertEqual({name: control["verdict"] for name, control in controls.items()},
                         {"image-tag": "violates", "run-as-non-root": "passes", "required-labels": "violates",
                          "privileged": "passes"})
        states = {finding["container"]: finding for finding in controls["image-tag"]["findings"]}
        self.assertEqual((states["web"]["state"], states["web"]["value"], states["web"]["line"]), ("denies", "nginx", 12))
        self.assertEqual((states["log"]["state"], states["log"]["exemption"]), ("exempt", "sidecar"))
        self.assertEqual(controls["required-labels"]["findings"][0]["state"], "audited")
        saw = {seen["pointer"]: seen for seen in controls["run-as-non-root"]["saw"]}
        self.assertTrue(saw["/spec/template/spec/containers/0/securityContext/runAsNonRoot"]["injected"])
        own = saw["/spec/template/spec/containers/1/securityContext/runAsNonRoot"]
        self.assertEqual((own["value"], own["line"], own["injected"]), (True, 16, False))
        self.assertIn("spec.containers[*].securityContext.privileged", controls["privileged"]["notSet"])

    def test_its_text(self):
        text = explain("--policies", self.policy, "--namespaces", self.prod, self.manifest).stdout
        for line in (f"Deployment shop/web ({self.manifest}:2)", "  CREATE: would be denied",
                     f"    - jobs does not apply: kind Deployment is none of [Job]  {self.policy}:28",
                     f'        exemption sidecar holds for "log"  {self.policy}:17',
                     "          saw: spec.template.spec.containers[0].image = \"nginx\" (line 12)",
                     "        saw: spec.template.spec.containers[0].securityContext.runAsNonRoot = true (injected)",
                     "        exempt by sidecar: container \"log\" must name a tag or digest of image \"log\" (without one "
                     "it is latest)"):
            self.assertIn(line + "\n", text)

    def test_a_namespace_that_does_not_match_and_one_that_is_not_known(self):
        dev = self.write("dev.yaml", NAMESPACES % "dev")
        web, = explain_json("--policies", self.policy, "--namespaces", dev, self.manifest)["objects"]
        why = {policy["name"]: policy["why"] for policy in web["policies"]}["shop"]
        self.assertEqual(why["text"],
                         'of namespace "shop": label env is "dev", and the selector asks it to be "prod"')
        self.assertIn("namespaceSelector:", self.line(why["place"]))
        self.assertEqual((web["allowed"], web["notJudged"]), (True, "no policy applies"))
        web, = explain_json("--policies", self.policy, self.manifest)["objects"]
        self.assertEqual((web["allowed"], web["outcome"]), (False, "refuse"))
        self.assertEqual({policy["name"]: policy["answer"] for policy in web["policies"]}["shop"], "unknown")
        self.assertIn("are not known", web["message"])

    def test_standard_input_lists_and_reviews_in_yaml(self):
        objects = "apiVersion: v1\nkind: List\nitems:\n" + "".join(
            f"  - {json.dumps(yaml.safe_load(WEB))}\n" for _ in range(3))
        self.assertEqual(len(explain_json("-", stdin=objects)["objects"]), 3)
        review = yaml.safe_dump(load_review("create-deployment.json"))
        self.assertEqual(explain_json("-", stdin=review)["objects"][0]["kind"], "Deployment")

    def test_every_saved_review(self):
        """What is explained is what `review` answers at both doors."""
        for path in sorted(REVIEWS.glob("*.json")):
            with self.subTest(path.name):
                explained, = explain_json("--policies", POLICIES, path)["objects"]
                review = load_review(path.name)
                mutated = json.loads(run("review", "--policies", POLICIES, "--door", "mutate", path).stdout)["response"]
                patched = json.loads(json.dumps(review))
                if "patch" in mutated:
                    import base64
                    patch = json.loads(base64.b64decode(mutated["patch"]))
                    patched["request"]["object"] = apply_patch(review["request"]["object"], patch)
                self.write("patched.json", json.dumps(patched))
                answer = json.loads(run("review", "--policies", POLICIES, self.folder / "patched.json").stdout)
                self.assertEqual(explained["allowed"], answer["response"]["allowed"])
                if explained["kind"] == "Pod" and "patch" in mutated:
                    enforced = [c for c in explained["changes"] if c["mode"] == "enforce"]
                    self.assertTrue(enforced)
                    plain = json.loads(run("review", "--policies", POLICIES, path).stdout)["response"]["allowed"]
                    self.assertEqual(explained["dependsOnChanges"], explained["allowed"] and not plain)

    def test_bad_input(self):
        for text, expected in (("a: [", "bad.yaml:"), ("kind: Service\napiVersion: v1\n", "holds no AdmissionReview"),
                               ("", "holds no AdmissionReview"),
                               ("apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\n", "malformed review")):
            result = explain(self.write("bad.yaml", text), code=2)
            self.assertIn(expected, result.stderr)
            self.assertEqual(result.stdout, "")


if __name__ == "__main__":
    unittest.main()
