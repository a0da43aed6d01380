#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real API server and real controllers with the webhook registered: Pods arrive hardened whoever made them, denials
reach the user, or the events of the controller, with their whole message, objects older than the policy stay usable,
and only what is excluded works while the webhook is down."""

import json
import unittest

from cluster_test_case import ClusterTestCase
from control_plane import PATHS, ROOT, pods_path
from processes import wait_for
from registered_webhook import RegisteredWebhook

HARDENED = ROOT / "policies" / "hardened.yaml"
MORE_POLICIES = """
apiVersion: tidewaiter.dev/v1alpha1
kind: PodPolicy
metadata: {name: registry}
spec:
  match: {namespaces: {include: [pods-only]}, kinds: [Pod]}
  controls:
    image-registry: {allowed: ["registry.example.com/*"]}
---
apiVersion: tidewaiter.dev/v1alpha1
kind: PodPolicy
metadata: {name: limits}
spec:
  match: {namespaces: {include: [limits]}}
  controls:
    resources: {maximum: {limits: {memory: 1Gi}}}
---
apiVersion: tidewaiter.dev/v1alpha1
kind: PodPolicy
metadata: {name: ports}
spec:
  match: {namespaces: {include: [robots]}}
  controls:
    host-ports: {}
  exemptions:
    - name: robot
      match: {users: ["system:serviceaccount:robots:robot"]}
      controls: [host-ports]
      reason: test
