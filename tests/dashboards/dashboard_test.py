#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every query of the dashboard and of the alerts, asked of a real Prometheus that scrapes two real replicas under mixed
traffic: it is valid and returns data, or is empty for a reason that is written here. Then things break, and the alerts
see it."""

import math
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree

import yaml

import draw
import svg
from api_server import POLICIES
from prometheus import ROOT, RULES, wait_for
from queries import DASHBOARD, fill_in, graphs, load_dashboard, selectors
from scenario import Scenario, Stream

RATE = "5s"  # as Grafana would make it of the scrape interval: four times as long, and some
DESCRIPTION = re.compile(r"[^\n]+\n\nNormal: [^\n]+\n\nWhat to do: [^\n]+")

# Panels that show nothing while all is well, and why. Nothing else may be empty.
EMPTY_PANELS = {}
# Alerts that fire in traffic that is half denied, and why.
FIRES = {
    "TidewaiterExemptionEnds": "the exemption of the scenario ends in 9 days",
    "TidewaiterDenialSpike": "half of the traffic is denied, and there was none before",
    "TidewaiterErrors": "the scenario has requests that come too late",
}


class DashboardTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.scenario = Scenario(pathlib.Path(cls.folder.name))
        cls.addClassCleanup(cls.scenario.stop)
        cls.prometheus = cls.scenario.prometheus
        cls.dashboard = load_dashboard()
        cls.alerts = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
        cls.scenario.ask_everything()
        # A rate needs two samples: everything is asked on, until every panel has had the time.
        cls.traffic = Stream(cls.scenario.ask_everything)
        cls.addClassCleanup(lambda: cls.traffic and cls.traffic.stop())
        cls.scenario.change_policies()

    def ask(self, expression):
        return self.prometheus.query(fill_in(expression, RATE))

    def wait_for_data(self, expression, what):
        """Polls until the query returns numbers."""
        def has_numbers():
            return any(not math.isnan(float(series["value"][1])) for series in self.ask(expression))
        wait_for(has_numbers, f"{what} returns data: {expression}", timeout=20)

    def test_1_every_panel_returns_data(self):
        for panel in graphs(self.dashboard):
            for target in panel["targets"]:
                with self.subTest(panel["title"]):
                    if panel["title"] in EMPTY_PANELS:
                        self.assertEqual(self.ask(target["expr"]), [], EMPTY_PANELS[panel["title"]])
                    else:
                        self.wait_for_data(target["expr"], panel["title"])

    def test_1_legends_name_labels_that_are_there(self):
        for panel in graphs(self.dashboard):
            for target in panel["targets"]:
                for series in self.ask(target["expr"]):
                    for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                        self.assertIn(label, series["metric"], panel["title"])

    def test_1_numbers_are_those_of_the_replicas(self):
        self.assertEqual(self.value("Replicas up"), 2)
        self.assertEqual(self.value("Leaders"), 1)
        self.assertEqual(self.value("Policies invalid"), 0)
        self.assertGreater(self.value("Reviews"), 1)
        self.assertTrue(0.1 < self.value("Denied") < 0.9, self.value("Denied"))
        self.assertTrue(0 < self.value("Faults") < 0.5, self.value("Faults"))
        self.assertTrue(0 < self.value("Latency p99") < 1, self.value("Latency p99"))
        self.assertAlmostEqual(self.value("Certificate ends in") / 86400, 90, delta=0.1)
        decisions = {series["metric"]["decision"] for series in self.ask(self.expression("Decisions by result"))}
        self.assertEqual(decisions, {"allow", "patch", "warn", "deny", "refuse", "error"})
        modes = {series["metric"]["mode"] for series in self.ask(self.expression("Findings by mode"))}
        self.assertEqual(modes, {"enforce", "warn", "audit"})
        ends = self.ask(self.expression("Exemptions that end within 30 days"))
        self.assertEqual([series["metric"] for series in ends], [{"policy": "hardened", "exemption": "legacy"}])

    def test_1_variables_offer_what_there_is(self):
        offered = {}
        for variable in self.dashboard["templating"]["list"]:
            if variable["type"] == "query":
                selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["definition"]).groups()
                offered[variable["name"]] = self.prometheus.label_values(label, fill_in(selector, RATE))
        self.assertEqual(offered, {"cluster": ["test"], "namespace": ["tidewaiter"], "job": ["tidewaiter"],
                                   "policy": ["hardened", "observe", "payments"]})

    def test_1_variables_choose(self):
        for panel in graphs(self.dashboard):
            for target in panel["targets"]:
                elsewhere = fill_in(target["expr"], RATE, {"namespace": "elsewhere"})
                found = [series["value"][1] for series in self.prometheus.query(elsewhere)]
                self.assertIn(found, ([], ["0"]), f"{panel['title']} does not heed the variables")

    def test_1_it_can_be_drawn(self):
        end = time.time()
        answers = {panel["id"]: draw.answer(self.prometheus, panel, end - 15, end) for panel in graphs(self.dashboard)}
        drawing = xml.etree.ElementTree.fromstring(svg.draw_dashboard(self.dashboard, answers, end - 15, end))
        texts = [each.text for each in drawing.iter("{http://www.w3.org/2000/svg}text")]
        for panel in self.dashboard["panels"]:
            self.assertIn(panel["title"], texts)
        self.assertNotIn("No data", texts)
        for legend in ("deny", "image-tag", "hardened", "validate p99", "namespaces", "parked", "legacy"):
            self.assertIn(legend, texts)
        self.assertNotRegex(xml.etree.ElementTree.tostring(drawing, "unicode"), r"\b(nan|inf)\b")

    def test_2_every_alert_is_evaluated(self):
        def are_all_evaluated():
            return all(rule["health"] != "unknown" for rule in self.prometheus.rules())
        wait_for(are_all_evaluated, "every rule was evaluated once", timeout=20)
        rules = {rule["name"]: rule for rule in self.prometheus.rules()}
        self.assertEqual(set(rules), {alert["alert"] for alert in self.alerts})
        for name, rule in rules.items():
            self.assertEqual((rule["health"], rule.get("lastError", "")), ("ok", ""), name)

    def test_2_every_alert_asks_for_metrics_that_are_there(self):
        for alert in self.alerts:
            asked = selectors(alert["expr"])
            self.assertTrue(asked, alert["alert"])
            for selector in asked:
                with self.subTest(alert=alert["alert"], selector=selector):
                    self.wait_for_data(selector, alert["alert"])

    def test_2_alerts_are_quiet_but_those_with_a_reason(self):
        for alert in self.alerts:
            with self.subTest(alert["alert"]):
                if alert["alert"] in FIRES:
                    self.wait_for_data(alert["expr"], alert["alert"])
                else:
                    self.assertEqual(self.prometheus.query(alert["expr"]), [])

    def test_3_alerts_see_what_breaks(self):
        api, (first, second) = self.scenario.api, self.scenario.replicas
        api.put(POLICIES, "payments", spec={"controls": {"imag-tag": {}}})
        self.scenario.change_policies(is_good=False)
        self.wait_until_due("TidewaiterPolicyInvalid", "TidewaiterReloadFailing")
        self.assertEqual(self.value("Policies invalid"), 1)
        type(self).traffic = self.traffic.stop()
        leader = next(replica for replica in (first, second) if replica.metrics()["tidewaiter_leader"] == 1)
        leader.process.kill()
        leader.wait()
        self.wait_until_due("TidewaiterReplicaDown")
        self.assertEqual(self.value("Replicas up"), 1)
        api.go_away()
        wait_for(lambda: self.value("Leaders") == 0, "nobody leads", timeout=20)
        self.wait_until_due("TidewaiterNoLeader")
        (second if leader is first else first).stop()
        self.wait_until_due("TidewaiterDown")
        for rule in self.prometheus.rules():
            for alert in rule["alerts"]:
                for text in alert["annotations"].values():
                    self.assertNotIn("<error", text)
                    self.assertNotIn("<no value>", text)

    def wait_until_due(self, *names):
        """Until the alerts are at least pending: their `for` would take minutes."""
        def are_due():
            states = {rule["name"]: rule["state"] for rule in self.prometheus.rules()}
            return all(states[name] in ("pending", "firing") for name in names)
        wait_for(are_due, f"{names} are pending", timeout=20)

    def expression(self, title):
        return next(panel["targets"][0]["expr"] for panel in graphs(self.dashboard) if panel["title"] == title)

    def value(self, title):
        (series,) = self.ask(self.expression(title))
        return float(series["value"][1])


class DocumentTest(unittest.TestCase):
    """What needs no Prometheus."""

    def test_it_is_what_the_generator_writes(self):
        generator = ROOT / "tests" / "tools" / "grafana_dashboard.py"
        made = subprocess.run([sys.executable, "-B", str(generator)], capture_output=True, text=True, check=True).stdout
        self.assertEqual(made, DASHBOARD.read_text(), "run ./dev docs")

    def test_every_panel_says_what_is_normal_and_what_to_do(self):
        runbooks = {line[3:].lower() for line in (ROOT / "docs" / "alerts.md").read_text().splitlines()
                    if line.startswith("## ")}
        for panel in graphs(load_dashboard()):
            with self.subTest(panel["title"]):
                self.assertRegex(panel["description"], DESCRIPTION)
                for name in re.findall(r"docs/alerts\.md#(\w+)", panel["description"]):
                    self.assertIn(name, runbooks)
                for name in re.findall(r"docs/\w+\.md|manifests/\w+\.yaml", panel["description"]):
                    self.assertTrue((ROOT / name).exists(), name)

    def test_panels_fill_the_grid_and_do_not_overlap(self):
        taken = {}
        for panel in load_dashboard()["panels"]:
            place = panel["gridPos"]
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    self.assertLess(x, 24, panel["title"])
                    self.assertNotIn((x, y), taken, f"{panel['title']} lies on {taken.get((x, y))}")
                    taken[x, y] = panel["title"]
        self.assertEqual(len(taken) % 24, 0, "a gap")

    def test_every_panel_heeds_the_variables(self):
        for panel in graphs(load_dashboard()):
            for target in panel["targets"]:
                for selector in selectors(target["expr"]):
                    self.assertIn('cluster=~"$cluster",namespace=~"$namespace"', selector, panel["title"])
        self.assertEqual(len({panel["id"] for panel in load_dashboard()["panels"]}), len(load_dashboard()["panels"]))

    def test_the_picture_is_of_this_dashboard(self):
        drawing = xml.etree.ElementTree.parse(ROOT / "docs" / "dashboard.svg")
        texts = {each.text for each in drawing.iter("{http://www.w3.org/2000/svg}text")}
        titles = {panel["title"] for panel in load_dashboard()["panels"]}
        self.assertEqual(titles - texts, set(), "run tests/dashboards/draw.py")

    def test_numbers_in_their_units(self):
        for value, unit, text in [(0, "s", "0 s"), (0.00025, "s", "250 µs"), (0.0042, "s", "4.2 ms"), (90, "s", "1.5 min"),
                                  (86400 * 9.42, "s", "9.42 d"), (14.5 * 2 ** 20, "bytes", "14.5 MiB"), (512, "bytes", "512 B"),
                                  (0.093, "percentunit", "9.3 %"), (383, "reqps", "383 req/s"), (2, "none", "2")]:
            self.assertEqual(svg.in_unit(value, unit), text)
        for top, unit, ticks in [(7, "none", [0, 2, 4, 6, 8]), (0, "none", [0, .25, .5, .75, 1]),
                                 (15 * 2 ** 20, "bytes", [0, 5 * 2 ** 20, 10 * 2 ** 20, 15 * 2 ** 20]),
                                 (90 * 86400, "s", [0, 25 * 86400, 50 * 86400, 75 * 86400, 100 * 86400])]:
            self.assertEqual(svg.nice_ticks(top, unit), ticks)

    def test_what_is_wrong_is_found_wrong(self):
        self.assertEqual(selectors('sum by (up) (rate(tidewaiter_a_total{b="c"}[5m])) / on (job) up == 0'),
                         {'tidewaiter_a_total{b="c"}', "up"})
        with self.assertRaises(AssertionError):
            fill_in("up{job=~\"$job\"}[$__interval]", "5s", {"__interval": "$x"})


if __name__ == "__main__":
    unittest.main()
