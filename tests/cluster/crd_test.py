#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Custom resources with pod templates in a real API server: a row of `workloads` in a policy has them judged at the
template's place, with the same words as a Deployment, and one without a row is refused, not passed over."""

import json
import unittest

from cluster_test_case import ClusterTestCase
from processes import wait_for
from registered_webhook import RegisteredWebhook

POLICY = """
apiVersion: tidewaiter.dev/v1alpha1
kind: PodPolicy
metadata: {name: custom}
spec:
  controls:
    run-as-non-root: {inject: true}
    image-tag: {}
    image-digest: {mode: warn}
  workloads:
    - {group: rollouts.example.com, kind: Rollout, template: /spec/template}
    - {group: rollouts.example.com, kind: Fleet, template: "/spec/ships/*/template"}
"""
GROUP = "rollouts.example.com"
IMAGE = "registry.example.com/shop/web:1.4"
DENIED = 'admission webhook "validate.tidewaiter.dev" denied the request: '


def definition(kind, spec):
    """A CustomResourceDefinition whose objects have this spec."""
    plural = kind.lower() + "s"
    schema = {"type": "object", "properties": {"spec": spec}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {"group": GROUP, "scope": "Namespaced", "names": {"kind": kind, "plural": plural},
                 "versions": [{"name": "v1", "served": True, "storage": True, "subresources": {"status": {}},
                               "schema": {"openAPIV3Schema": schema}}]},
    }


ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
SHIPS = {"type": "object", "properties": {"ships": {"type": "array", "items": ANYTHING}}}


def template(image, **context):
    return {"spec": {"containers": [{"name": "web", "image": image, "securityContext": context}]}}


def custom(kind, name, **spec):
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


class CrdTest(ClusterTestCase):
    @classmethod
    def set_up_cluster(cls):
        for kind, spec in (("Rollout", ANYTHING), ("Fleet", SHIPS), ("Stranger", ANYTHING)):
            cls.cluster.apply(definition(kind, spec))
            path = f"/apis/{GROUP}/v1/namespaces/default/{kind.lower()}s"
            wait_for(lambda path=path: cls.cluster.api("GET", path)[0] == 200, f"{kind} is served")
        cls.cluster.apply(custom("Rollout", "old", replicas=1, template=template("nginx:latest")))
        cls.webhook = RegisteredWebhook(cls.cluster, policies=[POLICY], workloads=[(GROUP, "*")])

    def check_denied(self, output, line):
        self.assertEqual(output.code, 1, output)
        self.assertIn(DENIED, output.stderr)
        self.assertIn(line, output.stderr)

    def test_good_is_warned_about_and_left_alone(self):
        output = self.cluster.apply(custom("Rollout", "good", template=template(IMAGE)))
        self.assertEqual(output.stdout, "rollout.rollouts.example.com/good created\n")
        self.assertIn(f'Warning: container "web" must pin image "{IMAGE}" by digest (NAME@sha256:...) '
                      "(spec.template.spec.containers[0].image) [custom/image-digest]\n", output.stderr)
        read = json.loads(self.cluster.kubectl("get", "rollout", "good", "-o", "json").stdout)
        self.assertEqual(read["spec"]["template"], template(IMAGE))

    def test_bad_is_denied_at_its_place(self):
        bad = custom("Rollout", "bad", template=template("nginx:latest", runAsNonRoot=False))
        output = self.cluster.apply(bad, check=False)
        self.check_denied(output, '- container "web" must not use tag "latest" of image "nginx:latest" '
                                  "(spec.template.spec.containers[0].image) [custom/image-tag]\n")
        self.check_denied(output, "(spec.template.spec.containers[0].securityContext.runAsNonRoot) "
                                  "[custom/run-as-non-root]\n")

    def test_every_template_of_a_list_is_judged(self):
        fleet = lambda *images: custom("Fleet", "fleet", ships=[{"template": template(image)} for image in images])
        self.check_denied(self.cluster.apply(fleet(IMAGE, "nginx:latest"), check=False),
                          "(spec.ships[1].template.spec.containers[0].image) [custom/image-tag]\n")
        self.cluster.apply(fleet(IMAGE, IMAGE))

    def test_an_older_one_stays_usable(self):
        kubectl = self.cluster.kubectl
        kubectl("label", "rollout", "old", "team=shop")
        kubectl("patch", "rollout", "old", "--type=merge", "-p", '{"spec": {"replicas": 2}}')
        kubectl("patch", "rollout", "old", "--type=merge", "--subresource=status", "-p", '{"status": {"ready": 1}}')
        worse = json.dumps({"spec": {"template": template("nginx:latest", runAsNonRoot=False)}})
        self.check_denied(kubectl("patch", "rollout", "old", "--type=merge", "-p", worse, check=False),
                          "[custom/run-as-non-root]")
        kubectl("delete", "rollout", "old")

    def test_what_no_row_names_is_refused(self):
        output = self.cluster.apply(custom("Stranger", "stranger", template=template(IMAGE)), check=False)
        self.check_denied(output, 'kind Stranger of group "rollouts.example.com" holds no pod template known here')

    def test_a_template_of_a_wrong_type_is_refused(self):
        wrong = custom("Rollout", "wrong", template={"spec": {"containers": [{"name": "web", "image": 5}]}})
        self.check_denied(self.cluster.apply(wrong, check=False), "spec.template.spec.containers[0].image")


if __name__ == "__main__":
    unittest.main()