"""
IMAGE = "registry.example.com/shop/web:1.4"
HARDENED_CONTEXT = {"readOnlyRootFilesystem": True, "runAsNonRoot": True}
HARDENED_RESOURCES = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}}
UNPINNED = f'must pin image "{IMAGE}" by digest (NAME@sha256:...)'
LATEST = 'must not use tag "latest" of image'
DENIED = 'admission webhook "validate.tidewaiter.dev" denied the request: '


def pod_spec(image=IMAGE, **more):
    return {"containers": [{"name": "web", "image": image}], **more}


def pod(name, image=IMAGE, **more):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **more}, "spec": pod_spec(image)}


def template(name, **more):
    return {"metadata": {"labels": {"app": name}}, "spec": pod_spec(**more)}


def workload(kind, name, **spec):
    """An object of the group apps, which makes Pods labelled app=NAME."""
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name},
            "spec": {"selector": {"matchLabels": {"app": name}}, "template": template(name), **spec}}


def two_containers(kind, name, first, second):
    result = workload(kind, name) if kind != "Pod" else pod(name)
    spec = result["spec"] if kind == "Pod" else result["spec"]["template"]["spec"]
    spec["containers"] = [{"name": "web", "image": first}, {"name": "log", "image": second}]
    return result


class AdmissionTest(ClusterTestCase):
    @classmethod
    def set_up_cluster(cls):
        for namespace in ("shop", "pods-only", "limits", "robots", "old"):
            cls.cluster.create_namespace(namespace)
        # What is older than the webhook.
        cls.cluster.apply(two_containers("Deployment", "old", "nginx:latest", IMAGE), "-n", "old")
        old = two_containers("Pod", "old", "nginx:latest", IMAGE)
        old["metadata"]["finalizers"] = ["tests.tidewaiter.dev/wait"]
        cls.cluster.apply(old, "-n", "old")
        cls.wait_for_pods("old", "app=old")
        cls.webhook = RegisteredWebhook(cls.cluster, policies=[HARDENED, MORE_POLICIES])

    @classmethod
    def wait_for_pods(cls, namespace, selector, count=1):
        return wait_for(lambda: len(pods := cls.cluster.list(pods_path(namespace), selector)) == count and pods,
                        f"{count} Pods {selector} in {namespace}")

    def kubectl(self, *arguments, namespace="shop", **more):
        return self.cluster.kubectl("-n", namespace, *arguments, **more)

    def get_pod(self, name, namespace="shop"):
        return self.cluster.get(f"{pods_path(namespace)}/{name}")

    def check_hardened(self, read_pod):
        """Each container of a Pod that set nothing, as the API server keeps it now."""
        for container in read_pod["spec"]["containers"]:
            self.assertEqual(container["securityContext"], HARDENED_CONTEXT)
            self.assertEqual(container["resources"], HARDENED_RESOURCES)
            mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
            volumes = {volume["name"]: volume for volume in read_pod["spec"]["volumes"]}
            self.assertIn("emptyDir", volumes[mounts["/tmp"]])

    def check_left_alone(self, kind, name):
        """A template is judged, never rewritten."""
        read = json.loads(self.kubectl("get", kind, name, "-o", "json").stdout)
        spec = read["spec"]
        spec = (spec["jobTemplate"]["spec"] if kind == "cronjob" else spec)["template"]["spec"]
        self.assertEqual(spec["containers"][0]["resources"], {})
        self.assertNotIn("securityContext", spec["containers"][0])
        self.assertNotIn("volumes", spec)

    def check_denied(self, output, *lines):
        """kubectl failed, and said these lines of the webhook's message."""
        self.assertEqual(output.code, 1, output)
        self.assertIn(DENIED, output.stderr)
        for line in lines:
            self.assertIn(line, output.stderr)

    # ---- Pods, whoever makes them

    def test_a_pod_arrives_hardened_and_with_a_warning(self):
        output = self.kubectl("run", "web", f"--image={IMAGE}")
        self.assertEqual(output.stdout, "pod/web created\n")
        self.assertIn(f'Warning: container "web" {UNPINNED} (spec.containers[0].image) [hardened/image-digest]\n',
                      output.stderr)
        self.check_hardened(self.get_pod("web"))

    def test_the_pods_of_a_deployment(self):
        output = self.cluster.apply(workload("Deployment", "deployment", replicas=2), "-n", "shop")
        self.assertIn(f'Warning: container "web" {UNPINNED} (spec.template.spec.containers[0].image)', output.stderr)
        for each in self.wait_for_pods("shop", "app=deployment", 2):
            self.check_hardened(each)
            self.assertEqual(each["metadata"]["ownerReferences"][0]["kind"], "ReplicaSet")
        self.check_left_alone("deployment", "deployment")
        sets = self.cluster.list("/apis/apps/v1/namespaces/shop/replicasets", "app=deployment")
        self.assertEqual([each["status"]["replicas"] for each in sets], [2], "the controller tries again and again")

    def test_the_pods_of_a_stateful_set(self):
        self.cluster.apply(workload("StatefulSet", "stateful", serviceName="stateful"), "-n", "shop")
        self.check_hardened(self.wait_for_pods("shop", "app=stateful")[0])
        self.check_left_alone("statefulset", "stateful")

    def test_the_pods_of_a_daemon_set(self):
        self.cluster.create(PATHS["Node"], {"metadata": {"name": "node-1"}})
        daemon_set = workload("DaemonSet", "daemon")
        daemon_set["spec"]["template"]["spec"]["tolerations"] = [{"operator": "Exists"}]  # nobody reports for the Node
        self.cluster.apply(daemon_set, "-n", "shop")
        self.check_hardened(self.wait_for_pods("shop", "app=daemon")[0])
        self.check_left_alone("daemonset", "daemon")

    def test_the_pods_of_a_replication_controller(self):
        self.cluster.apply({"apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": "controller"},
                            "spec": {"selector": {"app": "controller"}, "template": template("controller")}},
                           "-n", "shop")
        self.check_hardened(self.wait_for_pods("shop", "app=controller")[0])

    def test_the_pods_of_a_job(self):
        self.kubectl("create", "job", "job", f"--image={IMAGE}")
        self.check_hardened(self.wait_for_pods("shop", "batch.kubernetes.io/job-name=job")[0])
        self.check_left_alone("job", "job")

    def test_the_pods_of_a_cron_job(self):
        self.cluster.apply({
            "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "cron"},
            "spec": {"schedule": "* * * * *", "suspend": True, "concurrencyPolicy": "Forbid", "jobTemplate": {"spec": {
                "template": template("cron", restartPolicy="Never")}}}}, "-n", "shop")
        self.check_left_alone("cronjob", "cron")
        # By hand,
        self.kubectl("create", "job", "--from=cronjob/cron", "by-hand")
        self.check_hardened(self.wait_for_pods("shop", "batch.kubernetes.io/job-name=by-hand")[0])
        # and by the controller, which has missed a time that it must make up for.
        self.kubectl("patch", "cronjob", "cron", "--subresource=status", "--type=merge", "-p",
                     '{"status": {"lastScheduleTime": "2020-01-01T00:00:00Z"}}')
        self.kubectl("patch", "cronjob", "cron", "--type=merge", "-p", '{"spec": {"suspend": false}}')
        fired = [each for each in self.wait_for_pods("shop", "app=cron", 2)
                 if not each["metadata"]["name"].startswith("by-hand-")]
        self.assertEqual(len(fired), 1)
        self.check_hardened(fired[0])

    def test_what_is_set_stays(self):
        wanted = {"runAsNonRoot": True, "runAsUser": 1234, "readOnlyRootFilesystem": True}
        limits = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1Gi"}}
        careful = pod("careful")
        careful["spec"]["containers"][0].update(securityContext=wanted, resources=limits)
        self.cluster.apply(careful, "-n", "shop")
        container = self.get_pod("careful")["spec"]["containers"][0]
        self.assertEqual((container["securityContext"], container["resources"]), (wanted, limits))

    def test_applying_again_changes_nothing(self):
        for name, *how in (("client-side",), ("server-side", "--server-side")):
            with self.subTest(name):
                self.cluster.apply(pod(name), "-n", "shop", *how)
                created = self.get_pod(name)
                self.cluster.apply(pod(name), "-n", "shop", *how)
                self.cluster.apply(pod(name, labels={"team": "shop"}), "-n", "shop", *how)
                again = self.get_pod(name)
                self.assertEqual(again["spec"], created["spec"])
                self.assertEqual(again["metadata"]["labels"], {"team": "shop"})

    # ---- denials

    def test_a_denial_tells_everything(self):
        bad = pod("bad", "nginx:latest")
        bad["spec"]["containers"][0]["securityContext"] = {"readOnlyRootFilesystem": False}
        output = self.cluster.apply(bad, "-n", "shop", check=False)
        self.assertEqual(output.code, 1)
        self.assertIn('Error from server (Forbidden): error when creating "STDIN": ' + DENIED + """2 violations:
- container "web" must not use tag "latest" of image "nginx:latest" (spec.containers[0].image) [hardened/image-tag]
- container "web" must set securityContext.readOnlyRootFilesystem=true \
(spec.containers[0].securityContext.readOnlyRootFilesystem) [hardened/read-only-root-filesystem]
""", output.stderr)
        self.assertIsNone(self.get_pod("bad"))

    def test_a_deployment_is_denied_where_its_pods_would_be(self):
        bad = workload("Deployment", "bad")
        bad["spec"]["template"]["spec"]["containers"][0]["image"] = "nginx:latest"
        output = self.cluster.apply(bad, "-n", "shop", check=False)
        self.check_denied(output, f'container "web" {LATEST} "nginx:latest" (spec.template.spec.containers[0].image) '
                                  "[hardened/image-tag]\n")

    def test_a_controllers_denied_pod_is_an_event(self):
        bad = workload("Deployment", "refused")
        bad["spec"]["template"]["spec"]["containers"][0]["image"] = "elsewhere.example.com/web:1"
        self.cluster.apply(bad, "-n", "pods-only")

        def failures():
            events = self.cluster.get("/api/v1/namespaces/pods-only/events")["items"]
            return [event for event in events if event["reason"] == "FailedCreate"]
        event = wait_for(failures, "an event FailedCreate")[0]
        self.assertEqual(event["involvedObject"]["kind"], "ReplicaSet")
        self.assertIn(f'Error creating: {DENIED}container "web" must not use image "elsewhere.example.com/web:1": ',
                      event["message"])
        self.assertTrue(event["message"].endswith("(spec.containers[0].image) [registry/image-registry]"), event)
        self.assertEqual(self.cluster.list(pods_path("pods-only")), [])

    def test_dry_run(self):
        output = self.kubectl("run", "dry", f"--image={IMAGE}", "--dry-run=server", "-o", "json")
        self.check_hardened(json.loads(output.stdout))
        self.check_denied(self.kubectl("run", "dry", "--image=nginx:latest", "--dry-run=server", check=False), LATEST)
        self.assertIsNone(self.get_pod("dry"))

    # ---- subresources

    def test_kubectl_debug(self):
        self.kubectl("run", "debugged", f"--image={IMAGE}")
        debug = ("debug", "debugged", "--profile=general", "-c")
        self.kubectl(*debug, "fine", "--image=busybox:1.36", "--", "true")
        container = self.get_pod("debugged")["spec"]["ephemeralContainers"][0]
        self.assertEqual(container["name"], "fine")
        self.assertEqual({**container["securityContext"], **HARDENED_CONTEXT}, container["securityContext"])
        output = self.kubectl(*debug, "bad", "--image=busybox:latest", "--", "true", check=False)
        self.check_denied(output, f'ephemeral container "bad" {LATEST} "busybox:latest" '
                                  "(spec.ephemeralContainers[1].image) [hardened/image-tag]\n")
        self.assertEqual(len(self.get_pod("debugged")["spec"]["ephemeralContainers"]), 1)

    def test_resize(self):
        self.kubectl("run", "resized", f"--image={IMAGE}", namespace="limits")

        def resize(memory):
            container = {"name": "resized", "resources": {"requests": {"memory": memory}, "limits": {"memory": memory}}}
            patch = json.dumps({"spec": {"containers": [container]}})
            return self.kubectl("patch", "pod", "resized", "--subresource=resize", "-p", patch, namespace="limits",
                                check=False)
        fine = resize("1Gi")
        self.assertEqual(fine.stdout, "pod/resized patched\n", fine)
        self.check_denied(resize("2Gi"), "[limits/resources]")
        resources = self.get_pod("resized", "limits")["spec"]["containers"][0]["resources"]
        self.assertEqual(resources["limits"], {"memory": "1Gi"})
        self.assertEqual(resources["requests"], {"cpu": "100m", "memory": "1Gi"})

    # ---- what the API server tells of it

    def test_audit_annotations(self):
        self.kubectl("run", "audited", f"--image={IMAGE}")
        self.kubectl("run", "audited-bad", "--image=nginx:latest", check=False)
        (allowed,) = self.cluster.audit_events(verb="create", resource="pods", name="audited")
        annotations = allowed["annotations"]
        self.assertIn("spec.containers[0].securityContext.runAsNonRoot=true [hardened/run-as-non-root]",
                      annotations["mutate.tidewaiter.dev/injected"])
        self.assertIn(UNPINNED, annotations["validate.tidewaiter.dev/warn-violations"])
        self.assertEqual(json.loads(annotations["mutation.webhook.admission.k8s.io/round_0_index_0"]),
                         {"configuration": "tidewaiter", "webhook": "mutate.tidewaiter.dev", "mutated": True})
        (denied,) = self.cluster.audit_events(verb="create", resource="pods", name="audited-bad")
        self.assertEqual(denied["responseStatus"]["code"], 403)
        self.assertIn(f'container "audited-bad" {LATEST}',
                      denied["annotations"]["validate.tidewaiter.dev/enforce-violations"])

    def test_a_service_account_and_its_exemption(self):
        for name in ("robot", "other"):
            self.kubectl("create", "serviceaccount", name, namespace="robots")
            self.kubectl("create", "rolebinding", name, "--clusterrole=edit", f"--serviceaccount=robots:{name}",
                         namespace="robots")
        wanted = pod("robots")
        wanted["spec"]["containers"][0]["ports"] = [{"containerPort": 80, "hostPort": 80}]
        run = lambda name: self.kubectl("apply", "-f", "-", namespace="robots", input=json.dumps(wanted), check=False,
                                        kubeconfig=self.cluster.service_account_kubeconfig("robots", name))
        self.check_denied(run("other"), "[ports/host-ports]")
        self.assertEqual(run("robot").stdout, "pod/robots created\n")
        self.check_hardened(self.get_pod("robots", "robots"))
        created = [event for event in self.cluster.audit_events(verb="create", resource="pods", namespace="robots")
                   if event["responseStatus"]["code"] == 201]
        self.assertEqual([event["user"]["username"] for event in created], ["system:serviceaccount:robots:robot"])
        self.assertIn("[ports/host-ports]", created[0]["annotations"]["validate.tidewaiter.dev/exempted-violations"])

    # ---- objects older than the policy

    def test_an_old_deployment(self):
        old = lambda *arguments, **more: self.kubectl(*arguments, namespace="old", **more)
        self.assertEqual(old("label", "deployment", "old", "team=shop").stdout, "deployment.apps/old labeled\n")
        self.assertEqual(old("scale", "deployment", "old", "--replicas=2").stdout, "deployment.apps/old scaled\n")
        old("patch", "deployment", "old", "-p", '{"spec": {"replicas": 1}}')
        old("rollout", "restart", "deployment/old")
        output = old("set", "image", "deployment/old", "log=fluent/fluent-bit:latest", check=False)
        self.check_denied(output, f'container "log" {LATEST} "fluent/fluent-bit:latest"')
        self.assertIn(f'Warning: container "web" {LATEST} "nginx:latest" (spec.template.spec.containers[0].image) '
                      "[hardened/image-tag] (was so before this update; new Pods will be denied)\n", output.stderr)
        self.assertEqual(old("set", "image", "deployment/old", f"web={IMAGE}").stdout,
                         "deployment.apps/old image updated\n")
        # Orphaning takes the owner off the ReplicaSet, which is an update of it.
        self.assertEqual(old("delete", "deployment", "old", "--cascade=orphan").stdout,
                         'deployment.apps "old" deleted from old namespace\n')
        old("delete", "replicaset", "-l", "app=old")
        wait_for(lambda: not self.cluster.list(pods_path("old"), "app=old"), "its Pods are gone")

    def test_an_old_pod(self):
        old = lambda *arguments, **more: self.kubectl(*arguments, namespace="old", **more)
        self.assertEqual(old("label", "pod", "old", "team=shop").stdout, "pod/old labeled\n")
        output = old("set", "image", "pod/old", "log=fluent/fluent-bit:latest", check=False)
        self.check_denied(output, f'container "log" {LATEST} "fluent/fluent-bit:latest"')
        old("delete", "pod", "old", "--wait=false")
        self.assertIn("deletionTimestamp", self.get_pod("old", "old")["metadata"])
        old("patch", "pod", "old", "--type=merge", "-p", '{"metadata": {"finalizers": null}}')
        wait_for(lambda: self.get_pod("old", "old") is None, "the Pod is gone")

    # ---- when something is down

    def test_the_webhook_is_down(self):
        self.assertEqual(self.webhook.stop(), 0)
        try:
            output = self.kubectl("run", "unjudged", f"--image={IMAGE}", check=False)
            self.assertEqual(output.code, 1)
            self.assertIn('Error from server (InternalError): Internal error occurred: failed calling webhook '
                          '"mutate.tidewaiter.dev": failed to call webhook: Post', output.stderr)
            self.assertIn("connection refused", output.stderr)
            self.kubectl("run", "repair", f"--image={IMAGE}", namespace="kube-system")
            self.assertNotIn("securityContext", self.get_pod("repair", "kube-system")["spec"]["containers"][0])
        finally:
            self.webhook.start()
        self.webhook.wait_until_in_effect()
        self.kubectl("run", "judged-again", f"--image={IMAGE}")
        self.check_hardened(self.get_pod("judged-again"))

    def test_the_api_server_restarts(self):
        self.cluster.restart_apiserver()
        self.webhook.wait_until_in_effect()
        self.kubectl("run", "after-restart", f"--image={IMAGE}")
        self.check_hardened(self.get_pod("after-restart"))
        self.check_denied(self.kubectl("run", "after-restart-bad", "--image=nginx:latest", check=False), LATEST)
        self.cluster.apply(workload("Deployment", "after-restart"), "-n", "shop")
        self.check_hardened(self.wait_for_pods("shop", "app=after-restart")[0])


if __name__ == "__main__":
    unittest.main()
