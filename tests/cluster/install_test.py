#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The installation as a user makes it, on a real node: the image that the Dockerfile makes and the Helm chart. Pods run,
are hardened, and go on being created while a replica is deleted and while the release is upgraded; nothing is left of it
afterwards. IMAGE names the image's file, HELM the program."""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import threading
import time
import unittest

from container_image import relabel_image, write_image
from control_plane import PATHS, ROOT, pods_path
from node import PROGRAMS, Node, run_in_namespaces
from processes import BOUND, wait_for

IMAGE = pathlib.Path(os.environ.get("IMAGE", ROOT / "build" / "image" / "tidewaiter.tar"))
HELM = pathlib.Path(os.environ.get("HELM", ROOT / "build" / "tools" / "helm"))
CHART = ROOT / "helm" / "tidewaiter"
NAMESPACE = "tidewaiter"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
READ_ONLY_FILE_SYSTEM = 30  # EROFS
MOST_MEMORY = 12_000_000  # bytes, of a replica at rest
WORKLOAD = "localhost/report:1"
VALUES = ["--set", "mode=enforce", "--set", "policies.shipped={hardened,pod-security-restricted}",
          "--set", "image.repository=localhost/tidewaiter"]


def print_figure(name, value):
    print(f"figure: {name}: {value}", flush=True)


def make_deployment(name, **spec):
    labels = {"app": name}
    container = {"name": "app", "image": WORKLOAD, "imagePullPolicy": "Never"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "shop"},
            "spec": {"replicas": 2, "selector": {"matchLabels": labels},
                     "template": {"metadata": {"labels": labels}, "spec": {"containers": [container], **spec}}}}


class Stream:
    """Creates Pods without pause, each of which must be admitted and hardened, and one in four of which must be denied
    instead; nothing is kept (dry run). `failures` holds what went otherwise, `slowest` the longest answer in seconds."""

    THREADS = 2

    def __init__(self, cluster):
        self._cluster, self._is_over = cluster, threading.Event()
        self.count, self.slowest, self.failures = 0, 0.0, []
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(self.THREADS)]

    def __enter__(self):
        for each in self._threads:
            each.start()
        self.wait_for_more(20)  # it flows
        return self

    def __exit__(self, *_):
        self._is_over.set()
        for each in self._threads:
            each.join()

    def wait_for_more(self, count):
        """Until so many further requests have been answered."""
        target = self.count + count
        wait_for(lambda: self.count >= target, "the stream flows")

    def _run(self):
        number = 0
        while not self._is_over.is_set():
            number += 1
            is_bad = number % 4 == 0
            began = time.monotonic()
            try:
                failure = self._create(is_bad)
            except Exception as error:
                failure = repr(error)
            with self._lock:
                self.count += 1
                self.slowest = max(self.slowest, time.monotonic() - began)
                if failure:
                    self.failures.append(failure)
        self._cluster.disconnect()

    def _create(self, is_bad):
        pod = {"metadata": {"generateName": "stream-"}, "spec": {
            "containers": [{"name": "app", "image": WORKLOAD}], **({"hostNetwork": True} if is_bad else {})}}
        status, answer = self._cluster.api("POST", pods_path("shop", dry_run=True), pod)
        if is_bad:
            is_right = status == 403 and "pod-security-restricted/host-namespaces" in answer["message"]
        else:
            is_right = status == 201 and answer["spec"]["containers"][0]["securityContext"].get("readOnlyRootFilesystem")
        return None if is_right else f"{'bad' if is_bad else 'good'} Pod: HTTP {status}: {json.dumps(answer)[:400]}"


