#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Captured reviews through the running server the way the API server sends them: mutate, apply the patch, validate.
What each control finds is the unit tests' matter; here it is the answer on the wire and what comes of it."""

import copy
import json
import unittest

from webhook import REVIEWS, WebhookTest, apply_patch, apply_response, load_review, patch_of

DOORS = ("validate", "mutate")


def with_image(review, image):
    review = copy.deepcopy(review)
    review["request"]["object"]["spec"]["containers"][0]["image"] = image
    return review


# Name, review, how many operations the patch has, allowed at the validate door after the patch, and without it.
CASES = [
    ("good", load_review("create-pod-typical-hardened.json"), 0, True, True),
    ("bad: what no default can mend", load_review("create-pod.json"), 5, False, False),
    ("fixable", with_image(load_review("create-pod.json"), "nginx:1.27.3"), 5, True, False),
    ("a Deployment is judged, never rewritten", load_review("create-deployment.json"), 0, False, False),
    ("update of an annotation", load_review("update-deployment-annotation.json"), 0, True, True),
    ("update that makes nothing worse", load_review("update-deployment-image.json"), 0, True, True),
    ("update of a Pod: its spec cannot change", load_review("update-pod.json"), 0, None, None),
    ("a new ephemeral container", load_review("update-pod-ephemeralcontainers.json"), 2, False, False),
    ("resize", load_review("update-pod-resize.json"), 0, True, True),
    ("dry run", load_review("create-pod-dryrun.json"), 5, False, False),
]


