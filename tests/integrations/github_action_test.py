#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The GitHub Action: its file and the workflow of the documentation by actionlint, and its steps run as a runner does it:
inputs put into expressions, each script by bash -eo pipefail, outputs and summary read from their files. And GitLab's job
of the documentation."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("TIDEWAITER", ROOT / "build" / "tidewaiter")).resolve()
TOOLS = pathlib.Path(os.environ.get("TOOLS", ROOT / "build" / "tools"))
BOUND = 60.0
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: c, image: \"%s\"}]}\n"
POLICY = ("apiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: p}\n"
          "spec: {match: {namespaces: {include: [shop]}}, controls: {image-tag: {}}}\n")


def documented(language):
    text = (ROOT / "docs" / "integrations.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


class FolderTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = pathlib.Path(folder.name)
        self.folder = self.base / "workspace"
        for name in ("workspace/manifests", "workspace/policies", "bin", "home"):
            (self.base / name).mkdir(parents=True)
        (self.base / "bin" / "tidewaiter").symlink_to(BINARY)
        (self.folder / "policies" / "p.yaml").write_text(POLICY)
        self.write_pod("nginx")

    def write_pod(self, image):
        (self.folder / "manifests" / "web.yaml").write_text(POD % image)


class ActionTest(FolderTest):
    def evaluate(self, text, inputs):
        def value(match):
            expression = match.group(1).strip()
            self.assertTrue(expression.startswith("inputs."), expression)
            return inputs[expression.removeprefix("inputs.")]
        return re.sub(r"\$\{\{(.*?)\}\}", value, text)

    def run_action(self, **given):
        """(exit code of the first step that fails or 0, log, outputs, summary)"""
        self.assertLessEqual(given.keys(), ACTION["inputs"].keys())
        inputs = {name: given.get(name, each["default"]) for name, each in ACTION["inputs"].items()}
        files = {name: self.base / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH")}
        for path in files.values():
            path.write_text("")
        environment = {"PATH": f"{self.base / 'bin'}:{os.environ['PATH']}", "HOME": str(self.base / "home"),
                       "GITHUB_ACTION_PATH": str(ROOT), **{name: str(path) for name, path in files.items()}}
        log, code = "", 0
        for step in ACTION["runs"]["steps"]:
            if "uses" in step:
                continue
            self.assertEqual(step["shell"], "bash")
            script = self.base / "step.sh"
            script.write_text(self.evaluate(step["run"], inputs))
            variables = {name: self.evaluate(value, inputs) for name, value in step.get("env", {}).items()}
            path = ":".join([*files["GITHUB_PATH"].read_text().split(), environment["PATH"]])
            done = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", script], cwd=self.folder,
                                  env={**environment, **variables, "PATH": path}, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=BOUND)
            log += done.stdout
            code = done.returncode
            if code != 0:
                break
        outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
        return code, log, outputs, files["GITHUB_STEP_SUMMARY"].read_text()

    def test_file_and_workflow(self):
        """actionlint reads action.yml where a workflow uses it."""
        workflow, = [text for text in documented("yaml") if "runs-on:" in text]
        self.assertIn("uses: example/tidewaiter@v0.1.0", workflow)
        repository = self.base / "lint"
        (repository / ".github" / "workflows").mkdir(parents=True)
        (repository / "action.yml").write_text((ROOT / "action.yml").read_text())
        subprocess.run(["git", "init", "--quiet", repository], check=True)
        def lint(text):
            path = repository / ".github" / "workflows" / "w.yml"
            path.write_text(text)
            return subprocess.run([TOOLS / "actionlint", "-no-color", path], cwd=repository, capture_output=True,
                                  text=True, timeout=BOUND)
        own = workflow.replace("example/tidewaiter@v0.1.0", "./")
        result = lint(own)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        wrong = lint(own.replace("policies:", "policys:"))
        self.assertIn('input "policys" is not defined in action "tidewaiter"', wrong.stdout)

    def test_denied(self):
        code, log, outputs, summary = self.run_action(paths="manifests", policies="policies", namespace="shop")
        self.assertEqual(code, 1, log)
        self.assertIn("::error file=manifests/web.yaml,line=4,", log)
        self.assertEqual(outputs, {"denied": "1", "sarif": "tidewaiter.sarif"})
        self.assertIn("1 of 1 workload would be denied", summary)
        results = json.loads((self.folder / "tidewaiter.sarif").read_text())["runs"][0]["results"]
        self.assertEqual([result["ruleId"] for result in results], ["image-tag"])
        self.assertEqual(self.run_action(paths="manifests", policies="policies", namespace="shop", fail="false")[0], 0)

    def test_allowed(self):
        self.write_pod("nginx:1")
        code, log, outputs, _ = self.run_action(paths="manifests", policies="policies", namespace="shop", sarif="a b.sarif")
        self.assertEqual((code, outputs), (0, {"denied": "0", "sarif": "a b.sarif"}), log)
        self.assertTrue((self.folder / "a b.sarif").exists())

    def test_what_cannot_be_read_fails_always(self):
        code, log, _, _ = self.run_action(paths="manifests nowhere", policies="policies", fail="false")
        self.assertEqual(code, 2)
        self.assertIn("tidewaiter: nowhere", log)

    def test_the_program_of_the_cache_is_used(self):
        (self.base / "bin" / "tidewaiter").unlink()
        cache = self.base / "home" / ".cache" / "tidewaiter"
        cache.mkdir(parents=True)
        (cache / "tidewaiter").symlink_to(BINARY)
        code, log, _, _ = self.run_action(paths="manifests", policies="policies", namespace="shop")
        self.assertEqual(code, 1, log)
        self.assertEqual(ACTION["runs"]["steps"][0]["with"]["path"], "~/.cache/tidewaiter")


class GitlabTest(FolderTest):
    def test_the_documented_job(self):
        text, = [text for text in documented("yaml") if "codequality" in text]
        job = yaml.safe_load(text)["tidewaiter"]
        environment = {"PATH": f"{self.base / 'bin'}:{os.environ['PATH']}", "HOME": str(self.base)}
        script = self.base / "job.sh"
        script.write_text("set -eo pipefail\n" + "\n".join(job["script"]))
        run_job = lambda: subprocess.run(["bash", script], cwd=self.folder, env=environment, capture_output=True,
                                         text=True, timeout=BOUND)
        self.assertEqual(run_job().returncode, 1)
        report = json.loads((self.folder / job["artifacts"]["reports"]["codequality"]).read_text())
        entry, = report
        self.assertEqual((entry["check_name"], entry["location"]["path"], entry["location"]["lines"]["begin"]),
                         ("image-tag", "manifests/web.yaml", 4))
        self.assertEqual(job["artifacts"]["when"], "always")
        self.write_pod("nginx:1")
        self.assertEqual(run_job().returncode, 0)
        self.assertEqual(json.loads((self.folder / job["artifacts"]["reports"]["codequality"]).read_text()), [])


if __name__ == "__main__":
    unittest.main()
