#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what docs/performance.md and README.md say in figures, and the two pictures, from the records peers.json and
growth.json: `performance.py write`, which `./dev bench peers --update`, `./dev bench growth --update` and `./dev docs`
do. The text between is written by hand. performance_test.py holds documents and records together.
"""
import json
import pathlib
import re
import statistics
import sys

import charts

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DOCUMENT, README = ROOT / "docs" / "performance.md", ROOT / "README.md"
PICTURES = {"peers": ROOT / "docs" / "performance.svg", "growth": ROOT / "docs" / "growth.svg"}
TITLES = {"tidewaiter": "tidewaiter", "tidewaiter-all": "tidewaiter, all shipped policies",
          "pod-security": "Pod Security webhook"}
SIZES = {"small": "small", "typical": "typical", "large": "large"}
PEER = "pod-security"


def read_records():
    return {name: json.loads((HERE / f"{name}.json").read_text()) for name in PICTURES}


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "| --- " + "| ---: " * (len(head) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def milliseconds(microseconds):
    return f"{microseconds / 1000:,.2f}" if microseconds < 100_000 else f"{microseconds / 1000:,.0f}"


def ratio(theirs, ours):
    return f"{theirs / ours:.1f}"


def cpu_table(record):
    rows = []
    for size in SIZES:
        for connections, theirs in record["rows"][PEER]["closed"][size].items():
            ours = record["rows"]["tidewaiter"]["closed"][size][connections]
            everything = record["rows"]["tidewaiter-all"]["closed"][size][connections]
            rows.append([f"{SIZES[size]}, {connections} connection{'s' * (connections != '1')}",
                         *(f"{row['cpu_us']:,.0f}" for row in (ours, everything, theirs)),
                         f"**{ratio(theirs['cpu_us'], ours['cpu_us'])}**", ratio(theirs["cpu_us"], everything["cpu_us"])])
    return table(["CPU time a review, µs", *TITLES.values(), "times", "times, all policies"], rows)


def closed_table(record, head, write):
    """What `write` makes of each cell of the rounds that ask as fast as it answers."""
    rows = []
    for size in SIZES:
        for connections in record["rows"][PEER]["closed"][size]:
            cells = [record["rows"][name]["closed"][size][connections] for name in TITLES]
            rows.append([f"{SIZES[size]}, {connections} connection{'s' * (connections != '1')}", *map(write, cells)])
    return table([head, *TITLES.values()], rows)


def write_percentiles(cell):
    return " / ".join(milliseconds(cell[key]) for key in ("p50", "p99", "p999"))


def steady_table(record):
    rows = []
    for size in SIZES:
        cells = [record["rows"][name]["steady"][size] for name in TITLES]
        rows.append([SIZES[size], *(write_percentiles(cell) + (f" ({cell['failed'] / cell['reviews']:.0%} not sent in time)" if cell["failed"] else "")
                                    for cell in cells)])
    return table([f"{record['rate']} reviews a second, p50 / p99 / p99.9, ms", *TITLES.values()], rows)


def memory_table(record):
    rows = record["rows"]
    lines = [["memory at rest, MB", *(f"{rows[name]['memory_at_rest_mb']:.1f}" for name in TITLES)]]
    for connections in rows[PEER]["closed"]["typical"]:
        lines.append([f"memory under typical reviews on {connections} connection{'s' * (connections != '1')}, MB",
                      *(f"{rows[name]['closed']['typical'][connections]['memory_mb']:.1f}" for name in TITLES)])
    lines.append(["the most memory of the whole run, MB",
                  *(f"{max(cell['memory_mb'] for size in rows[name]['closed'].values() for cell in size.values()):.1f}"
                    for name in TITLES)])
    lines.append(["from start to the first answer, ms",
                  *(f"{statistics.median(rows[name]['first_answer_ms']):.0f}" for name in TITLES)])
    return table(["", *TITLES.values()], lines)


def machine_text(record):
    machine = record["machine"]
    text = f"{machine['processors']} processors ({machine['processor']}), {machine['memory_gb']} GB, {machine['system']}, " \
           f"Linux {machine['kernel']}"
    if "versions" in record:
        versions = record["versions"]
        text += f"; tidewaiter {versions['tidewaiter']}, k8s.io/pod-security-admission {versions['pod-security']} built with " \
                f"{versions['go']}, OpenSSL {versions['openssl']}"
    return text


def peers_text(record):
    disturbed = record["others"] + record["stolen"]
    said = [f"Measured on {record['date']} in {record['minutes']:g} minutes: {machine_text(record)}. Meanwhile other programs "
            f"took {record['others']:.0%} of the processors, and other machines of the host {record['stolen']:.0%}."]
    if disturbed > 0.05:
        said.append("**The machine was not at rest**: read the ratios, which come of turns that suffered alike, and not the "
                    "absolute figures.")
    verdicts = ", ".join(f"{size} {'allowed' if record['rows'][PEER]['verdicts'][size] else 'denied'}" for size in SIZES)
    said.append(f"Both judged alike: {verdicts}. With all shipped policies tidewaiter has more to say: "
                + ", ".join(f"{size} {'allowed' if record['rows']['tidewaiter-all']['verdicts'][size] else 'denied'}"
                            for size in SIZES) + ".")
    return "\n\n".join([" ".join(said), cpu_table(record), memory_table(record), steady_table(record),
                        closed_table(record, "as fast as it answers, reviews a second", lambda cell: f"{cell['rate']:,.0f}"),
                        closed_table(record, "as fast as it answers, p50 / p99 / p99.9, ms", write_percentiles)])


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"


def growth_text(record):
    groups, parts = {}, []
    for case, row in record["engine"].items():
        groups.setdefault(case.partition("/")[0], []).append((case, row))
    parts.append(f"Measured on {record['date']} in {record['minutes']:g} minutes: {machine_text(record)}. Thousands of instructions "
                 "of a review, and the CPU time in µs of the ends.")
    for group, cases in groups.items():
        numbers = cases[0][1]["n"]
        rows = []
        for case, row in cases:
            counts = row["instructions"]
            slope = (counts[-1] - counts[0]) / (numbers[-1] - numbers[0])
            rows.append([charts.GROWTH_NAMES[case], *(f"{count / 1000:,.0f}" for count in counts), number(slope),
                         f"{number(row['cpu_us'][0])} → {number(row['cpu_us'][-1])}"])
        parts.append(table([group, *(f"{each:,}" for each in numbers), "instructions for each more", "CPU, µs"], rows))
    connections, namespaces = record["connections"], record["namespaces"]
    parts.append(table([f"idle connections, beside {record['active']} that ask", *(f"{each:,}" for each in connections["n"])],
                       [["CPU time a review, µs", *(f"{each:.0f}" for each in connections["cpu_us"])],
                        ["resident memory, MB", *(f"{each:.1f}" for each in connections["memory_mb"])]]))
    parts.append(table(["namespaces watched", *(f"{each:,}" for each in namespaces["n"])],
                       [["CPU time a review, µs", *(f"{each:.0f}" for each in namespaces["cpu_us"])],
                        ["resident memory, MB", *(f"{each:.1f}" for each in namespaces["memory_mb"])],
                        ["from start to the first answer, ms", *(f"{each:.0f}" for each in namespaces["ready_ms"])]]))
    return "\n\n".join(parts)


def readme_text(record):
    ours, theirs = record["rows"]["tidewaiter"], record["rows"][PEER]
    times = {size: theirs["closed"][size]["16"]["cpu_us"] / ours["closed"][size]["16"]["cpu_us"] for size in SIZES}
    steady = {name: record["rows"][name]["steady"]["typical"]["p99"] for name in ("tidewaiter", PEER)}
    return (f"Beside the lightest peer, Kubernetes' own Pod Security webhook, judging the same Pods by the same standard in one run: "
            f"a review of 10 KB takes {times['typical']:.0f} times less CPU time ({times['small']:.0f} times at 3 KB, "
            f"{times['large']:.0f} times at 100 KB), {ours['closed']['typical']['256']['memory_mb']:.0f} MB instead of "
            f"{theirs['closed']['typical']['256']['memory_mb']:.0f} MB, and at {record['rate']} reviews a second 99 % are answered "
            f"within {milliseconds(steady['tidewaiter'])} ms instead of {milliseconds(steady[PEER])} ms. "
            f"[docs/performance.md](docs/performance.md) has the method, every figure, and [how cost grows](docs/growth.svg).")


def fill(text, name, made):
    """The document with what stands between the marks of that name replaced."""
    marks = re.compile(rf"(<!-- {name}: generated -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    if len(marks.findall(text)) != 1:
        raise ValueError(f"there must be one pair of marks of {name}")
    return marks.sub(lambda match: f"{match[1]}\n{made}\n\n{match[2]}", text)


def make_all(records):
    """What each file must hold, by path."""
    document = fill(DOCUMENT.read_text(), "peers", peers_text(records["peers"]))
    document = fill(document, "growth", growth_text(records["growth"]))
    return {DOCUMENT: document, README: fill(README.read_text(), "performance", readme_text(records["peers"])),
            PICTURES["peers"]: charts.draw_peers(records["peers"], TITLES),
            PICTURES["growth"]: charts.draw_growth(records["growth"])}


def main(words):
    if words != ["write"]:
        print("usage: performance.py write", file=sys.stderr)
        return 2
    for path, text in make_all(read_records()).items():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
