#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The release build is hardened: read off the program itself, and, for what a program does not tell, off the compile
commands it was built with. A program built without any of it is found weak."""

import json
import pathlib
import re
import subprocess
import tempfile
import unittest

from binary_hardening import find_weaknesses
from webhook import BINARY

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = """
#include <cstdio>
#include <cstring>
int main(int argc, char** argv) {
  char text[64];
  std::strcpy(text, argv[argc - 1]);
  return std::puts(text);
}
"""


class HardeningTest(unittest.TestCase):
    def test_the_release_build(self):
        self.assertEqual(find_weaknesses(BINARY), [])

    def test_it_was_compiled_so(self):
        """A program does not tell the level of its fortification."""
        commands = json.loads((pathlib.Path(BINARY).resolve().parent / "compile_commands.json").read_text())
        sources = {each["command"]: self.read_sources(each["file"]) for each in commands}
        self.assertEqual(set().union(*sources.values()), set(map(str, (ROOT / "webhook").rglob("*.cc"))))
        for command in (command for command, ours in sources.items() if ours):
            self.assertEqual(re.findall(r"-[DU]_FORTIFY_SOURCE\S*", command)[-1], "-D_FORTIFY_SOURCE=3", command)
            self.assertIn(" -fstack-protector-strong ", command)
            self.assertRegex(command, r" -f(PIC|PIE) ")
            self.assertRegex(command, r" -O[23] ")  # without optimising nothing is fortified

    def read_sources(self, path):
        """The sources of ours that a compiled file is: itself, or those that a unity build includes in it."""
        texts = [path] if "/Unity/" not in path else re.findall(r'^#include "(.+)"$', pathlib.Path(path).read_text(), re.M)
        return [text for text in texts if pathlib.Path(text).is_relative_to(ROOT / "webhook")]

    def test_weak_programs_are_found_weak(self):
        strong = ["-O2", "-fstack-protector-strong", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=3", "-fPIE", "-pie",
                  "-Wl,-z,relro,-z,now,-z,noexecstack"]
        cases = [([], []), (["-no-pie", "-fno-pie"], ["position independent"]), (["-Wl,-z,lazy"], ["BIND_NOW"]),
                 (["-Wl,-z,norelro"], ["RELRO"]), (["-Wl,-z,execstack"], ["stack can be executed"]),
                 (["-fno-stack-protector"], ["stack protector"]), (["-U_FORTIFY_SOURCE"], ["fortified"]),
                 (["-Wl,-rpath,/opt"], ["folder of its own"])]
        with tempfile.TemporaryDirectory() as folder:
            source, program = pathlib.Path(folder, "weak.cc"), pathlib.Path(folder, "weak")
            source.write_text(PROGRAM)
            for options, expected in cases:
                with self.subTest(options=options):
                    subprocess.run(["g++", *strong, *options, "-o", program, source], check=True, timeout=60)
                    found = find_weaknesses(program)
                    self.assertEqual(len(found), len(expected), found)
                    for weakness, words in zip(found, expected):
                        self.assertIn(words, weakness)


if __name__ == "__main__":
    unittest.main()
