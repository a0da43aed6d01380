#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The chart and the plain manifests on a real API server: every object of every choice of values is taken by it, and a
release is installed, filled by real replicas, upgraded, rolled back and uninstalled, and leaves nothing."""

import http.client
import json
import re
import subprocess
import unittest

import yaml

from chart import BINARY, CHART, DIGEST, MATRIX, POLICY, ROOT, helm, objects
from cluster_test_case import ClusterTestCase
from control_plane import PATHS, pods_path
from processes import BOUND, Process, find_free_port, wait_for

NAMESPACE = "tidewaiter"
SECRET = f"/api/v1/namespaces/{NAMESPACE}/secrets/tidewaiter-tls"
LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/tidewaiter"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/tidewaiter"
CONFIGURATIONS = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
# Kinds of others that the chart can make objects of.
FOREIGN = [("monitoring.coreos.com", "ServiceMonitor"), ("monitoring.coreos.com", "PodMonitor"),
           ("monitoring.coreos.com", "PrometheusRule"), ("cert-manager.io", "Issuer"), ("cert-manager.io", "Certificate")]


def foreign_crd(group, kind):
    """A CustomResourceDefinition that takes any object of the kind."""
    plural = kind.lower() + "s"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{group}"},
            "spec": {"group": group, "scope": "Namespaced", "names": {"kind": kind, "plural": plural},
                     "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}]}}


class InstallTest(ClusterTestCase):
    @classmethod
    def set_up_cluster(cls):
        cls.environment = {"KUBECONFIG": str(cls.cluster.folder / "admin.kubeconfig"), "HOME": str(cls.cluster.folder)}
        for group, kind in FOREIGN:
            cls.cluster.apply(foreign_crd(group, kind))
        names = [f"crd/{kind.lower()}s.{group}" for group, kind in FOREIGN]
        cls.cluster.kubectl("wait", "--for=condition=Established", *names, "--timeout=30s")

    def setUp(self):
        self.cluster.create_namespace(NAMESPACE)
        self.addCleanup(wait_for, lambda: self.cluster.get(f"{PATHS['Namespace']}/{NAMESPACE}") is None, "it is gone")
        self.addCleanup(self.cluster.kubectl, "delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false")

    # ---- helpers

    def helm(self, *arguments, **more):
        return helm(*arguments, "--namespace", NAMESPACE, environment=self.environment, **more)

    def uninstall(self, with_crd=True):
        self.helm("uninstall", "tidewaiter", "--ignore-not-found")
        if with_crd:
            self.cluster.kubectl("delete", "crd", "podpolicies.tidewaiter.dev", "--ignore-not-found")

    def left_over(self):
        """The names of all objects that the chart could have made, but the CRD."""
        kinds = sorted({each["kind"] + ("." + each["apiVersion"].partition("/")[0] if "." in each["apiVersion"] else "")
                        for values in MATRIX.values() for each in objects(values)} - {"PodPolicy.tidewaiter.dev"})
        self.assertIn("Lease.coordination.k8s.io", kinds)
        kinds.remove("CustomResourceDefinition.apiextensions.k8s.io")
        found = self.cluster.kubectl("get", ",".join(kinds), "-n", NAMESPACE, "-o", "name").stdout.split()
        return [name for name in found if "tidewaiter" in name]

    def start_replica(self, number):
        """The program as the Deployment in the cluster runs it: with its arguments, files and rights."""
        folder = self.cluster.folder / f"replica-{number}"
        (folder / "policies").mkdir(parents=True, exist_ok=True)
        policies = self.cluster.get(f"/api/v1/namespaces/{NAMESPACE}/configmaps/tidewaiter-policies")["data"]
        for name, text in policies.items():
            (folder / "policies" / name).write_text(text)
        pod = self.cluster.get(DEPLOYMENT)["spec"]["template"]["spec"]
        replaced = {"--listen": f"127.0.0.1:{find_free_port()}", "--ops-listen": f"127.0.0.1:{find_free_port()}",
                    "--policies": folder / "policies"}
        arguments = []
        for argument in pod["containers"][0]["args"]:
            name, _, value = argument.partition("=")
            arguments.append(f"{name}={replaced.get(name, value)}" if value else name)
        kubeconfig = self.cluster.service_account_kubeconfig(NAMESPACE, pod["serviceAccountName"])
        process = Process(f"replica-{number}", [BINARY, *arguments, "--kubeconfig", kubeconfig], self.cluster.folder)
        self.cluster.own(process)
        self.addCleanup(process.stop)
        process.ops = replaced["--ops-listen"]
        return process

    def ops(self, replica, path):
        connection = http.client.HTTPConnection(replica.ops, timeout=BOUND)
        try:
            connection.request("GET", path)
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    def wait_until_ready(self, replica):
        wait_for(lambda: self.ops(replica, "/readyz")[0] == 200,
                 lambda: f"{replica.name} is ready: {self.ops(replica, '/readyz')[1]}\n{replica.read_log()}")

    def state(self):
        """What the replicas keep in the cluster: the Secret's data and the bundle of each webhook."""
        bundles = [webhook["clientConfig"].get("caBundle") for kind in CONFIGURATIONS
                   for webhook in self.cluster.get(f"{PATHS[kind]}/tidewaiter")["webhooks"]]
        return self.cluster.get(SECRET).get("data", {}), bundles

    # ---- tests

    def test_every_choice_is_taken(self):
        """Server-side, with unknown fields refused; so are the plain manifests."""
        self.cluster.apply((ROOT / "manifests" / "crd.yaml").read_text(), "--server-side")
        self.addCleanup(self.cluster.kubectl, "delete", "crd", "podpolicies.tidewaiter.dev")
        self.cluster.kubectl("wait", "--for=condition=Established", "crd/podpolicies.tidewaiter.dev", "--timeout=30s")
        for account in ("tidewaiter-test", "gate-test"):  # a dry run makes none, and a Pod's must be there
            self.cluster.kubectl("create", "serviceaccount", account, "-n", NAMESPACE)
            self.addCleanup(self.cluster.kubectl, "delete", "serviceaccount", account, "-n", NAMESPACE)
        for name, values in MATRIX.items():
            with self.subTest(name):
                documents = objects(values)
                text = yaml.safe_dump_all(documents)
                applied = self.cluster.apply(text, "--dry-run=server", "--validate=strict", "--server-side",
                                             "--force-conflicts")
                self.assertEqual(len(applied.stdout.splitlines()), len(documents))
                self.assertEqual(applied.stderr, "")
        for arguments in (("-f", ROOT / "manifests" / "install.yaml"), ("-k", ROOT / "manifests")):
            self.cluster.kubectl("apply", "--dry-run=server", "--validate=strict", "--server-side", "--force-conflicts",
                                 *arguments)

    def test_life_of_a_release(self):
        self.addCleanup(self.uninstall)
        notes = self.helm("install", "tidewaiter", CHART, values={"image": {"digest": DIGEST}})
        self.assertIn("in mode observe: nothing is denied, warned or changed", notes)
        self.assertEqual(len(re.findall(r"^     (kubectl|helm) ", notes, re.MULTILINE)), 2)
        installed = [each for each in yaml.safe_load_all(self.helm("get", "manifest", "tidewaiter")) if each]
        self.assertGreater(len(installed), 15)
        for each in installed:
            read = json.loads(self.cluster.kubectl("get", each["kind"], each["metadata"]["name"], "-n", NAMESPACE, "-o",
                                                   "json").stdout)
            self.assertEqual(read["metadata"]["labels"]["app.kubernetes.io/managed-by"], "Helm", each["kind"])
        self.assertEqual(self.state(), ({}, [None] * 3))
        self.cluster.kubectl("wait", "--for=condition=Established", "crd/podpolicies.tidewaiter.dev", "--timeout=30s")

        # The empty Secret and Lease are taken for theirs by the replicas, without a complaint.
        replicas = [self.start_replica(number) for number in range(2)]
        for replica in replicas:
            self.wait_until_ready(replica)
        secret, bundles = wait_for(lambda: (lambda state: state if all(state[1]) else None)(self.state()), "the bundles")
        self.assertEqual(set(bundles), {secret["ca.crt"]})
        wait_for(lambda: self.cluster.get(LEASE)["spec"].get("holderIdentity"), "a leader")
        for replica in replicas:
            self.assertNotRegex(replica.read_log(1000), '"level":"(error|warn)"')

        # Helm changes what is its own, and nothing of what the replicas wrote.
        upgraded = {"image": {"digest": DIGEST}, "mode": "enforce", "replicas": 3}
        self.helm("upgrade", "tidewaiter", CHART, values=upgraded)
        configuration = self.cluster.get(f"{PATHS['ValidatingWebhookConfiguration']}/tidewaiter")
        self.assertEqual(configuration["webhooks"][0]["failurePolicy"], "Fail")
        self.assertEqual(self.cluster.get(DEPLOYMENT)["spec"]["replicas"], 3)
        self.assertEqual(self.state(), (secret, bundles))
        self.helm("rollback", "tidewaiter", "1")
        configuration = self.cluster.get(f"{PATHS['ValidatingWebhookConfiguration']}/tidewaiter")
        self.assertEqual(configuration["webhooks"][0]["failurePolicy"], "Ignore")
        self.assertEqual(self.cluster.get(DEPLOYMENT)["spec"]["replicas"], 2)
        self.assertEqual(self.state(), (secret, bundles))
        for replica in replicas:
            self.assertEqual(self.ops(replica, "/readyz")[0], 200)
            self.assertNotRegex(self.ops(replica, "/metrics")[1], r"(?m)^tidewaiter_errors_total\{.*\} [^0]")

        # The replicas still run when their objects go, and make none anew: their rights have gone before.
        self.helm("uninstall", "tidewaiter")
        for replica in replicas:
            replica.stop()
        wait_for(lambda: not self.left_over(), lambda: f"nothing is left: {self.left_over()}")
        self.assertIsNotNone(self.cluster.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/"
                                              "podpolicies.tidewaiter.dev"), "it is kept, with the policies")

        # Over the kept definition, and with policies as resources, which the API server itself now knows.
        self.helm("install", "tidewaiter", CHART,
                  values={"policies": {"asResources": True, "documents": [POLICY]}})
        policies = self.cluster.get("/apis/tidewaiter.dev/v1alpha1/podpolicies")["items"]
        self.assertEqual({each["metadata"]["name"]: each["spec"]["mode"] for each in policies},
                         {"hardened": "audit", "shop": "audit"})
        self.assertIsNone(self.cluster.get(f"/api/v1/namespaces/{NAMESPACE}/configmaps/tidewaiter-policies"))

    def test_rights_of_the_test_hook(self):
        """`helm test` gets as far as to the Service, which nobody answers here: it may read and try what it must."""
        self.addCleanup(self.uninstall)
        self.helm("install", "tidewaiter", CHART)
        self.cluster.kubectl("wait", "--for=condition=Established", "crd/podpolicies.tidewaiter.dev", "--timeout=30s")
        hooks = [each for each in yaml.safe_load_all(self.helm("get", "hooks", "tidewaiter")) if each]
        self.assertEqual([each["kind"] for each in hooks if each["kind"] == "Pod"], ["Pod"])
        for each in hooks:
            if each["kind"] == "Pod":
                pod = each["spec"]
            else:
                self.cluster.apply(each)
                self.addCleanup(self.cluster.kubectl, "delete", each["kind"], each["metadata"]["name"], "-n", NAMESPACE)
        kubeconfig = self.cluster.service_account_kubeconfig(NAMESPACE, pod["serviceAccountName"])

        def probe(*arguments):
            done = subprocess.run([BINARY, *arguments, "--kubeconfig", kubeconfig, "--timeout", "0"], capture_output=True,
                                  text=True, timeout=BOUND, check=False)
            return done.returncode, done.stdout

        arguments = pod["containers"][0]["args"]
        self.assertEqual(arguments, ["probe", "--webhook-configuration=tidewaiter", "--policy-door"])
        code, output = probe(*arguments)
        self.assertEqual(code, 1)
        self.assertNotIn("Forbidden", output)
        for door in ("mutate", "validate", "validate-policy"):
            self.assertRegex(output, rf"(?m)^{door}.tidewaiter.dev: BROKEN: its caBundle is empty")
        self.assertIn("API server: BROKEN: took a bad policy without asking, or without an answer", output)
        # And no more than that.
        _, output = probe("probe", "--webhook-configuration=other")
        self.assertIn("Forbidden", output)

    def test_conditions_let_go_what_is_being_deleted(self):
        """No replica answers, the doors fail closed, and still finalizers come off, and our own namespace works."""
        self.addCleanup(self.uninstall)
        self.cluster.create_namespace("closed")
        pod = {"metadata": {"name": "web", "finalizers": ["example.com/hold"]},
               "spec": {"containers": [{"name": "web", "image": "web"}]}}
        self.cluster.create(pods_path("closed"), pod)
        self.assertEqual(self.cluster.api("DELETE", f"{pods_path('closed')}/web")[0], 200)
        self.helm("install", "tidewaiter", CHART, values={
            "mode": "enforce", "webhook": {"mutating": {"failurePolicy": "Fail", "timeoutSeconds": 1},
                                           "validating": {"timeoutSeconds": 1}}})

        def is_closed():
            status, answer = self.dry_run("closed", {"metadata": {"name": "x"}, "spec": pod["spec"]})
            return status == 500 and "failed calling webhook" in json.dumps(answer)
        wait_for(is_closed, "the doors fail closed")
        status, answer = self.dry_run(NAMESPACE, {"metadata": {"name": "x"}, "spec": pod["spec"]})
        self.assertEqual(status, 201, answer)
        # The Pod has no node, so that nothing but its finalizer holds it.
        patch = [{"op": "remove", "path": "/metadata/finalizers"}]
        self.cluster.kubectl("patch", "pod", "web", "-n", "closed", "--type=json", f"--patch={json.dumps(patch)}")
        wait_for(lambda: self.cluster.get(f"{pods_path('closed')}/web") is None, "the Pod is gone")

    def test_plain_manifests(self):
        """install.yaml is a whole installation: applied twice it changes nothing, and what replicas write stays."""
        install = ROOT / "manifests" / "install.yaml"
        self.cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", install)
        self.addCleanup(self.cluster.kubectl, "delete", "-f", install, "--ignore-not-found", "--wait=false")
        self.cluster.kubectl("wait", "--for=condition=Established", "crd/podpolicies.tidewaiter.dev", "--timeout=30s")
        self.wait_until_ready(self.start_replica(7))
        before = self.state()
        self.assertTrue(all(before[1]))
        self.cluster.kubectl("apply", "--server-side", "-f", install)
        self.assertEqual(self.state(), before)


if __name__ == "__main__":
    unittest.main()
