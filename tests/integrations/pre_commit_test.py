#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The hooks of .pre-commit-hooks.yaml in pre-commit itself, in a Git repository made for it."""

import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("TIDEWAITER", ROOT / "build" / "tidewaiter")).resolve()
TOOLS = pathlib.Path(os.environ.get("TOOLS", ROOT / "build" / "tools"))
BOUND = 120.0
POD = "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: shop}}\nspec: {{containers: [{{name: c, image: \"{}\"}}]}}\n"
POLICY = "apiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {{name: p}}\nspec: {{controls: {{{}: {{}}}}}}\n"
TEST = """\
apiVersion: tidewaiter.dev/v1alpha1
kind: PolicyTest
policies: [policies/p.yaml]
tests:
  - {name: latest is denied, manifest: tests/latest.yaml, expect: {decision: "%s"}}
"""


class PreCommitTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        base = pathlib.Path(folder.name)
        self.folder = base / "repository"
        (base / "bin").mkdir()
        (base / "bin" / "tidewaiter").symlink_to(BINARY)
        git = {f"GIT_{who}_{what}": "t@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        self.environment = {"PATH": f"{base / 'bin'}:{TOOLS / 'pre-commit' / 'bin'}:{os.environ['PATH']}",
                            "HOME": str(base), "PRE_COMMIT_HOME": str(base / "cache"), "LC_ALL": "C.UTF-8",
                            "GIT_CONFIG_NOSYSTEM": "1", **git}
        # As a user's configuration names this repository: by a revision of it.
        hooks = base / "hooks"
        hooks.mkdir()
        (hooks / ".pre-commit-hooks.yaml").write_text((ROOT / ".pre-commit-hooks.yaml").read_text())
        self.commit_all(hooks)
        revision = self.run_in(hooks, "git", "rev-parse", "HEAD").stdout.strip()
        self.folder.mkdir()
        self.write(".pre-commit-config.yaml", f"""\
repos:
  - repo: {hooks}
    rev: {revision}
    hooks:
      - id: tidewaiter-scan
        args: [--policies, policies]
        files: ^manifests/
      - id: tidewaiter-policy-check
        files: ^policies/
      - id: tidewaiter-policy-test
""")
        self.write("policies/p.yaml", POLICY.format("image-tag"))
        self.write("manifests/web.yaml", POD.format("nginx:1"))
        self.write("tests/latest.yaml", POD.format("nginx:latest"))
        self.write("tidewaiter-test.yaml", TEST % "deny")
        self.commit_all(self.folder)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def run_in(self, folder, *command, code=0):
        done = subprocess.run(command, capture_output=True, text=True, timeout=BOUND, cwd=folder, env=self.environment)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def commit_all(self, folder):
        self.run_in(folder, "git", "init", "--quiet")
        self.run_in(folder, "git", "add", "--all")
        self.run_in(folder, "git", "commit", "--quiet", "--message", "all")

    def pre_commit(self, code, *arguments):
        self.run_in(self.folder, "git", "add", "--all")
        return self.run_in(self.folder, "pre-commit", "run", *arguments, code=code).stdout

    def test_hooks(self):
        self.run_in(self.folder, "pre-commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml")
        out = self.pre_commit(0, "--all-files")
        self.assertEqual(out.count("Passed"), 3, out)
        self.write("manifests/web.yaml", POD.format("nginx"))
        out = self.pre_commit(1)
        self.assertIn("manifests/web.yaml\n  Pod shop/web would be denied", out)
        self.assertIn("- exit code: 1", out)
        self.write("manifests/web.yaml", POD.format("nginx:1"))
        self.write("policies/p.yaml", POLICY.format("imag-tag"))
        self.assertIn('unknown control; did you mean "image-tag"?', self.pre_commit(1))
        self.write("policies/p.yaml", POLICY.format("image-tag"))
        self.write("tidewaiter-test.yaml", TEST % "allow")
        self.assertIn("decision: expected allow, and it is deny", self.pre_commit(1))

    def test_fix(self):
        config = self.folder / ".pre-commit-config.yaml"
        config.write_text(config.read_text().replace("id: tidewaiter-scan", "id: tidewaiter-fix"))
        self.write("policies/p.yaml", POLICY.format("run-as-non-root").replace("{}", "{inject: true}"))
        self.write("tidewaiter-test.yaml", (TEST % "warn").replace("latest is denied", "it is fixed"))
        out = self.pre_commit(1, "--all-files")
        self.assertIn("files were modified by this hook", out)
        self.assertIn("runAsNonRoot: true", (self.folder / "manifests" / "web.yaml").read_text())
        self.assertEqual(self.pre_commit(0, "--all-files").count("Passed"), 3)

    def test_a_commit_is_stopped(self):
        self.run_in(self.folder, "pre-commit", "install")
        self.write("manifests/web.yaml", POD.format("nginx"))
        self.run_in(self.folder, "git", "add", "--all")
        self.run_in(self.folder, "git", "commit", "--message", "bad", code=1)
        self.write("manifests/web.yaml", POD.format("nginx:2"))
        self.run_in(self.folder, "git", "add", "--all")
        self.run_in(self.folder, "git", "commit", "--message", "good")


if __name__ == "__main__":
    unittest.main()
