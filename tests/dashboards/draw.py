#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws docs/dashboard.svg: runs the scenario for some minutes with load that rises and falls and things that go wrong,
asks its Prometheus every query of the dashboard, and draws the answers. `python3 -B tests/dashboards/draw.py` after
`./dev build`, when the dashboard has changed."""

import argparse
import json
import math
import pathlib
import random
import re
import tempfile
import threading
import time

from prometheus import ROOT
from queries import fill_in, graphs, load_dashboard
from scenario import GOOD, Scenario
from svg import draw_dashboard

RATE = "10s"
POINTS = 96


def name_of(series, target):
    """The legend's text of a series, as Grafana makes it."""
    legend = target["legendFormat"]
    return re.sub(r"\{\{(\w+)\}\}", lambda match: series["metric"].get(match[1], ""), legend) if legend != "__auto" else ""


def finite(values):
    """[(time, number)] without what cannot be drawn."""
    points = [(float(time), float(text)) for time, text in values]
    return [(time, value) for time, value in points if math.isfinite(value)]


def answer(prometheus, panel, start, end):
    """What draw_dashboard wants of a panel."""
    answers = []
    for target in panel["targets"]:
        expression = fill_in(target["expr"], RATE)
        if panel["type"] in ("stat", "table"):
            for series in prometheus.query(expression, time=end):
                points = finite([series["value"]])
                if points:
                    answers.append((series["metric"] if panel["type"] == "table" else name_of(series, target), points))
            continue
        for series in prometheus.query_range(expression, start, end, (end - start) / POINTS):
            points = finite(series["values"])
            if points:
                answers.append((name_of(series, target), points))
    if panel["type"] == "timeseries":
        answers.sort(key=lambda each: -sum(value for _, value in each[1]))
    return answers


class Load:
    """Traffic that follows the time of the run, from several connections."""

    def __init__(self, scenario, seconds, connections=4, has_events=True):
        self.scenario, self.seconds, self.start = scenario, seconds, time.monotonic()
        self.events = self.make_events() if has_events else []
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(connections)]

    def share(self):
        """How much of the run is over."""
        return (time.monotonic() - self.start) / self.seconds

    def make_events(self):
        """(when, what) in order; each happens once."""
        api, change = self.scenario.api, self.scenario.change_policies
        return [(0.22, change), (0.45, lambda: change(is_good=False)), (0.55, change), (0.62, api.go_away),
                (0.76, lambda: api.go_away(False)), (0.9, change)]

    def kinds(self):
        """What is asked at this time, the usual more often."""
        share = self.share()
        usual = ["hardened"] * 8 + ["plain"] * 8 + ["deployment"] * 2 + ["payments-good"] * 4 + ["legacy", "debug", "latest"]
        if 0.3 < share < 0.42:
            usual += ["payments"] * 12 + ["latest"] * 6  # a roll-out that breaks the rules
        if 0.8 < share < 0.86:
            usual += ["unreadable"] * 3
        return usual

    def run(self, number):
        chosen = random.Random(number)
        replica = self.scenario.replicas[number % len(self.scenario.replicas)]
        connection = replica.connect()
        while (share := self.share()) < 1:
            self.scenario.ask(chosen.choice(self.kinds()), connection, replica)
            if chosen.random() < 0.004:
                self.scenario.ask("policy", connection, replica)
            if 0.5 < share < 0.6 and chosen.random() < 0.03:
                self.scenario.fail_handshake()
            if 0.68 < share < 0.74 and chosen.random() < 0.05:
                replica.post("/validate?timeout=1ns", json.dumps(GOOD).encode(), connection=connection)
            if chosen.random() < 0.003:
                replica.post("/healthz", b"", connection=connection)
            busy = 0.55 + 0.45 * math.sin(2 * math.pi * (share * 1.6 - 0.2)) + (0.6 if 0.3 < share < 0.42 else 0)
            time.sleep(0.012 / max(busy, 0.12) * chosen.uniform(0.5, 1.5))
        connection.close()

    def finish(self):
        for thread in self.threads:
            thread.start()
        for when, act in self.events:
            time.sleep(max(0.0, (when - self.share()) * self.seconds))
            act()
        for thread in self.threads:
            thread.join()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=int, default=180)
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "docs" / "dashboard.svg")
    arguments = parser.parse_args()
    dashboard = load_dashboard()
    with tempfile.TemporaryDirectory() as folder:
        scenario = Scenario(pathlib.Path(folder), interval=1)
        try:
            Load(scenario, 12, has_events=False).finish()  # so that rates have a past when the picture begins
            start = time.time()
            Load(scenario, arguments.seconds).finish()
            end = time.time()
            answers = {panel["id"]: answer(scenario.prometheus, panel, start, end) for panel in graphs(dashboard)}
        finally:
            scenario.stop()
    arguments.output.write_text(draw_dashboard(dashboard, answers, start, end))
    print(f"wrote {arguments.output}")


if __name__ == "__main__":
    main()
