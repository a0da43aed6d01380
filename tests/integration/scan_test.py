#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`tidewaiter scan` as its users run it: files, folders, standard input; what is found, at which line, and the exit code;
and everything that is no manifest. The other formats are in scan_formats_test.py."""

import contextlib
import json
import os
import re
import socket
import subprocess
import unittest

from webhook import BINARY, BOUND, FolderTest, load_review, run

DEPLOYMENT = """\
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
          image: nginx   # the tag is missing
          securityContext:
            runAsNonRoot: false
            readOnlyRootFilesystem: no
"""
GOOD = DEPLOYMENT.replace("nginx ", "nginx:1.29@sha256:" + "a" * 64 + " ").replace(
    "runAsNonRoot: false", "runAsNonRoot: yes").replace("Filesystem: no", "Filesystem: yes")
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - {name: c, image: "registry.example.com/c:1"}
"""
POLICY = """\
apiVersion: tidewaiter.dev/v1alpha1
kind: PodPolicy
metadata: {name: test}
spec:
"""


class ScanTest(FolderTest):
    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return name

    def scan(self, *arguments, stdin=""):
        """Runs in the folder of this test."""
        return subprocess.run([BINARY, "scan", *arguments], input=stdin, capture_output=True, text=True, timeout=BOUND,
                              cwd=self.folder, env={**os.environ, "NO_COLOR": ""})

    def findings(self, *arguments, code, errors=(), stdin=""):
        """The findings of `--format json`, after checking exit code and standard error."""
        result = self.scan("--format", "json", *arguments, stdin=stdin)
        self.assertEqual(result.returncode, code, result.stderr + result.stdout)
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), len(errors), result.stderr)
        for line, error in zip(lines, errors):
            self.assertTrue(line.startswith("tidewaiter: " + error), line)
        return json.loads(result.stdout)

    def policy(self, spec):
        return "--policies", self.write("policies/test.yaml", POLICY + spec)


class FindingsTest(ScanTest):
    def test_json_is_what_was_agreed(self):
        self.write("web.yaml", DEPLOYMENT)
        report = self.findings("web.yaml", *self.policy("  controls: {run-as-non-root: {}, image-tag: {mode: warn}}\n"),
                               code=1)
        self.assertEqual(report, {
            "findings": [
                {"policy": "test", "control": "image-tag", "mode": "warn", "file": "web.yaml", "line": 11,
                 "kind": "Deployment", "namespace": "shop", "name": "web", "container": "web",
                 "pointer": "/spec/template/spec/containers/0/image",
                 "message": 'container "web" must name a tag or digest of image "nginx" (without one it is latest)',
                 "remedy": "image: docker.io/library/nginx:<version>"},
                {"policy": "test", "control": "run-as-non-root", "mode": "enforce", "file": "web.yaml", "line": 13,
                 "kind": "Deployment", "namespace": "shop", "name": "web", "container": "web",
                 "pointer": "/spec/template/spec/containers/0/securityContext/runAsNonRoot",
                 "message": 'container "web" must not set securityContext.runAsNonRoot=false',
                 "remedy": "securityContext: {runAsNonRoot: true}"}],
            "summary": {"workloads": 1, "findings": 2, "denied": 1}})

    def test_exit_codes(self):
        self.write("good.yaml", GOOD)
        self.write("bad.yaml", DEPLOYMENT)
        self.write("broken.yaml", "a: [\n")
        self.findings("good.yaml", code=0)
        self.findings("bad.yaml", code=1)
        report = self.findings("broken.yaml", "bad.yaml", "good.yaml", code=2, errors=["broken.yaml:2:1: not YAML: "])
        self.assertEqual(report["summary"]["workloads"], 2)
        self.assertEqual(report["summary"]["denied"], 1)

    def test_warn_and_audit_deny_nothing(self):
        self.write("web.yaml", DEPLOYMENT)
        for mode in ("warn", "audit"):
            report = self.findings("web.yaml", *self.policy(f"  mode: {mode}\n  controls: {{run-as-non-root: {{}}}}\n"),
                                   code=0)
            self.assertEqual([finding["mode"] for finding in report["findings"]], [mode])
            self.assertEqual(report["summary"]["denied"], 0)

    def test_a_missing_field_is_told_where_it_belongs(self):
        self.write("pod.yaml", POD)
        report = self.findings("pod.yaml", *self.policy("  controls: {resources: {require: {limits: [memory]}}}\n"), code=1)
        self.assertEqual([finding["line"] for finding in report["findings"]], [6])

    def test_pods_and_templates_are_judged_after_injection(self):
        self.write("both.yaml", POD + "---\n" + DEPLOYMENT.replace("            runAsNonRoot: false\n", ""))
        policy = self.policy("  controls: {run-as-non-root: {inject: true}}\n")
        self.assertEqual(self.findings("both.yaml", *policy, code=0)["summary"],
                         {"workloads": 2, "findings": 0, "denied": 0})
        self.assertEqual(self.findings("both.yaml", *self.policy("  controls: {run-as-non-root: {}}\n"), code=1)["summary"],
                         {"workloads": 2, "findings": 2, "denied": 2})

    def test_what_the_api_server_sets_is_not_asked_for(self):
        # A volume without a source is an emptyDir; a request that is not set is the limit; an image without a tag is
        # always pulled; hostNetwork makes host ports of container ports.
        self.write("pod.yaml", """\
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  hostNetwork: true
  volumes: [{name: scratch}]
  containers:
  - name: c
    image: nginx
    ports: [{containerPort: 80}]
    resources: {limits: {cpu: 1, memory: 1Gi}}
""")
        report = self.findings("pod.yaml", *self.policy(
            "  controls: {volume-types: {allowed: [emptyDir]}, resources: {require: {requests: [cpu, memory]}}, "
            "image-pull-policy: {}, host-ports: {}}\n"), code=1)
        self.assertEqual([(finding["control"], finding["line"]) for finding in report["findings"]], [("host-ports", 10)])

    def test_the_answer_is_the_servers(self):
        """A Deployment out of a review, scanned, and the review itself: the same findings."""
        review = load_review("create-deployment.json")
        self.write("web.json", json.dumps(review["request"]["object"], indent=2))
        report = self.findings("web.json", "--namespace", review["request"]["namespace"], code=1)
        self.write("review.json", json.dumps(review))
        response = json.loads(run("review", self.folder / "review.json").stdout)["response"]
        text = self.scan("web.json", "--namespace", review["request"]["namespace"]).stdout
        notes = re.findall(r"(?m)^    note: (.* may not start: .*)$", text)
        self.assertTrue(notes)
        warnings = [warning for warning in response["warnings"] if warning not in notes]
        self.assertEqual(len(warnings), len(response["warnings"]) - len(notes))
        for mode, told in (("enforce", [response["status"]["message"]]), ("warn", warnings)):
            self.assertEqual({f'{finding["policy"]}/{finding["control"]}' for finding in report["findings"]
                              if finding["mode"] == mode}, set(re.findall(r"(?m)\[([^ ]*)\]$", "\n".join(told))))


