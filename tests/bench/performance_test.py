#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The figures of docs/performance.md and README.md and the two pictures are those of the records, and the records hold
what they must: both servers judged alike, every case has every point, and the pictures are well formed."""

import copy
import re
import unittest
import xml.etree.ElementTree

import charts
import performance

RECORDS = performance.read_records()
UPDATE = "run: python3 -B tests/bench/performance.py write"


class PerformanceTest(unittest.TestCase):
    def test_documents_and_pictures_are_those_of_the_records(self):
        for path, text in performance.make_all(RECORDS).items():
            with self.subTest(path=path.name):
                self.assertTrue(path.read_text() == text, UPDATE)

    def test_another_record_makes_other_documents(self):
        changed = copy.deepcopy(RECORDS)
        cell = changed["peers"]["rows"]["tidewaiter"]["closed"]["typical"]["16"]
        cell["cpu_us"] *= 3
        changed["growth"]["engine"]["policies/matching"]["instructions"][-1] *= 2
        before, after = performance.make_all(RECORDS), performance.make_all(changed)
        for path in before:
            self.assertNotEqual(before[path], after[path], path.name)

    def test_the_record_of_peers_is_whole(self):
        record = RECORDS["peers"]
        ours, theirs = record["rows"]["tidewaiter"], record["rows"]["pod-security"]
        self.assertEqual(ours["verdicts"], {"small": False, "typical": True, "large": True})
        self.assertEqual(theirs["verdicts"], ours["verdicts"])
        for name, row in record["rows"].items():
            self.assertGreaterEqual(len(row["first_answer_ms"]), 3, name)
            for size in performance.SIZES:
                self.assertEqual(list(row["closed"][size]), ["1", "16", "256"])
                for cell in (*row["closed"][size].values(), row["steady"][size]):
                    self.assertTrue(0 < cell["p50"] <= cell["p99"] <= cell["p999"], (name, size))
                for cell in row["closed"][size].values():
                    rounds = cell["cpu_us_rounds"]
                    self.assertEqual(len(rounds), record["rounds"])
                    self.assertTrue(min(rounds) - 0.1 <= cell["cpu_us"] <= max(rounds) + 0.1, (name, size, cell))
        self.assertLessEqual(record["minutes"], 6)

    def test_the_record_of_growth_is_whole(self):
        record = RECORDS["growth"]
        self.assertEqual(list(record["engine"]), list(charts.GROWTH_NAMES))
        for case, row in record["engine"].items():
            self.assertEqual(len(row["n"]), len(row["instructions"]), case)
            self.assertEqual(len(row["n"]), len(row["cpu_us"]), case)
            self.assertEqual(row["n"][0], 1, case)
        self.assertEqual(record["engine"]["policies/matching"]["n"][-1], 1000)
        self.assertEqual(record["engine"]["exemptions/other-name"]["n"][-1], 10000)
        self.assertEqual((record["namespaces"]["n"][-1], record["connections"]["n"][-1]), (20000, 5000))

    def test_pictures_are_well_formed_and_have_both_themes(self):
        for path in performance.PICTURES.values():
            text = path.read_text()
            root = xml.etree.ElementTree.fromstring(text)
            width, height = float(root.get("width")), float(root.get("height"))
            self.assertIn("prefers-color-scheme:dark", text)
            for element in root.iter():
                if "x" in element.attrib:
                    self.assertTrue(0 <= float(element.get("x")) <= width and 0 <= float(element.get("y")) <= height, element.attrib)
            used = set(re.findall(r'class="[cl]-(\w+)"', text))
            self.assertLessEqual(used, charts.LIGHT.keys())
        self.assertEqual(charts.LIGHT.keys(), charts.DARK.keys())

    def test_marks_that_are_missing_are_told(self):
        with self.assertRaisesRegex(ValueError, "marks of peers"):
            performance.fill("no marks", "peers", "text")


if __name__ == "__main__":
    unittest.main()
