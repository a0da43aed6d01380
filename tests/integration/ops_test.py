#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The operations port and the log of the running server: probes, every metric of the contract, counters that move by
what was asked, labels from closed sets only, and one log line for each decision that mattered."""

import json
import re
import unittest

from webhook import Webhook, WebhookTest, load_review, wait_until

GOOD = load_review("create-pod-typical-hardened.json")
PLAIN = load_review("create-pod.json")

# The contract: metric and its labels (besides a histogram's `le`).
METRICS = {
    "tidewaiter_admission_requests_total": {"door", "kind", "operation", "decision"},
    "tidewaiter_admission_duration_seconds": {"door"},
    "tidewaiter_findings_total": {"policy", "control", "mode"},
    "tidewaiter_denials_total": {"policy", "control"},
    "tidewaiter_injections_total": {"policy", "control", "mode"},
    "tidewaiter_errors_total": {"reason"},
    "tidewaiter_policy_reloads_total": {"result"},
    "tidewaiter_policies_loaded": set(),
    "tidewaiter_policies_invalid": {"source"},
    "tidewaiter_policy_controls": {"policy", "mode"},
    "tidewaiter_policy_last_change_timestamp_seconds": set(),
    "tidewaiter_certificate_start_timestamp_seconds": set(),
    "tidewaiter_certificate_expiry_timestamp_seconds": set(),
    "tidewaiter_connections": {"state"},
    "tidewaiter_process_restarts_total": set(),
    "tidewaiter_build_info": {"version"},
    **{f"process_{name}": set() for name in (
        "cpu_seconds_total", "resident_memory_bytes", "virtual_memory_bytes", "start_time_seconds", "threads",
        "open_fds", "max_fds")},
}
# Of the contract as well, but without a sample as long as no policy can have an exemption.
NOT_YET = {"tidewaiter_exempted_total": {"policy", "exemption"}}
DENIALS = {"image-tag": 1, "resources": 3, "run-as-non-root": 1, "read-only-root-filesystem": 1}  # of PLAIN
REQUESTS = 'tidewaiter_admission_requests_total{decision="%s",door="%s",kind="%s",operation="%s"}'
SAMPLE = re.compile(r'^([a-z_]+)(?:\{((?:[a-z]+="[^"\\\n]*",?)*)\})? (\S+)$')


def family(name):
    return re.sub(r"_(bucket|sum|count)$", "", name)


class OpsTest(WebhookTest):
    def moved(self, action):
        """The samples that `action` changed, by how much."""
        before = self.webhook.metrics()
        action()
        after = self.webhook.metrics()
        self.assertLessEqual(set(before), set(after), "a sample vanished")
        return {name: value - before.get(name, 0) for name, value in after.items()
                if value != before.get(name, 0) and "connections" not in name and "seconds_" not in name
                and not name.startswith("process_")}

    def test_probes(self):
        for path in ("/livez", "/readyz"):
            answer = self.webhook.ops(path)
            self.assertEqual((answer.status, answer.text), (200, "ok\n"))
        self.assertEqual(self.webhook.ops("/nowhere").status, 404)
        self.assertEqual(self.webhook.ops("/validate", "POST").status, 404)

    def test_every_metric_and_its_labels(self):
        self.webhook.ask("mutate", PLAIN)
        self.webhook.ask("validate", PLAIN)
        answer = self.webhook.ops("/metrics")
        self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        labels = {}
        for line in answer.text.splitlines():
            if not line.startswith("#"):
                match = SAMPLE.match(line)
                self.assertTrue(match, line)
                float(match[3])
                names = set(re.findall(r'([a-z]+)="', match[2] or "")) - {"le"}
                self.assertEqual(labels.setdefault(family(match[1]), names), names, line)
        self.assertEqual({**NOT_YET, **labels}, {**NOT_YET, **METRICS})
        for name in METRICS:
            self.assertRegex(answer.text, rf"(?m)^# HELP {name} .+$")
            self.assertRegex(answer.text, rf"(?m)^# TYPE {name} (counter|gauge|histogram)$")

    def test_values_from_the_start(self):
        metrics = self.webhook.metrics()
        self.assertEqual(metrics["tidewaiter_policies_loaded"], 1)
        self.assertEqual(metrics['tidewaiter_build_info{version="0.1.0"}'], 1)
        self.assertEqual(metrics['tidewaiter_errors_total{reason="internal"}'], 0)
        self.assertGreater(metrics["tidewaiter_certificate_expiry_timestamp_seconds"], 1.7e9)

    def test_decisions_are_counted(self):
        warned = load_review("update-deployment-image.json")
        for door, review, decision, kind, operation in [
            ("validate", GOOD, "allow", "Pod", "CREATE"),
            ("validate", PLAIN, "deny", "Pod", "CREATE"),
            ("mutate", PLAIN, "patch", "Pod", "CREATE"),
            ("validate", warned, "warn", "Deployment", "UPDATE"),
            ("validate", {**GOOD, "request": {**GOOD["request"], "object": None}}, "refuse", "Pod", "CREATE"),
        ]:
            with self.subTest(decision):
                moved = self.moved(lambda door=door, review=review: self.webhook.ask(door, review))
                self.assertEqual(moved[REQUESTS % (decision, door, kind, operation)], 1)
                self.assertEqual(sum(value for name, value in moved.items() if "requests_total" in name), 1)

    def test_findings_and_injections_are_counted(self):
        moved = self.moved(lambda: self.webhook.ask("validate", PLAIN))
        count = lambda control, mode: moved.get(
            f'tidewaiter_findings_total{{control="{control}",mode="{mode}",policy="hardened"}}')
        self.assertEqual([count("image-tag", "enforce"), count("resources", "enforce"), count("image-digest", "warn")],
                         [1, 3, 1])
        denials = {name: value for name, value in moved.items() if "denials_total" in name}
        self.assertEqual(denials, {f'tidewaiter_denials_total{{control="{control}",policy="hardened"}}': number for
                                   control, number in DENIALS.items()})
        moved = self.moved(lambda: self.webhook.ask("mutate", PLAIN))
        self.assertEqual({name for name in moved if "injections_total" in name},
                         {f'tidewaiter_injections_total{{control="{control}",mode="enforce",policy="hardened"}}'
                          for control in ("read-only-root-filesystem", "resources", "run-as-non-root")})

    def test_durations_are_observed(self):
        name = 'tidewaiter_admission_duration_seconds_count{door="mutate"}'
        before = self.webhook.metrics()[name]
        for _ in range(3):
            self.webhook.ask("mutate", GOOD)
        metrics = self.webhook.metrics()
        self.assertEqual(metrics[name] - before, 3)
        bucket = 'tidewaiter_admission_duration_seconds_bucket{door="mutate",le="+Inf"}'
        self.assertEqual(metrics[bucket], metrics[name])

    def test_errors_are_counted_by_reason(self):
        for reason, path, body, headers in [
            ("malformed_review", "/validate", b"{}", None),
            ("empty_body", "/validate", b"", None),
            ("not_found", "/nowhere", b"{}", None),
            ("unsupported_media_type", "/validate", b"{}", {"Content-Type": "text/plain"}),
            ("deadline", "/validate?timeout=1ns", b"{}", None),
            ("length_required", "/validate", None, {"Transfer-Encoding": "chunked"}),
            ("unsupported_kind", "/validate", json.dumps({**GOOD, "request": {
                **GOOD["request"], "kind": {"group": "", "version": "v1", "kind": "Service"}}}).encode(), None),
        ]:
            with self.subTest(reason):
                moved = self.moved(lambda args=(path, body, headers): self.webhook.post(*args))
                errors = {name: value for name, value in moved.items() if "errors_total" in name}
                self.assertEqual(errors, {f'tidewaiter_errors_total{{reason="{reason}"}}': 1})

    def test_connections_by_state(self):
        webhook = Webhook("--drain-seconds", "0")  # whose connections are all known
        self.addCleanup(webhook.stop)
        parked = lambda: webhook.metrics()['tidewaiter_connections{state="parked"}']
        webhook.ask("validate", GOOD)
        raws = [webhook.raw() for _ in range(5)]
        wait_until(lambda: parked() == 6, "all are parked")
        for raw in raws:
            raw.socket.close()
        wait_until(lambda: parked() == 1, "five are gone")

    def test_names_of_workloads_never_become_labels(self):
        odd = "oddly-named-7f3a"
        review = json.loads(json.dumps(PLAIN))
        request = review["request"]
        request.update(name=odd, namespace=odd, uid=odd)
        request["userInfo"]["username"] = odd
        request["object"]["metadata"].update(name=odd, namespace=odd, labels={odd: odd})
        request["object"]["spec"]["containers"][0].update(name=odd, image=f"{odd}.example.com/{odd}:latest")
        for door in ("mutate", "validate"):
            self.webhook.ask(door, review)
        request["kind"] = {"group": odd, "version": odd, "kind": odd + '"} 1\nfake_metric{a="'}
        self.webhook.ask("validate", review)
        request["operation"] = odd
        self.webhook.post("/validate", json.dumps(review).encode())
        self.webhook.post("/" + odd, b"{}")
        text = self.webhook.ops("/metrics").text
        self.assertNotIn(odd, text)
        self.assertNotIn("fake_metric", text)
        self.assertGreaterEqual(
            self.webhook.metrics()[REQUESTS % ("refuse", "validate", "other", "CREATE")], 1)


class LogTest(unittest.TestCase):
    def test_one_line_for_each_decision_that_mattered(self):
        for level, decisions in [("info", ["deny", "patch", "refuse"]), ("debug", ["deny", "patch", "allow", "refuse"]),
                                 ("warn", ["deny", "refuse"]), ("error", [])]:
            with self.subTest(level):
                webhook = Webhook("--drain-seconds", "0", "--log-level", level)
                webhook.ask("validate", PLAIN)
                webhook.ask("mutate", PLAIN)
                webhook.ask("validate", GOOD)
                hostile = json.loads(json.dumps(PLAIN))
                hostile["request"].update(object=None, name='x"\n{"level":"error"}\u2028')
                webhook.ask("validate", hostile)
                webhook.stop()
                lines = [line for line in webhook.log() if line["msg"] == "decision"]
                self.assertEqual([line["decision"] for line in lines], decisions)
                for line in lines:
                    asked = GOOD if line["decision"] == "allow" else PLAIN
                    self.assertEqual((line["uid"], line["kind"], line["namespace"]),
                                     (asked["request"]["uid"], "Pod", asked["request"]["namespace"]))
                    self.assertGreaterEqual(line["duration_us"], 0)
                    self.assertRegex(line["time"], r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")
                if decisions:
                    self.assertIn("image-tag", [finding["control"] for finding in lines[0]["findings"]])
                    self.assertEqual(lines[-1]["name"], hostile["request"]["name"])


if __name__ == "__main__":
    unittest.main()
