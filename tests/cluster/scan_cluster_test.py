#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`scan --cluster` and `policy diff --cluster` on a real API server: what runs is judged, once for each owner, by files or
by the policies of the cluster, with the labels that namespaces have there; rights that are missing are told."""

import json
import os
import pathlib
import pty
import re
import subprocess
import tempfile
import unittest

from cluster_test_case import ClusterTestCase
from control_plane import pods_path
from processes import BOUND, wait_for
from registered_webhook import BINARY

CONTAINER = {"name": "web", "image": "nginx:latest"}
LABELS = {"matchLabels": {"app": "web"}}
ROLLOUTS = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "rollouts.example.com"},
    "spec": {"group": "example.com", "scope": "Namespaced",
             "names": {"plural": "rollouts", "singular": "rollout", "kind": "Rollout"},
             "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                 "type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}}


def policy(name, **spec):
    spec.setdefault("controls", {"image-tag": {}})
    return {"apiVersion": "tidewaiter.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name}, "spec": spec}


def template(**container):
    return {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{**CONTAINER, **container}]}}


class ScanClusterTest(ClusterTestCase):
    @classmethod
    def set_up_cluster(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cluster = cls.cluster
        cluster.create_namespace("shop", {"env": "prod"})
        cluster.create_namespace("dev", {"env": "dev"})
        cluster.apply(ROLLOUTS)
        wait_for(lambda: cluster.api("GET", "/apis/example.com/v1/rollouts")[0] == 200, "rollouts are served")
        for namespace in ("shop", "dev"):
            cluster.create(f"/apis/apps/v1/namespaces/{namespace}/deployments", {
                "metadata": {"name": "web"}, "spec": {"replicas": 2, "selector": LABELS, "template": template()}})
        cluster.create("/apis/batch/v1/namespaces/shop/cronjobs", {
            "metadata": {"name": "nightly"}, "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": {
                "spec": {"restartPolicy": "Never", "containers": [{**CONTAINER, "image": "backup:1"}]}}}}}})
        cluster.create(pods_path("shop"), {"metadata": {"name": "alone"}, "spec": {"containers": [CONTAINER]}})
        cluster.create("/apis/example.com/v1/namespaces/shop/rollouts", {
            "apiVersion": "example.com/v1", "kind": "Rollout", "metadata": {"name": "canary"},
            "spec": {"template": template()}})
        # More than a page of bare Pods.
        for number in range(210):
            cluster.create(pods_path("dev"), {"metadata": {"name": f"many-{number:03}"},
                                              "spec": {"containers": [{"name": "c", "image": "many:1"}]}})
        for namespace in ("shop", "dev"):
            wait_for(lambda namespace=namespace: len(cluster.list(pods_path(namespace), "app=web")) == 2,
                     f"the Deployment of {namespace} has its Pods")
        cls.file = cls.write("policy.yaml", policy("files", workloads=[
            {"group": "example.com", "kind": "Rollout", "template": "/spec/template"},
            {"group": "nowhere.example.com", "kind": "Ghost", "template": "/spec/template"}]))
        cls.kubeconfig = cluster.folder / "admin.kubeconfig"

    @classmethod
    def write(cls, name, *documents):
        path = pathlib.Path(cls.folder.name, name)
        path.write_text("\n---\n".join(map(json.dumps, documents)))
        return path

    def run_binary(self, *arguments, kubeconfig=None):
        return subprocess.run([BINARY, *map(str, arguments), "--cluster", "--kubeconfig",
                               str(kubeconfig or self.kubeconfig)], capture_output=True, text=True, timeout=BOUND)

    def scan(self, *arguments, **options):
        result = self.run_binary("scan", "--format", "json", *arguments, **options)
        self.assertIn(result.returncode, (0, 1), result.stderr)
        return json.loads(result.stdout)

    def test_owners_are_judged_once(self):
        report = self.scan("--policies", self.file)
        self.assertEqual({(f["kind"], f["namespace"], f["name"]) for f in report["findings"]},
                         {("Deployment", "shop", "web"), ("Deployment", "dev", "web"), ("Pod", "shop", "alone"),
                          ("Rollout", "shop", "canary")})
        # 2 Deployments, CronJob, Rollout, Pod, 210 Pods.
        self.assertEqual(report["summary"], {"workloads": 215, "findings": 4, "denied": 4})
        finding = report["findings"][0]
        self.assertEqual((finding["file"], finding["line"], finding["pointer"]),
                         ("namespaces/dev", 0, "/spec/template/spec/containers/0/image"))

    def test_text(self):
        result = self.run_binary("scan", "--policies", self.file, "--namespace", "shop")
        self.assertEqual((result.returncode, result.stderr), (1, ""))
        self.assertRegex(result.stdout, r"""(?m)^namespaces/shop
  Rollout shop/canary would be denied
    error: container "web" must not use tag "latest" of image "nginx:latest" \[files/image-tag\]
 +\| +- image: "nginx:latest"
 +\| +\^+
 +=  ?write: image: docker.io/library/nginx:<version>
