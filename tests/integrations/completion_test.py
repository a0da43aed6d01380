#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Completion, asked of the shells themselves: bash by its completion function, fish by `complete -C`, zsh in a terminal of
its own by the Tab key."""

import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("TIDEWAITER", ROOT / "build" / "tidewaiter")).resolve()
BOUND = 30.0

# What stands before the cursor, and what it may become, or some of that.
CASES = (
    ("tidewaiter sc", {"scan"}, set()),
    ("tidewaiter policy ", {"check", "crd", "diff", "schema", "test"}, {"scan"}),
    ("tidewaiter explain run-as-u", {"run-as-user", "run-as-user-range"}, {"run-as-group"}),
    ("tidewaiter scan --format s", {"sarif"}, {"json"}),
    ("tidewaiter scan --name", {"--namespace", "--namespaces"}, {"--format"}),
    ("tidewaiter completion ", {"bash", "fish", "zsh"}, set()),
    ("tidewaiter scan web", {"web.yaml"}, {"other.yaml"}),
    ("tidewaiter scan --policies ot", {"other.yaml"}, {"web.yaml"}),
    ("tidewaiter policy test --color ", {"always", "auto", "never"}, set()),
)


class CompletionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for shell in ("bash", "zsh", "fish"):
            assert shutil.which(shell), f"{shell} is not installed: ./dev setup does it"
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        path = pathlib.Path(cls.folder.name)
        for name in ("web.yaml", "other.yaml"):
            (path / name).touch()
        (path / "bin").mkdir()
        (path / "bin" / "tidewaiter").symlink_to(BINARY)
        cls.environment = {"HOME": str(path), "PATH": f"{path / 'bin'}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8",
                           "TERM": "xterm", "XDG_CONFIG_HOME": str(path), "XDG_DATA_HOME": str(path)}

    def run_shell(self, *command):
        return subprocess.run(command, capture_output=True, text=True, timeout=BOUND, cwd=self.folder.name,
                              env=self.environment, check=True).stdout

    def check(self, line, found, expected, others):
        self.assertLessEqual(expected, found, f"{line}: {found}")
        self.assertFalse(others & found, f"{line}: {found}")

    def test_the_program_itself(self):
        for line, expected, others in CASES:
            lines = self.run_shell("tidewaiter", "__complete", *line.split(" ")[1:]).splitlines()
            if expected & {"web.yaml", "other.yaml"}:
                self.assertEqual(lines, [":files"])
            else:
                self.check(line, {each.partition("\t")[0] for each in lines}, expected, others)

    def test_bash(self):
        for line, expected, others in CASES:
            script = f"""
                source <(tidewaiter completion bash)
                COMP_WORDS=({' '.join(map(repr, line.split(' ')))})
                COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
                _tidewaiter
                printf '%s\\n' "${{COMPREPLY[@]}}" """
            self.check(line, set(self.run_shell("bash", "--norc", "-c", script).splitlines()), expected, others)
        self.assertIn("-F _tidewaiter", self.run_shell("bash", "--norc", "-c", "source <(tidewaiter completion bash); "
                                                                                "complete -p tidewaiter"))

    def test_fish(self):
        for line, expected, others in CASES:
            out = self.run_shell("fish", "--no-config", "-c", f"tidewaiter completion fish | source; complete -C '{line}'")
            self.check(line, {each.partition("\t")[0] for each in out.splitlines()}, expected, others)

    def test_zsh(self):
        (pathlib.Path(self.folder.name) / ".zshrc").write_text(
            "autoload -Uz compinit; compinit -u; source <(tidewaiter completion zsh)\n"
            "unsetopt automenu listambiguous; setopt autolist nolistbeep listrowsfirst; LISTMAX=10000; PROMPT='READY>'\n")
        for line, expected, others in CASES:
            text = self.type_into_zsh(line)
            found = {word for word in expected | others if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)}
            self.check(line, found, expected, others)

    def type_into_zsh(self, line):
        """The screen after the line and a Tab: what it was completed to, and the list of what it may become."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.folder.name)
            os.execvpe("zsh", ["zsh", "-i"], self.environment)
        try:
            self.read_until(terminal, "READY>")
            os.write(terminal, line.encode() + b"\t")
            # What is typed behind it, at the line's begin, is run when the Tab is done.
            os.write(terminal, b"\x01echo DO''NE #\n")
            return self.read_until(terminal, "\nDONE").partition(line[-3:])[2] + line
        finally:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
            os.close(terminal)

    def read_until(self, terminal, text):
        shown, deadline = "", time.monotonic() + BOUND
        escapes = re.compile(r"\033(\[[\d;?]*[a-zA-Z]|[=>]|\][^\a]*\a)|\r")
        while text not in escapes.sub("", shown):
            if not select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
                raise AssertionError(f"no {text!r} in {shown!r}")
            shown += os.read(terminal, 65536).decode(errors="replace")
        return escapes.sub(" ", shown)


if __name__ == "__main__":
    unittest.main()
