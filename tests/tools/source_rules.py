#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules for source files that no compiler or formatter knows: the licence line, the length of a file, no path of
somebody's own machine. Each offence is printed as file:line. Tests itself on bad files.
"""
import os
import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES = 400  # of a file in webhook/, so that it can be read in one go
LICENCE = "SPDX-License-Identifier: Apache-2.0"
SOURCE = re.compile(r"(\.(cc|h|in|py|sh|lua|cmake)|CMakeLists\.txt|/dev|\.ci/run)$")
# A home or a work folder of a machine; not the middle of a longer path.
OWN_PATH = re.compile(r"""(?<![\w./*\])}-])/(home/[\w.-]+|root|Users/[\w.-]+|work)(?=[/"'`\s]|$)""")
OWN_PATH_ALLOWED = "own-path-is-data"  # on the same line: the path is part of a Kubernetes object, say
SKIPPED_FOLDERS = {".git", "build", "fixtures", "testdata", "__pycache__"}
TEXT = (".cc", ".h", ".in", ".py", ".sh", ".lua", ".cmake", ".txt", ".md", ".yaml", ".yml", ".json", ".toml")


def find_offences(name, text):
    """Returns a list of "file:line: what is wrong" for one file, named relative to the root of the repository."""
    offences = []
    lines = text.splitlines()
    if SOURCE.search("/" + name) and not any(LICENCE in line for line in lines[:3]):
        offences.append(f"{name}:1: no line '{LICENCE}'")
    if name.startswith("webhook/") and len(lines) > MOST_LINES:
        offences.append(f"{name}:{len(lines)}: longer than {MOST_LINES} lines")
    for number, line in enumerate(lines, 1):
        if (match := OWN_PATH.search(line)) and OWN_PATH_ALLOWED not in line:
            offences.append(f"{name}:{number}: a path of somebody's own machine: {match.group(0)}")
    return offences


def list_files(root):
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in SKIPPED_FOLDERS and not f.startswith("build-"))
        for file in sorted(files):
            path = Path(folder, file)
            name = path.relative_to(root).as_posix()
            if path.suffix in TEXT or SOURCE.search("/" + name):
                yield name, path


class SourceRulesTest(unittest.TestCase):
    def test_files_of_the_tree(self):
        files = list(list_files(ROOT))
        self.assertGreater(len(files), 50, "the files were not found")
        offences = []
        for name, path in files:
            offences += find_offences(name, path.read_text(encoding="utf-8"))
        self.assertFalse(offences, "\n" + "\n".join(offences))

    def test_bad_files_are_found_bad(self):
        licence = "// " + LICENCE + "\n"
        home = "/ho" + "me/someone/x"
        cases = [
            ("webhook/kube/a.cc", licence, []),
            ("webhook/kube/a.cc", "int x;\n", ["webhook/kube/a.cc:1: no line"]),
            ("dev", "#!/bin/sh\n", ["dev:1: no line"]),
            ("docs/a.md", "text\n", []),
            ("webhook/kube/a.cc", licence + "\n" * (MOST_LINES - 1), []),
            ("webhook/kube/a.cc", licence + "\n" * MOST_LINES, ["webhook/kube/a.cc:401: longer than 400 lines"]),
            ("tests/a.cc", licence + "\n" * MOST_LINES, []),
            ("docs/a.md", f"see {home}\n", ["docs/a.md:1: a path"]),
            ("docs/a.md", f'"{home}" {OWN_PATH_ALLOWED}\n', []),
            ("docs/a.md", "x\n(/wo" + "rk/main)\n", ["docs/a.md:2: a path"]),
            ("docs/a.md", "/spec/work/home and ./root/x and /workloads /homepage/x\n", []),
        ]
        for name, text, expected in cases:
            with self.subTest(name=name, text=text[:80]):
                offences = find_offences(name, text)
                self.assertEqual(len(offences), len(expected), offences)
                for offence, start in zip(offences, expected):
                    self.assertTrue(offence.startswith(start), offence)


if __name__ == "__main__":
    unittest.main()
