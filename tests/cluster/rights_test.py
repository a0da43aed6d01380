#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What manifests/rbac.yaml lets tidewaiter do is enough, and nothing too much: a replica with exactly those rights does
everything it ever does in a cluster, and the audit log is compared with the rules."""

import json
import unittest

from cluster_test_case import ClusterTestCase
from control_plane import PATHS, ROOT, pods_path
from processes import Process, find_free_port, wait_for
from registered_webhook import BINARY

USER = "system:serviceaccount:tidewaiter:tidewaiter"
CONFIGURATIONS = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
POLICIES = "/apis/tidewaiter.dev/v1alpha1/podpolicies"
POLICY = {"apiVersion": "tidewaiter.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "late"},
          "spec": {"match": {"namespaceSelector": {"matchLabels": {"env": "prod"}}}, "controls": {"image-tag": {}}}}
POD = {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "web", "image": "web:latest"}]}}


class RightsTest(ClusterTestCase):
    @classmethod
    def set_up_cluster(cls):
        cluster = cls.cluster
        cluster.create_namespace("tidewaiter")
        cluster.create_namespace("shop", {"env": "prod"})
        cluster.apply_policy_definition()
        cluster.kubectl("apply", "-f", ROOT / "manifests" / "rbac.yaml")
        cls.port, cls.ops_port = find_free_port(), find_free_port()
        for kind in CONFIGURATIONS:
            door = "validate" if kind.startswith("Validating") else "mutate"
            cluster.create(PATHS[kind], {
                "apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": "tidewaiter"},
                "webhooks": [{
                    "name": f"{door}.tidewaiter.dev", "sideEffects": "None", "admissionReviewVersions": ["v1"],
                    "failurePolicy": "Ignore" if door == "mutate" else "Fail", "timeoutSeconds": 10,
                    "clientConfig": {"url": f"https://127.0.0.1:{cls.port}/{door}"},
                    "namespaceSelector": {"matchLabels": {"env": "prod"}},
                    "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "scope": "Namespaced",
                               "operations": ["CREATE"]}]}]})
        cls.kubeconfig = cluster.service_account_kubeconfig("tidewaiter", "tidewaiter")
        cls.process = cls.start()

    @classmethod
    def start(cls):
        process = Process("tidewaiter", [
            BINARY, "serve", "--listen", f"127.0.0.1:{cls.port}", "--ops-listen", f"127.0.0.1:{cls.ops_port}",
            "--cluster", "--kubeconfig", cls.kubeconfig, "--lease", "tidewaiter/tidewaiter", "--drain-seconds", "0",
            "--certificate-secret", "tidewaiter/tidewaiter-tls", "--webhook-configuration", "tidewaiter",
            "--certificate-lifetime", "1m", "--tls-san", "127.0.0.1", "--log-level", "debug"], cls.cluster.folder)
        cls.cluster.own(process)
        return process

    def test_rights_are_what_is_used(self):
        cluster = self.cluster
        cluster.create(POLICIES, POLICY)

        def is_denied():
            status, answer = self.dry_run("shop", POD)
            return status == 403 and "[late/image-tag]" in json.dumps(answer)

        wait_for(is_denied, "the policy is in force")
        wait_for(lambda: cluster.get(f"{POLICIES}/late").get("status", {}).get("observedGeneration"), "a status")
        secret = "/api/v1/namespaces/tidewaiter/secrets/tidewaiter-tls"
        version = cluster.get(secret)["metadata"]["resourceVersion"]
        wait_for(lambda: cluster.get(secret)["metadata"]["resourceVersion"] != version, "a renewal", 90)
        # Another API server's namespace, made between two events of the watch, is asked for by name.
        cluster.create_namespace("sudden", {"env": "prod"})
        cluster.api("POST", pods_path("sudden", dry_run=True), POD)

        used, refused = set(), []
        for event in cluster.audit_events():
            if event["user"]["username"] != USER or event["stage"] != "ResponseComplete":
                continue
            target = event.get("objectRef", {})
            resource = "/".join(filter(None, [target.get("resource"), target.get("subresource")]))
            if event["responseStatus"].get("code") == 403:
                refused.append((event["verb"], resource, target.get("name")))
            used.add((event["verb"], target.get("apiGroup", ""), resource))
        self.assertEqual(refused, [])
        # `get` of one namespace happens only when a request is faster than the watch, a watch is only told when it ends.
        # What is left must be in use.
        self.assertEqual(sorted(self.granted() - used - self.seldom()), [])
        self.assertEqual(sorted(used - self.granted()), [])

    @staticmethod
    def seldom():
        watched = [("", "namespaces"), ("tidewaiter.dev", "podpolicies"), ("", "secrets"),
                   ("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
                   ("admissionregistration.k8s.io", "mutatingwebhookconfigurations")]
        return {("get", "", "namespaces")} | {("watch", *each) for each in watched}

    def granted(self):
        rights = set()
        for kind in ("clusterrole", "role"):
            role = json.loads(self.cluster.kubectl("get", kind, "tidewaiter", "-n", "tidewaiter", "-o", "json").stdout)
            for rule in role["rules"]:
                rights |= {(verb, group, resource) for verb in rule["verbs"] for group in rule["apiGroups"]
                           for resource in rule["resources"]}
        return rights


if __name__ == "__main__":
    unittest.main()