class ReviewsTest(WebhookTest):
    def check_shape(self, door, review, response):
        """What the API server asks of every response (admission.k8s.io/v1)."""
        known = {"uid", "allowed", "status", "patch", "patchType", "warnings", "auditAnnotations"}
        self.assertLessEqual(set(response), known)
        self.assertEqual(response["uid"], review["request"]["uid"])
        self.assertIsInstance(response["allowed"], bool)
        self.assertEqual("patch" in response, "patchType" in response)
        self.assertEqual(response.get("patchType", "JSONPatch"), "JSONPatch")
        self.assertEqual("status" in response, not response["allowed"])
        if not response["allowed"]:
            self.assertEqual((response["status"]["code"], response["status"]["reason"]), (403, "Forbidden"))
            self.assertTrue(response["status"]["message"])
        if door == "validate":
            self.assertNotIn("patch", response)
        for warning in response.get("warnings", []):
            self.assertRegex(warning, r"\A[^\x00-\x1f\x7f]{1,256}\Z")
        for key, value in response.get("auditAnnotations", {}).items():
            self.assertNotIn("/", key)
            self.assertIsInstance(value, str)

    def ask(self, door, review):
        response = self.webhook.ask(door, review)
        self.check_shape(door, review, response)
        return response

    def test_mutate_apply_validate(self):
        for name, review, operations, after, before in CASES:
            with self.subTest(name=name):
                mutated = self.ask("mutate", review)
                self.assertIs(mutated["allowed"], True, "the mutate door never denies what it can read")
                self.assertEqual(len(patch_of(mutated)), operations)
                patched = apply_response(review, mutated)
                judged = self.ask("validate", patched)
                if after is not None:
                    self.assertIs(judged["allowed"], after)
                    self.assertIs(self.ask("validate", review)["allowed"], before)
                again = self.ask("mutate", patched)
                self.assertNotIn("patch", again, "reinvocation finds nothing left to do")

    def test_every_captured_review_at_both_doors(self):
        names = sorted(path.name for path in REVIEWS.glob("*.json"))
        self.assertGreater(len(names), 15)
        for name in names:
            review = load_review(name)
            for door in DOORS:
                with self.subTest(name=name, door=door):
                    response = self.ask(door, review)
                    is_pod = review["request"]["kind"]["kind"] == "Pod"
                    for operation in patch_of(response):
                        self.assertTrue(is_pod)
                        self.assertEqual(operation["op"], "add")
                    apply_response(review, response)

    def test_fixable_pod_gets_exactly_the_defaults(self):
        review = with_image(load_review("create-pod.json"), "nginx:1.27.3")
        expected = copy.deepcopy(review["request"]["object"])
        container = expected["spec"]["containers"][0]
        container["securityContext"] = {"readOnlyRootFilesystem": True, "runAsNonRoot": True}
        container["resources"] = {"limits": {"memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}}
        container["volumeMounts"].append({"name": "writable-c-tmp", "mountPath": "/tmp"})
        expected["spec"]["volumes"].append({"name": "writable-c-tmp", "emptyDir": {}})
        self.assertEqual(apply_response(review, self.ask("mutate", review))["request"]["object"], expected)

    def test_denial_says_what_where_and_by_which_policy(self):
        status = self.ask("validate", load_review("create-pod.json"))["status"]
        self.assertEqual(status["message"].splitlines()[:2], [
            "6 violations:",
            '- container "c" must not use tag "latest" of image "nginx:latest" (spec.containers[0].image) '
            "[hardened/image-tag]",
        ])

    def test_ephemeral_container_alone_is_changed_and_judged(self):
        review = load_review("update-pod-ephemeralcontainers.json")
        patch = patch_of(self.ask("mutate", review))
        self.assertTrue(all(operation["path"].startswith("/spec/ephemeralContainers/") for operation in patch), patch)
        message = self.ask("validate", review)["status"]["message"]
        self.assertIn('ephemeral container "dbg"', message)
        self.assertNotIn('- container "', message)
        pinned = copy.deepcopy(review)
        pinned["request"]["object"]["spec"]["ephemeralContainers"][0]["image"] = "busybox:1.36@sha256:" + "0" * 64
        self.assertIs(self.ask("validate", apply_response(pinned, self.ask("mutate", pinned)))["allowed"], True)

    def test_dry_run_is_answered_as_any_other(self):
        review = load_review("create-pod-dryrun.json")
        self.assertIs(review["request"]["dryRun"], True)
        real = copy.deepcopy(review)
        real["request"]["dryRun"] = False
        for door in DOORS:
            self.assertEqual(self.ask(door, review), self.ask(door, real))

    def test_excluded_namespace_is_left_alone(self):
        review = load_review("create-pod.json")
        review["request"]["namespace"] = "kube-system"
        for door in DOORS:
            response = self.ask(door, review)
            self.assertEqual(response, {"uid": review["request"]["uid"], "allowed": True})

    def test_deletion_and_scaling_always_work(self):
        delete = load_review("create-pod.json")
        delete["request"].update(operation="DELETE", object=None, oldObject=delete["request"]["object"])
        scale = load_review("update-deployment-image.json")
        scale["request"].update(subResource="scale", kind={"group": "autoscaling", "version": "v1", "kind": "Scale"},
                                object={"spec": {"replicas": 3}}, oldObject={"spec": {"replicas": 1}})
        for review in (delete, scale):
            for door in DOORS:
                response = self.ask(door, review)
                self.assertEqual(response, {"uid": review["request"]["uid"], "allowed": True})

    def test_uid_is_echoed_whatever_it_holds(self):
        review = load_review("create-pod-typical-hardened.json")
        for uid in ("705ab4f5-6393-11e8-b7cc-42010a800002", "x", "ü\"\\\n\u0000\u2028", "u" * 1000):
            review["request"]["uid"] = uid
            for door in DOORS:
                self.assertEqual(self.ask(door, review)["uid"], uid)

    def test_review_with_byte_order_mark_or_pretty_printing(self):
        review = load_review("create-pod-typical-hardened.json")
        pretty = json.dumps(review, indent=8).encode()
        self.assertIs(self.webhook.post("/validate", pretty).response["allowed"], True)
        self.assertIs(self.webhook.post("/validate", b"\xef\xbb\xbf" + pretty).status in (200, 400), True)

    def test_doors_agree_on_a_template_and_its_pod(self):
        """A Deployment is denied exactly when the Pod of its template would be, after injection."""
        for image in ("registry.example.com/log:1.0", "log", "log:latest"):
            deployment = load_review("create-deployment.json")
            template = deployment["request"]["object"]["spec"]["template"]
            template["spec"]["containers"][1]["image"] = image
            pod = load_review("create-pod.json")
            pod["request"]["object"] = {"apiVersion": "v1", "kind": "Pod", **copy.deepcopy(template)}
            of_pod = self.ask("validate", apply_response(pod, self.ask("mutate", pod)))
            self.assertIs(self.ask("validate", deployment)["allowed"], of_pod["allowed"], image)
            self.assertIs(of_pod["allowed"], image.endswith("1.0"))


class ApplyPatchTest(unittest.TestCase):
    """The applier that the tests above trust (RFC 6902 appendix A)."""

    def test_applies(self):
        cases = [
            ({"a": 1}, [{"op": "add", "path": "/b", "value": 2}], {"a": 1, "b": 2}),
            ({"a": [1, 3]}, [{"op": "add", "path": "/a/1", "value": 2}], {"a": [1, 2, 3]}),
            ({"a": [1]}, [{"op": "add", "path": "/a/-", "value": 2}], {"a": [1, 2]}),
            ({"a": [1]}, [{"op": "add", "path": "/a/1", "value": 2}], {"a": [1, 2]}),
            ({"a": 1}, [{"op": "add", "path": "/a", "value": 2}], {"a": 2}),
            ({"~/": 1}, [{"op": "replace", "path": "/~0~1", "value": 2}], {"~/": 2}),
            ({"a": [1, 2]}, [{"op": "remove", "path": "/a/0"}], {"a": [2]}),
            ({"a": 1}, [{"op": "test", "path": "/a", "value": 1}], {"a": 1}),
        ]
        for document, patch, expected in cases:
            with self.subTest(patch=patch):
                self.assertEqual(apply_patch(document, patch), expected)

    def test_refuses(self):
        for document, operation in [
                ({}, {"op": "add", "path": "/a/b", "value": 1}),
                ({"a": []}, {"op": "add", "path": "/a/1", "value": 1}),
                ({"a": []}, {"op": "add", "path": "/a/-1", "value": 1}),
                ({"a": []}, {"op": "add", "path": "/a/00", "value": 1}),
                ({"a": 1}, {"op": "add", "path": "/a/b", "value": 1}),
                ({}, {"op": "add", "path": "/a"}),
                ({}, {"op": "add", "path": "a", "value": 1}),
                ({}, {"op": "replace", "path": "/a", "value": 1}),
                ({}, {"op": "remove", "path": "/a"}),
                ({"a": 1}, {"op": "test", "path": "/a", "value": 2}),
                ({"a": 1}, {"op": "frob", "path": "/a"}),
        ]:
            with self.subTest(operation=operation), self.assertRaises((ValueError, KeyError, TypeError)):
                apply_patch(document, [operation])


if __name__ == "__main__":
    unittest.main()
