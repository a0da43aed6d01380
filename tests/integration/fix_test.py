#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`tidewaiter fix` as its users run it: what is written, shown and checked, what stays, what is left and why, and the exit
code. What holds for every text is in tests/cli/fix/fixer_test.cc and tests/manifest/manifest_editor_random_test.cc."""

import json
import os
import resource
import signal
import stat
import subprocess
import unittest

import yaml

from webhook import BINARY, BOUND, ROOT, FolderTest, load_review

DEPLOYMENT = """\
# The shop's front door.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web   # as in DNS
  namespace: shop
spec:
  template:
    metadata: {labels: {app: "web"}}
    spec:
      containers:
        - name: web
          image: "nginx:1.29"

          # nothing else
        - name: log
          image: 'fluentd:v1.18'
          resources: {}  # later
          securityContext: {runAsUser: 1000}
"""
FIXED = """\
# The shop's front door.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web   # as in DNS
  namespace: shop
spec:
  template:
    metadata: {labels: {app: "web"}}
    spec:
      containers:
        - name: web
          image: "nginx:1.29"
          resources:
            limits:
              memory: 512Mi
          securityContext:
            runAsNonRoot: true

          # nothing else
        - name: log
          image: 'fluentd:v1.18'
          resources:  # later
            limits:
              memory: 512Mi
          securityContext: {runAsUser: 1000, runAsNonRoot: true}