""")
        # 2 Pods and their ReplicaSet.
        self.assertTrue(result.stdout.endswith(
            "3 of 4 workloads would be denied: 3 errors (3 made by these not judged again)\n"), result.stdout)

    def test_every_format(self):
        for name in ("sarif", "junit", "github", "gitlab", "markdown"):
            result = self.run_binary("scan", "--policies", self.file, "--namespace", "shop", "--format", name)
            self.assertEqual((result.returncode, result.stderr), (1, ""), name)
            self.assertIn("namespaces/shop", result.stdout)

    def test_labels_of_namespaces_are_those_of_the_cluster(self):
        prod = self.write("prod.yaml", policy("prod", match={"namespaceSelector": {"matchLabels": {"env": "prod"}}}))
        self.assertEqual({f["namespace"] for f in self.scan("--policies", prod)["findings"]}, {"shop"})

    def test_policies_of_the_cluster(self):
        result = self.run_binary("scan", "--format", "json", "--namespace", "shop")
        self.assertEqual(result.stderr,
                         "note: this cluster has no PodPolicy resources: judged by the built-in policy\n")
        self.assertIn("hardened", {f["policy"] for f in json.loads(result.stdout)["findings"]})
        self.cluster.apply_policy_definition()
        self.addCleanup(self.cluster.kubectl, "delete", "crd", "podpolicies.tidewaiter.dev")
        result = self.run_binary("scan", "--namespace", "shop")
        self.assertIn("no PodPolicy is in force", result.stderr)
        self.assertEqual(result.returncode, 0, result.stdout)
        self.cluster.apply(policy("resource", match={"kinds": ["Pod"]}))
        findings = self.scan("--namespace", "shop")["findings"]
        self.assertEqual([(f["policy"], f["name"]) for f in findings], [("resource", "alone")])
        # What it would be under other policies.
        result = self.run_binary("policy", "diff", "cluster", self.file, "--format", "json")
        self.assertEqual((result.returncode, result.stderr), (1, ""))
        answer = json.loads(result.stdout)
        self.assertEqual({each["workload"] for each in answer["workloads"]},
                         {"Deployment shop/web", "Deployment dev/web", "Rollout shop/canary"})
        self.assertEqual((answer["summary"]["workloads"], answer["summary"]["newlyDenied"]), (215, 3))
        result = self.run_binary("policy", "diff", "cluster", "cluster")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("(6 made by these passed over)", result.stdout)

    def test_missing_rights_are_told_and_the_rest_is_judged(self):
        self.cluster.apply({"apiVersion": "v1", "kind": "ServiceAccount",
                            "metadata": {"name": "reader", "namespace": "default"}})
        self.cluster.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
                            "metadata": {"name": "reader"},
                            "rules": [{"apiGroups": [""], "resources": ["namespaces", "pods"], "verbs": ["list"]},
                                      {"apiGroups": ["apps"], "resources": ["replicasets"], "verbs": ["list"]}]})
        self.cluster.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
                            "metadata": {"name": "reader"},
                            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "reader"},
                            "subjects": [{"kind": "ServiceAccount", "name": "reader", "namespace": "default"}]})
        token = self.cluster.kubectl("create", "token", "reader").stdout.strip()
        kubeconfig = json.loads(self.kubeconfig.read_text())
        kubeconfig["users"][0]["user"] = {"token": token}
        path = self.write("reader.kubeconfig", kubeconfig)
        result = self.run_binary("scan", "--policies", self.file, "--namespace", "shop", "--format", "json",
                                 kubeconfig=path)
        self.assertEqual(result.returncode, 2)
        self.assertRegex(result.stderr, r"(?m)^tidewaiter: deployments\.apps: .*forbidden")
        self.assertRegex(result.stderr, r"(?m)^tidewaiter: rollouts\.example\.com: .*forbidden")
        # Without the Deployments their ReplicaSets speak.
        self.assertEqual({f["kind"] for f in json.loads(result.stdout)["findings"]}, {"ReplicaSet", "Pod"})

    def test_bar_on_a_terminal(self):
        master, slave = pty.openpty()
        process = subprocess.Popen([BINARY, "scan", "--cluster", "--kubeconfig", self.kubeconfig, "--policies",
                                    self.file], stdout=subprocess.DEVNULL, stderr=slave)
        os.close(slave)
        shown = b""
        while True:
            try:
                piece = os.read(master, 4096)
            except OSError:  # how Linux tells that the other end is closed
                break
            if not piece:
                break
            shown += piece
        os.close(master)
        self.assertEqual(process.wait(BOUND), 1)
        text = shown.decode()
        self.assertRegex(text, r"\r\033\[K\[[#.]{30}\] pods \d+ of 215")
        self.assertTrue(text.endswith("\r\033[K"), repr(text[-80:]))

    def test_mistakes(self):
        for arguments, expected in ((("scan", "x.yaml"), "not both"), (("scan", "--context", "none"), "none")):
            result = self.run_binary(*arguments)
            self.assertEqual(result.returncode, 2)
            self.assertIn(expected, result.stderr)
        away = json.loads(self.kubeconfig.read_text())
        away["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
        result = self.run_binary("scan", kubeconfig=self.write("away.kubeconfig", away))
        self.assertEqual(result.returncode, 2)
        self.assertIn("127.0.0.1", result.stderr)


if __name__ == "__main__":
    unittest.main()