class InputTest(ScanTest):
    def titles(self, report):
        return sorted({f'{finding["kind"]} {finding["namespace"]}/{finding["name"]}' for finding in report["findings"]})

    def test_documents_lists_and_other_objects(self):
        service = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n"
        item = json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "in-list"},
                           "spec": {"containers": [{"name": "c", "image": "x"}]}})
        typed = ('{"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [{"metadata": {"generateName": "typed-"}, '
                 '"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "x"}]}}}}]}')
        self.write("all.yaml", f"{service}---\n# nothing\n---\n{DEPLOYMENT}---\napiVersion: v1\nkind: List\nitems:\n"
                               f"- {item}\n- {json.dumps({'apiVersion': 'v1', 'kind': 'ConfigMap'})}\n---\n{typed}\n"
                               "---\njust: a mapping\n---\n- a list\n")
        report = self.findings("all.yaml", *self.policy("  controls: {image-tag: {}}\n"), code=1)
        self.assertEqual(self.titles(report), ["Deployment default/typed-*", "Deployment shop/web", "Pod default/in-list"])
        self.assertIn("2 other objects passed over", self.scan("all.yaml").stdout)

    def test_standard_input(self):
        self.assertEqual(self.findings("-", "--namespace", "n", stdin=POD, code=0)["summary"]["workloads"], 1)
        report = self.findings("-", "--namespace", "n", *self.policy("  controls: {image-digest: {}}\n"), stdin=POD, code=1)
        self.assertEqual([(f["file"], f["line"], f["namespace"]) for f in report["findings"]], [("-", 6, "n")])
        self.findings("-", stdin="", code=2, errors=["standard input: is empty"])
        self.findings("-", stdin="# only a comment\n", code=0)

    def test_folders(self):
        for name in ("a.yaml", "b/c.yml", "b/d.json", "b/.hidden.yaml", "z/deep/er/e.yaml"):
            self.write(name, json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
                                         "spec": {"containers": [{"name": "c", "image": "x"}]}}))
        for name in ("b/readme.md", ".git/x.yaml", "b/tsconfig.json"):
            self.write(name, "{ no: [ manifest")
        policy = self.policy("  controls: {image-tag: {}}\n")
        names = [finding["file"] for finding in self.findings(".", *policy, code=1)["findings"]]
        self.assertEqual(names, ["./a.yaml", "./b/.hidden.yaml", "./b/c.yml", "./b/d.json", "./z/deep/er/e.yaml"])
        self.write(".tidewaiterignore", "# not these\n*.json\n/b/.hidden.yaml\ndeep/\n!z/\n")
        names = [finding["file"] for finding in self.findings(".", *policy, code=1)["findings"]]
        self.assertEqual(names, ["./a.yaml", "./b/c.yml"])
        # What is named is scanned, and the ignore file of the current folder holds in the folders below.
        names = [finding["file"] for finding in self.findings("b/d.json", "b", *policy, code=1)["findings"]]
        self.assertEqual(names, ["b/d.json", "b/c.yml"])

    def test_workloads_that_policies_tell_of(self):
        self.write("review.json", json.dumps(load_review("create-deployment.json")))
        self.assertNotIn("seems to hold", self.scan("review.json").stdout)
        self.write("rollout.yaml", DEPLOYMENT.replace("apps/v1", "argoproj.io/v1alpha1").replace("Deployment", "Rollout"))
        controls = "  controls: {image-tag: {}}\n"
        result = self.scan("rollout.yaml", *self.policy(controls))
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("Rollout.argoproj.io seems to hold a pod template and was passed over", result.stdout)
        report = self.findings("rollout.yaml", *self.policy(
            controls + "  workloads: [{group: argoproj.io, kind: Rollout, template: /spec/template}]\n"), code=1)
        self.assertEqual(self.titles(report), ["Rollout shop/web"])

    def test_namespaces_and_their_labels(self):
        self.write("pod.yaml", POD)
        policy = self.policy("  match: {namespaceSelector: {matchLabels: {env: prod}}}\n  controls: {image-digest: {}}\n")
        self.findings("pod.yaml", *policy, code=2, errors=["pod.yaml:1:1: Pod default/p: the labels of namespace"])
        self.write("namespaces.yaml", "kind: Namespace\nmetadata: {name: default, labels: {env: prod}}\n---\n"
                                      "kind: Namespace\nmetadata: {name: test, labels: {env: test}}\n")
        self.findings("pod.yaml", *policy, "--namespaces", "namespaces.yaml", code=1)
        self.findings("pod.yaml", *policy, "--namespaces", "namespaces.yaml", "--namespace", "test", code=0)

    def test_exemptions(self):
        self.write("pod.yaml", POD)
        exemption = "  exemptions: [{name: e, reason: r, controls: [image-digest], match: {names: [p]}}]\n"
        policy = self.policy("  controls: {image-digest: {}}\n" + exemption)
        self.assertEqual(self.findings("pod.yaml", *policy, code=0)["findings"], [])
        self.assertIn("1 finding exempt", self.scan("pod.yaml", *policy).stdout)