"""
POLICY = """\
apiVersion: tidewaiter.dev/v1alpha1
kind: PodPolicy
metadata: {name: test}
spec:
"""
INJECTING = ("  controls:\n    run-as-non-root: {inject: true}\n"
             "    resources: {require: {limits: [memory]}, inject: {limits: {memory: 512Mi}}}\n")


class PlainDumper(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True


def dump(value, **options):
    return yaml.dump(value, Dumper=PlainDumper, **options)


class FixTest(FolderTest):
    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return name

    def read(self, name):
        return (self.folder / name).read_bytes().decode()

    def run_in(self, *arguments, stdin=""):
        return subprocess.run([BINARY, *arguments], input=stdin.encode(), capture_output=True, timeout=BOUND,
                              cwd=self.folder, env={**os.environ, "NO_COLOR": ""})

    def fix(self, *arguments, code=0, errors="", stdin=""):
        """Standard output of `fix`; standard error must begin with `errors`, or be empty."""
        result = self.run_in("fix", *arguments, stdin=stdin)
        stderr = result.stderr.decode()
        self.assertEqual(result.returncode, code, stderr + result.stdout.decode())
        self.assertTrue(stderr.startswith(errors) and bool(stderr) == bool(errors), stderr)
        return result.stdout.decode()

    def policy(self, spec=INJECTING):
        return "--policies", self.write("policies/test.yaml", POLICY + spec)


class WritingTest(FixTest):
    def test_writes_what_would_be_injected_and_nothing_else(self):
        self.write("web.yaml", DEPLOYMENT)
        output = self.fix("web.yaml", *self.policy())
        self.assertEqual(self.read("web.yaml"), FIXED)
        self.assertIn("    wrote spec.template.spec.containers[1].securityContext.runAsNonRoot: true\n", output)
        self.assertTrue(output.endswith("4 changes in 1 workload of 1 file written\n"), output)
        self.assertEqual(self.run_in("scan", "web.yaml", *self.policy()).returncode, 0)

    def test_twice_changes_nothing(self):
        self.write("web.yaml", FIXED)
        inode = (self.folder / "web.yaml").stat().st_ino
        self.assertEqual(self.fix("web.yaml", *self.policy()), "nothing to fix\n")
        self.assertEqual((self.folder / "web.yaml").stat().st_ino, inode)
        self.fix("--check", "web.yaml", *self.policy())

    def test_check_and_diff_write_nothing(self):
        self.write("web.yaml", DEPLOYMENT)
        self.assertIn("would write", self.fix("--check", "web.yaml", *self.policy(), code=1))
        diff = self.fix("--diff", "web.yaml", *self.policy(), errors="web.yaml\n  Deployment shop/web\n    would write ")
        self.assertEqual(self.read("web.yaml"), DEPLOYMENT)
        self.assertEqual(apply_diff(DEPLOYMENT, diff), FIXED)
        self.assertEqual(self.fix("--diff", "--check", "web.yaml", *self.policy(), code=1, errors="web.yaml\n"), diff)
        coloured = self.fix("--diff", "--color", "always", "web.yaml", *self.policy(), errors="web.yaml\n")
        self.assertIn("\033[32m+            runAsNonRoot: true\033[0m", coloured)

    def test_standard_input_goes_to_standard_output(self):
        output = self.fix("-", *self.policy(), stdin=DEPLOYMENT, errors="standard input\n")
        self.assertEqual(output, FIXED)

    def test_every_kind_in_every_style(self):
        pod = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "a:1"}]}}
        template = {"spec": {"selector": {}, "template": pod}}
        objects = [{"apiVersion": "v1", "kind": "Pod", **pod},
                   {"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "w"}, "template": pod},
                   {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "w"},
                    "spec": {"jobTemplate": {"spec": {"template": pod}}}}]
        for version, kind in (("v1", "ReplicationController"), ("apps/v1", "ReplicaSet"), ("apps/v1", "Deployment"),
                              ("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"), ("batch/v1", "Job")):
            objects.append({"apiVersion": version, "kind": kind, "metadata": {"name": "w"}, **template})
        everything = {"apiVersion": "v1", "kind": "List", "items": objects}
        for name, text in (
                ("block.yaml", "---\n".join(dump(one, sort_keys=False) for one in objects)),
                ("flow.yaml", "---\n".join(dump(one, default_flow_style=True, width=60) for one in objects)),
                ("list.yaml", dump(everything, indent=4)), ("compact.json", json.dumps(everything)),
                ("pretty.json", json.dumps(everything, indent=4)), ("lines.json", "\n".join(map(json.dumps, objects))),
                ("crlf.yaml", dump(everything).replace("\n", "\r\n").rstrip())):
            with self.subTest(name):
                self.write(name, text)
                self.assertIn(" changes in 9 workloads of 1 file written", self.fix(name, *self.policy()))
                result = self.run_in("scan", "--format", "json", name, *self.policy(INJECTING.replace("inject: true", "inject: false")
                                     .replace(", inject: {limits: {memory: 512Mi}}", "")))
                self.assertEqual(json.loads(result.stdout)["summary"], {"workloads": 9, "findings": 0, "denied": 0})
                self.assertEqual(self.read(name).count("\r\n"), self.read(name).count("\n") if "crlf" in name else 0)
                self.assertEqual(self.fix(name, *self.policy()), "nothing to fix\n")

    def test_all_objects_of_the_reviews(self):
        policies = ROOT / "policies" / "production.yaml"
        for review in sorted((ROOT / "tests" / "fixtures" / "reviews").glob("create-*.json")):
            with self.subTest(review.name):
                item = load_review(review.name)["request"]["object"]
                item.setdefault("metadata", {}).setdefault("namespace", "shop")
                name = self.write(review.stem + ".yaml", dump(item, sort_keys=False))
                before = self.run_in("scan", "--format", "json", "--policies", policies, name)
                self.run_in("fix", "--policies", policies, name)
                after = self.run_in("scan", "--format", "json", "--policies", policies, name)
                keys = [{(one["control"], one["pointer"]) for one in json.loads(result.stdout)["findings"]}
                        for result in (before, after)]
                self.assertEqual(keys[1] - keys[0], set())
                text = self.read(name)
                self.assertIn(b"nothing to fix", self.run_in("fix", "--policies", policies, name).stdout)
                self.assertEqual(self.read(name), text)

    def test_warn_and_audit_are_written_too(self):
        for mode in ("warn", "audit"):
            self.write("web.yaml", DEPLOYMENT)
            self.fix("web.yaml", *self.policy(f"  mode: {mode}\n" + INJECTING))
            self.assertEqual(self.read("web.yaml"), FIXED)

    def test_one_remedy_is_written_without_injection(self):
        self.write("web.yaml", DEPLOYMENT)
        self.fix("web.yaml", *self.policy("  controls: {run-as-non-root: {}, service-account-token: {}}\n"))
        pod = yaml.safe_load(self.read("web.yaml"))["spec"]["template"]["spec"]
        self.assertEqual([container["securityContext"]["runAsNonRoot"] for container in pod["containers"]], [True, True])
        self.assertIs(pod["automountServiceAccountToken"], False)


class LeavingTest(FixTest):
    def test_what_was_written_on_purpose_is_left_without_overwrite(self):
        text = DEPLOYMENT.replace("{runAsUser: 1000}", "{privileged: true}  # for the kernel's log")
        self.write("web.yaml", text)
        policy = self.policy("  podSecurity: {level: restricted, version: latest, inject: true}\n")
        output = self.fix("web.yaml", *policy, code=1)
        self.assertIn("privileged: true, ", self.read("web.yaml"))
        self.assertNotIn("allowPrivilegeEscalation: false", self.read("web.yaml").split("name: log")[1],
                         "the API server refuses it beside privileged=true")
        line = next(i for i, one in enumerate(self.read("web.yaml").splitlines(), 1) if "privileged: true" in one)
        self.assertIn(f"web.yaml:{line}:29: somebody wrote it on purpose, --overwrite replaces it: write: "
                      "securityContext: {privileged: false}\n", output)
        self.fix("--overwrite", "web.yaml", *policy)
        self.assertIn("{privileged: false, ", self.read("web.yaml"))
        self.assertIn("}  # for the kernel's log", self.read("web.yaml"))
        self.assertEqual(self.fix("--overwrite", "web.yaml", *policy), "nothing to fix\n")

    def test_what_a_person_has_to_choose_is_left(self):
        self.write("web.yaml", DEPLOYMENT.replace("nginx:1.29", "nginx"))
        output = self.fix("web.yaml", *self.policy("  controls: {image-tag: {}}\n"), code=1)
        self.assertEqual(output, """\