class InstallTest(unittest.TestCase):
    """One story, told in the order of its tests."""

    @classmethod
    def setUpClass(cls):
        began = time.monotonic()
        cls.node = Node()
        cls.addClassCleanup(cls.node.stop)
        cls.addClassCleanup(cls.node.disconnect)
        print_figure("control plane and node, start to ready", f"{time.monotonic() - began:.1f} s")
        try:
            node = cls.node
            for tag in ("v1", "v2"):
                archive = node.folder / f"tidewaiter-{tag}.tar"
                relabel_image(IMAGE, archive, f"localhost/tidewaiter:{tag}", **{"test.tag": tag})
                node.import_image(archive)
            write_image(node.folder / "report.tar", WORKLOAD, {"report": PROGRAMS / "report"}, ["/report"])
            node.import_image(node.folder / "report.tar")
            for namespace in ("shop", NAMESPACE):
                node.create_namespace(namespace)
            cls.before = cls.list_everything()
        except BaseException:
            node.print_logs()
            raise

    def setUp(self):
        self.addCleanup(self.print_state_of_failed)

    def print_state_of_failed(self):
        outcome = self._outcome.result
        if any(test is self for test, _ in outcome.failures + outcome.errors):
            for command in ("get pods -A -o wide", "get events -A", f"describe pods -n {NAMESPACE}",
                            f"logs -n {NAMESPACE} -l app.kubernetes.io/name=tidewaiter --tail=20 --prefix"):
                print(f"--- kubectl {command}", self.node.kubectl(*command.split(), check=False).stdout, sep="\n")
            self.node.print_logs()

    def helm(self, *arguments, check=True):
        done = subprocess.run([HELM, *map(str, arguments), "--namespace", NAMESPACE], capture_output=True, text=True,
                              timeout=180, check=False,
                              env={**os.environ, "HOME": str(self.node.folder),
                                   "KUBECONFIG": str(self.node.folder / "admin.kubeconfig")})
        if check and done.returncode != 0:
            raise AssertionError(f"helm {' '.join(map(str, arguments))}: exit code {done.returncode}\n{done.stderr}")
        return done.stdout

    @classmethod
    def list_everything(cls):
        """All objects of all kinds, but those that Kubernetes itself makes and drops all the time."""
        kinds = cls.node.kubectl("api-resources", "--verbs=list", "--output=name").stdout.split()
        kinds = [kind for kind in kinds if not kind.startswith(("events", "componentstatuses"))]
        listed = cls.node.kubectl("get", ",".join(kinds), "--all-namespaces", "--ignore-not-found", "-o", "json").stdout
        return {(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"])
                for each in json.loads(listed)["items"] if each["metadata"].get("namespace") != "kube-node-lease"}

    def list_ready_pods(self):
        """The replicas that are ready and not on their way out."""
        pods = self.node.list(PODS, "app.kubernetes.io/name=tidewaiter")
        return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"] and any(
            each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions", ()))]

    def test_1_install(self):
        executor = concurrent.futures.ThreadPoolExecutor(1)
        self.addCleanup(executor.shutdown)
        began = time.monotonic()
        installed = executor.submit(self.helm, "install", "tidewaiter", CHART, *VALUES, "--set", "image.tag=v1", "--wait",
                                    "--timeout", "2m")
        pod = {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "app", "image": WORKLOAD}]}}
        bad = make_deployment("bad", hostNetwork=True)
        answers = {}

        def both_doors_answer():
            if installed.done():
                installed.result()  # raises what went wrong
            answers["pod"] = self.node.api("POST", pods_path("shop", dry_run=True), pod)
            answers["bad"] = self.node.api("POST", "/apis/apps/v1/namespaces/shop/deployments?dryRun=All", bad)
            status, changed = answers["pod"]
            return status == 201 and answers["bad"][0] == 403 and changed["spec"]["containers"][0].get("securityContext")
        wait_for(both_doors_answer, lambda: f"both webhooks answer; the last answers: {answers}", 120)
        print_figure("`helm install` to both webhooks answering", f"{time.monotonic() - began:.1f} s")
        installed.result()
        print_figure("`helm install --wait`", f"{time.monotonic() - began:.1f} s")
        self.assertEqual(len(self.list_ready_pods()), 2)
        status = json.loads(self.helm("status", "tidewaiter", "-o", "json"))
        self.assertEqual(status["info"]["status"], "deployed")
        for pod in self.list_ready_pods():
            self.print_figures_of(pod)

    def print_figures_of(self, pod):
        cgroup = self.read_container(pod["status"]["containerStatuses"][0])["Spec"]["linux"]["cgroupsPath"]
        memory = self.node.read_memory(cgroup)
        print_figure("memory of a replica", f"{memory / 1e6:.1f} MB")
        self.assertLess(memory, MOST_MEMORY)

    def read_container(self, status):
        """What containerd says of the container with this status."""
        name = status["containerID"].removeprefix("containerd://")
        return json.loads(self.node.ctr("containers", "info", name).stdout)

    def test_2_replicas_are_restricted(self):
        for pod in self.list_ready_pods():
            statuses = pod["status"]["containerStatuses"]
            self.assertEqual([each["restartCount"] for each in statuses], [0])
            spec = self.read_container(statuses[0])["Spec"]
            self.assertEqual((spec["process"]["user"]["uid"], spec["root"].get("readonly")), (65532, True))
            self.assertIn("seccomp", spec["linux"])
            self.assertEqual(spec["process"]["capabilities"].get("bounding", []), [])
            self.assertTrue(spec["process"]["noNewPrivileges"])

    def test_3_bad_deployment_is_denied(self):
        done = self.node.apply(make_deployment("bad", hostNetwork=True), check=False)
        self.assertEqual(done.code, 1)
        self.assertIn('admission webhook "validate.tidewaiter.dev" denied the request', done.stderr)
        self.assertIn("spec.template.spec.hostNetwork", done.stderr)
        self.assertIn("[pod-security-restricted/host-namespaces]", done.stderr)

    def test_4_plain_deployment_runs_hardened(self):
        self.node.apply(make_deployment("plain"))
        self.node.kubectl("rollout", "status", "-n", "shop", "deployment/plain", f"--timeout={BOUND:.0f}s")
        pods = self.node.list("/api/v1/namespaces/shop/pods", "app=plain")
        self.assertEqual(len(pods), 2)
        for pod in pods:
            report = json.loads(self.node.kubectl("logs", "-n", "shop", pod["metadata"]["name"]).stdout)
            self.assertEqual(report, {"user": 65532, "write_root": READ_ONLY_FILE_SYSTEM, "write_tmp": 0, "NoNewPrivs": "1",
                                      "Seccomp": "2", "CapEff": "0" * 16, "CapBnd": "0" * 16})
        template = json.loads(self.node.kubectl("get", "deployment", "plain", "-n", "shop", "-o", "json").stdout)
        self.assertNotIn("volumes", template["spec"]["template"]["spec"], "the Deployment itself is left as it was written")

    def test_5_a_replica_is_deleted_under_load(self):
        with Stream(self.node) as stream:
            first = self.list_ready_pods()[0]["metadata"]["name"]
            self.node.kubectl("delete", "pod", "-n", NAMESPACE, first, "--wait=true")
            wait_for(lambda: len(self.list_ready_pods()) == 2, "there are two replicas again")
            stream.wait_for_more(100)
        print_figure("a replica deleted: Pods created meanwhile", f"{stream.count}, {len(stream.failures)} failed, "
                     f"slowest {stream.slowest * 1000:.0f} ms")
        self.assertEqual(stream.failures, [])

    def test_6_upgrade_under_load(self):
        with Stream(self.node) as stream:
            began = time.monotonic()
            self.helm("upgrade", "tidewaiter", CHART, *VALUES, "--set", "image.tag=v2", "--wait", "--timeout", "2m")
            print_figure("`helm upgrade --wait` to another image", f"{time.monotonic() - began:.1f} s")
            is_new = lambda pod: pod["spec"]["containers"][0]["image"] == "localhost/tidewaiter:v2"
            wait_for(lambda: [is_new(pod) for pod in self.node.list(PODS, "app.kubernetes.io/name=tidewaiter")] == [True] * 2,
                     "the replicas of before have ended")
            stream.wait_for_more(100)
        print_figure("upgrade: Pods created meanwhile", f"{stream.count}, {len(stream.failures)} failed, "
                     f"slowest {stream.slowest * 1000:.0f} ms")
        self.assertEqual(stream.failures, [])

    def test_7_helm_test(self):
        self.assertIn("Succeeded", self.helm("test", "tidewaiter", "--timeout", "1m"))

    def test_8_uninstall_leaves_nothing(self):
        self.node.kubectl("delete", "deployment", "-n", "shop", "plain", "--wait=true")
        self.helm("uninstall", "tidewaiter", "--wait", "--timeout", "1m")
        # Kept on purpose, as the policies would go with it; the API server makes the second of the first.
        kept = {("CustomResourceDefinition", None, "podpolicies.tidewaiter.dev"),
                ("APIService", None, "v1alpha1.tidewaiter.dev")}
        wait_for(lambda: not self.find_changes(kept), lambda: f"all is as it was before: {self.find_changes(kept)}")
        self.assertEqual(self.node.list(PATHS["ValidatingWebhookConfiguration"]), [])
        self.assertEqual(self.node.list(PATHS["MutatingWebhookConfiguration"]), [])
        # What was denied is a matter of the API server alone again.
        self.assertEqual(self.node.api("POST", "/apis/apps/v1/namespaces/shop/deployments?dryRun=All",
                                       make_deployment("bad", hostNetwork=True))[0], 201)

    def find_changes(self, kept):
        return (self.list_everything() - kept) ^ self.before


if __name__ == "__main__":
    run_in_namespaces()
    unittest.main(failfast=True)
