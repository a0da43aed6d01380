#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What README.md promises of decisions, held over every captured review: the running server is asked as the API server
asks it (mutate, apply the patch, validate), and the built-in policy's answers must be those of the table below.
reviews_test.py beside this one is about the answer's form."""

import copy
import unittest

from webhook import REVIEWS, WebhookTest, apply_response, load_review, patch_of

NAMES = sorted(path.name for path in REVIEWS.glob("*.json"))
TAG, DIGEST = "image-tag", "image-digest"
INJECTABLE = {"run-as-non-root", "read-only-root-filesystem", "resources"}

# Review: is it patched, which enforced controls deny it after that.
EXPECTED = {
    "create-cronjob.json": (False, {TAG}),
    "create-daemonset.json": (False, {TAG}),
    "create-deployment.json": (False, {TAG}),
    "create-job.json": (False, {TAG}),
    "create-pod-by-job.json": (True, {TAG}),
    "create-pod-by-replicaset.json": (True, {TAG}),
    "create-pod-by-statefulset.json": (True, {TAG}),
    "create-pod-dryrun.json": (True, {TAG}),
    "create-pod-large-hardened.json": (False, set()),
    "create-pod-typical-hardened.json": (False, set()),
    "create-pod.json": (True, {TAG}),
    "create-replicaset.json": (False, {TAG}),
    "create-replicationcontroller.json": (False, {TAG}),
    "create-statefulset.json": (False, {TAG}),
    "update-deployment-annotation.json": (False, set()),
    "update-deployment-image.json": (False, set()),
    "update-pod-ephemeralcontainers.json": (True, {TAG}),
    "update-pod-resize.json": (False, set()),
    "update-pod.json": (False, set()),
}


def denying_controls(response):
    """The controls that the message of a denial names: every line ends with [policy/control]."""
    if response["allowed"]:
        return set()
    lines = [line for line in response["status"]["message"].splitlines() if not line.endswith("violations:")]
    return {line.rpartition("[hardened/")[2].rstrip("]") for line in lines}


def pod_spec(review):
    """The object's spec; of a template's owner, its Pod's."""
    spec = review["request"]["object"]["spec"]
    spec = spec["jobTemplate"]["spec"] if "jobTemplate" in spec else spec
    return spec["template"]["spec"] if "template" in spec else spec


def plain_pod(image="nginx:1.27.3"):
    review = load_review("create-pod.json")
    pod_spec(review)["containers"][0]["image"] = image
    return review