web.yaml
  Deployment shop/web
    left, error: container "web" must name a tag or digest of image "nginx" (without one it is latest) [test/image-tag]
      web.yaml:13:11: a person has to choose: write: image: docker.io/library/nginx:<version>

nothing to fix; left: 1 error
""")
        self.fix("web.yaml", *self.policy("  mode: warn\n  controls: {image-tag: {}}\n"))

    def test_what_is_shared_is_left(self):
        self.write("web.yaml", DEPLOYMENT.replace("resources: {}  # later", "securityContext: &one {runAsUser: 1000}")
                   .replace("securityContext: {runAsUser: 1000}\n", "env: []\nx: {y: *one}\n"))
        output = self.fix("web.yaml", *self.policy("  controls: {run-as-non-root: {inject: true}}\n"))
        self.assertIn("    cannot write spec.template.spec.containers[1].securityContext.runAsNonRoot: true\n"
                      "      the alias at line 20 would bring the change there as well\n", output)
        self.assertIn("&one {runAsUser: 1000}\n", self.read("web.yaml"))
        self.assertTrue(output.endswith("1 change in 1 workload of 1 file written; left: 1 change that cannot be written\n"))

    def test_exempt_workloads_stay(self):
        self.write("web.yaml", DEPLOYMENT)
        self.fix("web.yaml", *self.policy(INJECTING + "  exemptions:\n    - {name: x, match: {namespaces: [shop]}, "
                                          "controls: [run-as-non-root, resources], reason: old}\n"))
        self.assertEqual(self.read("web.yaml"), DEPLOYMENT)


class FilesTest(FixTest):
    def test_mode_and_links_stay(self):
        self.write("real/web.yaml", DEPLOYMENT)
        (self.folder / "real/web.yaml").chmod(0o640)
        (self.folder / "web.yaml").symlink_to("real/web.yaml")
        self.fix("web.yaml", *self.policy())
        self.assertTrue((self.folder / "web.yaml").is_symlink())
        self.assertEqual(self.read("real/web.yaml"), FIXED)
        self.assertEqual(stat.S_IMODE((self.folder / "real/web.yaml").stat().st_mode), 0o640)
        self.assertEqual([path.name for path in (self.folder / "real").iterdir()], ["web.yaml"])

    def test_what_cannot_be_read_stays_and_the_others_are_fixed(self):
        broken = DEPLOYMENT + "---\na: [\n"
        self.write("tree/broken.yaml", broken)
        self.write("tree/web.yaml", DEPLOYMENT)
        self.write("tree/ignored.yaml", DEPLOYMENT)
        self.write("tree/.tidewaiterignore", "ignored.yaml\n")
        self.write("tree/values.yaml", "image: {{ .Values.image }}\n")
        self.write("empty.yaml", "\n")
        output = self.fix("tree", "empty.yaml", "none.yaml", *self.policy(), code=2, errors="tidewaiter: ")
        self.assertIn("in 1 workload of 1 file written", output)
        self.assertEqual(self.read("tree/broken.yaml"), broken)
        self.assertEqual(self.read("tree/web.yaml"), FIXED)
        self.assertEqual(self.read("tree/ignored.yaml"), DEPLOYMENT)
        self.assertEqual(self.read("tree/values.yaml"), "image: {{ .Values.image }}\n")

    def test_bad_usage(self):
        self.fix(code=2, errors="tidewaiter: ")
        self.fix("--policies", "none.yaml", "x.yaml", code=2, errors="tidewaiter: none.yaml: ")
        self.fix("--sideways", "x.yaml", code=2, errors="tidewaiter: ")

    def test_what_cannot_be_written_is_told_and_stays_whole(self):
        def allow_no_bytes():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (8, 8))
        self.write("web.yaml", DEPLOYMENT)
        policy = self.policy()
        result = subprocess.run([BINARY, "fix", "web.yaml", *policy], capture_output=True, text=True, timeout=BOUND,
                                cwd=self.folder, preexec_fn=allow_no_bytes)
        self.assertEqual((result.returncode, result.stderr), (2, "tidewaiter: web.yaml: cannot be written: File too large\n"))
        self.assertEqual(self.read("web.yaml"), DEPLOYMENT)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["policies", "web.yaml"])


def apply_diff(text, diff):
    """As `patch` would; fails where a line is not what the diff says."""
    lines = text.splitlines(keepends=True)
    result, at = [], 0
    for line in diff.splitlines(keepends=True)[2:]:
        if line.startswith("@@"):
            begin = int(line.split()[1][1:].split(",")[0]) - 1
            result += lines[at:begin]
            at = begin
        elif line[0] == "+":
            result.append(line[1:])
        else:
            assert lines[at] == line[1:], (lines[at], line)
            at += 1
            if line[0] == " ":
                result.append(line[1:])
    return "".join(result + lines[at:])


if __name__ == "__main__":
    unittest.main()
