#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the fuzz targets that stand in a build folder (tests/fuzz/NAME_fuzz.cc became fuzz_NAME): first every seed and
every crasher that was ever found, then new inputs for some seconds. What it finds on the way is kept beside the build
and begun with the next time. Fails when a target crashes, hangs, leaks or breaks one of its properties, and says with
which input. `./dev fuzz` and `./dev test` run it."""
import argparse
import concurrent.futures
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures"
POLICIES = HERE.parents[1] / "policies"
# Files that are good seeds where they lie.
MORE_SEEDS = {
    "respond": [FIXTURES / "reviews"],
    "manifest": [FIXTURES / "manifests", POLICIES],
    "policy": [POLICIES, FIXTURES / "policies"],
}
LARGEST_SEED = 16384
MAX_BYTES = {"respond": 16384, "patch": 8192, "manifest": 4096, "policy": 8192}  # otherwise 512
SECONDS_PER_INPUT = 60  # one that takes longer hangs: the slowest takes a tenth of a second, on a machine of its own
MEGABYTES = 2048        # with the sanitizers' own
WORD = re.compile(rb"[A-Za-z0-9$!&*<~.:/_-]{2,40}")


def list_targets():
    return sorted(path.name.removesuffix("_fuzz.cc") for path in HERE.glob("*_fuzz.cc"))


def list_files(*folders):
    return [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir()) if path.is_file()]


def seeds_of(target):
    more = [path for path in list_files(*MORE_SEEDS.get(target, []))
            if path.suffix in (".json", ".yaml") and path.stat().st_size <= LARGEST_SEED]
    return [*list_files(HERE / "seeds" / target), *more]


class Target:
    def __init__(self, name, build):
        self.name = name
        self.program = build / "tests" / "fuzz" / f"fuzz_{name}"
        self.work = build / "work" / name
        self.corpus, self.found = self.work / "corpus", self.work / "found"
        for folder in (self.corpus, self.found):
            folder.mkdir(parents=True, exist_ok=True)
        if not self.program.exists():
            raise SystemExit(f"fuzz.py: there is no {self.program}: build it first")

    def run(self, *arguments, bound):
        """(exit code, output) of the program; one that does not end in time is ended."""
        command = [str(self.program), f"-timeout={SECONDS_PER_INPUT}", f"-rss_limit_mb={MEGABYTES}",
                   f"-artifact_prefix={self.found}/", *map(str, arguments)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=bound, check=False)
        except subprocess.TimeoutExpired as expired:
            return -1, (expired.stderr or b"").decode(errors="replace")
        return done.returncode, done.stderr.decode(errors="replace")

    def fail(self, output):
        return "\n".join([f"{self.name}: FAILED", output[-6000:],
                          f"inputs are kept in {self.found}; once mended, one goes to {HERE}/crashers/{self.name}/"])

    def replay(self):
        """Runs what the repository keeps; (whether all went well, a line about it)."""
        files = [*seeds_of(self.name), *list_files(HERE / "crashers" / self.name)]
        if not files:
            return False, f"{self.name}: FAILED: there are no seeds"
        code, output = self.run(*files, bound=60 + SECONDS_PER_INPUT)
        if code != 0:
            return False, self.fail(output)
        return True, f"{self.name}: {len(files)} kept inputs replayed"

    def write_dictionary(self):
        words = set()
        for path in seeds_of(self.name):
            words.update(WORD.findall(path.read_bytes()))
        path = self.work / "words.dict"
        path.write_bytes(b"".join(b'"' + word + b'"\n' for word in sorted(words)[:3000]))
        return path

    def fuzz(self, seconds):
        for path in seeds_of(self.name):
            if path.stat().st_size <= MAX_BYTES.get(self.name, 512):
                shutil.copyfile(path, self.corpus / f"seed-{path.name}")
        began = time.monotonic()
        code, output = self.run(f"-max_total_time={seconds}", f"-max_len={MAX_BYTES.get(self.name, 512)}",
                                f"-dict={self.write_dictionary()}", "-print_final_stats=1", self.corpus,
                                bound=seconds + 120)
        took = time.monotonic() - began
        if code != 0:
            return False, self.fail(output)
        runs = re.search(r"stat::number_of_executed_units:\s*(\d+)", output)
        state = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)/", output)
        if not runs or not state or int(runs[1]) < 10:
            return False, self.fail("it has run nothing\n" + output)
        edges, features, inputs = state[-1]
        return True, (f"{self.name}: {int(runs[1]):,} inputs in {took:.0f} s, {edges} edges and {features} features "
                      f"covered, {inputs} inputs kept; nothing found")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("build", type=Path, help="folder that the targets were built in")
    parser.add_argument("targets", nargs="*", help=f"default: all of {', '.join(list_targets())}")
    parser.add_argument("--seconds", type=int, default=30, help="of each target, after the replay (%(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="targets at the same time (%(default)s)")
    arguments = parser.parse_args()
    unknown = set(arguments.targets) - set(list_targets())
    if unknown:
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(list_targets())}")
    targets = [Target(name, arguments.build.resolve()) for name in arguments.targets or list_targets()]

    def run_one(target):
        went_well, line = target.replay()
        print(line, flush=True)
        if went_well and arguments.seconds > 0:
            went_well, line = target.fuzz(arguments.seconds)
            print(line, flush=True)
        return went_well

    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(run_one, targets))
    print(f"fuzz: {sum(results)} of {len(results)} targets without a finding", flush=True)
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
