# SPDX-License-Identifier: Apache-2.0
"""Two replicas of the real binary with policies in every mode, an API server that they watch, and traffic of every kind:
allowed, patched, warned, denied, exempted, unreadable, malformed, late, and handshakes that fail; at all three doors.
dashboard_test.py asks the panels' queries meanwhile, and tests/tools/dashboard_svg.py draws them."""

import datetime
import json
import socket
import ssl
import sys
import threading

from api_server import NAMESPACES, POLICIES, ApiServer
from prometheus import ROOT, Prometheus, wait_for

sys.path.insert(0, str(ROOT / "tests" / "integration"))

from webhook import Webhook, apply_response, load_review  # noqa: E402

LABELS = {"cluster": "test", "namespace": "tidewaiter"}
PAYMENTS = {"podSecurity": {"level": "restricted", "inject": True}, "mode": "enforce",
            "match": {"namespaces": {"include": ["payments"]}},
            "controls": {"image-registry": {"allowed": ["registry.example.com/*"]}, "image-tag": {"forbidden": ["latest"]},
                         "probes": {"mode": "warn"}, "resources": {"inject": {"requests": {"cpu": "100m"}}}}}
PLAIN, GOOD = load_review("create-pod.json"), load_review("create-pod-typical-hardened.json")
DEPLOYMENT, EPHEMERAL = load_review("create-deployment.json"), load_review("update-pod-ephemeralcontainers.json")


def days_from_now(days):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).date().isoformat()


def changed(review, namespace=None, image=None, **request):
    """A copy of a review of a Pod with another namespace, image, or part of the request."""
    review = json.loads(json.dumps(review))
    review["request"].update(request)
    if namespace:
        review["request"]["namespace"] = review["request"]["object"]["metadata"]["namespace"] = namespace
    if image:
        review["request"]["object"]["spec"]["containers"][0]["image"] = image
    return review


def policy_review(spec):
    """What the API server sends when somebody applies a PodPolicy."""
    kind = {"group": "tidewaiter.dev", "version": "v1alpha1", "kind": "PodPolicy"}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "policy", "kind": kind, "resource": {**kind, "resource": "podpolicies"}, "name": "p", "operation": "CREATE",
        "userInfo": {"username": "admin"}, "object": {
            "apiVersion": "tidewaiter.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "p"}, "spec": spec}}}


# Name: (door, review). "create" asks both doors, as the API server does.
KINDS = {
    "hardened": ("create", GOOD),
    "plain": ("create", changed(PLAIN, image="nginx:1.27.3")),
    "latest": ("create", PLAIN),
    "payments": ("create", changed(PLAIN, "payments", "docker.io/library/nginx:latest")),
    "payments-good": ("create", changed(PLAIN, "payments", "registry.example.com/shop:1.2")),
    "legacy": ("create", changed(PLAIN, "legacy", "old:latest")),
    "deployment": ("validate", DEPLOYMENT),
    "debug": ("create", EPHEMERAL),
    "unreadable": ("validate", changed(GOOD, object=None)),
    "policy": ("validate-policy", policy_review({"controls": {"image-tag": {}}})),
    "bad-policy": ("validate-policy", policy_review({"controls": {"imag-tag": {}}})),
}


class Scenario:
    """Everything runs after construction; `ask` and its kin make traffic at both replicas in turn."""

    def __init__(self, folder, interval=0.5):
        self.folder = folder
        self.api = ApiServer()
        for name in ("default", "payments", "legacy", "kube-system"):
            self.api.put(NAMESPACES, name, labels={"kubernetes.io/metadata.name": name})
        self.api.put(POLICIES, "payments", spec=PAYMENTS)
        kubeconfig = self.api.write_kubeconfig(folder / "kubeconfig")
        (folder / "policies").mkdir()
        for name in ("hardened", "observe"):
            (folder / "policies" / f"{name}.yaml").write_text((ROOT / "policies" / f"{name}.yaml").read_text())
        hardened = folder / "policies" / "hardened.yaml"
        hardened.write_text(hardened.read_text() + (
            "  exemptions:\n"
            "    - {name: legacy, controls: [image-tag], match: {namespaces: [legacy]}, reason: until release 5, until: "
            f"\"{days_from_now(9)}\"}}\n"))
        self.replicas = [Webhook("--drain-seconds", "0", "--cluster", "--kubeconfig", kubeconfig, "--policies",
                                 folder / "policies") for _ in range(2)]
        for replica in self.replicas:
            wait_for(lambda replica=replica: replica.ops("/readyz").status == 200, "the replica is ready")
        self.targets = {f"127.0.0.1:{replica.ops_port}": LABELS for replica in self.replicas}
        self.prometheus = Prometheus(folder, self.targets, interval)
        self._turn = 0

    def ask(self, kind, connection=None, replica=None):
        door, review = KINDS[kind]
        replica = replica or self._next()
        if door == "create":
            review = apply_response(review, replica.ask("mutate", review, connection))
            door = "validate"
        return replica.ask(door, review, connection)

    def post(self, body, path="/validate", **more):
        return self._next().post(path, body, **more)

    def fail_handshake(self):
        """A client that does not trust the certificate, as an API server with an old caBundle."""
        with socket.create_connection(("127.0.0.1", self._next().port), 5) as plain:
            try:
                ssl.create_default_context().wrap_socket(plain, server_hostname="localhost").close()
            except ssl.SSLError:
                return
        raise AssertionError("the handshake succeeded, though nobody trusts the certificate")

    def ask_everything(self):
        """Each kind of request once at each replica."""
        for kind in KINDS:
            self.ask(kind)
            self.ask(kind)
        for _ in self.replicas:
            self.post(b"{}")
            self.post(b"", path="/validate")
            self.post(b"{}", path="/nowhere")
            self.post(json.dumps(GOOD).encode(), path="/validate?timeout=1ns")
            self.fail_handshake()

    def change_policies(self, is_good=True):
        """Edits a policy file; a bad one is kept out."""
        path = self.folder / "policies" / "hardened.yaml"
        text = path.read_text()
        if is_good:
            path.write_text(text.replace("imag-tag:", "image-tag:") + "# changed\n")
        else:
            path.write_text(text.replace("image-tag:", "imag-tag:"))

    def _next(self):
        self._turn += 1
        running = [replica for replica in self.replicas if replica.process.returncode is None]
        return running[self._turn % len(running)]

    def stop(self):
        self.prometheus.stop()
        for replica in self.replicas:
            replica.stop()
        self.api.stop()


class Stream:
    """Traffic in the background until stopped: calls `act` again and again; what it raises fails `stop`."""

    def __init__(self, act):
        self._stop, self._error, self.count = threading.Event(), None, 0

        def run():
            try:
                while not self._stop.is_set():
                    act()
                    self.count += 1
                    self._stop.wait(0.02)
            except Exception as error:  # told by stop()
                self._error = error
        self._thread = threading.Thread(target=run)
        self._thread.start()

    def stop(self):
        self._stop.set()
        self._thread.join()
        if self._error:
            raise self._error
