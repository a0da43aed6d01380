#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The built-in Pod Security admission of a real API server against policies/pod-security-*.yaml: the same Pods, by
server dry-run, into namespaces that the one or the other guards. The verdicts are the same where nothing is injected,
what ours injects and lets in, theirs lets in, and no injection makes a Pod that the API server refuses. The Pods are
upstream's own fixtures and random ones, as tests/oracle/upstream prints them."""

import json
import os
import subprocess
import unittest

from cluster_test_case import ClusterTestCase
from control_plane import ROOT
from registered_webhook import RegisteredWebhook

ORACLE = os.environ.get("ORACLE_PROGRAM", str(ROOT / "build/release/tests/pod_security_oracle"))
LEVELS = ("baseline", "restricted")
RANDOM_PODS = 300  # of which a third is valid
# What stands in the way of one injection or the other, by what each is.
AWKWARD_PODS = {
    "a block device": {"containers": [{"volumeDevices": [{"name": "disk", "devicePath": "/tmp"}]}],
                       "volumes": [{"name": "disk", "persistentVolumeClaim": {"claimName": "disk"}}]},
    "requests above the limits to be": {"containers": [
        {"resources": {"requests": {"cpu": "4", "memory": "1Gi", "ephemeral-storage": "9Gi"}}}]},
    "limits below the requests to be": {"containers": [
        {"resources": {"limits": {"cpu": "50m", "memory": "64Mi", "ephemeral-storage": "1Mi"}}}]},
    "limits of the whole Pod": {"resources": {"limits": {"memory": "256Mi"}}, "containers": [{}]},
    "requests of the whole Pod": {"resources": {"requests": {"memory": "16Mi"}}, "containers": [{}]},
    "huge pages": {"containers": [{"resources": {"limits": {"hugepages-2Mi": "2Mi", "memory": "1Mi"}}}]},
    "names as long as can be": {"containers": [{"name": "a" * 62 + "b"}, {"name": "a" * 62 + "c"}]},
    "a mount at /tmp/": {"containers": [{"volumeMounts": [{"name": "v", "mountPath": "/tmp/"}]}],
                         "volumes": [{"name": "v", "emptyDir": {}}]},
    "the volume's name is taken": {"containers": [{}], "volumes": [{"name": "writable-c0-tmp", "emptyDir": {}}]},
    "privileged": {"containers": [{"securityContext": {"privileged": True}}]},
    "CAP_SYS_ADMIN": {"containers": [{"securityContext": {"capabilities": {"add": ["CAP_SYS_ADMIN"]}}}]},
    "the node's network": {"hostNetwork": True, "containers": [{}]},
    "the node's processes": {"hostPID": True, "containers": [{}]},
    "Windows": {"os": {"name": "windows"}, "containers": [{}]},
}
# Every control that injects; only the mutating door is asked, so none denies.
INJECT_EVERYTHING = """
apiVersion: tidewaiter.dev/v1alpha1
kind: PodPolicy
metadata: {name: everything}
spec:
  podSecurity: {level: restricted, version: latest, inject: true}
  controls:
    run-as-non-root: {inject: true, runAsUser: 10001, runAsGroup: 10001}
    run-as-user-range: {inject: 10001}
    run-as-group: {inject: 10001}
    fs-group: {inject: 10001}
    supplemental-groups: {requireStrict: true, inject: true}
    host-users: {inject: true}
    capabilities: {requiredDrop: [NET_RAW, MKNOD], inject: true}
    read-only-root-filesystem: {inject: true, writablePaths: [/tmp, /var/cache], sizeLimit: 64Mi}
    empty-dir-size-limit: {inject: 1Gi}
    resources:
      require: {requests: [cpu, memory, ephemeral-storage], limits: [cpu, memory, ephemeral-storage]}
      inject:
        requests: {cpu: 100m, memory: 128Mi, ephemeral-storage: 1Gi}
        limits: {cpu: "1", memory: 512Mi, ephemeral-storage: 2Gi}
"""
FEWEST = 200  # judged Pods of each level, or else this compares nothing
THEIRS = "violates PodSecurity"
OURS = 'admission webhook "validate.{}.dev" denied the request'


