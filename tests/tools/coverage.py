#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints which share of the lines of kube/, controls/, policy/ and engine/ the unit tests have run, as gcov counted it in
a build folder, and fails when it is less than it must be. A line counts as run when any object file that holds it says
so: headers and templates are compiled into many. `./dev coverage` and `./dev test` run it."""
import argparse
import collections
import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("kube", "controls", "policy", "engine")
LEAST = 95.0  # percent of the lines of each folder


def run_gcov(notes):
    """What gcov says of these notes files, each about one object file: a list of its JSON."""
    reports = []
    with tempfile.TemporaryDirectory() as folder:
        for start in range(0, len(notes), 50):
            subprocess.run([os.environ.get("GCOV", "gcov"), "--json-format", "--preserve-paths", "--hash-filenames",
                            *map(str, notes[start:start + 50])], cwd=folder, check=True, capture_output=True)
        for path in Path(folder).glob("*.gcov.json.gz"):
            reports.append(json.loads(gzip.decompress(path.read_bytes())))
    return reports


def count_lines(reports, build):
    """For each file of the folders, relative to the root: line number to how often it ran."""
    counts = collections.defaultdict(dict)
    for report in reports:
        for each in report["files"]:
            path = Path(os.path.normpath(build / each["file"]))
            if not path.is_relative_to(ROOT / "webhook"):
                continue
            name = path.relative_to(ROOT)
            if name.parts[1] not in FOLDERS:
                continue
            lines = counts[name]
            for line in each["lines"]:
                number = line["line_number"]
                lines[number] = lines.get(number, 0) + line["count"]
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
    build = arguments.build.resolve()
    notes = [path for folder in FOLDERS for path in (build / "CMakeFiles" / f"tidewaiter_{folder}.dir").rglob("*.gcno")]
    notes += [path for folder in FOLDERS for path in (build / "tests/CMakeFiles" / f"{folder}_test.dir").rglob("*.gcno")]
    if not notes or not any(path.with_suffix(".gcda").exists() for path in notes):
        sys.exit(f"coverage.py: nothing was counted in {build}: build it with TIDEWAITER_COVERAGE and run its tests")
    counts = count_lines(run_gcov([path for path in notes]), build)
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
