# SPDX-License-Identifier: Apache-2.0
"""What Grafana makes of the dashboard's queries before it asks Prometheus: its variables filled in."""

import json
import re

from prometheus import ROOT

DASHBOARD = ROOT / "helm" / "tidewaiter" / "dashboards" / "tidewaiter.json"
METRIC = re.compile(r"\b((?:tidewaiter_|process_)[a-z_]+|up)\b(?:\{([^}]*)\})?")


def load_dashboard():
    return json.loads(DASHBOARD.read_text())


def graphs(dashboard):
    """The panels that show something: all but the rows' titles."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def fill_in(expression, rate_interval, values=None):
    """With every variable's default, "All", as Grafana does it: allValue, or else the values joined."""
    values = {"cluster": ".*", "namespace": ".*", "policy": ".*", "job": "tidewaiter", **(values or {})}
    text = expression.replace("$__rate_interval", rate_interval)
    text = re.sub(r"\$(\w+)", lambda match: values[match[1]], text)
    if "$" in text:
        raise AssertionError(f"a variable that nobody fills in: {text}")
    return text


def selectors(expression):
    """The metrics that an expression asks for, each with what it says of their labels: `name{...}`."""
    found = set()
    for name, labels in METRIC.findall(re.sub(r"\b(?:by|on|without|ignoring) \([^)]*\)", "", expression)):
        found.add(f"{name}{{{labels}}}" if labels else name)
    return found