def ask_oracle(*arguments):
    done = subprocess.run([ORACLE, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    for line in done.stdout.splitlines():
        record = json.loads(line)
        yield record["origin"], record["pod"]


def make_creatable(pod):
    """Mends what the API server refuses in the random Pods before either is asked, and neither cares about."""
    spec = pod["spec"]
    spec.pop("ephemeralContainers", None)  # cannot be there on creation
    spec.pop("serviceAccountName", None)  # is not in these namespaces
    for each in (spec, *spec.get("initContainers", []), *spec["containers"]):
        profile = each.get("securityContext", {}).get("seccompProfile", {})
        if profile.get("type") == "Localhost":
            profile.setdefault("localhostProfile", "profile.json")


def load_awkward_pods():
    for origin, spec in AWKWARD_PODS.items():
        containers = [{"name": f"c{number}", "image": "registry.example.com/a:1", **container}
                      for number, container in enumerate(spec["containers"])]
        yield origin, {"metadata": {"name": "awkward"}, "spec": {**spec, "containers": containers}}


def load_pods():
    """(where it comes from, Pod): each Pod of the newest fixtures once, then random ones."""
    fixtures = list(ask_oracle("fixtures"))
    minor = lambda origin: int(origin.split("/")[1].removeprefix("v1."))
    newest = max(minor(origin) for origin, _ in fixtures)
    wanted = [(origin, pod) for origin, pod in fixtures if minor(origin) == newest]
    wanted += ask_oracle("generate", "--seed", os.environ.get("ORACLE_SEED", "1"), "--count", str(RANDOM_PODS))
    for number, (origin, pod) in enumerate(wanted):
        pod["metadata"] = {**pod.get("metadata", {}), "name": f"pod-{number}"}
        pod["metadata"].pop("namespace", None)
        make_creatable(pod)
    return wanted


class PodSecurityTest(ClusterTestCase):
    @classmethod
    def set_up_cluster(cls):
        cls.pods = load_pods()
        cls.cluster.create_namespace("plain")
        cls.cluster.create_namespace("everything", {"injected": "everything"})
        RegisteredWebhook(cls.cluster, "everything", [INJECT_EVERYTHING], doors=("mutate",),
                          labels={"injected": "everything"}, probe_namespace="everything")
        for level in LEVELS:
            enforce = {"pod-security.kubernetes.io/enforce": level}  # of the latest version
            judged, hardened = {"judged-by": level}, {"hardened-by": level}
            cls.cluster.create_namespace(f"theirs-{level}", enforce)
            cls.cluster.create_namespace(f"ours-{level}", judged)
            cls.cluster.create_namespace(f"hardened-{level}", hardened)
            cls.cluster.create_namespace(f"both-{level}", {**enforce, **hardened})
            policy = [ROOT / "policies" / f"pod-security-{level}.yaml"]
            RegisteredWebhook(cls.cluster, f"judge-{level}", policy, doors=("validate",), labels=judged,
                              probe_namespace=f"ours-{level}")
            RegisteredWebhook(cls.cluster, f"harden-{level}", policy, labels=hardened,
                              probe_namespace=f"hardened-{level}")

    def verdict(self, namespace, pod):
        """(allowed or denied, why), and the reason alone when the API server does not take the Pod at all."""
        status, answer = self.dry_run(namespace, pod)
        if status == 201:
            return "allowed", ""
        message = answer["message"]
        if THEIRS in message or "denied the request" in message:
            self.assertEqual(status, 403, message)
            return "denied", message
        return "invalid", message

    def compare(self, one, other, level):
        """Asks both namespaces about every Pod; returns how often each verdict came."""
        counts = {"allowed": 0, "denied": 0, "invalid": 0}
        differences = []
        for origin, pod in self.pods:
            first, second = self.verdict(one, pod), self.verdict(other, pod)
            counts[first[0]] += 1
            if first[0] != second[0]:
                differences.append(f"{origin}\n  {one}: {first}\n  {other}: {second}\n  {json.dumps(pod)}")
        self.assertFalse(differences, f"{len(differences)} of {len(self.pods)} Pods:\n" + "\n".join(differences[:5]))
        print(f"{level}: {one} and {other}: {counts}")
        self.assertGreater(counts["allowed"] + counts["denied"], FEWEST, counts)
        self.assertGreater(counts["allowed"], 20, counts)
        self.assertGreater(counts["denied"], 20, counts)

    def test_ours_judges_as_theirs(self):
        for level in LEVELS:
            with self.subTest(level):
                self.compare(f"theirs-{level}", f"ours-{level}", level)

    def test_what_ours_hardens_and_allows_theirs_allows(self):
        for level in LEVELS:
            with self.subTest(level):
                self.compare(f"hardened-{level}", f"both-{level}", level)

    def test_injections_are_always_valid(self):
        """Nobody denies here: a Pod that the API server takes is still taken when everything is injected."""
        resources = lambda read: [container["resources"] for container in read["spec"]["containers"]]
        accepted, changed = 0, 0
        for origin, pod in [*self.pods, *load_awkward_pods()]:
            status, plain = self.dry_run("plain", pod)
            if status != 201:
                self.assertNotIn(origin, AWKWARD_PODS, plain)
                continue
            accepted += 1
            status, answer = self.dry_run("everything", pod)
            with self.subTest(origin):
                self.assertEqual(status, 201, f"{answer}\n{json.dumps(pod)}")
                changed += resources(answer) != resources(plain)
        self.assertGreater(changed, accepted // 2)
        self.assertGreater(accepted, FEWEST)

    def test_hardening_lets_more_in(self):
        def allowed(namespace):
            return {origin for origin, pod in self.pods if self.verdict(namespace, pod)[0] == "allowed"}
        judged, hardened = allowed("ours-restricted"), allowed("hardened-restricted")
        self.assertLess(judged, hardened)


if __name__ == "__main__":
    unittest.main()
