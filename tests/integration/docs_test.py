#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/ says what is true: links lead to files and headings, every option and metric exists, the policies load, each
recipe denies, allows, warns and changes what it says, values of the chart are there, and the reference of metrics is that
of the server."""

import json
import pathlib
import re
import tempfile
import unittest

import yaml

from webhook import ROOT, WebhookTest, run

DOCS = sorted((ROOT / "docs").glob("*.md")) + [ROOT / "README.md", ROOT / "policies" / "README.md"]
CLAIM = re.compile(r"# (Denied|Warned|Changed|Allowed|Unchanged)(?:: (.+))?\n")
PLURALS = {"Pod": "pods", "Deployment": "deployments", "DaemonSet": "daemonsets", "Rollout": "rollouts"}
NAMESPACES = {"apiVersion": "v1", "kind": "NamespaceList", "items": [
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "prod", "labels": {"env": "prod"}}},
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dev", "labels": {"env": "dev"}}}]}


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def anchors(path):
    """The names of a document's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"(?m)^#+ (.+)$", text)}


def make_review(obj):
    """What the API server sends when the object is created."""
    group, _, version = obj["apiVersion"].rpartition("/")
    kind = {"group": group, "version": version, "kind": obj["kind"]}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u", "kind": kind, "resource": {"group": group, "version": version, "resource": PLURALS[obj["kind"]]},
        "name": obj["metadata"]["name"], "namespace": obj["metadata"]["namespace"], "operation": "CREATE",
        "userInfo": {"username": "u"}, "object": obj}}


class LinksTest(unittest.TestCase):
    def test_links_lead_to_files_and_headings(self):
        count = 0
        for path in DOCS:
            for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
                if re.match(r"[a-z]+://", target):
                    continue
                name, _, anchor = target.partition("#")
                there = (path.parent / name).resolve() if name else path
                self.assertTrue(there.exists(), f"{path.name}: {target}")
                if anchor and there.suffix == ".md":
                    self.assertIn(anchor, anchors(there), f"{path.name}: {target}")
                count += 1
        self.assertGreater(count, 60)

    def test_every_document_is_reached_from_the_readme(self):
        readme = (ROOT / "README.md").read_text()
        for path in (ROOT / "docs").iterdir():
            self.assertIn(f"docs/{path.name}", readme)

    def test_files_that_are_named_exist(self):
        count = 0
        for path in DOCS:
            for name in re.findall(r"`((?:tests|webhook|manifests|policies|helm|docs)/[\w./-]+)`", path.read_text()):
                self.assertTrue((ROOT / name).exists(), f"{path.name}: {name}")
                count += 1
        self.assertGreater(count, 20)

    def test_panels_that_are_named_exist(self):
        dashboard = json.loads((ROOT / "helm" / "tidewaiter" / "dashboards" / "tidewaiter.json").read_text())
        titles = {panel["title"] for panel in dashboard["panels"]}
        named = set()
        for name in ("operations.md", "alerts.md", "security.md"):
            text = re.sub(r"^```.*?^```$", "", (ROOT / "docs" / name).read_text(), flags=re.MULTILINE | re.DOTALL)
            named |= set(re.findall(r"(?<!\*)\*([A-Z][^*\n]+)\*(?!\*)", text))
        self.assertGreater(len(named), 10)
        self.assertEqual(named - titles, set())

    def test_options_exist(self):
        commands = ("serve", "review", "scan", "fix", "explain", "controls", "metrics", "policy check", "policy test",
                    "policy diff", "completion", "probe", "version")
        helps = "".join(run(*command.split(), "--help").stdout for command in commands)
        for path in DOCS:
            text = re.sub(r"\\\n\s*", " ", path.read_text())
            commands = [line for block in blocks(text, "sh") for line in block.splitlines() if line.startswith("tidewaiter ")]
            flags = {flag for line in commands for flag in re.findall(r"(?<= )--[a-z][a-z-]+", line.partition(" #")[0])}
            flags |= set(re.findall(r"`(--[a-z][a-z-]+)", text)) - {"--admission-control-config-file"}  # the API server's
            for flag in flags:
                self.assertIn(f"{flag}", re.findall(r"--[a-z][a-z-]+", helps), path.name)

    def test_metrics_exist(self):
        known = set(re.findall(r"(?m)^(\S+) ", run("metrics").stdout))
        self.assertGreater(len(known), 20)
        for path in DOCS:
            for name in re.findall(r"\b(?:tidewaiter|process)_[a-z_]+", path.read_text()):
                self.assertIn(re.sub(r"_(bucket|sum|count)$", "", name), known, path.name)

    def test_values_of_the_chart_exist(self):
        chart = ROOT / "helm" / "tidewaiter" / "values.yaml"
        values = yaml.safe_load(chart.read_text()) if chart.exists() else None
        text = "".join(path.read_text() for path in (ROOT / "docs").glob("*.md"))
        named = set(re.findall(r"--set '?([\w.]+)", text)) | set(re.findall(
            r"`((?:webhook|certificates|networkPolicy|dashboard|prometheusRule|serviceMonitor|image|cluster)\.[\w.]+)`", text))
        self.assertGreater(len(named), 3)
        for name in named if values is not None else ():
            at = values
            for key in name.split("."):
                self.assertIn(key, at, name)
                at = at[key]


