#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The measurement beside the Pod Security webhook works, for moments and without a look at times: both judge every probe
and every measured review alike, each server's own count of decisions is the client's, a verdict or a count that is not as
it should be is an error, and the record has every cell."""

import contextlib
import io
import json
import os
import pathlib
import tempfile
import unittest

import load
import peers
from peer_servers import PROBES, Stage, check_verdicts, edited, find_pod_security

BINARY = pathlib.Path(os.environ.get("TIDEWAITER", load.ROOT / "build" / "tidewaiter"))


class PeersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stage = Stage(BINARY, find_pod_security())
        cls.addClassCleanup(cls.stage.close)

    @contextlib.contextmanager
    def started(self, name):
        server = self.stage.start(name)
        try:
            server.wait_for_first_answer(server.path, load.SIZES["small"].read_bytes())
            peers.wait_until_ready(server)
            yield server
        finally:
            server.stop()

    def test_both_judge_alike_and_count_alike(self):
        self.assertEqual({allowed for _, allowed in PROBES.values()}, {True, False})
        for name in peers.RECORDED:
            with self.subTest(name=name), self.started(name) as server:
                before = server.count_decisions()
                check_verdicts(server)
                allowed, denied = (now - then for now, then in zip(server.count_decisions(), before))
                self.assertEqual((allowed, denied), (2, 7))
                for size, is_allowed in (("small", False), ("typical", True), ("large", True)):
                    review = load.SIZES[size]
                    answer = server.post(server.path, review.read_bytes())["response"]
                    self.assertEqual(answer["allowed"], is_allowed, size)
                    row = peers.run_load(server, review, 50, 0.4, 4, is_allowed)
                    self.assertEqual((row["reviews"], row["failed"], len(row["latencies"])), (20, 0, 20))
                    self.assertEqual((row["allowed"], row["denied"]), (20, 0) if is_allowed else (0, 20))
                with self.assertRaisesRegex(load.BenchError, "0 reviews were allowed and 4 denied"):
                    peers.run_load(server, load.SIZES["small"], 10, 0.4, 1, True)

    def test_no_labels_yet_is_no_first_answer(self):
        with self.started("tidewaiter") as server:
            review = json.loads(load.SIZES["small"].read_bytes())
            review["request"]["namespace"] = "nowhere"
            with self.assertRaisesRegex(load.NotReady, '"nowhere" are not known'):
                server.post(server.path, json.dumps(review).encode())
            self.assertEqual(sum(server.count_decisions()), 1)  # the first answer

    def test_a_wrong_verdict_is_an_error(self):
        with self.started("tidewaiter") as server:
            server.post = lambda path, body: {"response": {"allowed": True}}
            with self.assertRaisesRegex(load.BenchError, "privileged: answered"):
                check_verdicts(server)

    def test_a_wrong_count_is_an_error(self):
        with self.started("tidewaiter") as server:
            counts = iter([(0, 0), (7, 0)])
            server.count_decisions = lambda: next(counts)
            with self.assertRaisesRegex(load.BenchError, "counted 4 allowed and 0 denied reviews besides 1, the server 7 and 0"):
                peers.run_load(server, load.SIZES["typical"], 10, 0.4, 1, True)

    def test_the_probes_are_changes(self):
        unchanged = edited(PROBES["as it is"][0])
        for name, (change, _) in PROBES.items():
            self.assertEqual(edited(change) == unchanged, name == "as it is", name)

    def test_quantiles(self):
        self.assertEqual(peers.quantiles(range(1, 1001)), {"p50": 500, "p99": 990, "p999": 999})
        self.assertEqual(peers.quantiles([7]), {"p50": 7, "p99": 7, "p999": 7})
        self.assertEqual(peers.quantiles([3, 1, 2, 4]), {"p50": 2, "p99": 4, "p999": 4})

    def test_a_whole_run_makes_a_whole_record(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "record.json")
            arguments = peers.parse([
                "--binary", str(BINARY), "--rounds", "2", "--seconds", "1", "--connections", "1", "4", "--size", "typical",
                "--rate", "50", "--steady-seconds", "1", "--steady-rounds", "1", "--starts", "1", "--output", str(path)])
            with contextlib.redirect_stdout(io.StringIO()) as said:
                record = peers.run(arguments)
        record = json.loads(json.dumps(record))
        self.assertEqual(list(record["rows"]), list(peers.NAMES))
        for name, row in record["rows"].items():
            self.assertIn(peers.TITLES[name], said.getvalue())
            self.assertEqual(list(row["closed"]["typical"]), ["1", "4"])
            for cell in row["closed"]["typical"].values():
                self.assertEqual(len(cell["cpu_us_rounds"]), 2)
                self.assertGreater(cell["reviews"], 0)
                self.assertGreater(cell["memory_mb"], 1)
            self.assertEqual((row["steady"]["typical"]["reviews"], row["steady"]["typical"]["failed"]), (50, 0))
            self.assertEqual(len(row["first_answer_ms"]), 1)
        self.assertEqual(record["versions"]["pod-security"], "v0.37.2")


if __name__ == "__main__":
    unittest.main()
