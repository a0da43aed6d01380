#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the Grafana dashboard (schema of Grafana 10 and 11) to standard output. `./dev docs` puts it into
helm/tidewaiter/dashboards/tidewaiter.json; tests/dashboards asks a real Prometheus every query of it.

To add a panel, add a line to ROWS: title, width (of 24), queries, and a description that says what is normal and what to
do when it is not."""

import json

WHERE = 'cluster=~"$cluster",namespace=~"$namespace",job=~"$job"'
POLICY = WHERE + ',policy=~"$policy"'
RATE = "[$__rate_interval]"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
# Faults of the server or of the way to it; the other reasons are what clients sent.
FAULTS = "internal|overloaded|deadline|connection_limit|write_timeout|handshake_failed|unknown_namespace|not_ready"
COLOURS = {
    "allow": "green", "patch": "blue", "warn": "yellow", "deny": "red", "refuse": "orange", "error": "purple",
    "enforce": "red", "audit": "blue", "success": "green", "failure": "red",
    "parked": "blue", "active": "green", "handshaking": "yellow",
}


def query(expression, legend="", **more):
    return {"expr": expression, "legendFormat": legend or "__auto", **more}


def steps(*pairs):
    """Thresholds: colour from a value on, the first from everywhere."""
    return {"mode": "absolute", "steps": [{"color": colour, "value": value} for colour, value in pairs]}


def stat(title, expression, unit, thresholds, description, decimals=None):
    return {"type": "stat", "title": title, "description": description, "queries": [query(expression, title, instant=True)],
            "unit": unit, "thresholds": thresholds, "decimals": decimals, "width": 3, "height": 4}


def lines(title, width, queries, unit, description, stacked=False, **more):
    return {"type": "timeseries", "title": title, "description": description, "queries": queries, "unit": unit,
            "width": width, "height": 8, "stacked": stacked, **more}


def table(title, width, expression, value_name, unit, description, thresholds=None):
    return {"type": "table", "title": title, "description": description, "unit": unit, "value_name": value_name,
            "queries": [query(expression, instant=True, format="table")], "width": width, "height": 6,
            "thresholds": thresholds}


def share(part, whole):
    """A share that is 0, and not nothing, as long as the whole is nothing."""
    return f"({part} or vector(0)) / (({whole}) > 0) or vector(0)"


REQUESTS = f"tidewaiter_admission_requests_total{{{WHERE}}}"
FAULT_RATE = f'sum(rate(tidewaiter_errors_total{{{WHERE},reason=~"{FAULTS}"}}{RATE}))'
REQUEST_RATE = f"sum(rate({REQUESTS}{RATE}))"
DURATION = f'tidewaiter_admission_duration_seconds_bucket{{{WHERE},door=~"validate|mutate"}}'

ROWS = [
    ("Now", [
        stat("Replicas up", f"sum(up{{{WHERE}}})", "none", steps(("red", None), ("orange", 1), ("green", 2)),
             "Replicas that Prometheus reaches.\n\nNormal: as many as the Deployment asks for, two at least.\n\n"
             "What to do: `kubectl -n NAMESPACE get pods -o wide`, then docs/alerts.md#tidewaiterreplicadown.", 0),
        stat("Reviews", REQUEST_RATE, "reqps", steps(("green", None)),
             "AdmissionReviews answered a second, both doors.\n\nNormal: follows the cluster's changes of Pods and "
             "workloads; two for each new Pod.\n\nWhat to do: at 0 in a cluster that is in use, look whether the webhook "
             "configurations are still there: docs/alerts.md#tidewaiternorequests.", 0),
        stat("Denied", share(f'sum(rate(tidewaiter_admission_requests_total{{{WHERE},decision=~"deny|refuse"}}{RATE}))',
                             REQUEST_RATE), "percentunit", steps(("green", None), ("yellow", .1), ("red", .5)),
             "Share of the reviews that was denied or refused.\n\nNormal: below 5 %, and the same from day to day.\n\n"
             "What to do: the panels of the row Policies say which control and policy; "
             "docs/alerts.md#tidewaiterdenialspike.", 1),
        stat("Faults", share(FAULT_RATE, f"{REQUEST_RATE} + {FAULT_RATE}"), "percentunit",
             steps(("green", None), ("yellow", .001), ("red", .01)),
             "Share of the requests that failed by the webhook's fault or on the way to it.\n\nNormal: 0.\n\nWhat to do: "
             "the panel Errors by reason names the reason; docs/alerts.md#tidewaitererrors.", 2),
        stat("Latency p99", f"histogram_quantile(0.99, sum by (le) (rate({DURATION}{RATE})))", "s",
             steps(("green", None), ("yellow", .1), ("red", 1)),
             "99 of 100 reviews are decided faster than this, waiting for a thread included.\n\nNormal: below 1 ms; some "
             "milliseconds when many come at once.\n\nWhat to do: above 100 ms the CPU limit throttles it: "
             "docs/alerts.md#tidewaiterlatencynearthetimeout.", 1),
        stat("Certificate ends in", f"min(tidewaiter_certificate_expiry_timestamp_seconds{{{WHERE}}} > 0) - time()", "s",
             steps(("red", None), ("orange", 3 * 86400), ("green", 14 * 86400)),
             "Until the first serving certificate expires; then no request is answered.\n\nNormal: never below a third of "
             "its lifetime, 30 days of 90.\n\nWhat to do: docs/alerts.md#tidewaitercertificateexpires.", 1),
        stat("Policies invalid", f"max(tidewaiter_policies_invalid{{{WHERE}}})", "none", steps(("green", None), ("red", 1)),
             "Policies that cannot be loaded as they are now; their last good version is in force.\n\nNormal: 0.\n\nWhat "
             "to do: `kubectl get podpolicies`, or the log of a replica: docs/alerts.md#tidewaiterpolicyinvalid.", 0),
        stat("Leaders", f"sum(tidewaiter_leader{{{WHERE}}})", "none", steps(("red", None), ("green", 1), ("orange", 2)),
             "Replicas that write the status of policies. Decisions do not depend on it. Empty without --cluster.\n\n"
             "Normal: 1; 0 for some seconds after a replica is gone.\n\nWhat to do: docs/alerts.md#tidewaiternoleader.", 0),
    ]),
    ("Decisions", [
        lines("Decisions by result", 8, [query(f"sum by (decision) (rate({REQUESTS}{RATE}))", "{{decision}}")], "reqps",
              "What came of the reviews. patch: defaults were set. refuse: the object cannot be read. error: the review "
              "itself is malformed, or an inner failure.\n\nNormal: mostly allow and patch; error is 0.\n\nWhat to do: more "
              "deny than usual: docs/alerts.md#tidewaiterdenialspike. Any error: the panel Errors by reason says which; "
              "internal is docs/alerts.md#tidewaiterinternalerror.", stacked=True),
        lines("Decisions by door", 8,
              [query(f"sum by (door, decision) (rate({REQUESTS}{RATE}))", "{{door}}: {{decision}}")], "reqps",
              "The same by door. mutate sets defaults, validate judges, validate-policy judges PodPolicy resources."
              "\n\nNormal: mutate and validate move together; validate has the templates of Deployments besides.\n\nWhat "
              "to do: when one door is silent, its webhook configuration is gone: docs/alerts.md#tidewaiternorequests."),
        lines("Reviews by kind", 8, [query(f"topk(8, sum by (kind, operation) (rate({REQUESTS}{RATE})))",
                                           "{{operation}} {{kind}}")], "reqps",
              "What was asked about.\n\nNormal: Pods created by Jobs and roll-outs lead.\n\nWhat to do: a kind that "
              "floods (a Job that fails and is made anew) is best stopped at its source: the log names it, "
              "`kubectl -n NAMESPACE logs -l app.kubernetes.io/name=tidewaiter`."),
    ]),
    ("Policies", [
        lines("Denials by control", 8, [query(f"topk(10, sum by (control) (rate(tidewaiter_denials_total{{{POLICY}}}{RATE})))",
                                              "{{control}}")], "ops",
              "Findings that denied a request, by control; one request may have several.\n\nNormal: few, and the same "
              "controls from day to day.\n\nWhat to do: a control that leads after a policy changed is the change: put it "
              "in mode warn, or take an exemption (docs/policies.md)."),
        lines("Denials by policy", 8, [query(f"topk(10, sum by (policy) (rate(tidewaiter_denials_total{{{POLICY}}}{RATE})))",
                                             "{{policy}}")], "ops",
              "The same by policy.\n\nNormal: as yesterday.\n\nWhat to do: `kubectl get podpolicy NAME -o yaml`, and put "
              "the policy back to `mode: warn` while you look for the reason."),
        lines("Findings by mode", 8,
              [query(f"sum by (mode) (rate(tidewaiter_findings_total{{{POLICY}}}{RATE}))", "{{mode}}")], "ops",
              "All findings by the mode they count in; violations that were there before an update count as well.\n\n"
              "Normal: during a roll-out audit and warn fall towards 0 before a policy goes to enforce.\n\nWhat to do: do "
              "not go on to the next step while they have not fallen: docs/operations.md.", stacked=True),
        lines("Would be denied (warn, audit)", 8,
              [query(f'topk(10, sum by (policy, control) (rate(tidewaiter_findings_total{{{POLICY},mode=~"warn|audit"}}{RATE})))',
                     "{{policy}}/{{control}}")], "ops",
              "What the next step of a roll-out would deny.\n\nNormal: falls as teams mend their workloads.\n\nWhat to do: "
              "the log names the workloads, `kubectl -n NAMESPACE logs -l app.kubernetes.io/name=tidewaiter | grep CONTROL`; "
              "audit annotations name them as well."),
        lines("Injections", 8, [query(f"topk(10, sum by (control, mode) (rate(tidewaiter_injections_total{{{POLICY}}}{RATE})))",
                                      "{{control}} ({{mode}})")], "ops",
              "Fields that were set (enforce), or would have been (warn, audit).\n\nNormal: steady, one to a dozen for "
              "each plain Pod.\n\nWhat to do: none for enforce means that the mutating webhook is not called: "
              "docs/alerts.md#tidewaiternorequests."),
        lines("Exempted findings", 8,
              [query(f"topk(10, sum by (policy, exemption) (rate(tidewaiter_exempted_total{{{POLICY}}}{RATE})))",
                     "{{policy}}/{{exemption}}")], "ops",
              "Findings that an exemption took away.\n\nNormal: small and known.\n\nWhat to do: an exemption that is not "
              "used any more should go; one that is used far more than expected is too wide: narrow its `match`."),
    ]),
    ("Latency", [
        lines("Latency", 12,
              [query(f"histogram_quantile({quantile}, sum by (le, door) (rate({DURATION}{RATE})))", "{{door}} p" + name)
               for quantile, name in ((.5, "50"), (.99, "99"))], "s",
              "Seconds from the first byte of a review to its decision, by door.\n\nNormal: p50 below 0.1 ms, p99 below 1 "
              "ms.\n\nWhat to do: docs/alerts.md#tidewaiterlatencynearthetimeout. The network and TLS are not in it: "
              "compare with apiserver_admission_webhook_admission_duration_seconds.", scale="log"),
        {"type": "heatmap", "title": "Reviews by latency", "width": 12, "height": 8, "unit": "s",
         "queries": [query(f"sum by (le) (increase({DURATION}{RATE}))", "{{le}}", format="heatmap")],
         "description": "How many reviews took how long.\n\nNormal: one dark band below 0.25 ms.\n\nWhat to do: a second "
                        "band some tens of milliseconds higher is throttling: raise the CPU limit, or take it away."},
    ]),
    ("Errors", [
        lines("Errors by reason", 12, [query(f"sum by (reason) (rate(tidewaiter_errors_total{{{WHERE}}}{RATE})) > 0",
                                             "{{reason}}")], "ops",
              "Requests that came to no proper decision; docs/metrics.md has the reasons.\n\nNormal: nothing, or a little "
              "bad_request, not_found and handshake_failed from scanners.\n\nWhat to do: handshake_failed: the API server "
              "does not trust the certificate, docs/alerts.md#tidewaiterhandshakesfail. overloaded, deadline: "
              "docs/alerts.md#tidewaitererrors."),
        lines("Share of requests that failed", 12, [query(share(FAULT_RATE, f"{REQUEST_RATE} + {FAULT_RATE}"), "faults")],
              "percentunit",
              "Requests that failed by the webhook's fault or on the way to it; with failurePolicy Fail each is a change "
              "that somebody could not make.\n\nNormal: 0.\n\nWhat to do: docs/alerts.md#tidewaitererrors."),
    ]),
    ("Policies and certificate", [
        lines("Controls in force", 6,
              [query(f"sum by (mode) (max by (policy, mode) (tidewaiter_policy_controls{{{POLICY}}}))", "{{mode}}")], "none",
              "Controls of all policies, by mode.\n\nNormal: changes only when somebody changes a policy.\n\nWhat to do: "
              "a fall that nobody planned is a policy that was deleted or weakened: the API server's audit log has who "
              "did it.", stacked=True),
        lines("Policy reloads", 6,
              [query(f"sum by (result) (increase(tidewaiter_policy_reloads_total{{{WHERE}}}{RATE}))", "{{result}}")], "none",
              "Changes of policies that were taken, or not.\n\nNormal: one success for each replica when a policy "
              "changes, no failure.\n\nWhat to do: docs/alerts.md#tidewaiterpolicyinvalid.", bars=True),
        lines("Age of the policies", 6,
              [query(f"time() - tidewaiter_policy_last_change_timestamp_seconds{{{WHERE}}}", "{{instance}}")], "s",
              "Since the policies in force were last put in force, by replica.\n\nNormal: all replicas fall to 0 "
              "together.\n\nWhat to do: a replica that does not follow has lost the API server, see Age of the cluster's "
              "state, or its mounted file: restart it."),
        lines("Certificate", 6,
              [query(f"(tidewaiter_certificate_expiry_timestamp_seconds{{{WHERE}}} > 0) - time()", "{{instance}}")], "s",
              "Validity left, by replica.\n\nNormal: a saw tooth that never falls below a third of the lifetime.\n\nWhat "
              "to do: docs/alerts.md#tidewaitercertificateexpires."),
        table("Exemptions that end within 30 days", 12,
              f"sort(min by (policy, exemption) (tidewaiter_exemption_expiry_timestamp_seconds{{{POLICY}}}) - time() "
              "< 30 * 86400)", "ends in", "s",
              "After its last day an exemption no longer excuses anything; below 0 it is over.\n\nNormal: empty.\n\nWhat to "
              "do: mend the workload, or give the exemption a new `until` with its owner: "
              "docs/alerts.md#tidewaiterexemptionends.", steps(("red", None), ("orange", 3 * 86400), ("green", 14 * 86400))),
        table("Policies in force", 12,
              f"sort_desc(max by (policy, mode) (tidewaiter_policy_controls{{{POLICY}}}))", "controls", "none",
              "Every policy with the number of its controls in each mode.\n\nNormal: what you wrote.\n\nWhat to do: a policy "
              "that is missing: `kubectl get podpolicies`; its condition Ready says why."),
    ]),
    ("Replicas", [
        lines("Replicas", 6, [query(f"sum(up{{{WHERE}}})", "up"), query(f"count(up{{{WHERE}}})", "known")], "none",
              "Replicas that answer, and that Prometheus knows.\n\nNormal: the same number.\n\nWhat to do: "
              "docs/alerts.md#tidewaiterreplicadown."),
        lines("Memory", 6, [query(f"process_resident_memory_bytes{{{WHERE}}}", "{{instance}}")], "bytes",
              "Resident memory by replica.\n\nNormal: 10 to 16 MB, more with hundreds of policies or thousands of "
              "connections: docs/operations.md#sizing.\n\nWhat to do: near the limit of the container raise the limit; "
              "memory that only grows is a fault of ours, please report it."),
        lines("CPU", 6, [query(f"rate(process_cpu_seconds_total{{{WHERE}}}{RATE})", "{{instance}}")], "none",
              "Cores used, by replica.\n\nNormal: one to four hundredths of a core for a hundred reviews a second.\n\nWhat "
              "to do: at the CPU limit reviews wait: raise the limit, or add replicas."),
        lines("Connections", 6, [query(f"sum by (state) (tidewaiter_connections{{{WHERE}}})", "{{state}}")], "none",
              "Open connections. parked: idle, kept for the next review. active: being answered.\n\nNormal: some parked for "
              "each API server, few active.\n\nWhat to do: many handshaking: clients that cannot finish TLS, "
              "docs/alerts.md#tidewaiterhandshakesfail.", stacked=True),
        lines("Age of the cluster's state", 6,
              [query(f"max by (resource) (tidewaiter_cluster_state_age_seconds{{{WHERE}}})", "{{resource}}")], "s",
              "Since the API server was last heard of, the replica that waits longest. Empty without --cluster.\n\nNormal: "
              "below a minute (the API server sends a bookmark each minute).\n\nWhat to do: "
              "docs/alerts.md#tidewaiterclusterstateold."),
        lines("Failed calls of the API server", 6,
              [query(f"sum by (resource) (rate(tidewaiter_cluster_errors_total{{{WHERE}}}{RATE}))", "{{resource}}")], "ops",
              "Lists and watches that failed. Empty without --cluster.\n\nNormal: 0; a few when an API server "
              "restarts.\n\nWhat to do: the log has the API server's words: 403 is a missing right "
              "(manifests/rbac.yaml), 404 the missing CustomResourceDefinition."),
        lines("Leader", 6, [query(f"tidewaiter_leader{{{WHERE}}}", "{{instance}}")], "none",
              "1 in the replica that writes the status of policies. Empty without --cluster.\n\nNormal: one replica at 1, "
              "the others at 0.\n\nWhat to do: docs/alerts.md#tidewaiternoleader.", stepped=True),
        lines("Restarts", 6, [query(f"changes(process_start_time_seconds{{{WHERE}}}{RATE})", "{{instance}}")], "none",
              "Times a process was started anew, by a container that restarts or by --supervise; a new Pod is a new "
              "line.\n\nNormal: 0.\n\nWhat to do: docs/alerts.md#tidewaiterrestarts."),
    ]),
]


def field_config(panel):
    defaults = {"unit": panel["unit"], "color": {"mode": "palette-classic"}}
    if panel.get("decimals") is not None:
        defaults["decimals"] = panel["decimals"]
    if panel.get("thresholds"):
        defaults["thresholds"] = panel["thresholds"]
        defaults["color"] = {"mode": "thresholds"}
    overrides = []
    if panel["type"] == "timeseries":
        defaults["min"] = 0
        custom = {"drawStyle": "bars" if panel.get("bars") else "line", "lineWidth": 1, "showPoints": "never",
                  "fillOpacity": 60 if panel.get("bars") else 25 if panel["stacked"] else 8,
                  "lineInterpolation": "stepAfter" if panel.get("stepped") else "linear",
                  "stacking": {"mode": "normal" if panel["stacked"] else "none", "group": "A"}}
        if panel.get("scale") == "log":
            custom["scaleDistribution"] = {"type": "log", "log": 10}
            del defaults["min"]
        defaults["custom"] = custom
        overrides = [{"matcher": {"id": "byName", "options": name},
                      "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}]}
                     for name, colour in COLOURS.items()
                     if any(each["legendFormat"] in ("{{decision}}", "{{mode}}", "{{result}}", "{{state}}")
                            for each in panel["queries"])]
    if panel["type"] == "table":
        overrides = [{"matcher": {"id": "byName", "options": panel["value_name"]},
                      "properties": [{"id": "custom.cellOptions", "value": {"type": "color-text"}}]}] \
            if panel.get("thresholds") else []
    return {"defaults": defaults, "overrides": overrides}


def options(panel):
    if panel["type"] == "stat":
        return {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "colorMode": "value",
                "graphMode": "none", "textMode": "value", "justifyMode": "auto", "orientation": "auto", "wideLayout": True,
                "showPercentChange": False, "percentChangeColorMode": "standard"}
    if panel["type"] == "timeseries":
        return {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
                "tooltip": {"mode": "multi", "sort": "desc"}}
    if panel["type"] == "heatmap":
        return {"calculate": False, "cellGap": 1, "showValue": "never",
                "color": {"mode": "scheme", "scheme": "Blues", "fill": "dark-blue", "exponent": 0.5, "steps": 64,
                          "reverse": False},
                "yAxis": {"unit": "s", "axisPlacement": "left"}, "rowsFrame": {"layout": "le"},
                "filterValues": {"le": 1e-9}, "exemplars": {"color": "orange"},
                "tooltip": {"mode": "single", "yHistogram": False}, "legend": {"show": True}}
    return {"showHeader": True, "cellHeight": "sm", "frameIndex": 0}


def grafana_panel(panel, number, x, y):
    made = {
        "id": number, "type": panel["type"], "title": panel["title"], "description": panel["description"],
        "gridPos": {"x": x, "y": y, "w": panel["width"], "h": panel["height"]}, "datasource": SOURCE,
        "targets": [{"refId": chr(ord("A") + index), "datasource": SOURCE, "editorMode": "code",
                     "range": not each.get("instant", False), **each} for index, each in enumerate(panel["queries"])],
        "fieldConfig": field_config(panel), "options": options(panel),
    }
    if panel["type"] == "table":
        made["transformations"] = [{"id": "organize", "options": {
            "excludeByName": {"Time": True}, "renameByName": {"Value": panel["value_name"]}}}]
    return made


def panels():
    """The panels with their rows, each in its place."""
    number, y = 1, 0
    for title, row in ROWS:
        yield {"id": number, "type": "row", "title": title, "collapsed": False, "panels": [],
               "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}}
        number, x, y, height = number + 1, 0, y + 1, 0
        for panel in row:
            if x + panel["width"] > 24:
                x, y = 0, y + height
            yield grafana_panel(panel, number, x, y)
            number, x, height = number + 1, x + panel["width"], panel["height"]
        y += height


def variable(name, label, metric_query, all_value=".*"):
    return {"name": name, "label": label, "type": "query", "datasource": SOURCE, "query": {"query": metric_query, "refId": name},
            "definition": metric_query, "refresh": 2, "sort": 1, "multi": True, "includeAll": True, "allValue": all_value,
            "current": {"selected": True, "text": ["All"], "value": ["$__all"]}, "hide": 0, "options": [], "regex": ""}


def dashboard():
    return {
        "uid": "tidewaiter", "title": "Tidewaiter", "tags": ["tidewaiter", "kubernetes", "admission"],
        "description": "Admission decisions, policies, latency, certificate and replicas of tidewaiter.",
        "schemaVersion": 38, "version": 1, "editable": True, "graphTooltip": 1, "refresh": "30s", "timezone": "browser",
        "time": {"from": "now-6h", "to": "now"}, "fiscalYearStartMonth": 0, "weekStart": "", "links": [],
        "templating": {"list": [
            {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "refresh": 1,
             "current": {"selected": False, "text": "default", "value": "default"}, "hide": 0, "includeAll": False, "multi": False, "options": [], "regex": ""},
            variable("cluster", "Cluster", "label_values(tidewaiter_build_info, cluster)"),
            variable("namespace", "Namespace", 'label_values(tidewaiter_build_info{cluster=~"$cluster"}, namespace)'),
            variable("job", "Job", 'label_values(tidewaiter_build_info{cluster=~"$cluster",namespace=~"$namespace"}, job)',
                     None),  # all: those that are tidewaiter's, not every job there is
            variable("policy", "Policy", f"label_values(tidewaiter_policy_controls{{{WHERE}}}, policy)"),
        ]},
        "annotations": {"list": [{
            "name": "Alerts", "enable": True, "hide": False, "iconColor": "red", "datasource": SOURCE,
            "expr": 'ALERTS{alertname=~"Tidewaiter.+",alertstate="firing",cluster=~"$cluster",namespace=~"$namespace"}',
            "titleFormat": "{{alertname}}", "textFormat": "{{severity}}", "step": "60s"}]},
        "panels": list(panels()),
    }


if __name__ == "__main__":
    print(json.dumps(dashboard(), indent=2))
