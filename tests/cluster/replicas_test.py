#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two replicas behind a Service, set up as an installation is, and a real API server that dials their endpoints itself:
one serving process is killed, one whole replica is killed, one is told to stop, each under a stream of creates. A bad
Pod is never allowed meanwhile. Endpoints may not be loopback addresses, so everything runs in a network namespace of
its own."""

import http.client
import os
import pathlib
import shutil
import signal
import sys
import threading
import time
import unittest

from cluster_test_case import ClusterTestCase
from control_plane import PATHS, ROOT, pods_path
from processes import BOUND, Process, wait_for
from registered_webhook import BINARY, MUTATE_RULES, VALIDATE_RULES

NAMESPACE, NAME = "tidewaiter", "tidewaiter"
ADDRESSES = ("10.250.0.1", "10.250.0.2")
PORT, OPS_PORT = 8443, 8080
SLICE = f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices/{NAME}"
POLICY = {"apiVersion": "tidewaiter.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "test"},
          "spec": {"controls": {"image-tag": {"forbidden": ["bad"]}}}}
NOTICE = 2.0  # seconds within which the API server knows of a changed endpoint, or of a connection that is gone
DENIAL = "[test/image-tag]"


def pod(tag):
    return {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "web", "image": f"web:{tag}"}]}}


def children_of(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Replica:
    """`serve` as the Pods of an installation run it, at an address of its own."""

    def __init__(self, cluster, address, kubeconfig):
        self.cluster, self.address = cluster, address
        self._command = [
            BINARY, "serve", "--supervise", "--listen", f"{address}:{PORT}", "--ops-listen", f"{address}:{OPS_PORT}",
            "--drain-seconds", "3", "--log-level", "error", "--cluster", "--kubeconfig", kubeconfig,
            "--certificate-secret", f"{NAMESPACE}/{NAME}-tls", "--webhook-configuration", NAME,
            "--tls-san", f"{NAME}.{NAMESPACE}.svc", "--lease", f"{NAMESPACE}/{NAME}"]
        self.start()

    def start(self):
        self.process = Process(f"replica-{self.address}", self._command, self.cluster.folder)
        self.cluster.own(self.process)

    def ops(self, path):
        connection = http.client.HTTPConnection(self.address, OPS_PORT, timeout=BOUND)
        try:
            connection.request("GET", path)
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    def is_ready(self):
        assert self.process.is_running(), self.process.read_log()
        return self.ops("/readyz")[0] == 200

    def wait_until_ready(self):
        wait_for(self.is_ready, lambda: f"ready: {self.ops('/readyz')}")

    def count_reviews(self):
        lines = self.ops("/metrics")[1].splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines
                   if line.startswith("tidewaiter_admission_requests_total{"))

    def kill_serving_process(self):
        """SIGKILL; returns when it is gone."""
        pid = wait_for(lambda: children_of(self.process.pid), "a serving process")[0]
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: pid not in children_of(self.process.pid), "it is gone", interval=0.001)


class Stream:
    """Creates of good and bad Pods without a pause, by threads each with a connection of its own. A good Pod that is not
    created is kept in `failures` with the time it was sent; a bad one that is not denied in `wrong`."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.answered, self.failures, self.wrong, self._is_done = 0, [], [], threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(4)]
        for thread in self._threads:
            thread.start()

    def _run(self):
        while not self._is_done.wait(0.005):
            for tag in ("good", "bad"):
                began = time.monotonic()
                status, answer = self.cluster.api("POST", pods_path("shop", dry_run=True), pod(tag))
                message = answer.get("message", "")
                if status == 500 and "failed calling webhook" in message:
                    self.failures.append((began, message))
                elif (status, DENIAL in message) != ((201, False) if tag == "good" else (403, True)):
                    self.wrong.append((tag, status, message))
                else:
                    self.answered += 1

    def flow(self, count=100):
        """Until so many more were answered."""
        before = self.answered
        wait_for(lambda: self.answered >= before + count, lambda: f"a stream: {self.failures[-3:]} {self.wrong[:3]}")

    def end(self):
        """Returns the failures; anything allowed or denied by mistake fails the test."""
        self._is_done.set()
        for thread in self._threads:
            thread.join(BOUND)
        assert not self.wrong, self.wrong[:5]
        return self.failures


