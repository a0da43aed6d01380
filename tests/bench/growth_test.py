#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How the engine's instructions grow is bounded: nothing more than linear in what a review holds and what applies to it,
and next to nothing for policies, exemptions and namespaces that do not. Counted under callgrind, so a busy machine makes
no difference. That the measurements of the server work is tested with few connections and namespaces."""

import os
import pathlib
import unittest

import growth

BINARY = pathlib.Path(os.environ.get("TIDEWAITER", growth.ROOT / "build" / "tidewaiter"))

# Case: the number, and how many times the instructions of one may be needed with so many.
FLAT = {
    "policies/other-namespace": (1000, 1.02),
    "policies/other-glob": (1000, 1.02),
    "policies/other-label": (1000, 1.02),
    "policies/other-object": (1000, 1.02),
    "exemptions/other-namespace": (2000, 1.05),
    "exemptions/other-name": (1000, 1.1),
    "exemptions/other-image": (1000, 1.1),
    "namespaces/selector": (5000, 1.02),
}
# Case: the instructions that one more may take, of what is asked in turn.
CHEAP = {
    "exemptions/matching": 500,
}
# Case: numbers; one more takes between the last two no more than LINEAR times what it took between the first two.
GROWING = {
    "containers/allowed": (1, 10, 50),
    "containers/injected": (1, 10, 50),
    "containers/denied": (1, 10, 50),
    "policies/matching": (1, 10, 50),
}
LINEAR = 1.25


def slope(case, less, more):
    return (growth.count_instructions(case, more) - growth.count_instructions(case, less)) / (more - less)


class GrowthTest(unittest.TestCase):
    def test_every_case_is_bounded(self):
        self.assertEqual(sorted([*FLAT, *CHEAP, *GROWING]), sorted(growth.list_cases()))

    def test_what_does_not_apply_costs_next_to_nothing(self):
        for case, (number, most) in FLAT.items():
            with self.subTest(case=case):
                self.assertLess(growth.count_instructions(case, number) / growth.count_instructions(case, 1), most)

    def test_what_is_asked_in_turn_is_asked_quickly(self):
        for case, most in CHEAP.items():
            with self.subTest(case=case):
                self.assertLess(slope(case, 1, 100), most)

    def test_nothing_grows_more_than_linearly(self):
        for case, (least, middle, most) in GROWING.items():
            with self.subTest(case=case):
                self.assertLess(slope(case, middle, most), LINEAR * slope(case, least, middle))

    def test_a_case_that_is_not_there_is_an_error(self):
        with self.assertRaisesRegex(growth.load.BenchError, "ended with 2"):
            growth.count_instructions("policies/none", 1)

    def test_times_are_measured(self):
        self.assertGreater(growth.time_review("containers/denied", 50), growth.time_review("containers/denied", 1))


class ServerGrowthTest(unittest.TestCase):
    def test_connections_are_measured(self):
        row = growth.measure_connections(BINARY, [0, 20], 1, print_row=lambda text: None)
        self.assertEqual(row["n"], [0, 20])
        self.assertTrue(all(value > 0 for key in ("cpu_us", "memory_mb") for value in row[key]))

    def test_namespaces_are_measured(self):
        row = growth.measure_namespaces(BINARY, [1, 50], 1, print_row=lambda text: None)
        self.assertEqual(row["n"], [1, 50])
        self.assertTrue(all(value > 0 for key in ("cpu_us", "memory_mb", "ready_ms") for value in row[key]))


if __name__ == "__main__":
    unittest.main()
