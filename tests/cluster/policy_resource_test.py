#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Policies as resources of a real API server: the definition, the door that refuses what cannot be loaded, the time it
takes until a change is in force, the status, and what happens when replicas or the API server come and go."""

import copy
import json
import pathlib
import re
import subprocess
import tempfile
import time
import unittest

from cluster_test_case import ClusterTestCase
from control_plane import ROOT, pods_path
from processes import wait_for
from registered_webhook import BINARY, RegisteredWebhook

PATH = "/apis/tidewaiter.dev/v1alpha1/podpolicies"
LEASE = "/apis/coordination.k8s.io/v1/namespaces/default/leases/tidewaiter"
DENIED = 'admission webhook "validate-policy.tidewaiter.dev" denied the request: '
MOST = 1.0  # seconds until a change is in force
NEAR = 30.0  # seconds until a status is written


def policy(name, namespace=None, **spec):
    """A policy that forbids the tag `latest` (in the namespace)."""
    spec.setdefault("controls", {"image-tag": {}})
    if namespace:
        spec.setdefault("match", {})["namespaces"] = {"include": [namespace]}
    return {"apiVersion": "tidewaiter.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name}, "spec": spec}


def pod(image="nginx:latest"):
    return {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "web", "image": image}]}}


class PolicyResourceTest(ClusterTestCase):
    @classmethod
    def set_up_cluster(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.shadow = pathlib.Path(cls.folder.name, "shadow.yaml")
        cls.shadow.write_text(json.dumps(policy("shadowed", "nowhere")))
        cls.early = cls.start_replica("early", "--policies", cls.shadow, wait=False)
        log = cls.early.process.log
        wait_for(lambda: "podpolicies yet" in log.read_text(), "the first replica says that there is no definition")
        assert cls.early._ops("/readyz") == (503, "waiting for the first list of policies\n"), cls.early._ops("/readyz")
        cls.cluster.apply_policy_definition()
        wait_for(lambda: cls.early._ops("/readyz")[0] == 200, "the first replica is ready")
        cls.early_log = log.read_text()
        cls.webhook = RegisteredWebhook(
            cls.cluster, policies=[cls.shadow], doors=("mutate", "validate", "validate-policy"),
            arguments=["--cluster", "--kubeconfig", cls.cluster.folder / "admin.kubeconfig", "--lease",
                       "default/tidewaiter"])

    @classmethod
    def start_replica(cls, name, *arguments, wait=True):
        """A replica that nothing is registered for."""
        return RegisteredWebhook(
            cls.cluster, name, doors=(), wait=wait,
            arguments=["--cluster", "--kubeconfig", cls.cluster.folder / "admin.kubeconfig", "--lease",
                       "default/tidewaiter", *arguments])

    def setUp(self):
        for item in self.cluster.get(PATH)["items"]:
            self.cluster.api("DELETE", f"{PATH}/{item['metadata']['name']}")

    def is_denied(self, namespace, image="nginx:latest"):
        status, answer = self.dry_run(namespace, pod(image))
        self.assertIn(status, (201, 403), answer)
        return status == 403

    def seconds_until(self, namespace, denied, since):
        while self.is_denied(namespace) != denied:
            if time.monotonic() - since > 20 * MOST:
                raise AssertionError(f"{namespace}: still not denied={denied}")
            time.sleep(0.005)
        return time.monotonic() - since

    def put(self, wanted):
        """Creates or replaces; returns when that was done."""
        name = wanted["metadata"]["name"]
        while (known := self.cluster.get(f"{PATH}/{name}")) is not None:
            known["spec"] = wanted["spec"]
            status, answer = self.cluster.api("PUT", f"{PATH}/{name}", known)
            if status == 200:
                return time.monotonic()
            self.assertEqual(status, 409, answer)  # the status was written meanwhile
        self.cluster.create(PATH, wanted)
        return time.monotonic()

    def ready(self, name, status="True", holds=lambda found: True):
        """Waits for the condition Ready; returns the whole status."""
        found = {}

        def is_so():
            found.clear()
            item = self.cluster.get(f"{PATH}/{name}")
            found.update(item.get("status", {}))
            conditions = {each["type"]: each for each in found.get("conditions", [])}
            return (found.get("observedGeneration") == item["metadata"]["generation"]
                    and conditions.get("Ready", {}).get("status") == status and holds(found))
        wait_for(is_so, lambda: f"{name} is Ready={status}: {found}", NEAR)
        return found

    # ---- the definition

    def test_explain(self):
        text = self.cluster.kubectl("explain", "podpolicy.spec.exemptions").stdout
        for line in ("named exceptions with a reason", "until\t<string>", "the last day (UTC) on which it applies",
                     "reason\t<string> -required-"):
            self.assertIn(line, text)
        text = self.cluster.kubectl("explain", "podpolicy.spec.controls.image-tag").stdout
        self.assertIn("forbidden (list of strings", text)
        text = " ".join(self.cluster.kubectl("explain", "pp.status.findings").stdout.split())
        self.assertIn("as seen by the replica that writes this status", text)

    def test_every_field_is_described(self):
        (version,) = self.cluster.get(
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/podpolicies.tidewaiter.dev")["spec"]["versions"]

        def bare(schema, path):
            for key, value in schema.get("properties", {}).items():
                if "description" not in value and path + key != ".metadata":
                    yield path + key
                yield from bare(value.get("items", value), f"{path}{key}.")
        self.assertEqual(list(bare(version["schema"]["openAPIV3Schema"], ".")), [])

    def test_shipped_policies(self):
        files = sorted((ROOT / "policies").glob("*.yaml"))
        self.assertEqual(len(files), 5)
        for file in files:
            with self.subTest(file.name):
                output = self.cluster.kubectl("apply", "-f", file)
                checked = subprocess.run([BINARY, "policy", "check", file], capture_output=True, text=True, check=True)
                found = self.ready(file.stem)
                self.assertIn(f"{file.stem}: {found['controls']} control", checked.stdout)
                self.assertNotIn("Warning", output.stderr)
                self.cluster.kubectl("delete", "-f", file)

    # ---- in force

    def test_changes_are_in_force_at_once(self):
        seconds = []
        for _ in range(10):
            seconds.append(self.seconds_until("default", True, self.put(policy("tags", "default"))))
            seconds.append(self.seconds_until("default", False, self.put(policy("tags", "default", mode="warn"))))
            self.seconds_until("default", True, self.put(policy("tags", "default")))
            self.cluster.api("DELETE", f"{PATH}/tags")
            seconds.append(self.seconds_until("default", False, time.monotonic()))
        seconds.sort()
        p99 = seconds[-1]
        print(f"{len(seconds)} changes in force after: median {seconds[len(seconds) // 2] * 1000:.0f} ms, "
              f"p99 {p99 * 1000:.0f} ms")
        self.assertLess(p99, MOST)

    def test_namespace_labels(self):
        self.cluster.create_namespace("flip", {"env": "test"})
        self.put(policy("prod-only", match={"namespaceSelector": {"matchLabels": {"env": "prod"}}}))
        self.assertFalse(self.is_denied("flip"))
        for value, denied in (("prod", True), ("test", False), ("prod", True)):
            self.cluster.kubectl("label", "namespace", "flip", f"env={value}", "--overwrite")
            self.assertLess(self.seconds_until("flip", denied, time.monotonic()), MOST)

    def test_exemptions_and_their_end(self):
        def exempt(until):
            return policy("tags", "default", exemptions=[
                {"name": "web", "reason": "test", "controls": ["image-tag"], "match": {"names": ["web"]}, "until": until}])
        day = lambda offset: time.strftime("%Y-%m-%d", time.gmtime(time.time() + offset * 86400))
        self.seconds_until("default", True, self.put(policy("tags", "default")))
        self.assertLess(self.seconds_until("default", False, self.put(exempt(day(1)))), MOST)
        output = self.cluster.apply(exempt(day(-1)))
        self.assertIn('Warning: podpolicy/tags: tags: exemption "web" is over and excuses nothing any more', output.stderr)
        self.assertLess(self.seconds_until("default", True, time.monotonic()), MOST)

    def test_controls_that_are_switched_off(self):
        self.cluster.apply(policy("standard", "default", podSecurity={"level": "baseline"},
                                  controls={"host-ports": False, "image-tag": True}))
        self.assertEqual(self.ready("standard")["conditions"][0]["reason"], "Applied")

    # ---- what is refused

    def test_what_cannot_be_loaded_is_refused(self):
        cases = [
            (("controls",), {"imag-tag": {}}),
            (("controls",), {"image-tag": {"forbiden": []}}),
            (("controls",), {"resources": {"maximum": {"limits": {"memory": "1GB"}}}}),
            (("controls",), {"run-as-non-root": {"runAsUser": 0}}),
            (("moed",), "warn"),
            (("match",), {"kinds": ["Deploymnet"]}),
            (("match",), {"namespaces": {"includ": ["a"]}}),
            (("match",), {"namespaceSelector": {"matchLabels": {"a/b/c": "d"}}}),
            (("enforceFrom",), "2027-02-30"),
            (("exemptions",), [{"name": "a", "reason": "b", "controls": ["host-ports"], "match": {"names": ["c"]}}]),
        ]
        path = pathlib.Path(self.folder.name, "bad.yaml")
        for keys, value in cases:
            with self.subTest(value=value):
                bad = policy("bad", "default")
                bad["spec"][keys[0]] = value
                path.write_text(json.dumps(bad))
                checked = subprocess.run([BINARY, "policy", "check", path], capture_output=True, text=True, check=False)
                line = re.sub(rf"tidewaiter: {re.escape(str(path))}:\d+:\d+: ", "podpolicy/bad: ", checked.stderr)
                output = self.cluster.apply(bad, check=False)
                self.assertEqual((output.code, checked.returncode), (1, 2), output)
                self.assertIn(DENIED + line, output.stderr)
                self.assertIn("The request is invalid", output.stderr)
        for value in ("deny", 7):  # by the schema alone
            output = self.cluster.apply(policy("bad", "default", mode=value), check=False)
            self.assertIn("spec.mode", output.stderr)
        self.assertIsNone(self.cluster.get(f"{PATH}/bad"))

    def test_a_bad_one_behind_the_door(self):
        """With the door away: the last good version stays in force, and the status says why."""
        self.put(policy("tags", "default"))
        self.ready("tags")
        configurations = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
        name = self.webhook.configuration("validate-policy")["metadata"]["name"]
        self.cluster.api("DELETE", f"{configurations}/{name}")
        worse = policy("tags", "default", controls={"imag-tag": {}})

        def is_taken():
            known = self.cluster.get(f"{PATH}/tags")
            known["spec"] = worse["spec"]
            return self.cluster.api("PUT", f"{PATH}/tags", known)[0] == 200
        wait_for(is_taken, "the door is away")
        self.cluster.create(PATH, policy("new", "default", controls={"image-tag": {"forbiden": []}}))
        condition = self.ready("tags", "False")["conditions"][0]
        self.assertEqual(condition["reason"], "Invalid")
        self.assertEqual(condition["message"], 'podpolicy/tags: spec.controls.imag-tag: unknown control; did you mean '
                                               '"image-tag"?\nthe last good version stays in force')
        self.assertEqual(self.ready("new", "False")["controls"], 0)
        self.assertTrue(self.is_denied("default"))
        self.assertIn('tidewaiter_policy_reloads_total{result="failure"} 2', self.webhook._ops("/metrics")[1])
        self.put(policy("tags", "default"))
        self.ready("tags")
        self.cluster.create(configurations, self.webhook.configuration("validate-policy"))
        wait_for(lambda: self.cluster.api("POST", PATH + "?dryRun=All", worse)[0] == 422, "the door is back")

    def test_a_file_wins(self):
        output = self.cluster.apply(policy("shadowed", "default"))
        self.assertIn(f"Warning: podpolicy/shadowed: will not be in force: the policy at ", output.stderr)
        condition = self.ready("shadowed", "False")["conditions"][0]
        self.assertEqual(condition["reason"], "Shadowed")
        self.assertFalse(self.is_denied("default"))

    # ---- status

    def test_status_and_columns(self):
        self.put(policy("tags", "default", mode="warn"))
        self.dry_run("default", pod())
        first = self.ready("tags", holds=lambda found: found["controls"] == 1)
        since = first["conditions"][0]["lastTransitionTime"]
        both = {"image-tag": {}, "host-ports": {}}
        self.put(policy("tags", "default", mode="warn", controls=both))
        found = self.ready("tags", holds=lambda found: found["controls"] == 2)
        self.assertEqual(found["conditions"][0]["lastTransitionTime"], since)
        self.assertEqual(set(found["findings"]), {"enforce", "warn", "audit"})
        header, row = self.cluster.kubectl("get", "pp").stdout.splitlines()
        self.assertEqual(header.split(), ["NAME", "MODE", "CONTROLS", "READY", "AGE"])
        self.assertEqual(row.split()[:4], ["tags", "warn", "2", "True"])
        self.assertIn("tags", self.cluster.kubectl("get", "tidewaiter").stdout)

    def test_labels_and_finalizers_pass(self):
        self.put(policy("tags", "default"))
        self.cluster.kubectl("label", "pp", "tags", "a=b")
        self.cluster.kubectl("patch", "pp", "tags", "--type=merge", "-p", '{"metadata":{"finalizers":["a.example.com/b"]}}')
        self.cluster.kubectl("delete", "pp", "tags", "--wait=false")
        self.cluster.kubectl("patch", "pp", "tags", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
        wait_for(lambda: self.cluster.get(f"{PATH}/tags") is None, "it is gone")

    # ---- coming and going

    def leader(self):
        lease = self.cluster.get(LEASE)
        return lease and lease["spec"].get("holderIdentity")

    def is_leading(self, replica):
        return "\ntidewaiter_leader 1\n" in replica._ops("/metrics")[1]

    def test_another_replica_takes_over(self):
        replicas = [self.webhook, self.early]
        wait_for(lambda: sum(map(self.is_leading, replicas)) == 1, "one leads")
        old = self.leader()
        leading, other = replicas if self.is_leading(replicas[0]) else reversed(replicas)
        leading.process._child.kill()
        leading.process._child.wait()
        start = time.monotonic()
        wait_for(lambda: self.is_leading(other), "the other one leads")
        print(f"a killed leader was replaced after {time.monotonic() - start:.1f} s")
        self.assertNotEqual(self.leader(), old)
        leading.start()
        self.put(policy("tags", "default"))
        self.ready("tags")
        other_name = self.leader()
        other.stop()  # in good order: no need to wait for the lease to run out
        start = time.monotonic()
        wait_for(lambda: self.is_leading(leading), "the first one leads again")
        print(f"a leader that stopped was replaced after {time.monotonic() - start:.1f} s")
        self.assertLess(time.monotonic() - start, 10)
        self.assertNotEqual(self.leader(), other_name)
        other.start()

    def test_the_api_server_restarts(self):
        self.put(policy("tags", "default"))
        self.ready("tags")
        self.cluster.restart_apiserver()
        self.assertEqual(self.webhook._ops("/readyz")[0], 200)
        self.assertTrue(self.is_denied("default"))
        self.seconds_until("default", False, self.put(policy("tags", "default", mode="warn")))
        self.ready("tags")
        metrics = self.webhook._ops("/metrics")[1]
        self.assertRegex(metrics, r'tidewaiter_cluster_errors_total\{resource="podpolicies"\} [1-9]')
        self.assertRegex(metrics, r'tidewaiter_cluster_state_age_seconds\{resource="namespaces"\} \d')

    def test_without_the_definition_it_waits(self):
        said = [line for line in self.early_log.splitlines() if "podpolicies yet" in line and '"debug"' not in line]
        self.assertEqual(len(said), 1, said)


if __name__ == "__main__":
    unittest.main()