class ReplicasTest(ClusterTestCase):
    @classmethod
    def apiserver_flags(cls, control_plane):
        return ["--enable-aggregator-routing=true"]

    @classmethod
    def set_up_cluster(cls):
        cluster = cls.cluster
        cluster.create_namespace(NAMESPACE)
        cluster.create_namespace("shop")
        cluster.apply_policy_definition()
        cluster.kubectl("apply", "-f", ROOT / "manifests" / "rbac.yaml")
        cluster.apply(POLICY)
        cluster.create(f"/api/v1/namespaces/{NAMESPACE}/services", {
            "metadata": {"name": NAME}, "spec": {"ports": [{"name": "https", "port": 443, "targetPort": PORT}]}})
        cluster.create(SLICE.rpartition("/")[0], cls.endpoint_slice(ADDRESSES))
        for kind, door, rules in (("MutatingWebhookConfiguration", "mutate", MUTATE_RULES),
                                  ("ValidatingWebhookConfiguration", "validate", VALIDATE_RULES)):
            cluster.create(PATHS[kind], {
                "apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": NAME},
                "webhooks": [{
                    "name": f"{door}.tidewaiter.dev", "sideEffects": "None", "timeoutSeconds": 10,
                    "clientConfig": {"service": {"namespace": NAMESPACE, "name": NAME, "path": f"/{door}"}},
                    "failurePolicy": "Fail", "admissionReviewVersions": ["v1"],
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}},
                    "rules": [{"operations": operations.split(), "apiGroups": [group], "apiVersions": ["*"],
                               "resources": resources, "scope": "Namespaced"}
                              for operations, group, resources in rules]}]})
        kubeconfig = cluster.service_account_kubeconfig(NAMESPACE, NAME)
        cls.replicas = [Replica(cluster, address, kubeconfig) for address in ADDRESSES]
        for replica in cls.replicas:
            replica.wait_until_ready()
        # Both are asked: the API server knows the configurations, the bundle and both endpoints.
        cls.wait_for_traffic()

    @classmethod
    def wait_for_traffic(cls):
        before = [replica.count_reviews() for replica in cls.replicas]
        answer = None

        def are_asked():
            nonlocal answer
            answer = cls.cluster.api("POST", pods_path("shop", dry_run=True), pod("good"))
            return all(replica.count_reviews() > count for replica, count in zip(cls.replicas, before))
        wait_for(are_asked, lambda: f"both replicas are asked; the last answer: {answer}")

    @staticmethod
    def endpoint_slice(ready):
        return {"metadata": {"name": NAME, "labels": {"kubernetes.io/service-name": NAME}}, "addressType": "IPv4",
                "ports": [{"name": "https", "port": PORT}],
                "endpoints": [{"addresses": [each], "conditions": {"ready": each in ready}} for each in ADDRESSES]}

    def set_ready(self, *addresses):
        """As the controllers do when a Pod is ready, terminates, or is gone."""
        slice_now = self.cluster.get(SLICE)
        body = {**self.endpoint_slice(addresses), "metadata": slice_now["metadata"]}
        status, answer = self.cluster.api("PUT", SLICE, body)
        self.assertEqual(status, 200, answer)

    def setUp(self):
        # Counters show who is asked. What is done in one test must not be felt in the next.
        for replica in self.replicas:
            replica.wait_until_ready()
        self.wait_for_traffic()

    def test_serving_process_killed(self):
        """Only what the process had taken up already is lost with it. Nobody is refused, and nobody is told to go ahead
        by a process that does not know the policies yet."""
        stream = Stream(self.cluster)
        kills = []  # when each was gone
        for replica in self.replicas * 2:
            stream.flow()
            replica.kill_serving_process()
            kills.append(time.monotonic())
            replica.wait_until_ready()
        stream.flow()
        failures = stream.end()
        # The API server learns that a connection is gone when it uses it, at the latest; it does not send a POST again.
        late = [each for each in failures if not any(-1 < each[0] - gone <= NOTICE for gone in kills)]
        self.assertEqual(late, [])
        self.assertLess(len(failures), 8 * len(kills), failures)  # 4 threads, 2 doors
        for message in (message for _, message in failures):
            self.assertNotRegex(message, "refused|deadline|certificate|status code")
        print(f"\n{len(kills)} serving processes killed: {stream.answered} answered, {len(failures)} were lost with their connections")

    def test_replica_killed(self):
        """What nobody but the node can know at once: until its endpoint is taken out, connections are refused, and the
        API server denies. From then on, and when it comes back, nothing fails."""
        stream = Stream(self.cluster)
        stream.flow()
        first, second = self.replicas
        os.kill(first.process.pid, signal.SIGKILL)  # the serving process ends with its supervisor
        first.process.stop()
        self.set_ready(second.address)
        known = time.monotonic() + NOTICE
        wait_for(lambda: time.monotonic() > known, "the API server has noticed")
        stream.flow()
        first.start()
        first.wait_until_ready()
        self.set_ready(*ADDRESSES)
        self.wait_for_traffic()
        stream.flow()
        failures = stream.end()
        self.assertEqual([each for each in failures if each[0] > known], [])
        print(f"\na replica killed: {stream.answered} answered, {len(failures)} failed until its endpoint was gone")

    def test_replica_stopped(self):
        """A Pod that is deleted: SIGTERM, and the endpoint is no longer ready."""
        stream = Stream(self.cluster)
        for replica in self.replicas:
            stream.flow()
            os.kill(replica.process.pid, signal.SIGTERM)
            self.set_ready(*(each for each in ADDRESSES if each != replica.address))
            wait_for(lambda process=replica.process: not process.is_running(), "it ends by itself")
            self.assertEqual(replica.process.stop(), 0)
            stream.flow()
            replica.start()
            replica.wait_until_ready()
            self.set_ready(*ADDRESSES)
            self.wait_for_traffic()
        stream.flow()
        self.assertEqual(stream.end(), [])


def enter_network_namespace():
    """Runs this file again in a network namespace with the addresses; does nothing inside it."""
    marker = "TIDEWAITER_TEST_NETWORK"
    if os.environ.get(marker):
        return
    for program in ("unshare", "ip"):
        if shutil.which(program) is None:
            sys.exit(f"{__file__}: needs the program {program} (packages util-linux and iproute2)")
    addresses = "; ".join(f"ip address add {each}/32 dev lo" for each in ADDRESSES)
    script = f'set -e; ip link set lo up; {addresses}; exec "$@"'
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    os.environ[marker] = "1"
    os.execvp("unshare", ["unshare", "--net", *user, "sh", "-c", script, "sh", sys.executable, "-B", *sys.argv])


if __name__ == "__main__":
    enter_network_namespace()
    unittest.main()
