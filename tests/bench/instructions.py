#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# How many instructions the engine takes for a review, counted under callgrind: unlike times, counts are the same on a
# busy machine and on one at rest. instructions.json is the record; tests/bench/instructions_test.py compares with it,
# `./dev bench instructions` shows the counts, and with --update writes it.
import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

RECORD = Path(__file__).with_suffix(".json")
TIMES = 20  # reviews a case; enough that what is different in the first is lost
CASES = [
    "small one validate", "typical one validate", "large one validate",
    "small one mutate", "typical one mutate", "large one mutate",
    "typical shipped validate", "large shipped validate",
    "typical hundred validate",
]
MOST_GROWTH = 0.05
MOST_FALL = 0.10
HOW_TO_UPDATE = "if that is meant, run ./dev bench instructions --update and commit tests/bench/instructions.json"


def conditions(compiler):
    """What the counts depend on besides the sources: with another of these they say nothing about a change."""
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "?")
    cpuinfo = Path("/proc/cpuinfo")
    # simdjson and the C library choose their code by it.
    has_avx2 = cpuinfo.exists() and re.search(r"^flags.*\bavx2\b", cpuinfo.read_text(), re.MULTILINE) is not None
    return {"compiler": compiler, "system": system, "machine": platform.machine() + (" with AVX2" if has_avx2 else "")}


def without_random_addresses(command):
    setarch = shutil.which("setarch")
    if setarch is None:
        return command
    prefix = [setarch, platform.machine(), "-R"]
    can = subprocess.run(prefix + ["true"], capture_output=True, check=False).returncode == 0
    return prefix + command if can else command


def count(program, case):
    """Instructions a review of `case`; raises RuntimeError when they cannot be counted."""
    if shutil.which("valgrind") is None:
        raise RuntimeError("there is no valgrind here: run ./dev setup")
    with tempfile.TemporaryDirectory() as folder:
        command = without_random_addresses([
            "valgrind", "--tool=callgrind", "--toggle-collect=MeasuredReviews",
            "--callgrind-out-file=" + os.path.join(folder, "out"), program, *case.split(), str(TIMES)])
        run = subprocess.run(command, capture_output=True, text=True, env={"PATH": os.environ["PATH"]}, check=False)
    collected = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or collected is None or int(collected.group(1)) == 0:
        raise RuntimeError(f"{' '.join(command)}: status {run.returncode}\n{run.stdout}{run.stderr}")
    return int(collected.group(1)) // TIMES


def count_all(program):
    return {case: count(program, case) for case in CASES}


def describe(case, old, new):
    return f"{case}: {old:,} -> {new:,} instructions a review ({(new - old) / old:+.1%})"


def complaints(old_counts, new_counts):
    """A line for each case that grew or fell too much, or that only one of the two has."""
    lines = []
    for case in sorted(old_counts.keys() | new_counts.keys()):
        if case not in old_counts or case not in new_counts:
            lines.append(f"{case}: is not {'in the record' if case in new_counts else 'measured any more'}")
            continue
        change = (new_counts[case] - old_counts[case]) / old_counts[case]
        if change > MOST_GROWTH or change < -MOST_FALL:
            lines.append(describe(case, old_counts[case], new_counts[case]))
    return lines


def why_incomparable(record, here):
    """"" when the record was made under the same conditions, else a sentence."""
    if all(record.get(key) == value for key, value in here.items()):
        return ""
    return (f"nothing was compared: the record is of {', '.join(record[key] for key in here)}, "
            f"and here is {', '.join(here.values())}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", help="build/release/tests/instructions")
    parser.add_argument("compiler", help="its name and version")
    parser.add_argument("--update", action="store_true", help="write the record")
    arguments = parser.parse_args()
    here = conditions(arguments.compiler)
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    counts = count_all(arguments.program)
    for case, new in counts.items():
        old = record.get("instructions", {}).get(case)
        print(f"{case}: {new:,} instructions a review" if old is None else describe(case, old, new))
    if record and (reason := why_incomparable(record, here)):
        print(reason, file=sys.stderr)
    if arguments.update:
        RECORD.write_text(json.dumps({**here, "instructions": counts}, indent=2) + "\n")
        print(f"wrote {RECORD}")


if __name__ == "__main__":
    main()
