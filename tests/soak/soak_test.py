#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The long run, cut short: fifty thousand mixed reviews, of which the memory counts after twenty thousand. The long one is
`./dev soak`; docs/reliability.md has its figures."""

import unittest

import soak


class SoakTest(unittest.TestCase):
    def test_fifty_thousand_reviews(self):
        result = soak.run(50_000, warm_up=20_000)
        print(result)
        self.assertGreaterEqual(result["reviews"], 50_000)
        self.assertGreaterEqual(result["texts"], 75)


if __name__ == "__main__":
    unittest.main()
