# SPDX-License-Identifier: Apache-2.0
"""The real binary, serving with a certificate of the control plane's test CA, and registered with its API server as
README.md says. Not a test itself."""

import http.client
import os
import pathlib
import re

from control_plane import PATHS, ROOT, pods_path
from processes import BOUND, Process, find_free_port, wait_for

BINARY = os.environ.get("TIDEWAITER", str(ROOT / "build" / "tidewaiter"))
EXCLUDED_NAMESPACES = ["kube-system", "kube-public", "kube-node-lease"]

MUTATE_RULES = [("CREATE", "", ["pods"]), ("UPDATE", "", ["pods/ephemeralcontainers"])]
VALIDATE_RULES = [
    ("CREATE UPDATE", "", ["pods", "podtemplates", "replicationcontrollers"]),
    ("CREATE UPDATE", "apps", ["replicasets", "deployments", "statefulsets", "daemonsets"]),
    ("CREATE UPDATE", "batch", ["jobs", "cronjobs"]),
    ("UPDATE", "", ["pods/ephemeralcontainers", "pods/resize"]),
]
POLICY_RULES = [("CREATE UPDATE", "tidewaiter.dev", ["podpolicies"])]
DOORS = {
    "mutate": ("MutatingWebhookConfiguration", MUTATE_RULES, {"reinvocationPolicy": "IfNeeded"}),
    "validate": ("ValidatingWebhookConfiguration", VALIDATE_RULES, {}),
    "validate-policy": ("ValidatingWebhookConfiguration", POLICY_RULES, {}),
}
# What the doors are asked about until they answer; it is never really created.
PROBE = {"metadata": {"name": "tidewaiter-probe"}, "spec": {"containers": [{"name": "probe", "image": "probe"}]}}


class RegisteredWebhook:
    """Serves and is in effect after construction.

    policies: files, folders or texts of policy documents; none means the built-in one.
    doors: which to register.
    labels: of the namespaces it is asked about; none means all but Kubernetes' own.
    workloads: further (API group, resource) for the validating door.
    arguments: further ones of `serve`.
    port: of the doors; any free one otherwise.
    wait: until it is ready.
    """

    def __init__(self, control_plane, name="tidewaiter", policies=(), doors=("mutate", "validate"), labels=None,
                 workloads=(), probe_namespace="default", arguments=(), log_level="debug",
                 detached=False, port=None, wait=True):
        self.control_plane, self.name, self.doors = control_plane, name, doors
        self.port, self.ops_port = port or find_free_port(), find_free_port()
        self._labels, self._workloads, self._probe_namespace = labels, workloads, probe_namespace
        self._detached = detached
        certificate, key = control_plane.authority.issue_server(name, "IP:127.0.0.1")
        self._command = [BINARY, "serve", "--listen", f"127.0.0.1:{self.port}", "--ops-listen",
                         f"127.0.0.1:{self.ops_port}", "--tls-cert", certificate, "--tls-key", key,
                         "--drain-seconds", "0", "--log-level", log_level, *arguments]
        for number, policy in enumerate(policies):
            if "\n" in str(policy):
                path = control_plane.folder / f"{name}-policy-{number}.yaml"
                path.write_text(policy)
                policy = path
            self._command += ["--policies", pathlib.Path(policy).resolve()]
        self.start(wait)
        self.register()

    def start(self, wait=True):
        """Starts the program, always on the same ports, and waits until it says that it is ready."""
        self.process = Process(self.name, self._command, self.control_plane.folder, detached=self._detached)

        self.control_plane.own(self.process)

        def is_ready():
            if not self.process.is_running():
                raise AssertionError(f"{self.name} ended by itself:\n{self.process.read_log()}")
            return self._ops("/readyz")[0] == 200
        if wait:
            wait_for(is_ready, f"{self.name} is ready")

    def stop(self):
        """Stops the program; it stays registered."""
        return self.process.stop()

    def configuration(self, door):
        """The webhook configuration of this door."""
        kind, rules, more = DOORS[door]
        if door == "validate":
            rules = rules + [("CREATE UPDATE", *each) for each in self._workloads]
        selector = {} if rules is POLICY_RULES else {"matchLabels": self._labels} if self._labels else {"matchExpressions": [
            {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": EXCLUDED_NAMESPACES}]}
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kind,
            "metadata": {"name": self.name + ("-policy" if door == "validate-policy" else "")},
            "webhooks": [{
                "name": f"{door}.{self.name}.dev",
                "clientConfig": {"url": f"https://127.0.0.1:{self.port}/{door}",
                                 "caBundle": self.control_plane.encode_authority()},
                "rules": [{"operations": operations.split(), "apiGroups": [group], "apiVersions": ["*"],
                           "resources": resources if isinstance(resources, list) else [resources],
                           "scope": "Cluster" if rules is POLICY_RULES else "Namespaced"} for operations, group, resources in rules],
                "namespaceSelector": selector,
                "matchPolicy": "Equivalent",
                "sideEffects": "None",
                "timeoutSeconds": 10,
                "failurePolicy": "Fail",
                "admissionReviewVersions": ["v1"],
                **more,
            }],
        }

    def register(self):
        for door in self.doors:
            configuration = self.configuration(door)
            self.control_plane.create(PATHS[configuration["kind"]], configuration)
        self.wait_until_in_effect()

    def wait_until_in_effect(self):
        """Until the API server asks every door: it hears of webhook configurations a moment later."""
        doors = [door for door in self.doors if door != "validate-policy"]  # registered last, so soon after
        asked_before = {door: self.count_requests(door) for door in doors}
        answer = None

        def all_are_asked():
            nonlocal answer
            answer = self.control_plane.api("POST", pods_path(self._probe_namespace, dry_run=True), PROBE)
            return all(self.count_requests(door) > asked_before[door] for door in doors)
        wait_for(all_are_asked, lambda: f"{self.name} is asked by the API server; its last answer: {answer}")

    def count_requests(self, door):
        """How many reviews this door has answered."""
        pattern = rf'^tidewaiter_admission_requests_total\{{[^}}]*door="{door}"[^}}]*\}} (\d+)'
        return sum(int(count) for count in re.findall(pattern, self._ops("/metrics")[1], re.MULTILINE))

    def _ops(self, path):
        """Status and text from the operations port; status 0 while nobody listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ops_port, timeout=BOUND)
        try:
            connection.request("GET", path)
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()
