# SPDX-License-Identifier: Apache-2.0
"""The JSON Schema of policy documents, by an independent validator: it takes what the loader takes, and knows mistakes."""
import copy
import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

try:
    import jsonschema
    import yaml
except ImportError:  # the system's packages belong to the system's Python
    if sys.executable == "/usr/bin/python3":
        raise
    os.execv("/usr/bin/python3", ["/usr/bin/python3", "-B", *sys.argv])

TIDEWAITER = os.environ["TIDEWAITER"]
POLICIES = Path(__file__).resolve().parents[2] / "policies"
SCHEMA = json.loads(subprocess.run([TIDEWAITER, "policy", "schema"], check=True, capture_output=True, text=True).stdout)
VALIDATOR = jsonschema.validators.validator_for(SCHEMA)(SCHEMA)
GOOD = {
    "apiVersion": "tidewaiter.dev/v1alpha1",
    "kind": "PodPolicy",
    "metadata": {"name": "p"},
    "spec": {
        "mode": "warn",
        "enforceFrom": "2027-01-01",
        "enforcePercent": 50,
        "match": {"namespaces": {"exclude": ["kube-*"]}, "namespaceSelector": {"matchLabels": {"a": "b"}},
                  "objectSelector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}, "kinds": ["Pod"]},
        "podSecurity": {"level": "restricted", "version": "v1.34", "inject": True},
        "controls": {"image-tag": None, "host-namespaces": False, "host-ports": True,
                     "resources": {"mode": "audit", "inject": {"limits": {"memory": "1Gi", "cpu": 1}}}},
        "exemptions": [{"name": "e", "reason": "r", "controls": ["*"], "match": {"names": ["a"]},
                        "until": "2999-06-30"}],
        "workloads": [{"group": "argoproj.io", "kind": "Rollout", "template": "/spec/template"}],
    },
}
# Where, and what is put there. The loader must refuse each as well.
MISTAKES = [
    (("kind",), "Policy"),
    (("speck",), {}),
    (("metadata", "name"), 7),
    (("spec", "mode"), "deny"),
    (("spec", "enforcePercent"), 101),
    (("spec", "enforcePercent"), "half"),
    (("spec", "enforceFrom"), "soon"),
    (("spec", "match", "kinds"), "Pod"),
    (("spec", "match", "objectSelector", "matchExpressions", 0, "operator"), "exists"),
    (("spec", "podSecurity", "level"), "strict"),
    (("spec", "controls", "image-tgg"), {}),
    (("spec", "controls", "image-tag"), {"forbiden": []}),
    (("spec", "controls", "resources", "inject", "limits"), {"gpu": 1}),
    (("spec", "controls", "run-as-non-root"), {"runAsUser": 0}),
    (("spec", "exemptions", 0, "reason"), None),
    (("spec", "workloads", 0, "kind"), 1),
    (("spec", "mode"), None),
    (("spec", "enforceFrom"), None),
    (("spec", "enforceFrom"), 2027),
    (("spec", "match", "kinds"), None),
    (("spec", "match", "kinds"), [None]),
    (("spec", "match", "objectSelector", "matchExpressions"), [None]),
    (("spec", "podSecurity"), None),
    (("spec", "podSecurity"), {}),
    (("spec", "podSecurity", "version"), 1.3),
    (("spec", "podSecurity", "version"), "1.30"),
    (("spec", "podSecurity", "version"), "v1.030"),
    (("spec", "podSecurity", "inject"), "true"),
    (("spec", "podSecurity", "inject"), None),
    (("spec", "controls"), None),
    (("spec", "controls"), []),
    (("spec", "controls", "image-tag"), []),
    (("spec", "controls", "image-tag"), {"mode": None}),
    (("spec", "controls", "image-tag"), {"forbidden": None}),
    (("spec", "controls", "run-as-group"), {"ranges": []}),
    (("spec", "controls", "run-as-group"), {"ranges": [None]}),
    (("spec", "controls", "run-as-group"), {"ranges": [{}]}),
    (("spec", "controls", "run-as-group"), {"ranges": [{"min": -1}]}),
    (("spec", "controls", "denied-ports"), {"ports": []}),
    (("spec", "controls", "denied-ports"), {"ports": [0]}),
    (("spec", "controls", "denied-ports"), {"ports": [65536]}),
    (("spec", "controls", "denied-ports"), {"ports": [{}]}),
    (("spec", "controls", "denied-ports"), {"ports": [None]}),
    (("spec", "controls", "probes"), {"require": []}),
    (("spec", "controls", "default-namespace"), {"denied": []}),
    (("spec", "controls", "resources"), {"inject": {"limits": {"memory": None}}}),
    (("spec", "controls", "resources"), {"inject": {"limits": []}}),
    (("spec", "controls", "required-labels"), {"required": {"team": None}}),
    (("spec", "exemptions"), None),
    (("spec", "exemptions"), [None]),
    (("spec", "exemptions", 0, "match"), None),
    (("spec", "exemptions", 0, "controls"), []),
    (("spec", "exemptions", 0, "until"), None),
    (("spec", "exemptions", 0, "until"), "2027-6-1"),
    (("spec", "workloads"), {}),
    (("metadata",), None),
    (("metadata", "name"), "A_b"),
    (("metadata", "name"), "a-"),
    (("metadata", "name"), "a..b"),
    (("spec", "exemptions", 0, "reason"), " "),
    (("spec", "exemptions", 0, "name"), ""),
    (("spec", "workloads", 0, "template"), "spec.template"),
    (("spec", "workloads", 0, "template"), "/spec//template"),
    (("spec", "controls", "resources"), {"inject": {"limits": {"memory": "1GB"}}}),
    (("spec", "controls", "resources"), {"inject": {"limits": {"memory": ""}}}),
    (("metadata", "labels"), {"a": None}),
    (("spec",), None),
    (("spec",), {}),
    (("spec",), {"controls": {}}),
    (("spec",), {"controls": {"image-tag": False}}),
]
# The same, and both must take each.
VARIANTS = [
    (("metadata", "labels"), None),
    (("metadata", "labels"), {"a": "b"}),
    (("spec", "match"), None),
    (("spec", "match"), {}),
    (("spec", "match", "namespaces"), None),
    (("spec", "match", "namespaceSelector", "matchLabels"), None),
    (("spec", "podSecurity", "version"), "latest"),
    (("spec", "podSecurity", "version"), "v1.0"),
    (("spec", "controls", "resources"), {"require": None, "inject": {"limits": None}, "maxLimitRequestRatio": None}),
    (("spec", "controls", "resources"), {"maxLimitRequestRatio": {"cpu": 1.5, "memory": "2"}}),
    (("spec", "controls", "run-as-group"), {"ranges": [{"min": 0}, {"max": 7}]}),
    (("spec", "controls", "denied-ports"), {"ports": [1, 65535, {"max": 7}]}),
    (("spec", "controls", "required-labels"), {"required": {"team": []}}),
    (("metadata", "name"), "a.b-1"),
    (("spec", "workloads", 0, "template"), "/spec/jobs/*/template"),
    (("spec", "controls", "resources"), {"maximum": {"limits": {"memory": "1.5e3", "cpu": "500m"}}}),
    (("spec", "exemptions"), []),
    (("spec", "workloads"), []),
    (("spec",), {"podSecurity": {"level": "baseline"}}),
    (("spec",), {"podSecurity": {"level": "baseline"}, "controls": {}}),
    (("spec",), {"controls": {"image-tag": None}}),
]


def changed(keys, value):
    """GOOD with that value in that place."""
    document = copy.deepcopy(GOOD)
    place = document
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    return document


def load(document, folder):
    """What the loader says of a document, given as JSON, which is YAML."""
    path = Path(folder) / "policy.yaml"
    path.write_text(json.dumps(document))
    return subprocess.run([TIDEWAITER, "policy", "check", str(path)], capture_output=True, text=True)


class SchemaTest(unittest.TestCase):
    def test_the_schema_is_one(self):
        type(VALIDATOR).check_schema(SCHEMA)

    def test_shipped_policies(self):
        files = sorted(POLICIES.glob("*.yaml"))
        self.assertEqual(len(files), 5)
        for file in files:
            with self.subTest(file=file.name):
                VALIDATOR.validate(yaml.safe_load(file.read_text()))

    def test_schema_and_loader_agree(self):
        import tempfile
        with tempfile.TemporaryDirectory() as folder:
            VALIDATOR.validate(GOOD)
            checked = load(GOOD, folder)
            self.assertEqual(checked.returncode, 0, checked.stderr)
            for keys, value in MISTAKES:
                with self.subTest(keys=keys, value=value):
                    document = changed(keys, value)
                    self.assertFalse(VALIDATOR.is_valid(document))
                    self.assertEqual(load(document, folder).returncode, 2)
            for keys, value in VARIANTS:
                with self.subTest(keys=keys, value=value):
                    document = changed(keys, value)
                    VALIDATOR.validate(document)
                    self.assertEqual(load(document, folder).stderr, "")


if __name__ == "__main__":
    unittest.main()
