# SPDX-License-Identifier: Apache-2.0
"""What a program itself tells, by readelf, of how hard it is to take over: where it lies in memory, what of it can be
written and run, and whether its buffers are guarded. hardening_test.py asks it of the release build, tests/image of the
program in the image."""

import re
import subprocess

# Functions of glibc that check the size of their destination; the compiler calls them where it cannot prove it.
FORTIFIED = re.compile(r"\b__(memcpy|memmove|memset|str\w+|v?sn?printf|read|recv|realpath|fdelt|vfprintf)_chk\b")


def readelf(program, *arguments):
    return subprocess.run(["readelf", "--wide", *arguments, str(program)], check=True, capture_output=True, text=True,
                          timeout=60, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}).stdout


def find_weaknesses(program):
    """A list of what is missing, in words; empty for a hardened program."""
    header, segments = readelf(program, "--file-header"), readelf(program, "--program-headers")
    dynamic, symbols = readelf(program, "--dynamic"), readelf(program, "--dyn-syms")
    weaknesses = []

    def expect(holds, weakness):
        if not holds:
            weaknesses.append(weakness)

    expect(re.search(r"Type:\s+DYN", header) and re.search(r"FLAGS_1.*\bPIE\b", dynamic),
           "it is no position independent executable: its addresses are known")
    expect("GNU_RELRO" in segments, "no RELRO: its tables of functions can be overwritten")
    expect(re.search(r"BIND_NOW|FLAGS_1.*\bNOW\b", dynamic), "no BIND_NOW: RELRO covers only a part")
    stack = re.search(r"GNU_STACK(\s+0x\w+){5}\s+([RWE ]+?)\s+0x", segments)
    expect(stack and "E" not in stack[2], "its stack can be executed")
    expect(not re.search(r"LOAD(\s+0x\w+){5}\s+RWE", segments), "memory that can be written can be executed")
    expect("TEXTREL" not in dynamic, "its code is written to when it is loaded")
    expect(not re.search(r"\((RPATH|RUNPATH)\)", dynamic), "it looks for libraries in a folder of its own")
    expect("__stack_chk_fail" in symbols, "no stack protector")
    expect(FORTIFIED.search(symbols), "no fortified calls")
    return weaknesses