class RecipesTest(unittest.TestCase):
    """Each section of policies.md: a policy, then objects with what is said of them."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.namespaces = pathlib.Path(cls.folder.name, "namespaces.json")
        cls.namespaces.write_text(json.dumps(NAMESPACES))

    def answer(self, policy, obj, door):
        result = run("review", "--policies", policy, "--namespaces", self.namespaces, "--door", door,
                     stdin=json.dumps(make_review(obj)) + "\n")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return json.loads(result.stdout)["response"]

    def check_claim(self, policy, kind, words, obj):
        if kind in ("Changed", "Unchanged"):
            response = self.answer(policy, obj, "mutate")
            self.assertEqual("patch" in response, kind == "Changed")
            if words:
                self.assertIn(words, response["auditAnnotations"]["injected"])
            return
        response = self.answer(policy, obj, "validate")
        self.assertEqual(response["allowed"], kind != "Denied", response)
        self.assertEqual(bool(response.get("warnings")), kind == "Warned" or bool(kind == "Denied" and response.get("warnings")))
        if words:
            said = response["status"]["message"] if kind == "Denied" else "\n".join(response["warnings"])
            self.assertIn(words, said)

    def test_recipes(self):
        sections = re.split(r"(?m)^## ", (ROOT / "docs" / "policies.md").read_text())[1:]
        self.assertGreaterEqual(len(sections), 10)
        kinds = set()
        for section in sections:
            title, documents = section.splitlines()[0], blocks(section, "yaml")
            policy = pathlib.Path(self.folder.name, "policy.yaml")
            policy.write_text(documents[0])
            with self.subTest(title):
                self.assertEqual(yaml.safe_load(documents[0])["kind"], "PodPolicy")
                result = run("policy", "check", policy)
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                self.assertGreater(len(documents), 1, "nothing is claimed")
            for text in documents[1:]:
                claim = CLAIM.match(text)
                self.assertTrue(claim, text)
                kinds.add(claim[1])
                with self.subTest(f"{title}: {claim[0].strip()}"):
                    self.check_claim(policy, claim[1], claim[2], yaml.safe_load(text))
        self.assertEqual(kinds, {"Denied", "Warned", "Changed", "Allowed", "Unchanged"})

    def test_yaml_of_the_other_documents_loads(self):
        for path in DOCS:
            for text in blocks(path.read_text(), "yaml"):
                for document in yaml.safe_load_all(text):
                    self.assertIsInstance(document, dict, path.name)
                    if document.get("kind") == "PodPolicy":
                        file = pathlib.Path(self.folder.name, "other.yaml")
                        file.write_text(text)
                        self.assertEqual(run("policy", "check", file).returncode, 0, f"{path.name}: {text}")


class MetricsReferenceTest(WebhookTest):
    def test_it_has_what_the_server_has(self):
        document = (ROOT / "docs" / "metrics.md").read_text()
        self.assertEqual(document, run("metrics", "--markdown").stdout, "run ./dev docs")
        text = self.webhook.ops("/metrics").text
        for name, meaning in re.findall(r"(?m)^# HELP (\S+) (.+)$", text):
            self.assertIn(f"\n## {name}\n\n{meaning}\n", document)


if __name__ == "__main__":
    unittest.main()
