#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""POST /validate-policy: PodPolicy objects are refused in the words of `policy check`, and counted under their own
door; what is no PodPolicy has no business there."""

import json
import pathlib
import re
import tempfile
import unittest

from webhook import WebhookTest, load_review, run

GOOD = {"controls": {"image-tag": {}}}
BAD = {"mode": "wran", "controls": {"image-tag": {"forbiden": ["latest"]}}}
WORSE = {"controls": {"image-tgg": {}, "resources": {"maximum": {"limits": {"memory": "1GB"}}}}}


def policy(spec):
    return {"apiVersion": "tidewaiter.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "p"}, "spec": spec}


def review(operation, new=None, old=None, subresource=None):
    kind = {"group": "tidewaiter.dev", "version": "v1alpha1", "kind": "PodPolicy"}
    request = {"uid": "u", "kind": kind, "name": "p", "operation": operation, "userInfo": {"username": "admin"}}
    request |= {"subResource": subresource} if subresource else {}
    request |= {"object": policy(new)} if new else {}
    request |= {"oldObject": policy(old)} if old else {}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}


class PolicyDoorTest(WebhookTest):
    def test_refused_in_the_words_of_policy_check(self):
        with tempfile.TemporaryDirectory() as folder:
            for spec in (BAD, WORSE):
                with self.subTest(spec=spec):
                    path = pathlib.Path(folder, "p.yaml")
                    path.write_text(json.dumps(policy(spec)))
                    checked = run("policy", "check", path).stderr
                    expected = re.sub(rf"(?m)^tidewaiter: {re.escape(str(path))}:\d+:\d+: ", "podpolicy/p: ", checked)
                    response = self.webhook.ask("validate-policy", review("CREATE", spec))
                    self.assertFalse(response["allowed"])
                    self.assertEqual((response["status"]["code"], response["status"]["reason"]), (422, "Invalid"))
                    self.assertEqual(response["status"]["message"], expected.rstrip("\n"))

    def test_what_passes(self):
        for name, body in (("create", review("CREATE", GOOD)), ("mended", review("UPDATE", GOOD, BAD)),
                           ("metadata of a bad one", review("UPDATE", BAD, BAD)), ("deletion", review("DELETE", old=BAD)),
                           ("status", review("UPDATE", BAD, GOOD, "status"))):
            with self.subTest(name):
                self.assertTrue(self.webhook.ask("validate-policy", body)["allowed"])

    def test_counted_under_its_own_door(self):
        sample = ('tidewaiter_admission_requests_total{decision="refuse",door="validate-policy",kind="PodPolicy",'
                  'operation="CREATE"}')
        before = self.webhook.metrics().get(sample, 0)
        self.webhook.ask("validate-policy", review("CREATE", BAD))
        self.assertEqual(self.webhook.metrics().get(sample), before + 1)

    def test_other_kinds_are_refused(self):
        response = self.webhook.ask("validate-policy", load_review("create-pod.json"))
        self.assertEqual((response["allowed"], response["status"]["code"]), (False, 400))
        self.assertIn("is no PodPolicy", response["status"]["message"])
        response = self.webhook.ask("validate", review("CREATE", GOOD))
        self.assertEqual(response["status"]["code"], 400)


if __name__ == "__main__":
    unittest.main()
