#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""README.md says what is true: its policies load, its console examples print exactly what stands there, its command
lines work, its links lead to files, and its metrics are those that the server has."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from webhook import BINARY, BOUND, ROOT, Webhook, load_review, run

README = (ROOT / "README.md").read_text()


def blocks(language):
    """The fenced blocks of a language, without their fences."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def shell(line):
    """Runs a line as a reader would, from the repository's root, with the binary in the path."""
    environment = {**os.environ, "PATH": f"{pathlib.Path(BINARY).resolve().parent}:{os.environ['PATH']}"}
    return subprocess.run(["sh", "-c", line], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=BOUND, env=environment)


class ReadmeTest(unittest.TestCase):
    def test_policies_load(self):
        policies = blocks("yaml")
        self.assertTrue(policies)
        for text in policies:
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder, "policy.yaml")
                path.write_text(text)
                result = run("policy", "check", path)
                self.assertEqual((result.returncode, result.stderr), (0, ""), text)

    def test_console_examples_print_what_stands_there(self):
        examples = blocks("console")
        self.assertTrue(examples)
        for block in examples:
            self.assertTrue(block.startswith("$ "), block)
            for part in block.split("\n$ ") if "\n$ " in block else [block]:
                command, _, expected = part.removeprefix("$ ").partition("\n")
                with self.subTest(command):
                    self.assertTrue(command.startswith("tidewaiter "), "only what this test can run")
                    self.assertEqual(shell(command).stdout.rstrip("\n"), expected.rstrip("\n"))

    def test_command_lines_work(self):
        lines = [line for block in blocks("sh") for line in block.splitlines()
                 if re.match(r"tidewaiter (review|scan --format|explain|controls|completion|version)\b", line)]
        self.assertGreaterEqual(len(lines), 5)
        for line in lines:
            with self.subTest(line):
                result = shell(line)
                self.assertEqual(result.returncode, 0, result.stdout)

    def test_every_subcommand_and_no_other_is_named(self):
        named = set(re.findall(r"(?m)^tidewaiter ([a-z]+)", "".join(blocks("sh"))))
        existing = set(re.findall(r"(?m)^  ([a-z]+) {2,}", run("--help").stdout.partition("Subcommands:")[2]))
        self.assertEqual(named, existing)

    def test_every_flag_exists(self):
        helps = "".join(run(*command.split(), "--help").stdout
                        for command in ("serve", "review", "scan", "fix", "explain", "controls", "policy check", "policy test", "policy diff",
                                        "version"))
        flags = set(re.findall(r"`(--[a-z][a-z-]+)", README))
        flags |= {flag for block in blocks("sh") for line in block.splitlines() if line.startswith("tidewaiter ")
                  for flag in re.findall(r"(?<= )--[a-z][a-z-]+", line)}
        self.assertTrue(flags)
        for flag in flags:
            self.assertIn(flag, helps)

    def test_links_lead_to_files(self):
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", README):
            if not re.match(r"[a-z]+://", target):
                self.assertTrue((ROOT / target).exists(), target)

    def test_metrics_are_those_of_the_server(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        exempting = pathlib.Path(folder.name, "exempting.yaml")
        exempting.write_text(
            "apiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: exempting}\nspec:\n"
            "  controls: {image-digest: {}}\n  exemptions:\n    - {name: all, reason: to see its metrics, "
            "controls: [image-digest], match: {names: [\"*\"]}, until: \"2999-01-01\"}\n")
        nowhere = pathlib.Path(folder.name, "kubeconfig")  # an API server that is away has metrics, too
        nowhere.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
            "users": [{"name": "c", "user": {}}], "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}]}))
        webhook = Webhook("--drain-seconds", "0", "--policies", str(ROOT / "policies" / "hardened.yaml"), "--policies",
                          str(exempting))
        for door in ("mutate", "validate"):
            webhook.ask(door, load_review("create-pod.json"))
        text = webhook.ops("/metrics").text
        webhook.stop()
        waiting = Webhook("--drain-seconds", "0", "--cluster", "--kubeconfig", str(nowhere))
        text += waiting.ops("/metrics").text
        waiting.stop()
        names = set(re.findall(r"(?m)^# TYPE (\S+)", text))
        reference = (ROOT / "docs" / "metrics.md").read_text()
        self.assertEqual(set(re.findall(r"(?m)^## (\S+)$", reference)), names)
        samples = re.findall(r'`(tidewaiter_[a-z_]+\{[^}`]+\})`', README)
        self.assertTrue(samples)
        for sample in samples:
            self.assertIn(f"\n{sample} ", text)


if __name__ == "__main__":
    unittest.main()