class DecisionsTest(WebhookTest):
    def ask(self, door, review):
        response = self.webhook.ask(door, review)
        self.assertEqual(response["uid"], review["request"]["uid"])
        self.assertEqual("patchType" in response, "patch" in response)
        if "patch" in response:
            self.assertEqual((door, response["patchType"], response["allowed"]), ("mutate", "JSONPatch", True))
            self.assertTrue(patch_of(response), "an empty patch")
        warnings = response.get("warnings", [])
        self.assertLessEqual(sum(len(warning.encode()) for warning in warnings), 4096)
        return response

    def ask_both(self, review):
        """Both responses, the patch applied in between."""
        mutated = self.ask("mutate", review)
        self.assertIs(mutated["allowed"], True)
        return mutated, self.ask("validate", apply_response(review, mutated))

    def check_kept(self, original, patched, place="object"):
        """Everything the user wrote is still there; lists only grew at their end."""
        self.assertIs(type(patched), type(original), place)
        if isinstance(original, dict):
            for key, value in original.items():
                self.check_kept(value, patched[key], f"{place}.{key}")
        elif isinstance(original, list):
            self.assertGreaterEqual(len(patched), len(original), place)
            for i, value in enumerate(original):
                self.check_kept(value, patched[i], f"{place}[{i}]")
        else:
            self.assertEqual(patched, original, place)

    def test_table_names_every_review(self):
        self.assertEqual(sorted(EXPECTED), NAMES)

    def test_decisions(self):
        for name, (is_patched, controls) in EXPECTED.items():
            with self.subTest(name):
                mutated, judged = self.ask_both(load_review(name))
                self.assertEqual("patch" in mutated, is_patched)
                self.assertEqual(denying_controls(judged), controls)
                self.assertIs(judged["allowed"], not controls)

    def test_patches_are_idempotent_and_only_add(self):
        for name in NAMES:
            with self.subTest(name):
                review = load_review(name)
                mutated = self.ask("mutate", review)
                self.assertLessEqual({operation["op"] for operation in patch_of(mutated)}, {"add"})
                after = apply_response(review, mutated)
                self.check_kept(review["request"]["object"], after["request"]["object"])
                self.assertNotIn("patch", self.ask("mutate", after))

    def test_answers_do_not_depend_on_what_was_asked_before(self):
        for door in ("mutate", "validate"):
            first = {name: self.ask(door, load_review(name)) for name in NAMES}
            for name in reversed(NAMES):
                self.assertEqual(self.ask(door, load_review(name)), first[name], name)

    def test_plain_pod_is_denied_as_it_is_and_allowed_once_patched(self):
        review = plain_pod()
        self.assertEqual(denying_controls(self.ask("validate", review)), INJECTABLE)
        mutated, judged = self.ask_both(review)
        self.assertIs(judged["allowed"], True)
        spec = pod_spec(apply_response(review, mutated))
        container = spec["containers"][0]
        self.assertEqual(container["securityContext"], {"runAsNonRoot": True, "readOnlyRootFilesystem": True})
        self.assertEqual(container["resources"],
                         {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}})
        mount = next(mount for mount in container["volumeMounts"] if mount["mountPath"] == "/tmp")
        self.assertIn({"name": mount["name"], "emptyDir": {}}, spec["volumes"])
        self.assertTrue(any(DIGEST in warning for warning in judged["warnings"]))
        self.assertTrue(any("sets no numeric runAsUser" in warning for warning in mutated["warnings"]))

    def test_moving_tag_is_denied_with_its_place(self):
        for image in ("nginx:latest", "nginx", "registry.example.com:5000/nginx"):
            _, judged = self.ask_both(plain_pod(image))
            self.assertEqual(denying_controls(judged), {TAG}, image)
            self.assertIn("(spec.containers[0].image)", judged["status"]["message"])
        _, judged = self.ask_both(plain_pod("nginx@sha256:" + "a" * 64))
        self.assertIs(judged["allowed"], True)
        self.assertFalse(any(DIGEST in warning for warning in judged.get("warnings", [])))

    def test_template_is_judged_as_its_pods_will_be(self):
        templates = [name for name in NAMES if name.startswith("create-") and not name.startswith("create-pod")]
        self.assertEqual(len(templates), 7)
        for name in templates:
            with self.subTest(name):
                review = load_review(name)
                for container in pod_spec(review)["containers"] + pod_spec(review).get("initContainers", []):
                    container["image"] = "registry.example.com/app:1"
                mutated, judged = self.ask_both(review)
                self.assertNotIn("patch", mutated)
                self.assertIs(judged["allowed"], True)  # what its Pods lack will be injected

    def test_new_violation_denies_an_update_and_an_old_one_warns(self):
        review = load_review("update-deployment-image.json")
        judged = self.ask("validate", review)
        self.assertTrue(any("(was so before this update)" in warning for warning in judged["warnings"]))
        pod_spec(review)["containers"][0]["image"] = "registry.example.com/shop/web:latest"
        judged = self.ask("validate", review)
        self.assertIs(judged["allowed"], False)
        self.assertIn("spec.template.spec.containers[0].image", judged["status"]["message"])
        self.assertNotIn("containers[1]", judged["status"]["message"])

    def test_update_of_metadata_only_is_allowed_without_a_word(self):
        judged = self.ask("validate", load_review("update-deployment-annotation.json"))
        self.assertEqual(set(judged), {"uid", "allowed"})

    def test_the_way_out_is_never_blocked(self):
        update = load_review("update-pod.json")
        dying = copy.deepcopy(update)
        for field in ("object", "oldObject"):
            dying["request"][field]["metadata"].update(deletionTimestamp="2026-11-23T18:00:00Z", finalizers=["a/b"])
        del dying["request"]["object"]["metadata"]["finalizers"]
        deletion = copy.deepcopy(update)
        deletion["request"].update(operation="DELETE", object=None)
        scale = load_review("create-deployment.json")
        scale["request"].update(operation="UPDATE", subResource="scale", oldObject=None, object={
            "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "shop"}, "spec": {"replicas": 3}})
        scale["request"]["kind"] = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
        status = copy.deepcopy(update)
        status["request"]["subResource"] = "status"
        for name, review in [("finalizer", dying), ("delete", deletion), ("scale", scale), ("status", status)]:
            for door in ("mutate", "validate"):
                with self.subTest(name, door=door):
                    response = self.ask(door, review)
                    self.assertIs(response["allowed"], True)
                    self.assertNotIn("patch", response)

    def test_updates_and_resizes_of_pods_are_never_patched(self):
        for name in ("update-pod.json", "update-pod-resize.json"):
            review = load_review(name)
            pod_spec(review)["containers"][0].pop("securityContext", None)
            self.assertNotIn("patch", self.ask("mutate", review), name)

    def test_only_new_ephemeral_containers_are_patched(self):
        review = load_review("update-pod-ephemeralcontainers.json")
        old = review["request"]["oldObject"]["spec"]
        old["ephemeralContainers"] = copy.deepcopy(pod_spec(review)["ephemeralContainers"])
        self.assertNotIn("patch", self.ask("mutate", review), "none is new")
        pod_spec(review)["ephemeralContainers"].append({"name": "second", "image": "busybox:1.37"})
        mutated, judged = self.ask_both(review)
        self.assertTrue(patch_of(mutated))
        for operation in patch_of(mutated):
            self.assertTrue(operation["path"].startswith("/spec/ephemeralContainers/1"), operation)
            self.assertNotIn("resources", str(operation), "ephemeral containers may not have any")
        self.assertIs(judged["allowed"], True)  # what the first one lacks was so before

    def test_what_the_api_would_refuse_is_not_injected(self):
        windows = plain_pod()
        pod_spec(windows)["os"] = {"name": "windows"}
        for operation in patch_of(self.ask("mutate", windows)):
            self.assertNotIn("readOnlyRootFilesystem", str(operation))
            self.assertNotIn("emptyDir", str(operation))
        pod_level = plain_pod()
        pod_spec(pod_level)["resources"] = {"limits": {"memory": "1Gi"}, "requests": {"memory": "1Gi", "cpu": "1"}}
        for operation in patch_of(self.ask("mutate", pod_level)):
            self.assertNotIn("512Mi", str(operation))
        mirror = plain_pod()
        mirror["request"]["object"]["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "x"}
        self.assertNotIn("patch", self.ask("mutate", mirror))

    def test_excluded_namespaces_are_left_alone(self):
        for namespace, allowed in [("kube-system", True), ("kube-public", True), ("kube-systems", False)]:
            review = load_review("create-pod.json")
            review["request"]["namespace"] = namespace
            self.assertEqual("patch" in self.ask("mutate", review), not allowed, namespace)
            self.assertIs(self.ask("validate", review)["allowed"], allowed, namespace)

    def test_dry_run_gets_the_same_answer(self):
        review = load_review("create-pod-dryrun.json")
        self.assertIs(review["request"]["dryRun"], True)
        for door in ("mutate", "validate"):
            wet = copy.deepcopy(review)
            wet["request"]["dryRun"] = False
            self.assertEqual(self.ask(door, review), self.ask(door, wet))


if __name__ == "__main__":
    unittest.main()
