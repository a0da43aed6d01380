#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`tidewaiter probe`: it finds a working installation working, and says what is broken of one that is not."""

import json
import subprocess
import unittest

from cluster_test_case import ClusterTestCase
from control_plane import PATHS, ROOT
from registered_webhook import BINARY, RegisteredWebhook


class ProbeTest(ClusterTestCase):
    @classmethod
    def set_up_cluster(cls):
        cls.cluster.kubectl("apply", "--server-side", "-f", ROOT / "manifests" / "crd.yaml")
        cls.cluster.kubectl("wait", "--for=condition=Established", "crd/podpolicies.tidewaiter.dev", "--timeout=30s")
        cls.webhook = RegisteredWebhook(cls.cluster, doors=("mutate", "validate", "validate-policy"))
        cls.cluster.create_namespace("probing")
        cls.cluster.kubectl("create", "serviceaccount", "probe", "-n", "probing")
        cls.nobody = cls.cluster.service_account_kubeconfig("probing", "probe")

    def probe(self, *arguments, kubeconfig=None, timeout=20):
        done = subprocess.run([BINARY, "probe", "--kubeconfig", kubeconfig or self.cluster.folder / "admin.kubeconfig",
                               "--timeout", str(timeout), *arguments], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_what_works(self):
        code, output = self.probe("--webhook-configuration", "tidewaiter", "--policy-door")
        self.assertEqual(output.splitlines(), [
            "mutate.tidewaiter.dev: answers, and allows a plain Pod",
            "validate.tidewaiter.dev: answers, and denies a plain Pod",
            "API server: asks the webhook, which refuses a bad policy"])
        self.assertEqual(code, 0)
        code, output = self.probe("--webhook-configuration", "tidewaiter-policy")
        self.assertEqual((code, output), (0, "validate-policy.tidewaiter.dev: answers, and refuses a bad policy\n"))
        self.assertEqual(self.cluster.get("/apis/tidewaiter.dev/v1alpha1/podpolicies")["items"], [])

    def test_no_rights(self):
        code, output = self.probe("--webhook-configuration", "tidewaiter", "--policy-door", kubeconfig=self.nobody, timeout=0)
        self.assertEqual(code, 1)
        self.assertRegex(output, r"(?m)^mutatingwebhookconfigurations/tidewaiter: BROKEN: .*403 Forbidden")
        self.assertRegex(output, r"(?m)^API server: BROKEN: .*403 Forbidden")

    def test_bad_usage(self):
        self.assertEqual(self.probe(timeout=0), (
            2, "tidewaiter: probe: nothing to do: give --webhook-configuration, --policy-door or both\n"))

    def test_what_is_broken(self):
        code, output = self.probe("--webhook-configuration", "other", timeout=0)
        self.assertEqual((code, output), (1, "webhook configuration other: BROKEN: there is none\n"))

        def change(path, value):
            patch = json.dumps([{"op": "replace", "path": f"/webhooks/0/clientConfig/{path}", "value": value}])
            self.cluster.kubectl("patch", "mutatingwebhookconfiguration", "tidewaiter", "--type=json", f"--patch={patch}")

        before = self.cluster.get(f"{PATHS['MutatingWebhookConfiguration']}/tidewaiter")["webhooks"][0]["clientConfig"]
        for path, value, expected in (
                ("caBundle", "", "its caBundle is empty"),
                ("url", f"https://127.0.0.1:{self.webhook.port}/nowhere", "answered 404"),
                ("url", f"https://localhost:{self.webhook.port}/mutate", "certificate"),
                ("url", "https://127.0.0.1:1/mutate", "127.0.0.1")):
            with self.subTest(path=path, value=value):
                change(path, value)
                try:
                    code, output = self.probe("--webhook-configuration", "tidewaiter", timeout=0)
                finally:
                    change(path, before[path])
                self.assertEqual(code, 1)
                self.assertRegex(output, rf"(?m)^mutate.tidewaiter.dev: BROKEN: .*{expected}")
                self.assertIn("validate.tidewaiter.dev: answers", output)


if __name__ == "__main__":
    unittest.main()
