# SPDX-License-Identifier: Apache-2.0
"""A real Kubernetes control plane on 127.0.0.1: etcd, kube-apiserver, kube-controller-manager, kube-scheduler and
kubectl, built by controlplane/build.sh. Controllers make Pods, and every Pod passes admission; no node runs them. The
built-in admission plugins and feature gates are Kubernetes' defaults, RBAC and the audit log are on. Not a test itself;
every *_test.py beside it uses it."""

import base64
import http.client
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from certificates import Authority
from processes import BOUND, Process, find_free_port, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("CONTROL_PLANE", ROOT / "build" / "cluster"))

KEPT = 60.0  # seconds that an idle connection is used again; the API server closes it after 90

# One line for each request that changes workloads, with the annotations that admission leaves.
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        # All that tidewaiter itself does.
        {"level": "Metadata", "userGroups": ["system:serviceaccounts:tidewaiter"]},
        {"level": "Request", "verbs": ["create", "update", "patch"], "resources": [{"group": ""}]},
        {"level": "Metadata", "verbs": ["create", "update", "patch", "delete"]},
        {"level": "None"},
    ],
}

# Paths of what the tests read and write through `ControlPlane.api`.
PATHS = {
    "Namespace": "/api/v1/namespaces",
    "Node": "/api/v1/nodes",
    "MutatingWebhookConfiguration": "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "ValidatingWebhookConfiguration": "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
}


def pods_path(namespace, dry_run=False):
    return f"/api/v1/namespaces/{namespace}/pods" + ("?dryRun=All" if dry_run else "")


class Output:
    """What a command printed, and its exit code."""

    def __init__(self, done):
        self.code, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr

    def __repr__(self):
        return f"exit code {self.code}\n--- stdout\n{self.stdout}--- stderr\n{self.stderr}"


