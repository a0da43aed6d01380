#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The chart offline: which values it takes and refuses, and what it makes of them."""

import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

from chart import BINARY, CA, CHART, DIGEST, MATRIX, POLICY, ROOT, find, helm, objects, render, review

# Values, and what the refusal must say.
MISTAKES = [
    ({"replica": 3}, "additional properties 'replica' not allowed"),
    ({"replicas": "3"}, "at '/replicas': got string, want integer"),
    ({"replicas": 0}, "at '/replicas': minimum: got 0, want 1"),
    ({"mode": "enforced"}, "at '/mode': value must be one of 'observe', 'warn', 'enforce'"),
    ({"policies": {"shipped": ["hardend"]}}, "at '/policies/shipped/0': value must be one of 'hardened'"),
    ({"policies": {"documents": [{**POLICY, "spec": {"controls": {"imag-tag": {}}}}]}},
     "at '/policies/documents/0/spec/controls': additional properties 'imag-tag' not allowed"),
    ({"policies": {"documents": [{**POLICY, "kind": "Policy"}]}}, "at '/policies/documents/0/kind'"),
    ({"image": {"digest": "sha256:abc"}}, "at '/image/digest': 'sha256:abc' does not match pattern"),
    ({"image": {"name": "x"}}, "at '/image': additional properties 'name' not allowed"),
    ({"image": {"pullPolicy": "always"}}, "at '/image/pullPolicy': value must be one of"),
    ({"webhook": {"mutating": {"failurePolicy": "fail"}}}, "at '/webhook/mutating/failurePolicy': value must be one of"),
    ({"webhook": {"validating": {"timeoutSeconds": 31}}}, "maximum: got 31, want 30"),
    ({"webhook": {"timeoutSeconds": 3}}, "at '/webhook': additional properties 'timeoutSeconds' not allowed"),
    ({"webhook": {"customWorkloads": [{"apiGroups": ["argoproj.io"]}]}}, "missing property 'resources'"),
    ({"webhook": {"customWorkloads": [{"apiGroups": ["argoproj.io"], "resources": ["Rollout"]}]}},
     "'Rollout' does not match pattern"),
    ({"webhook": {"validating": {"matchConditions": [{"name": "a"}]}}}, "missing property 'expression'"),
    ({"resources": {"limits": {"memory": "64Mib"}}}, "'64Mib' does not match pattern"),
    ({"podSecurityContext": {"runAsNonroot": True}}, "additional properties 'runAsNonroot' not allowed"),
    ({"securityContext": {"capabilities": {"drop": "ALL"}}}, "got string, want array"),
    ({"livenessProbe": {"path": "/livez"}}, "additional properties 'path' not allowed"),
    ({"certificates": {"mode": "self"}}, "value must be one of 'selfManaged', 'certManager', 'secret'"),
    ({"certificates": {"secret": {"caBundle": "TUlJ"}}}, "at '/certificates/secret/caBundle'"),
    ({"certificates": {"selfManaged": {"lifetime": "90d"}}}, "'90d' does not match pattern"),
    ({"networkPolicy": {"apiServerCIDRs": ["10.0.0.1"]}}, "'10.0.0.1' does not match pattern"),
    ({"ports": {"webhook": 443}}, "at '/ports/webhook': minimum: got 443"),
    ({"extraArgs": ["serve"]}, "'serve' does not match pattern"),
    ({"commonLabels": {"a": 1}}, "at '/commonLabels/a': got number, want string"),
    ({"tolerations": [{"key": "a", "effct": "NoSchedule"}]}, "additional properties 'effct' not allowed"),
    ({"serviceMonitor": {"interval": "often"}}, "'often' does not match pattern"),
    ({"nameOverride": "Not A Name"}, "at '/nameOverride'"),
    # Each right, together wrong.
    ({"certificates": {"mode": "secret"}},
     "certificates.mode=secret needs certificates.secret.name and certificates.secret.caBundle"),
    ({"certificates": {"secret": {"name": "a", "caBundle": CA}}},
     "certificates.secret is set, and certificates.mode is selfManaged"),
    ({"cluster": {"enabled": False}}, "certificates.mode=selfManaged needs cluster.enabled=true"),
    ({"cluster": {"enabled": False}, "certificates": {"mode": "certManager"}, "policies": {"shipped": []}},
     "there is no policy"),
    ({"policies": {"existingConfigMap": "ours"}}, "mode=observe cannot be applied to policies.existingConfigMap"),
    ({"mode": "enforce", "policies": {"existingConfigMap": "ours", "documents": [POLICY]}},
     "policies.existingConfigMap takes the place of policies.documents"),
    ({"mode": "enforce", "policies": {"existingConfigMap": "ours", "asResources": True}}, "exclude each other"),
    ({"policies": {"asResources": True}}, "needs the CustomResourceDefinition in the cluster before"),
    ({"policies": {"documents": [POLICY, POLICY]}}, 'two of them have the name "shop"'),
    ({"drainSeconds": 30}, "terminationGracePeriodSeconds (30) must exceed drainSeconds (30)"),
    ({"ports": {"ops": 8443}}, "ports.webhook and ports.ops are both 8443"),
    ({"autoscaling": {"enabled": True, "minReplicas": 7}}, "autoscaling.minReplicas (7) exceeds"),
    ({"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}}, "everything would be counted twice"),
    ({"priorityClass": {"name": "high"}}, "set priorityClass.create=false"),
    ({"serviceAccount": {"create": False}}, "serviceAccount.create=false needs serviceAccount.name"),
]


def properties(schema, root):
    """The keys of an object schema with their schemas; None for other schemas."""
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema.get("properties")


class ValuesTest(unittest.TestCase):
    maxDiff = None

    def test_mistakes_are_refused_and_named(self):
        for values, expected in MISTAKES:
            with self.subTest(values=values):
                code, output = render(values, check=False)
                self.assertNotEqual(code, 0, "it was taken")
                self.assertIn(expected, output)

    def test_own_namespace_must_not_be_default(self):
        code, output = render(namespace="default", check=False)
        self.assertNotEqual(code, 0)
        self.assertIn("the release must not be in the namespace default", output)

    def test_schema_knows_the_values_and_no_others(self):
        root = json.loads((CHART / "values.schema.json").read_text())

        def compare(values, schema, path):
            known = properties(schema, root)
            if known is None or not isinstance(values, dict):
                return
            self.assertIs(schema.get("additionalProperties", False), False, path)
            self.assertLessEqual(set(values), set(known), path)
            for key, value in values.items():
                compare(value, known[key], f"{path}/{key}")

        values = yaml.safe_load((CHART / "values.yaml").read_text())
        compare(values, root, "")
        self.assertEqual(set(root["properties"]) - set(values), {"global"})
        for path in ("policies", "webhook", "webhook/mutating", "certificates", "networkPolicy", "cluster", "image"):
            schema, value = root, values
            for key in path.split("/"):
                schema, value = properties(schema, root)[key], value[key]
            self.assertEqual(set(properties(schema, root)), set(value), path)

    def test_lint(self):
        for name in ("defaults", "everything optional"):
            with self.subTest(name):
                helm("lint", CHART, "--strict", "--quiet", "--namespace", "tidewaiter", "--kube-version", "1.30.0",
                     values=MATRIX[name])

    def test_everything_is_named_after_the_release_and_labelled(self):
        for name, values in MATRIX.items():
            for each in objects(values):
                with self.subTest(name, kind=each["kind"], name=each["metadata"]["name"]):
                    self.assertEqual(each["metadata"]["labels"]["app.kubernetes.io/instance"], "tidewaiter")

    def test_policies_are_as_the_mode_says_and_can_be_loaded(self):
        shipped = ["hardened", "production", "pod-security-baseline", "pod-security-restricted", "observe"]
        modes = {"observe": {"audit"}, "warn": {"audit", "warn"}, "enforce": {"audit", "warn", "enforce"}}
        document = copy.deepcopy(POLICY)
        document["spec"] |= {"enforceFrom": "2099-01-01", "enforcePercent": 50}
        for mode, allowed in modes.items():
            found = objects({"mode": mode, "policies": {"shipped": shipped, "documents": [document]}})
            data = find(found, "ConfigMap", "tidewaiter-policies")["data"]
            self.assertEqual(set(data), {f"{name}.yaml" for name in shipped + ["shop"]})
            with tempfile.TemporaryDirectory() as folder:
                for name, text in data.items():
                    pathlib.Path(folder, name).write_text(text)
                done = subprocess.run([BINARY, "policy", "check", folder], capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""), mode)
            for name, text in data.items():
                with self.subTest(mode=mode, name=name):
                    policy = yaml.safe_load(text)
                    controls = policy["spec"].get("controls", {})
                    used = {policy["spec"]["mode"]} | {each["mode"] for each in controls.values() if "mode" in each}
                    self.assertLessEqual(used, allowed)
                    source = document if name == "shop.yaml" else yaml.safe_load((ROOT / "policies" / name).read_text())
                    if mode == "enforce":
                        self.assertEqual(policy, source)
                    else:
                        self.assertEqual(set(controls), set(source["spec"].get("controls", {})))

    def test_resources_are_the_policies(self):
        found = objects(MATRIX["policies as resources"])
        self.assertIsNone(find(found, "ConfigMap"))
        self.assertEqual({each["metadata"]["name"] for each in found if each["kind"] == "PodPolicy"}, {"hardened", "shop"})

    def test_pods_pass_our_strictest_policies(self):
        policies = [ROOT / "policies" / "production.yaml", ROOT / "policies" / "pod-security-restricted.yaml"]
        for name, values in MATRIX.items():
            if name in ("the node's network", "names of its own"):
                continue
            values = copy.deepcopy(values)
            values.setdefault("image", {})["digest"] = DIGEST
            for kind in ("Deployment", "Pod"):
                document = find(objects(values), kind)
                if document is None:
                    continue
                with self.subTest(name, kind=kind):
                    response = review(document, *policies)
                    self.assertTrue(response["allowed"], response)
                    # A Pod that runs once needs no probes.
                    warned = [text for text in response.get("warnings", [])
                              if kind == "Deployment" or "[production/probes]" not in text]
                    self.assertEqual(warned, [])
                    # Nothing has to be mended either.
                    if kind == "Pod" and name != "OpenShift":
                        self.assertNotIn("patch", review(document, *policies, door="mutate"))

    def test_what_is_not_pinned_or_restricted_is_found(self):
        policies = [ROOT / "policies" / "production.yaml"]
        for values, control in (({}, "production/image-digest"),
                                ({"image": {"digest": DIGEST}, "securityContext": {"readOnlyRootFilesystem": False}},
                                 "production/read-only-root-filesystem"),
                                ({"image": {"digest": DIGEST}, "hostNetwork": True}, "production/host-namespaces")):
            response = review(find(objects(values), "Deployment"), *policies)
            self.assertFalse(response["allowed"])
            self.assertIn(control, response["status"]["message"])

    def test_without_api_server_there_are_no_rights(self):
        for name in ("cert-manager, no API server", "a given Secret, no API server"):
            found = objects(MATRIX[name])
            of_test = {each["metadata"]["name"] for each in found if "Role" in each["kind"]}
            self.assertEqual(of_test, {"tidewaiter-test"})
            self.assertIs(find(found, "Deployment")["spec"]["template"]["spec"]["automountServiceAccountToken"], False)
            self.assertEqual(find(found, "NetworkPolicy")["spec"]["egress"], [])
            self.assertIsNone(find(found, "CustomResourceDefinition"))
            self.assertIsNone(find(found, "Lease"))

    def test_rights_of_secrets_end_with_their_need(self):
        for name in ("cert-manager, own CA", "a given Secret"):
            roles = [each for each in objects(MATRIX[name])
                     if each["kind"] in ("Role", "ClusterRole") and each["metadata"]["name"] == "tidewaiter"]
            resources = {resource for role in roles for rule in role["rules"] for resource in rule["resources"]}
            self.assertEqual(resources, {"namespaces", "podpolicies", "podpolicies/status", "leases"})

    def test_webhooks(self):
        def doors(values):
            found = objects(values)
            return {webhook["name"].partition(".")[0]: webhook for kind in ("Mutating", "Validating")
                    for webhook in (find(found, f"{kind}WebhookConfiguration") or {"webhooks": []})["webhooks"]}

        default = doors({})
        self.assertEqual({name: each["failurePolicy"] for name, each in default.items()},
                         {"mutate": "Ignore", "validate": "Ignore", "validate-policy": "Ignore"})
        self.assertEqual(doors({"mode": "enforce"})["validate"]["failurePolicy"], "Fail")
        self.assertEqual(doors({"mode": "enforce"})["mutate"]["failurePolicy"], "Ignore")
        self.assertEqual(set(doors(MATRIX["few doors"])), {"validate"})
        self.assertNotIn("matchConditions", doors(MATRIX["few doors"])["validate"])
        for name in ("mutate", "validate"):
            excluded = default[name]["namespaceSelector"]["matchExpressions"][0]
            self.assertEqual(excluded["values"], ["kube-system", "kube-node-lease", "kube-public", "tidewaiter"])
        self.assertIn({"operations": ["CREATE", "UPDATE"], "apiGroups": ["argoproj.io"], "apiVersions": ["*"],
                       "resources": ["rollouts"], "scope": "Namespaced"}, doors(MATRIX["custom resources"])["validate"]["rules"])
        conditions = [each["name"] for each in doors(MATRIX["webhooks otherwise"])["mutate"]["matchConditions"]]
        self.assertEqual(conditions, ["not-being-deleted", "not-a-mirror-pod", "not-robots"])
        given = doors(MATRIX["a given Secret"])
        self.assertEqual(len({each["clientConfig"]["caBundle"] for each in given.values()}), 1)
        self.assertNotIn("caBundle", default["validate"]["clientConfig"])
        found = objects(MATRIX["cert-manager, own CA"])
        self.assertEqual(find(found, "ValidatingWebhookConfiguration")["metadata"]["annotations"],
                         {"cert-manager.io/inject-ca-from": "tidewaiter/tidewaiter"})
        self.assertEqual(find(found, "Certificate", "tidewaiter")["spec"]["dnsNames"], ["tidewaiter.tidewaiter.svc"])

    def test_crd_is_the_generated_one(self):
        crd = find(objects(), "CustomResourceDefinition")
        generated = yaml.safe_load((ROOT / "manifests" / "crd.yaml").read_text())
        self.assertEqual(crd["metadata"]["annotations"], {"helm.sh/resource-policy": "keep"})
        self.assertEqual(crd["spec"], generated["spec"])
        self.assertEqual(crd["metadata"]["name"], generated["metadata"]["name"])

    def test_monitoring(self):
        """Alerts and dashboard are taken from their files as they are, templates of Prometheus and Grafana included."""
        found = objects(MATRIX["everything optional"])
        groups = yaml.safe_load((CHART / "alerts" / "tidewaiter.yaml").read_text())["groups"]
        self.assertEqual(find(found, "PrometheusRule")["spec"], {"groups": groups})
        dashboard = find(found, "ConfigMap", "tidewaiter-dashboard")
        self.assertEqual(dashboard["metadata"]["labels"]["grafana_dashboard"], "1")
        self.assertEqual(json.loads(dashboard["data"]["tidewaiter.json"]),
                         json.loads((CHART / "dashboards" / "tidewaiter.json").read_text()))
        self.assertIsNone(find(objects(), "PrometheusRule"))

    def test_generated_files_are_not_stale(self):
        """The copies of CRD and policies, the chart's README and schema, and the plain manifests."""
        done = subprocess.run([sys.executable, "-B", ROOT / "tests" / "tools" / "chart_files.py", "check"],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_links_of_the_guides_lead_to_files(self):
        for guide in (CHART / "README.md", ROOT / "manifests" / "static" / "README.md"):
            targets = re.findall(r"\]\(([^)\s#]+)", guide.read_text())
            self.assertGreater(len(targets), 2)
            for target in targets:
                self.assertTrue((guide.parent / target).exists(), f"{guide}: {target}")

    def test_the_program_takes_its_arguments(self):
        for name, values in MATRIX.items():
            with self.subTest(name):
                container = find(objects(values), "Deployment")["spec"]["template"]["spec"]["containers"][0]
                # It fails where there is no cluster and no file, and only there.
                done = subprocess.run([BINARY, *container["args"], "--listen=nowhere"], capture_output=True, text=True,
                                      check=False)
                self.assertIn("--listen: ", done.stderr)


if __name__ == "__main__":
    unittest.main()
