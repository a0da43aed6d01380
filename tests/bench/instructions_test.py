#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# The engine takes as many instructions as the record says: no more than 5 % above it, so that nothing gets slow
# unnoticed, and no more than 10 % below it, so that what was gained is written down. The program and its compiler are
# named by INSTRUCTIONS and INSTRUCTIONS_COMPILER.
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import instructions


class InstructionsTest(unittest.TestCase):
    def test_counts_are_those_of_the_record(self):
        record = json.loads(instructions.RECORD.read_text())
        here = instructions.conditions(os.environ["INSTRUCTIONS_COMPILER"])
        reason = instructions.why_incomparable(record, here)
        if reason:
            print(reason, file=sys.stderr)
            return
        counts = instructions.count_all(os.environ["INSTRUCTIONS"])
        lines = instructions.complaints(record["instructions"], counts)
        self.assertEqual(lines, [], "\n" + "\n".join(lines) + "\n" + instructions.HOW_TO_UPDATE)

    def test_counting_again_gives_the_same(self):
        case = "small one validate"
        first, second = (instructions.count(os.environ["INSTRUCTIONS"], case) for _ in range(2))
        self.assertLess(abs(first - second), first / 1000)

    def test_a_case_that_cannot_be_counted_is_an_error(self):
        with self.assertRaisesRegex(RuntimeError, "status 2"):
            instructions.count(os.environ["INSTRUCTIONS"], "huge one validate")

    def test_complains_of_growth_above_5_percent_and_falls_above_10(self):
        for new, is_fine in [(1000, True), (1050, True), (1051, False), (900, True), (899, False)]:
            with self.subTest(new=new):
                lines = instructions.complaints({"a b c": 1000}, {"a b c": new})
                self.assertEqual(lines == [], is_fine, lines)
        self.assertEqual(instructions.complaints({"a b c": 1000}, {"a b c": 2000}),
                         ["a b c: 1,000 -> 2,000 instructions a review (+100.0%)"])

    def test_complains_of_cases_that_only_one_has(self):
        self.assertEqual(instructions.complaints({"old": 1}, {"new": 1}),
                         ["new: is not in the record", "old: is not measured any more"])

    def test_compares_nothing_under_other_conditions_and_says_so(self):
        here = {"compiler": "GNU 12.2.0", "system": "Debian 12", "machine": "x86_64"}
        self.assertEqual(instructions.why_incomparable({**here, "instructions": {}}, here), "")
        reason = instructions.why_incomparable({**here, "compiler": "GNU 14.2.0"}, here)
        self.assertEqual(reason, "nothing was compared: the record is of GNU 14.2.0, Debian 12, x86_64, "
                                 "and here is GNU 12.2.0, Debian 12, x86_64")


if __name__ == "__main__":
    unittest.main()