class ControlPlane:
    """Starts on construction and is ready then. Everything it writes is in `folder`; without one it makes its own and
    removes it at the end. `detached`: runs on when this process ends. `apiserver_flags`: given the control plane, with
    its folder and authority, returns further flags of kube-apiserver."""

    # File of the certificate: user and groups.
    USERS = {"admin": ("admin", "system:masters"),
             "kube-controller-manager": ("system:kube-controller-manager",),
             "kube-scheduler": ("system:kube-scheduler",)}
    SERVER_NAMES = ("IP:127.0.0.1", "DNS:localhost", "DNS:kubernetes.default.svc")

    def __init__(self, folder=None, detached=False, apiserver_flags=lambda control_plane: []):
        if not (PROGRAMS / "kube-apiserver").exists():
            raise FileNotFoundError(f"{PROGRAMS}/kube-apiserver: the control plane is not built; "
                                    "tests/cluster/controlplane/build.sh FOLDER does it")
        # When only this process is ended, what it started must still be ended in order: as by Ctrl-C, since unittest
        # takes SystemExit for a failed test and goes on.
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="tidewaiter-cluster-")
        self.folder = pathlib.Path(folder or self._temporary.name).resolve()
        self._detached = detached
        self._environment = {"HOME": str(self.folder), "KUBECONFIG": str(self.folder / "admin.kubeconfig")}
        self._processes = {}
        self._connections = threading.local()
        (self.folder / "certificates").mkdir(parents=True)
        self.authority = Authority(self.folder / "certificates")
        self._token_public_key, self._token_key = self.authority.make_key_pair("service-account-tokens")
        self.port, self._etcd_port = find_free_port(), find_free_port()
        self.server = f"https://127.0.0.1:{self.port}"
        self.audit_log = self.folder / "audit.log"
        self.tls = self._write_users()
        self._apiserver_flags = apiserver_flags(self)
        try:
            self._start()
        except BaseException:
            self.print_logs()
            self.stop()
            raise

    # ---- starting and stopping

    def _write_users(self):
        """Writes NAME.kubeconfig of each user by client certificate; returns the administrator's TLS context."""
        for name, (user, *groups) in self.USERS.items():
            certificate, key = self.authority.issue_client(name, user, *groups)
            self._write_kubeconfig(name, {"client-certificate": str(certificate), "client-key": str(key)})
        tls = ssl.create_default_context(cafile=self.authority.certificate)
        tls.load_cert_chain(self.folder / "certificates/admin.crt", self.folder / "certificates/admin.key")
        return tls

    def _write_kubeconfig(self, name, user):
        cluster = {"server": self.server, "certificate-authority": str(self.authority.certificate)}
        path = self.folder / f"{name}.kubeconfig"
        path.touch(mode=0o600)
        path.write_text(json.dumps({  # JSON is YAML
            "apiVersion": "v1", "kind": "Config", "current-context": name,
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": name, "context": {"cluster": "test", "user": name}}],
        }, indent=1))
        return path

    def _run(self, name, *flags, programs=PROGRAMS):
        command = [programs / name, *flags]
        self.own(Process(name, command, self.folder, self._environment, self._detached))

    def own(self, process):
        """Has `stop` end this process as well."""
        self._processes[process.name] = process

    def _start(self):
        # Without fsync: nobody keeps these data.
        self._run("etcd", "--data-dir", self.folder / "etcd", "--unsafe-no-fsync",
                  *(f"--{each}-client-urls=http://127.0.0.1:{self._etcd_port}" for each in ("listen", "advertise")),
                  f"--listen-peer-urls=http://127.0.0.1:{find_free_port()}")
        (self.folder / "audit-policy.json").write_text(json.dumps(AUDIT_POLICY))
        self.authority.issue_server("kube-apiserver", *self.SERVER_NAMES)
        self._run_apiserver()
        self.wait_until_ready()
        # A controller that is refused at first tries again only seconds later.
        for user, verb, group, resource in (
                ("system:kube-controller-manager", "watch", "apps", "daemonsets"),
                ("system:kube-scheduler", "watch", "apps", "replicasets"),
                ("system:serviceaccount:kube-system:service-account-controller", "create", "", "serviceaccounts"),
                ("system:serviceaccount:kube-system:replicaset-controller", "create", "", "pods")):
            attributes = {"verb": verb, "group": group, "resource": resource}
            wait_for(lambda user=user, attributes=attributes: self._is_allowed(user, attributes),
                     f"RBAC lets {user} {verb} {resource}")
        certificates = self.folder / "certificates"
        shared = ["--leader-elect=false", "--bind-address=127.0.0.1", "--secure-port=0",
                  "--kube-api-qps=1000", "--kube-api-burst=1000"]  # with the default of 20 it starts 5 s later
        users = lambda name: [f"--{prefix}kubeconfig={self.folder / name}.kubeconfig"
                              for prefix in ("", "authentication-", "authorization-")]
        self._run("kube-controller-manager", *users("kube-controller-manager"), *shared,
                  f"--service-account-private-key-file={self._token_key}",
                  f"--root-ca-file={self.authority.certificate}",
                  f"--cluster-signing-cert-file={certificates / 'ca.crt'}",
                  f"--cluster-signing-key-file={certificates / 'ca.key'}", "--use-service-account-credentials")
        self._run("kube-scheduler", *users("kube-scheduler"), *shared)
        self.wait_for_service_account("default")

    def _is_allowed(self, user, attributes):
        review = {"spec": {"user": user, "resourceAttributes": attributes}}
        return self.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"]

    def _run_apiserver(self):
        certificates = self.folder / "certificates"
        self._run("kube-apiserver", f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
                  "--bind-address=127.0.0.1", f"--secure-port={self.port}",
                  "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",  # no endpoint may be a loopback
                  f"--tls-cert-file={certificates / 'kube-apiserver.crt'}",
                  f"--tls-private-key-file={certificates / 'kube-apiserver.key'}",
                  f"--client-ca-file={self.authority.certificate}", "--authorization-mode=RBAC",
                  "--allow-privileged",  # as every installer sets it: whether Pods may be is admission's business
                  f"--service-account-key-file={self._token_public_key}",
                  f"--service-account-signing-key-file={self._token_key}",
                  "--service-account-issuer=https://kubernetes.default.svc", "--service-cluster-ip-range=10.96.0.0/16",
                  f"--audit-policy-file={self.folder / 'audit-policy.json'}", f"--audit-log-path={self.audit_log}",
                  *self._apiserver_flags)

    def wait_until_ready(self):
        """Until the API server says that it is; fails at once when it or etcd has ended."""
        def is_ready():
            for process in (self._processes["etcd"], self._processes["kube-apiserver"]):
                if not process.is_running():
                    raise AssertionError(f"{process.name} ended by itself:\n{process.read_log()}")
            try:
                return self.api("GET", "/readyz")[0] == 200
            except (OSError, http.client.HTTPException):
                return False
        wait_for(is_ready, "the API server is ready")

    def restart_apiserver(self):
        """Stops the API server, starts it on the same data and port, and waits until it is ready."""
        self._processes["kube-apiserver"].stop(1)  # the watches of others would keep it for a minute
        self._run_apiserver()
        self.wait_until_ready()

    def stop(self):
        """Ends what it started and owns, the last one first. May be called twice."""
        for name in reversed(list(self._processes)):
            self._processes.pop(name).stop()
        if self._temporary:
            self._temporary.cleanup()

    def print_logs(self, file=sys.stderr, lines=15):
        """The last lines of every log."""
        for log in sorted(self.folder.glob("*.log")):
            if log != self.audit_log:
                print(f"--- the end of {log.name}", file=file)
                print("\n".join(log.read_text(errors="replace").splitlines()[-lines:]), file=file)

    # ---- using it

    def api(self, method, path, body=None):
        """One request by the administrator on a kept connection. Returns (status, answer); both bodies are objects."""
        connection = getattr(self._connections, "value", None)
        if connection is not None and time.monotonic() - self._connections.used > KEPT:
            connection.close()
            connection = None
        if connection is None:
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.tls, timeout=BOUND)
            self._connections.value = connection
        try:
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"Content-Type": "application/json"})
            reply = connection.getresponse()
            text = reply.read()
            self._connections.used = time.monotonic()
        except BaseException:
            connection.close()  # the next request connects anew
            self._connections.value = None
            raise
        is_json = reply.headers.get_content_type() == "application/json"
        return reply.status, json.loads(text) if is_json else text.decode()

    def disconnect(self):
        """Closes the connection that `api` has kept for this thread."""
        if connection := getattr(self._connections, "value", None):
            connection.close()

    def create(self, path, body):
        """Creates an object and returns it; anything but success fails the test."""
        status, answer = self.api("POST", path, body)
        if status != 201:
            raise AssertionError(f"POST {path}: HTTP {status}: {answer}")
        return answer

    def get(self, path):
        """Reads an object; None when there is none."""
        status, answer = self.api("GET", path)
        if status not in (200, 404):
            raise AssertionError(f"GET {path}: HTTP {status}: {answer}")
        return answer if status == 200 else None

    def list(self, path, selector=""):
        """The items of a list, of those with the labels."""
        return self.get(f"{path}?labelSelector={urllib.parse.quote(selector)}")["items"]

    def kubectl(self, *arguments, input=None, check=True, kubeconfig=None):
        """Runs kubectl as the administrator, or as whose kubeconfig is given. Another exit code than 0 fails the test
        unless `check` is false."""
        environment = {**os.environ, **self._environment}
        if kubeconfig:
            environment["KUBECONFIG"] = str(kubeconfig)
        done = Output(subprocess.run([PROGRAMS / "kubectl", *map(str, arguments)], input=input, capture_output=True,
                                     text=True, timeout=BOUND, env=environment, check=False))
        if check and done.code != 0:
            raise AssertionError(f"kubectl {' '.join(map(str, arguments))}: {done}")
        return done

    def apply(self, manifest, *arguments, check=True):
        """kubectl apply of YAML text, or of an object."""
        text = manifest if isinstance(manifest, str) else json.dumps(manifest)
        return self.kubectl("apply", *arguments, "-f", "-", input=text, check=check)

    def apply_policy_definition(self):
        """Applies the CustomResourceDefinition of PodPolicy; returns once it can be used."""
        self.kubectl("apply", "--server-side", "-f", ROOT / "manifests" / "crd.yaml")
        path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/podpolicies.tidewaiter.dev"
        # `kubectl wait` fails when it comes before the first condition.
        wait_for(lambda: any((each["type"], each["status"]) == ("Established", "True")
                             for each in self.get(path)["status"].get("conditions") or []),
                 "the definition of PodPolicy is Established")

    def create_namespace(self, name, labels=None):
        """A namespace that Pods can be created in."""
        self.create(PATHS["Namespace"], {"metadata": {"name": name, "labels": labels or {}}})
        self.wait_for_service_account(name)

    def wait_for_service_account(self, namespace, name="default"):
        wait_for(lambda: self.get(f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}"),
                 f"the service account {namespace}/{name}")

    def service_account_kubeconfig(self, namespace, name):
        """Writes a kubeconfig with a token for the service account, by the TokenRequest API; returns its path."""
        token = self.kubectl("create", "token", name, "-n", namespace).stdout.strip()
        return self._write_kubeconfig(f"{namespace}-{name}", {"token": token})

    def audit_events(self, **expected):
        """The audit events so far whose `objectRef` (or `verb`) has these values."""
        for line in self.audit_log.read_text().splitlines():
            event = json.loads(line)
            seen = {"verb": event["verb"], **event.get("objectRef", {})}
            if all(seen.get(key) == value for key, value in expected.items()):
                yield event

    def encode_authority(self):
        """The CA of its certificates, as a webhook configuration's caBundle."""
        return base64.b64encode(self.authority.certificate.read_bytes()).decode()

    def remove_data(self):
        """Removes a folder that was given, after `stop`."""
        shutil.rmtree(self.folder)