class BadInputTest(ScanTest):
    """Whatever is given: a line that says what is wrong and where, the other files are judged, exit code 2."""

    def check(self, name, *errors):
        self.write("fine.yaml", POD)
        report = self.findings(name, "fine.yaml", code=2, errors=errors)
        self.assertEqual(report["summary"]["workloads"], 1)

    def test_texts(self):
        for text, error in (
                ("a: b: c\n", "x.yaml:1:5: not YAML: mapping values are not allowed in this context"),
                ("spec:\n\tcontainers: []\n", "x.yaml:2:1: not YAML: found character that cannot start any token"),
                (DEPLOYMENT[:-40] + "'", "x.yaml:"),
                ("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c\n", "x.yaml:5:1: not YAML: "),
                (b"\x7fELF\x02\x01\x01\x00", "x.yaml:1:1: not text: a control character stands here"),
                (b"kind: Pod\nmetadata: \xff\n", "x.yaml:2:11: not text: invalid leading UTF-8 octet"),
                (POD + "kind: Job\n", "x.yaml:7:1: the key \"kind\" is given twice: at line 2 as well"),
                (POD.replace("apiVersion: v1\n", ""), "x.yaml:1:1: Pod: apiVersion: required"),
                (POD.replace('"registry.example.com/c:1"', "12"),
                 "x.yaml:6:15: Pod default/p: spec.containers[0].image: expected a string, found integer"),
                (POD.replace(', image: "registry.example.com/c:1"', ""),
                 "x.yaml:6:5: Pod default/p: spec.containers[0].image: required"),
                ("apiVersion: apps/v1\nkind: Deployment\nspec: {}\n", "x.yaml:3:1: Deployment default/?: spec.template: "),
                ("", "x.yaml: is empty")):
            with self.subTest(text):
                self.write("x.yaml", text)
                self.check("x.yaml", error)

    def test_json(self):
        self.write("x.json", '{"apiVersion": "v1",\n "kind": "Pod",')
        self.check("x.json", "x.json:2:16: not JSON: it ends in the middle of a value")

    def test_lists_in_lists(self):
        item = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "deep"},
                "spec": {"containers": [{"name": "c", "image": "registry.example.com/c:1"}]}}
        for _ in range(8):
            item = {"apiVersion": "v1", "kind": "List", "items": [item]}
        self.write("x.json", json.dumps(item))
        self.assertEqual(self.findings("x.json", code=0)["summary"]["workloads"], 1)
        self.write("x.json", json.dumps({"apiVersion": "v1", "kind": "List", "items": [item]}))
        self.check("x.json", "x.json:1:")
        self.assertIn("lists within lists, deeper than 8 levels", self.scan("x.json").stderr)

    def test_every_bad_document_is_told_of(self):
        self.write("x.yaml", f"a: [\n---\n{POD}---\nb: 1\nb: 2\n")
        report = self.findings("x.yaml", code=2, errors=["x.yaml:2:1: not YAML", "x.yaml:11:1: the key"])
        self.assertEqual(report["summary"]["workloads"], 1)

    def test_no_files(self):
        (self.folder / "broken.yaml").symlink_to("nowhere.yaml")
        (self.folder / "empty").mkdir()
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
            listener.bind(str(self.folder / "socket.yaml"))
            self.check("nowhere.yaml", "nowhere.yaml: cannot be read: No such file")
            self.check("broken.yaml", "broken.yaml: is a link to a file that does not exist")
            self.check("socket.yaml", "socket.yaml: is a socket, not a file")
            self.check("empty", "empty: holds no .yaml, .yml or .json file")
            # The same ones found in a folder.
            report = self.findings(".", code=2, errors=["./broken.yaml: is a link", "./socket.yaml: is a socket"])
            self.assertEqual(report["summary"]["workloads"], 1)

    def test_a_large_file_is_read_to_its_end(self):
        filler = "data: |\n" + "".join(f"  {'x' * 98}\n" for _ in range(520_000))
        self.write("large.yaml", f"apiVersion: v1\nkind: ConfigMap\n{filler}---\n{POD}")
        self.assertGreater((self.folder / "large.yaml").stat().st_size, 50e6)
        report = self.findings("large.yaml", *self.policy("  controls: {image-digest: {}}\n"), code=1)
        self.assertEqual([finding["line"] for finding in report["findings"]], [520_010])

    def test_usage(self):
        for arguments in ([], ["--format", "window", "x"], ["--policies", "nowhere", "x"], ["--color", "red", "x"]):
            result = self.scan(*arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)

    def test_templates_of_helm(self):
        self.write("chart/Chart.yaml", "apiVersion: v2\nname: chart\n")
        self.write("chart/templates/deployment.yaml", DEPLOYMENT.replace("nginx", "{{ .Values.image }}"))
        self.write("chart/templates/service.yaml", "{{- if .Values.service }}\nkind: Service\n{{- end }}\n")
        self.write("web.yaml", DEPLOYMENT.replace("nginx", '"{{ .Values.image }}"'))
        advice = "a Helm template that was not rendered: run `helm template chart | tidewaiter scan -`"
        report = self.findings("chart", code=2, errors=[f"chart/templates/deployment.yaml:11:19: {advice}"])
        self.assertEqual(report["summary"]["workloads"], 0)
        self.findings("web.yaml", code=2, errors=[
            "web.yaml:1:1: a Helm template that was not rendered: run `helm template CHART"])
        # Other tools' braces are text.
        self.write("argo.yaml", GOOD.replace("name: web\n          image", 'name: web\n          args: ["{{workflow.name}}", '
                                             '"{{ $labels.pod }}"]\n          image'))
        self.findings("argo.yaml", code=0)

    def test_patches_of_kustomize(self):
        self.write("overlay/kustomization.yaml", "patches: [{path: patch.yaml}]\n")
        self.write("overlay/patch.yaml", POD.replace(', image: "registry.example.com/c:1"', ""))
        result = self.scan("overlay")
        self.assertEqual(result.returncode, 2)
        self.assertIn("run `kustomize build overlay | tidewaiter scan -`", result.stderr)


if __name__ == "__main__":
    unittest.main()
