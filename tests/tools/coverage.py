#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints which share of the lines of kube/, controls/, policy/ and engine/ the unit tests have run, as llvm-cov counts it
in a build folder, and fails when it is less than it must be. A line counts as run when any test program that holds it
says so: headers and templates are compiled into many. `./dev coverage` and `./dev test` run it."""
import argparse
import collections
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("kube", "controls", "policy", "engine")
LEAST = 95.0  # percent of the lines of each folder


def find_tool(name):
    """The command of LLVM's that goes with the clang of `./dev setup`."""
    for command in (f"{name}-14", f"{name}-19", name):
        if shutil.which(command):
            return command
    sys.exit(f"coverage.py: there is no {name} here: ./dev setup installs it")


def read_lcov(build):
    """What llvm-cov says of what the test programs of a build folder have run, in lcov's format."""
    profiles = sorted((build / "profiles").glob("*.profraw"))
    programs = sorted(path for path in (build / "tests").glob("*_test") if path.is_file())
    if not profiles or not programs:
        sys.exit(f"coverage.py: nothing was counted in {build}: build it with TIDEWAITER_COVERAGE and run its tests")
    merged = build / "profiles" / "all.profdata"
    subprocess.run([find_tool("llvm-profdata"), "merge", "-sparse", "-o", merged, *profiles], check=True)
    further = [argument for program in programs[1:] for argument in ("-object", program)]
    report = subprocess.run([find_tool("llvm-cov"), "export", "-format=lcov", f"-instr-profile={merged}", programs[0],
                             *further], capture_output=True, text=True)
    if report.returncode != 0:  # otherwise it only warns of functions that two programs have compiled differently
        sys.exit(f"coverage.py: llvm-cov failed: {report.stderr}")
    return report.stdout


def count_lines(lcov):
    """For each file of the folders, relative to the root: line number to how often it ran."""
    counts = collections.defaultdict(dict)
    lines = {}
    for record in lcov.splitlines():
        kind, _, value = record.partition(":")
        if kind == "SF":
            path = Path(value)
            is_ours = path.is_relative_to(ROOT / "webhook") and path.relative_to(ROOT).parts[1] in FOLDERS
            lines = counts[path.relative_to(ROOT)] if is_ours else {}
        elif kind == "DA":
            number, count = map(int, value.split(",")[:2])
            lines[number] = lines.get(number, 0) + count
    return counts


def describe_ranges(numbers):
    ranges = []
    for number in sorted(numbers):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in ranges)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--missing", action="store_true", help="print the lines that were not run")
    arguments = parser.parse_args()
    counts = count_lines(read_lcov(arguments.build.resolve()))
    failed = False
    for folder in FOLDERS:
        files = {name: lines for name, lines in counts.items() if name.parts[1] == folder}
        all_lines = sum(len(lines) for lines in files.values())
        ran = sum(1 for lines in files.values() for count in lines.values() if count > 0)
        if all_lines < 100:
            sys.exit(f"coverage.py: only {all_lines} lines of {folder}/ were found")
        share = 100 * ran / all_lines
        failed |= share < LEAST
        print(f"{folder + '/':<10} {ran:>5} of {all_lines:>5} lines run, {share:5.1f} %"
              f"{'' if share >= LEAST else f'   LESS THAN {LEAST} %'}")
        if arguments.missing:
            for name, lines in sorted(files.items()):
                missing = [number for number, count in lines.items() if count == 0]
                if missing:
                    print(f"  {name}: {describe_ranges(missing)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
