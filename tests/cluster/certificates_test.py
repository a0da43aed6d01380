#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Certificates with a real API server: two replicas that make and renew theirs together while requests keep coming, of
which none may fail; bundles that somebody overwrites, a Secret that somebody deletes; and a webhook that serves the API
server only. The replicas have the rights that manifests/rbac.yaml gives them, and no others."""

import base64
import http.client
import json
import re
import socket
import ssl
import threading
import time
import unittest

from cluster_test_case import ClusterTestCase
from control_plane import PATHS, ROOT
from processes import BOUND, Process, find_free_port, wait_for
from registered_webhook import BINARY, RegisteredWebhook

NAMESPACE, NAME = "tidewaiter", "tidewaiter"
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
SECRET = f"{SECRETS}/{NAME}-tls"
CONFIGURATIONS = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
POLICY = """
apiVersion: tidewaiter.dev/v1alpha1
kind: PodPolicy
metadata: {name: test}
spec:
  controls:
    image-tag: {forbidden: [bad]}
"""
POD = {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "web", "image": "web:good"}]}}


def ops(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=BOUND)
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        return reply.status, reply.read().decode()
    finally:
        connection.close()


def metric(port, name):
    match = re.search(rf"^tidewaiter_{re.escape(name)} (\S+)$", ops(port, "/metrics")[1], re.MULTILINE)
    return float(match[1]) if match else 0.0


class Replica:
    """A process that keeps its certificate in the Secret."""

    def __init__(self, cluster, number, kubeconfig, policy):
        self.port, self.ops_port = find_free_port(), find_free_port()
        self.process = Process(f"replica-{number}", [
            BINARY, "serve", "--listen", f"127.0.0.1:{self.port}", "--ops-listen", f"127.0.0.1:{self.ops_port}",
            "--policies", policy, "--drain-seconds", "0", "--cluster", "--kubeconfig", kubeconfig,
            "--certificate-secret", f"{NAMESPACE}/{NAME}-tls", "--webhook-configuration", NAME,
            "--tls-san", "127.0.0.1", "--certificate-lifetime", "1m"], cluster.folder)
        cluster.own(self.process)

    def is_ready(self):
        try:
            return ops(self.ops_port, "/readyz")[0] == 200
        except OSError:
            assert self.process.is_running(), self.process.read_log()
            return False

    def served(self):
        """The certificate that a new connection gets."""
        return ssl.get_server_certificate(("127.0.0.1", self.port), timeout=BOUND)


class Stream:
    """Requests without a pause until it is ended, by threads each with a connection of its own; everything that goes
    wrong is kept. Beside them a caller that connects anew each time, trusting the bundles as they are at the moment."""

    def __init__(self, cluster, replicas):
        self.cluster, self.replicas = cluster, replicas
        self.failures, self.answered, self.connected, self._is_done = [], 0, 0, threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(each,), daemon=True)
                         for each in [self._create] * 4 + [self._connect]]
        for thread in self._threads:
            thread.start()

    def _run(self, act):
        while not self._is_done.wait(0.02):
            try:
                act()
            except Exception as error:  # whatever it is, a caller would have seen it
                self.failures.append(f"{time.strftime('%X')} {act.__name__}: {error!r}")

    def _create(self):
        status, answer = self.cluster.api("POST", "/api/v1/namespaces/shop/pods?dryRun=All", POD)
        assert status == 201, answer
        self.answered += 1

    def _connect(self):
        for kind in CONFIGURATIONS:
            webhooks = self.cluster.get(f"{PATHS[kind]}/{NAME}")["webhooks"]
            for webhook, replica in zip(webhooks, self.replicas):
                bundle = base64.b64decode(webhook["clientConfig"]["caBundle"]).decode()
                context = ssl.create_default_context(cadata=bundle)
                with socket.create_connection(("127.0.0.1", replica.port), timeout=BOUND) as plain:
                    context.wrap_socket(plain, server_hostname="127.0.0.1").close()
                    self.connected += 1

    def end(self):
        self._is_done.set()
        for thread in self._threads:
            thread.join(BOUND)
        assert not self.failures, f"{len(self.failures)} of {self.answered} failed: {self.failures[:5]}"
        assert self.answered > 50 and self.connected > 5, (self.answered, self.connected)


class SelfManagedTest(ClusterTestCase):
    """Made with a lifetime of a minute: renewed every 40 s."""

    @classmethod
    def set_up_cluster(cls):
        cls.cluster.create_namespace(NAMESPACE)
        cls.cluster.create_namespace("shop")
        cls.cluster.apply_policy_definition()
        cls.cluster.kubectl("apply", "-f", ROOT / "manifests" / "rbac.yaml")
        kubeconfig = cls.cluster.service_account_kubeconfig(NAMESPACE, NAME)
        policy = cls.cluster.folder / "policy.yaml"
        policy.write_text(POLICY)
        cls.replicas = [Replica(cls.cluster, number, kubeconfig, policy) for number in (1, 2)]
        wait_for(lambda: cls.cluster.get(SECRET), "the Secret is made")
        for replica in cls.replicas:
            wait_for(lambda: "there is no webhook configuration tidewaiter" in ops(replica.ops_port, "/readyz")[1],
                     lambda: f"not ready without webhook configurations: {ops(replica.ops_port, '/readyz')}")
        cls.register()
        for replica in cls.replicas:
            wait_for(replica.is_ready, lambda: f"ready: {ops(replica.ops_port, '/readyz')}")
        cls.wait_until_in_effect()

    @classmethod
    def register(cls):
        for kind, door in zip(CONFIGURATIONS, ("validate", "mutate")):
            cls.cluster.create(PATHS[kind], {
                "apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": NAME},
                "webhooks": [{
                    "name": f"{door}-{number}.tidewaiter.dev",
                    "clientConfig": {"url": f"https://127.0.0.1:{replica.port}/{door}"},
                    "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["*"],
                               "resources": ["pods"], "scope": "Namespaced"}],
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}},
                    "sideEffects": "None", "timeoutSeconds": 10, "failurePolicy": "Fail",
                    "admissionReviewVersions": ["v1"],
                } for number, replica in enumerate(cls.replicas, 1)]})

    @classmethod
    def wait_until_in_effect(cls):
        """Until the API server asks all four webhooks."""
        bad = {**POD, "spec": {"containers": [{"name": "web", "image": "web:bad"}]}}
        path = "/api/v1/namespaces/shop/pods?dryRun=All"
        answers = lambda: (cls.cluster.api("POST", path, bad), cls.cluster.api("POST", path, POD))
        wait_for(lambda: [status for status, _ in answers()] == [403, 201], lambda: f"in effect: {answers()}")

    def secret(self):
        """What the Secret holds, as text."""
        secret = self.cluster.get(SECRET)
        return {key: base64.b64decode(text).decode() for key, text in secret["data"].items()} if secret else {}

    def wait_for_change(self, before, bound):
        """Until both replicas serve another certificate, the same; returns it."""
        def is_changed():
            served = [replica.served() for replica in self.replicas]
            return served[0] == served[1] != before and served[0]
        return wait_for(is_changed, "both replicas serve a new certificate", bound)

    def check_bundles(self):
        bundle = self.cluster.get(SECRET)["data"]["ca.crt"]
        for kind in CONFIGURATIONS:
            for webhook in self.cluster.get(f"{PATHS[kind]}/{NAME}")["webhooks"]:
                if webhook["clientConfig"].get("caBundle") != bundle:
                    return False
        return True

    def test_rotations_fail_no_request(self):
        stream = Stream(self.cluster, self.replicas)
        served = self.replicas[0].served()
        for _ in range(2):
            before, served = served, self.wait_for_change(served, 60)
            self.assertEqual(ssl.PEM_cert_to_DER_cert(self.secret()["tls.crt"]), ssl.PEM_cert_to_DER_cert(served))
            self.assertGreater(self.secret()["ca.crt"].count("BEGIN"), 1, "the old CA stays for a while")
            for replica in self.replicas:
                left = metric(replica.ops_port, "certificate_expiry_timestamp_seconds") - time.time()
                self.assertTrue(40 < left <= 60, left)
            self.assertNotEqual(before, served)
        stream.end()
        self.assertEqual(self.secret()["tls.crt"].count("BEGIN"), 1)

    def test_deleted_secret_is_made_anew(self):
        stream = Stream(self.cluster, self.replicas)
        before, key = self.replicas[0].served(), self.secret()["ca.key"]
        self.assertEqual(self.cluster.api("DELETE", SECRET)[0], 200)
        self.wait_for_change(before, 20)
        self.assertNotEqual(self.secret()["ca.key"], key)
        stream.end()

    def test_overwritten_bundle_is_repaired(self):
        wait_for(self.check_bundles, "the bundles are good")
        other = self.cluster.encode_authority()
        for kind in CONFIGURATIONS:
            patch = [{"op": "replace", "path": "/webhooks/1/clientConfig/caBundle", "value": other}]
            self.cluster.kubectl("patch", kind, NAME, "--type=json", f"--patch={json.dumps(patch)}")
            wait_for(self.check_bundles, "the bundle is repaired", 5)
        self.wait_until_in_effect()
        for replica in self.replicas:
            self.assertTrue(replica.is_ready())
            self.assertEqual(metric(replica.ops_port, 'errors_total{reason="certificate_renewal"}'), 0)


class ClientCertificateTest(ClusterTestCase):
    """The API server presents itself as docs/certificates.md says."""

    @classmethod
    def apiserver_flags(cls, control_plane):
        cls.port = find_free_port()
        certificate, key = control_plane.authority.issue_client("webhook-client", "kube-apiserver-webhook-client")
        folder = control_plane.folder
        (folder / "webhook-client.kubeconfig").write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config",
            "users": [{"name": f"127.0.0.1:{cls.port}",
                       "user": {"client-certificate": str(certificate), "client-key": str(key)}}]}))
        (folder / "admission.json").write_text(json.dumps({
            "apiVersion": "apiserver.config.k8s.io/v1", "kind": "AdmissionConfiguration",
            "plugins": [{"name": name, "configuration": {
                "apiVersion": "apiserver.config.k8s.io/v1", "kind": "WebhookAdmissionConfiguration",
                "kubeConfigFile": str(folder / "webhook-client.kubeconfig")}}
                for name in ("ValidatingAdmissionWebhook", "MutatingAdmissionWebhook")]}))
        return [f"--admission-control-config-file={folder / 'admission.json'}"]

    def test_only_the_api_server_is_served(self):
        authority = self.cluster.authority
        # In effect means that the API server is answered.
        webhook = RegisteredWebhook(self.cluster, port=self.port, arguments=["--client-ca", authority.certificate])
        self.assertGreater(webhook.count_requests("validate"), 0)
        trust = ssl.create_default_context(cafile=authority.certificate)
        for _ in range(3):
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=trust, timeout=BOUND)
            self.addCleanup(connection.close)
            with self.assertRaisesRegex(ssl.SSLError, "(?i)alert.certificate.required"):
                connection.request("POST", "/validate", "{}", {"Content-Type": "application/json"})
                connection.getresponse()
        self.assertEqual(metric(webhook.ops_port, 'errors_total{reason="client_refused"}'), 3)
        lines = [line for line in webhook.process.read_log(1000).splitlines() if "client refused" in line]
        self.assertEqual(len(lines), 1, lines)


if __name__ == "__main__":
    unittest.main()
