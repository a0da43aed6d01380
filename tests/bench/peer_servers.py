# SPDX-License-Identifier: Apache-2.0
"""tidewaiter and the Pod Security webhook of Kubernetes, started alike: same certificate, same API server with the same
namespaces, the same standard asked for by the label of a namespace. Each counts its own decisions, so that nobody has to
be believed. Used by peers.py."""

import contextlib
import copy
import http.client
import json
import os
import pathlib
import re
import sys
import tempfile

import load

ROOT = load.ROOT
HERE = pathlib.Path(__file__).resolve().parent / "peers"
sys.path[:0] = [str(ROOT / "tests" / "dashboards"), str(ROOT / "tests" / "cluster")]

from api_server import NAMESPACES, ApiServer  # noqa: E402
from certificates import Authority  # noqa: E402

STANDARD = {"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/enforce-version": "v1.37"}
OTHER_NAMESPACES = 100
NAMES = ("tidewaiter", "tidewaiter-all", "pod-security")


def edited(change):
    """The typical review with a change to its Pod's spec."""
    review = copy.deepcopy(json.loads(load.SIZES["typical"].read_text()))
    change(review["request"]["object"]["spec"])
    return json.dumps(review).encode()


def first_context(spec):
    return spec["containers"][0]["securityContext"]


# What both must say of reviews besides the measured ones: whether it is allowed at level restricted.
PROBES = {
    "as it is": (lambda spec: None, True),
    "privileged": (lambda spec: first_context(spec).update(privileged=True), False),
    "host network": (lambda spec: spec.update(hostNetwork=True), False),
    "host path": (lambda spec: spec["volumes"].append({"name": "x", "hostPath": {"path": "/"}}), False),
    "capability": (lambda spec: first_context(spec)["capabilities"].update(add=["NET_ADMIN"]), False),
    "allowed capability": (lambda spec: first_context(spec)["capabilities"].update(add=["NET_BIND_SERVICE"]), True),
    "root": (lambda spec: first_context(spec).update(runAsNonRoot=False), False),
    "unconfined": (lambda spec: first_context(spec).update(seccompProfile={"type": "Unconfined"}), False),
    "escalation": (lambda spec: first_context(spec).pop("allowPrivilegeEscalation"), False),
}


class Tidewaiter(load.Server):
    path = "/validate"
    early_refusals = 0

    def post(self, path, body):
        answer = super().post(path, body)
        # Before the first list of namespaces: a refusal, and no decision yet.
        message = answer["response"].get("status", {}).get("message", "")
        if re.search(r'the labels of namespace "[^"]*" are not known', message):
            self.early_refusals += 1
            raise load.NotReady(message)
        return answer

    def read_metrics(self):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.ops_port, timeout=load.START_LIMIT)) as link:
            link.request("GET", "/metrics")
            return link.getresponse().read().decode()

    def is_ready(self):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.ops_port, timeout=load.START_LIMIT)) as link:
            link.request("GET", "/readyz")
            return link.getresponse().status == 200

    def count_decisions(self):
        """(allowed, denied) reviews so far."""
        samples = re.findall(r'^tidewaiter_admission_requests_total\{(.*)\} (\S+)$', self.read_metrics(), re.MULTILINE)
        counts = {True: 0, False: 0}
        for labels, value in samples:
            decision = re.search(r'decision="(\w+)"', labels)[1]
            if decision == "refuse" and int(float(value)) == self.early_refusals:
                continue
            if decision not in ("allow", "warn", "deny"):
                raise load.BenchError(f"tidewaiter decided {decision}: {self.read_log()}")
            counts[decision != "deny"] += int(float(value))
        return counts[True], counts[False]


class PodSecurityWebhook(load.Server):
    path = "/"

    def listen_arguments(self):
        return ["--bind-address", "127.0.0.1", "--secure-port", str(self.port)]

    def get(self, path):
        with contextlib.closing(http.client.HTTPSConnection("127.0.0.1", self.port, timeout=load.START_LIMIT,
                                                            context=self.tls)) as link:
            link.request("GET", path)
            answer = link.getresponse()
            return answer.status, answer.read().decode()

    def is_ready(self):
        return self.get("/readyz")[0] == 200

    def count_decisions(self):
        """(allowed, denied) reviews so far."""
        samples = re.findall(r'^pod_security_evaluations_total\{(.*)\} (\S+)$', self.get("/metrics")[1], re.MULTILINE)
        counts = {"allow": 0, "deny": 0}
        for labels, value in samples:
            if 'mode="enforce"' in labels:
                counts[re.search(r'decision="(\w+)"', labels)[1]] += int(float(value))
        return counts["allow"], counts["deny"]


class Stage:
    """What all of them share, in a folder that goes when it is closed, and the means to start each."""

    def __init__(self, tidewaiter, pod_security):
        self._folder = tempfile.TemporaryDirectory(prefix="tidewaiter-peers-")
        self.folder = pathlib.Path(self._folder.name)
        certificate, key = Authority(self.folder).issue_server("webhook", "IP:127.0.0.1", "DNS:localhost")  # ECDSA P-256
        self.api = ApiServer()
        self.api.put(NAMESPACES, "default", labels=STANDARD)
        for number in range(OTHER_NAMESPACES):
            self.api.put(NAMESPACES, f"team-{number}", labels={**STANDARD, "example.com/team": str(number)})
        kubeconfig = str(self.api.write_kubeconfig(self.folder / "kubeconfig"))
        ours = [str(tidewaiter), "serve", "--cluster", "--kubeconfig", kubeconfig, "--tls-cert", str(certificate),
                "--tls-key", str(key), "--drain-seconds", "0",
                "--max-wait-ms", "30000",  # the other one never sheds load either
                "--policies"]
        self._commands = {
            "tidewaiter": (Tidewaiter, [*ours, str(HERE / "restricted.yaml")]),
            "tidewaiter-all": (Tidewaiter, [*ours, str(ROOT / "policies")]),
            "pod-security": (PodSecurityWebhook, [
                str(pod_security), "--kubeconfig", kubeconfig, "--config", str(HERE / "webhook.yaml"),
                "--tls-cert-file", str(certificate), "--tls-private-key-file", str(key)]),
        }
        self._logs = []

    def start(self, name):
        """A server under way; not ready yet."""
        kind, command = self._commands[name]
        log = open(self.folder / f"{name}-{len(self._logs)}.log", "w", encoding="utf-8")
        self._logs.append(log)
        return kind(command, log)

    def close(self):
        self.api.stop()
        for log in self._logs:
            log.close()
        self._folder.cleanup()


def find_pod_security():
    return pathlib.Path(os.environ.get("POD_SECURITY_WEBHOOK", ROOT / "build/peers/pod-security-webhook"))


def find_review_load():
    return pathlib.Path(os.environ.get("REVIEW_LOAD", ROOT / "build/release/tests/review_load"))


def check_verdicts(server):
    """Raises BenchError unless it says of every probe what the standard does."""
    for name, (change, is_allowed) in PROBES.items():
        response = server.post(server.path, edited(change))["response"]
        if response["allowed"] != is_allowed:
            raise load.BenchError(f"{name}: answered {response}")
