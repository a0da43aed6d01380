#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""manifests/static: an API server that has its webhooks from files asks tidewaiter, and nobody can change that through the
API. The static Pod's own arguments are used; no kubelet runs it here."""

import json
import re
import shutil
import subprocess
import unittest

import yaml

from cluster_test_case import ClusterTestCase
from control_plane import PATHS, ROOT, pods_path
from processes import Process, find_free_port, wait_for
from registered_webhook import BINARY

STATIC = ROOT / "manifests" / "static"
NODE_FOLDER = "/etc/kubernetes/tidewaiter"  # what the manifests say; the test has a folder of its own
NAME = "tidewaiter.static.k8s.io"
BAD = {"metadata": {"name": "bad"}, "spec": {"containers": [{"name": "bad", "image": "nginx:latest"}]}}
PLAIN = {"metadata": {"name": "plain"}, "spec": {"containers": [{"name": "plain", "image": "nginx:1.27.3"}]}}


class StaticAdmissionTest(ClusterTestCase):
    @classmethod
    def apiserver_flags(cls, control_plane):
        folder = cls.folder = control_plane.folder / "static"
        cls.port, cls.ops_port = find_free_port(), find_free_port()
        shutil.copytree(STATIC, folder)
        (folder / "policies").mkdir()
        shutil.copy(ROOT / "policies" / "hardened.yaml", folder / "policies")
        for file in ("mutating/tidewaiter.yaml", "validating/tidewaiter.yaml", "admission-configuration.yaml"):
            (folder / file).write_text(cls.of_this_node((folder / file).read_text()))
        # Certificate and caBundle as README.md says; only root can give files away, and no Pod runs here.
        steps = re.findall(r"^ *```sh\n(.*?)^ *```$", (STATIC / "README.md").read_text(), re.MULTILINE | re.DOTALL)
        script = cls.of_this_node("".join(steps)).replace("chown 65532", ": chown 65532")
        subprocess.run(["sh", "-eu", "-c", script], check=True, capture_output=True, timeout=60)
        return [f"--admission-control-config-file={folder / 'admission-configuration.yaml'}"]

    @classmethod
    def of_this_node(cls, text):
        return (text.replace(NODE_FOLDER, str(cls.folder)).replace("127.0.0.1:9443", f"127.0.0.1:{cls.port}")
                .replace("127.0.0.1:9080", f"127.0.0.1:{cls.ops_port}"))

    @classmethod
    def set_up_cluster(cls):
        cls.cluster.create_namespace("shop")
        cls.pod = yaml.safe_load((STATIC / "static-pod.yaml").read_text())
        arguments = [cls.of_this_node(each) for each in cls.pod["spec"]["containers"][0]["args"]]
        # Nobody answers yet: the validating door fails closed from the first request on.
        cls.first_answer = cls.cluster.api("POST", pods_path("shop", dry_run=True), PLAIN)
        cls.process = Process("tidewaiter", [BINARY, *arguments], cls.cluster.folder)
        cls.cluster.own(cls.process)
        wait_for(lambda: cls.cluster.api("POST", pods_path("shop", dry_run=True), PLAIN)[0] == 201,
                 lambda: f"a plain Pod is taken\n{cls.process.read_log()}")

    def check_that_it_holds(self):
        status, answer = self.dry_run("shop", BAD)
        self.assertEqual(status, 403, answer)
        self.assertIn('admission webhook "validate.tidewaiter.dev" denied the request', answer["message"])
        status, pod = self.dry_run("shop", PLAIN)
        self.assertEqual(status, 201, pod)
        self.assertIs(pod["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"], True)

    def test_closed_until_it_serves(self):
        status, answer = self.first_answer
        self.assertEqual(status, 500, answer)
        self.assertIn('failed calling webhook "validate.tidewaiter.dev"', answer["message"])

    def test_denies_and_hardens(self):
        self.check_that_it_holds()

    def test_nobody_can_change_it(self):
        for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
            self.assertEqual(self.cluster.get(PATHS[kind])["items"], [], "it is not in the API")
            self.assertEqual(self.cluster.api("DELETE", f"{PATHS[kind]}/{NAME}")[0], 404)
            self.assertEqual(self.cluster.api("DELETE", PATHS[kind])[0], 200, "deletes all there are")
            # Nor can one of the same name be put over it.
            file = "validating" if kind.startswith("Validating") else "mutating"
            text = (self.folder / file / "tidewaiter.yaml").read_text()
            taken = self.cluster.apply(text, check=False)
            self.assertNotEqual(taken.code, 0)
            self.assertIn(".static.k8s.io", taken.stderr)
        self.check_that_it_holds()

    def test_holds_from_the_start_of_the_api_server(self):
        self.cluster.restart_apiserver()
        self.check_that_it_holds()

    def test_rules_are_the_charts(self):
        """What the files ask about is what manifests/install.yaml asks about."""
        installed = {each["kind"]: each for each in yaml.safe_load_all((ROOT / "manifests/install.yaml").read_text())
                     if "WebhookConfiguration" in each["kind"]}
        for file in ("mutating", "validating"):
            static = yaml.safe_load((STATIC / file / "tidewaiter.yaml").read_text())
            self.assertEqual(static["metadata"]["name"], NAME)
            webhook, other = static["webhooks"][0], installed[static["kind"]]["webhooks"][0]
            for each in (webhook, other):
                del each["clientConfig"]
            self.assertEqual(webhook.pop("failurePolicy"), {"mutating": "Ignore", "validating": "Fail"}[file])
            other.pop("failurePolicy")
            other["namespaceSelector"]["matchExpressions"][0]["values"].remove("tidewaiter")
            self.assertEqual(webhook, other)

    def test_static_pod_is_taken(self):
        """By the API server as a mirror Pod is, with nothing unknown in it."""
        taken = self.cluster.apply(json.dumps(self.pod), "--dry-run=server", "--validate=strict")
        self.assertEqual(taken.stdout, "pod/tidewaiter created (server dry run)\n")


if __name__ == "__main__":
    unittest.main()
