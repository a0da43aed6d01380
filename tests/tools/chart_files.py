#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that are made of others, so that none of them can say something else: the chart's copies of the CRD and of the
policies, the policy's schema in the schema of values, the table of values in the chart's README, and the plain manifests,
which `helm template` renders. `write` writes them anew (./dev docs); `check` fails when one is stale (./dev lint).
"""
import difflib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "tidewaiter"
HELM = os.environ.get("HELM", str(ROOT / "build" / "tools" / "helm"))
SHIPPED = ["hardened", "production", "pod-security-baseline", "pod-security-restricted", "observe"]
NAMESPACE = "tidewaiter"
KUBERNETES = "1.30.0"  # the oldest that the chart takes
TABLE = ("<!-- values: written by ./dev docs -->\n", "<!-- end of values -->\n")

INSTALL_HEAD = """\
# Everything that `helm install tidewaiter helm/tidewaiter --namespace tidewaiter` makes, for kubectl. Written by ./dev docs.
#
#   kubectl apply --server-side -f manifests/install.yaml
#
# It begins by observing; the ConfigMap tidewaiter-policies says what it requires.
apiVersion: v1
kind: Namespace
metadata:
  name: tidewaiter
  labels:
    app.kubernetes.io/name: tidewaiter
    pod-security.kubernetes.io/enforce: restricted
"""
RBAC_HEAD = """\
# Who tidewaiter is in the cluster, and all that it may do there. `serve --cluster` needs what is said of policies,
# namespaces and the Lease, --certificate-secret tidewaiter/tidewaiter-tls with --webhook-configuration tidewaiter what is
# said of Secrets and webhook configurations. Nothing here lets it read any other Secret, or change any workload.
# Written by ./dev docs from the chart.
"""


def render(*arguments):
    """`helm template` without what only Helm needs: its labels and the names of the source files."""
    done = subprocess.run([HELM, "template", "tidewaiter", CHART, "--namespace", NAMESPACE, "--no-hooks",
                           "--kube-version", KUBERNETES, *arguments],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"helm template: {done.stderr}")
    lines = [line for line in done.stdout.splitlines()
             if not re.match(r"\s*(helm\.sh/chart|app\.kubernetes\.io/(managed-by|instance)): |# Source: |\s*$", line)]
    return "\n".join(lines) + "\n"


class Values:
    """The rows of the table: each value with a comment above it, under the last heading `## ...`."""

    def __init__(self, text):
        self.rows, self.uncommented = [], []
        self._defaults = yaml.safe_load(text)
        comment, path, is_row = [], [], {}
        for line in text.splitlines():
            if line.startswith("## "):
                self.rows.append((line[3:], None, None))
                comment = []
            elif line.lstrip().startswith("# "):
                comment.append(line.strip()[2:])
            elif not line.strip():
                comment = []
            elif match := re.match(r"( *)([A-Za-z]\w*):", line):
                path = path[:len(match.group(1)) // 2] + [match.group(2)]
                name = ".".join(path)
                if any(is_row.get(".".join(path[:i])) for i in range(1, len(path))):
                    continue  # inside a value that has its row
                is_row[name] = bool(comment)
                if comment:
                    self.rows.append((name, self.default(path), " ".join(comment)))
                elif not isinstance(self.default(path), dict):
                    self.uncommented.append(name)
                comment = []

    def default(self, path):
        value = self._defaults
        for key in path:
            value = value[key]
        return value

    def table(self):
        lines = []
        for name, default, text in self.rows:
            if text is None:
                lines += ["", f"### {name}", "", "| value | default | |", "| --- | --- | --- |"]
            else:
                shown = json.dumps(default).replace("|", "\\|")
                lines.append(f"| `{name}` | `{shown}` | {text.replace('|', chr(92) + '|')} |")
        return "\n".join(lines[1:]) + "\n"


def readme():
    values = Values((CHART / "values.yaml").read_text(encoding="utf-8"))
    if values.uncommented:
        sys.exit(f"values.yaml: no comment above {', '.join(values.uncommented)}")
    text = (CHART / "README.md").read_text(encoding="utf-8")
    before, rest = text.split(TABLE[0])
    return before + TABLE[0] + values.table() + TABLE[1] + rest.split(TABLE[1])[1]


def values_schema():
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    policy = json.loads((ROOT / "policies" / "podpolicy.schema.json").read_text(encoding="utf-8"))
    del policy["$schema"]
    schema["$defs"]["podPolicy"] = policy
    return json.dumps(schema, indent=2) + "\n"


def files():
    """(path, what it must be), in the order in which they are made of each other."""
    yield CHART / "crd" / "podpolicies.yaml", lambda: (ROOT / "manifests" / "crd.yaml").read_text(encoding="utf-8")
    for name in SHIPPED:
        yield CHART / "policies" / f"{name}.yaml", lambda name=name: (
            ROOT / "policies" / f"{name}.yaml").read_text(encoding="utf-8")
    yield CHART / "values.schema.json", values_schema
    yield CHART / "README.md", readme
    yield ROOT / "manifests" / "rbac.yaml", lambda: RBAC_HEAD + render("--show-only", "templates/rbac.yaml").replace(
        "---\n", "", 1)
    yield ROOT / "manifests" / "install.yaml", lambda: INSTALL_HEAD + render()


def check_versions():
    """The chart's versions are the program's."""
    version = re.search(r"project\(tidewaiter VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")).group(1)
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    return [f"helm/tidewaiter/Chart.yaml: {key} is {chart[key]}, the program's is {version}"
            for key in ("version", "appVersion") if chart[key] != version]


def main():
    if sys.argv[1:] not in (["write"], ["check"]):
        sys.exit("usage: chart_files.py write | check")
    complaints = check_versions()
    for path, make in files():
        text, name = make(), path.relative_to(ROOT).as_posix()
        is_there = path.exists()
        if sys.argv[1] == "write":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif not is_there or path.read_text(encoding="utf-8") != text:
            old = path.read_text(encoding="utf-8") if is_there else ""
            difference = difflib.unified_diff(old.splitlines(), text.splitlines(), name, "as it must be", lineterm="", n=1)
            complaints.append("\n".join([f"{name} is stale: run ./dev docs", *list(difference)[:20]]))
    if complaints:
        sys.exit("\n".join(complaints))


if __name__ == "__main__":
    main()
