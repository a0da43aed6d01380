#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/reliability.md names tests for what it promises: each of them exists, every fuzz target and every test of hostile
clients, faults and the long run is named there, and so are the commands of `dev`."""

import re
import unittest

from webhook import ROOT

TEXT = (ROOT / "docs" / "reliability.md").read_text()
TESTS = ROOT / "tests"
PYTHON_NAME = re.compile(r"`(\w+_test)\.(test_\w+)`")
CC_NAME = re.compile(r"`([A-Z]\w*Test)\.([A-Z]\w+)`")


def python_tests(stem):
    """The names of the tests in the file STEM.py somewhere under tests/."""
    path, = TESTS.rglob(f"{stem}.py")
    return set(re.findall(r"(?m)^    def (test_\w+)\(", path.read_text()))


class ReliabilityTest(unittest.TestCase):
    def test_tests_that_are_named_exist(self):
        named = PYTHON_NAME.findall(TEXT)
        self.assertGreater(len(named), 25)
        for stem, name in named:
            self.assertIn(name, python_tests(stem), stem)
        sources = "".join(path.read_text() for path in TESTS.rglob("*_test.cc"))
        known = set(re.findall(r"(?m)^TEST(?:_F|_P)?\((\w+), (\w+)\)", sources))
        named = CC_NAME.findall(TEXT)
        self.assertGreater(len(named), 8)
        self.assertEqual(set(named) - known, set())

    def test_everything_of_the_kind_is_named(self):
        for stem in ("hostile_test", "faults_test", "soak_test"):
            named = {name for file, name in PYTHON_NAME.findall(TEXT) if file == stem}
            self.assertEqual(python_tests(stem), named, stem)
        targets = {f"tests/fuzz/{path.name}" for path in (TESTS / "fuzz").glob("*_fuzz.cc")}
        self.assertEqual(targets, set(re.findall(r"`(tests/fuzz/\w+_fuzz\.cc)`", TEXT)))
        for target in targets:
            name = re.search(r"(\w+)_fuzz", target)[1]
            self.assertTrue(list((TESTS / "fuzz" / "seeds" / name).iterdir()), f"{name} has no seeds")
            self.assertRegex(TEXT, rf"(?m)^\| {name} \|", "figures of its last long run")

    def test_commands_that_are_named_exist(self):
        dev = (ROOT / "dev").read_text()
        commands = set(re.findall(r"\./dev (\w+)", TEXT))
        self.assertGreaterEqual(commands, {"fuzz", "soak", "coverage", "test"})
        for command in commands:
            self.assertRegex(dev, rf"(?m)^cmd_{command}\(\)")


if __name__ == "__main__":
    unittest.main()
