#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual page: groff has nothing to say against it, it holds every option of every command, and the help of each
command suffices: a description for every option, an example or an explanation, the exit codes where they say something."""

import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("TIDEWAITER", str(ROOT / "build" / "tidewaiter"))
BOUND = 30.0


def run(*arguments, **options):
    return subprocess.run([*map(str, arguments)], capture_output=True, text=True, timeout=BOUND, **options)


def commands(*path):
    """The words of each command that does something."""
    text = run(BINARY, *path, "--help").stdout
    names = re.findall(r"(?m)^  ([a-z]+) {2,}", text.partition("Subcommands:")[2])
    return [each for name in names for each in commands(*path, name)] if names else [path]


class ManTest(unittest.TestCase):
    PAGE = run(BINARY, "man").stdout

    def test_groff_takes_it(self):
        result = run("groff", "-ww", "-z", "-man", "-Tutf8", input=self.PAGE)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_it_is_the_file_of_the_documentation(self):
        self.assertEqual((ROOT / "docs" / "tidewaiter.1").read_text(), self.PAGE, "run ./dev docs")

    def test_it_holds_every_command_and_option(self):
        text = re.sub(r".\x08", "", run("groff", "-man", "-Tutf8", "-P-cbou", "-rLL=200n", input=self.PAGE).stdout)
        text = text.replace("\u2010", "-").replace("\u2212", "-")
        every = commands()
        self.assertGreaterEqual(len(every), 15)
        for path in every:
            self.assertIn("tidewaiter " + " ".join(path), text)
            for option in re.findall(r"(?m)^ +(--[a-z-]+)", run(BINARY, *path, "--help").stdout):
                self.assertIn(option, text, path)

    def test_help_suffices(self):
        for path in commands():
            text = run(BINARY, *path, "--help").stdout
            with self.subTest(" ".join(path)):
                # The description of an option stands behind it or on the next line, indented.
                options = re.findall(r"(?m)^ {2}(?:-h,)?(--[a-z-]+|[A-Z][A-Z|]*)\b.*\n(?: {20,}\S.*\n)*", text)
                self.assertTrue(options)
                for match in re.finditer(r"(?m)^  (--[a-z-]+)[^\n]*(?:\n {20,}[^\n]+)*", text):
                    self.assertGreater(len(re.findall(r"[a-zA-Z]{2,}", match[0])), 3, match[0])
                if path[0] in ("scan", "explain", "review", "probe") or path[:1] == ("policy",) and path[1] in (
                        "check", "test", "diff"):
                    self.assertIn("Exit code: 0", text)


if __name__ == "__main__":
    unittest.main()
