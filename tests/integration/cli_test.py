#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line of the real binary: what goes to standard output and what to standard error, in which order, and the
exit code. What `serve` does is in the other files beside this one."""

import json
import pathlib
import re
import subprocess
import tempfile
import unittest

from webhook import BINARY, BOUND, REVIEWS, ROOT, load_review, patch_of, run

HARDENED, PLAIN, DEPLOYMENT = (str(REVIEWS / name) for name in
                               ("create-pod-typical-hardened.json", "create-pod.json", "create-deployment.json"))
MISSPELT = ROOT / "tests" / "fixtures" / "policies" / "misspelt.yaml"
COMMANDS = ["serve", "review", "controls", "policy", "policy check", "version"]


def json_line(name, uid):
    review = load_review(name)
    review["request"]["uid"] = uid
    return json.dumps(review)


class CliTest(unittest.TestCase):
    def check(self, result, code, errors=()):
        """The exit code, and one line on standard error for each of `errors`."""
        self.assertEqual(result.returncode, code, result.stderr)
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), len(errors), result.stderr)
        for line, error in zip(lines, errors):
            self.assertTrue(line.startswith("tidewaiter: "), line)
            self.assertIn(error, line)

    def responses(self, result):
        reviews = [json.loads(line) for line in result.stdout.splitlines()]
        for review in reviews:
            self.assertEqual((review["apiVersion"], review["kind"]), ("admission.k8s.io/v1", "AdmissionReview"))
        return [review["response"] for review in reviews]


class ReviewTest(CliTest):
    def test_one_file(self):
        result = run("review", HARDENED)
        self.check(result, 0)
        self.assertEqual([response["allowed"] for response in self.responses(result)], [True])

    def test_a_denial_is_an_answer_too(self):
        result = run("review", PLAIN)
        self.check(result, 0)
        self.assertEqual([response["allowed"] for response in self.responses(result)], [False])

    def test_several_files_in_order(self):
        files = [PLAIN, HARDENED, DEPLOYMENT, HARDENED]
        result = run("review", *files)
        self.check(result, 0)
        uids = [json.loads(pathlib.Path(file).read_text())["request"]["uid"] for file in files]
        self.assertEqual([response["uid"] for response in self.responses(result)], uids)

    def test_doors(self):
        self.assertEqual(run("review", PLAIN).stdout, run("review", "--door", "validate", PLAIN).stdout)
        mutated, = self.responses(run("review", "--door", "mutate", PLAIN))
        self.assertTrue(patch_of(mutated))
        self.check(run("review", "--door", "window", PLAIN), 2, ["--door"])

    def test_json_lines_on_standard_input(self):
        uids = [f"u{i}" for i in range(40)]
        lines = [json_line("create-pod.json" if i % 3 else "create-deployment.json", uid) for i, uid in enumerate(uids)]
        for text in ("\n".join(lines), "\n".join(lines) + "\n", "\r\n\n".join(lines) + "\r\n"):
            for arguments in ([], ["-"]):
                result = run("review", *arguments, stdin=text)
                self.check(result, 0)
                self.assertEqual([response["uid"] for response in self.responses(result)], uids)

    def test_standard_input_between_files(self):
        result = run("review", HARDENED, "-", PLAIN, stdin=json_line("create-pod.json", "between"))
        self.check(result, 0)
        self.assertEqual([response["uid"] == "between" for response in self.responses(result)], [False, True, False])

    def test_nothing_on_standard_input(self):
        result = run("review")
        self.check(result, 0)
        self.assertEqual(result.stdout, "")

    def test_malformed_lines_leave_the_others_answered(self):
        lines = [json_line("create-pod.json", "first"), "not JSON", json_line("create-pod.json", "third"), "{}",
                 json_line("create-pod-dryrun.json", "fifth")]
        result = run("review", stdin="\n".join(lines))
        self.check(result, 2, ["standard input, line 2: malformed review: not JSON",
                               "standard input, line 4: malformed review: "])
        self.assertEqual([response["uid"] for response in self.responses(result)], ["first", "third", "fifth"])

    def test_files_that_are_no_reviews_leave_the_others_answered(self):
        with tempfile.TemporaryDirectory() as folder:
            empty = pathlib.Path(folder, "empty.json")
            empty.write_text("")
            result = run("review", "/nowhere.json", HARDENED, folder, empty, PLAIN)
            self.check(result, 2, ["/nowhere.json: cannot be read", f"{folder}: cannot be read", f"{empty}: malformed"])
        self.assertEqual([response["allowed"] for response in self.responses(result)], [True, False])

    def test_policies(self):
        with tempfile.TemporaryDirectory() as folder:
            policy = pathlib.Path(folder, "only-registry.yaml")
            policy.write_text("apiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: own}\n"
                              "spec: {controls: {image-registry: {allowed: [registry.example.com/*]}}}\n")
            for path in (policy, folder):
                response, = self.responses(run("review", "--policies", path, PLAIN))
                self.assertIn("[own/image-registry]", response["status"]["message"])
                self.assertNotIn("hardened", str(response))
            both, = self.responses(run("review", "--policies", policy, "--policies", ROOT / "policies", PLAIN))
            self.assertIn("[own/image-registry]", both["status"]["message"])
            self.assertIn("[hardened/image-tag]", both["status"]["message"])
        result = run("review", "--policies", MISSPELT, PLAIN)
        self.check(result, 2, ["imag-digest"])
        self.assertEqual(result.stdout, "")

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            result = subprocess.run([BINARY, "review", HARDENED], stdout=full, stderr=subprocess.PIPE, text=True,
                                    timeout=BOUND)
        self.check(result, 2, ["standard output: cannot be written"])

    def test_answers_are_the_servers(self):
        # Same bytes for the same review, whatever came before it.
        first = run("review", HARDENED, PLAIN, DEPLOYMENT).stdout.splitlines()
        self.assertEqual(first, [run("review", file).stdout.rstrip("\n") for file in (HARDENED, PLAIN, DEPLOYMENT)])


class OtherCommandsTest(CliTest):
    def test_controls(self):
        result = run("controls")
        self.check(result, 0)
        ids = [line.split()[0] for line in result.stdout.splitlines()]
        self.assertEqual(ids, sorted(ids))
        self.assertLessEqual({"run-as-non-root", "read-only-root-filesystem", "resources", "image-digest", "image-tag",
                              "image-registry"}, set(ids))

    def test_markdown_of_controls_is_the_documentation(self):
        result = run("controls", "--markdown")
        self.check(result, 0)
        self.assertEqual(result.stdout, (ROOT / "docs" / "controls.md").read_text(), "run ./dev docs")

    def test_policy_check_of_good_policies(self):
        for path in (ROOT / "policies" / "hardened.yaml", ROOT / "policies"):
            result = run("policy", "check", path)
            self.check(result, 0)
            self.assertRegex(result.stdout, r"hardened\.yaml:\d+: hardened: 6 controls\n")
            self.assertTrue(result.stdout.splitlines()[-1].startswith("ok: "), result.stdout)

    def test_policy_check_of_bad_policies(self):
        result = run("policy", "check", MISSPELT, "/nowhere.yaml")
        self.check(result, 2, [f"{MISSPELT}:6:5: spec.controls.imag-digest: "
                               'unknown control; did you mean "image-digest"?', "/nowhere.yaml: cannot be read"])
        self.assertEqual(result.stdout, "")
        self.check(run("policy", "check"), 2, ["FILE"])

    def test_policy_check_of_what_kubectl_prints(self):
        printed = {"apiVersion": "tidewaiter.dev/v1alpha1", "kind": "PodPolicy",
                   "metadata": {"name": "a", "uid": "0b5a76ff", "resourceVersion": "17", "generation": 2,
                                "creationTimestamp": "2026-11-25T14:14:17Z", "managedFields": [{"manager": "kubectl"}],
                                "finalizers": ["example.com/x"], "labels": {"team": "a"}},
                   "spec": {"controls": {"image-tag": {}}},
                   "status": {"observedGeneration": 2, "conditions": []}}
        self.check(run("policy", "check", "/dev/stdin", stdin=json.dumps(printed)), 0)
        printed["metadata"]["nam"] = "b"
        self.check(run("policy", "check", "/dev/stdin", stdin=json.dumps(printed)), 2, ["metadata.nam: unknown key"])

    def test_version(self):
        result = run("version")
        self.check(result, 0)
        self.assertRegex(result.stdout, r"\Atidewaiter \d+\.\d+\.\d+\n\Z")

    def test_help(self):
        for command in ["", *COMMANDS]:
            for flag in ("--help", "-h"):
                with self.subTest(command=command, flag=flag):
                    result = run(*command.split(), flag)
                    self.check(result, 0)
                    self.assertIn("Usage: ", result.stdout)
                    self.assertLess(len(result.stdout.splitlines()), 50, "a screen")
        for command in COMMANDS:
            if " " not in command:
                self.assertRegex(run("--help").stdout, rf"(?m)^  {re.escape(command)} ")

    def test_bad_usage(self):
        for arguments in ([], ["frobnicate"], ["policy"], ["policy", "frobnicate"], ["--frobnicate"],
                          ["version", "extra"], ["review", "--frobnicate"], ["controls", "--markdown=maybe"],
                          ["review", "--policies"]):
            with self.subTest(arguments=arguments):
                result = run(*arguments)
                self.check(result, 2, [""])
                self.assertEqual(result.stdout, "")


if __name__ == "__main__":
    unittest.main()
