// SPDX-License-Identifier: Apache-2.0
//
// Every field that is read, and every way one can be wrong.
#include "webhook/kube/pod_decoder.h"

#include <gtest/gtest.h>

#include <memory>

#include "webhook/kube/field_table.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

absl::StatusOr<Pod> Decode(const std::string& text) {
  absl::StatusOr<JsonDocument> document = JsonDocument::Parse(text);
  if (!document.ok()) return document.status();
  absl::StatusOr<Pod> pod = DecodePod(document->root());
  if (pod.ok()) pod->texts.Keep(std::make_shared<const JsonDocument>(*std::move(document)));
  return pod;
}

TEST(PodDecoderTest, ReadsEveryField) {
  const absl::StatusOr<Pod> decoded = Decode(R"({
    "metadata": {"labels": {"a": "b"}, "annotations": {"kubernetes.io/config.mirror": "x"}},
    "spec": {
      "os": {"name": "windows"}, "hostNetwork": true, "hostPID": true, "hostIPC": false, "hostUsers": false,
      "shareProcessNamespace": true, "automountServiceAccountToken": false, "nodeName": "n", "dnsPolicy": "Default",
      "priorityClassName": "high", "runtimeClassName": "gvisor",
      "hostAliases": [{"ip": "1.2.3.4", "hostnames": ["a", "b"]}], "serviceAccountName": "sa", "unknown": {"x": 1}, "restartPolicy": "Never",
      "resources": {"limits": {"memory": "1Gi"}},
      "securityContext": {"runAsNonRoot": true, "runAsUser": 1, "runAsGroup": 2, "fsGroup": 3,
        "supplementalGroups": [4, 5], "supplementalGroupsPolicy": "Strict", "sysctls": [{"name": "n", "value": "v"}],
        "seLinuxOptions": {"user": "u", "role": "r", "type": "t", "level": "l"},
        "seccompProfile": {"type": "RuntimeDefault"}, "appArmorProfile": {"type": "Localhost", "localhostProfile": "p"},
        "windowsOptions": {"hostProcess": true, "runAsUserName": "w"}},
      "volumes": [{"name": "m", "image": {"reference": "r", "pullPolicy": "Always"}}, {"name": "e"}, {"name": "h",
        "hostPath": {"path": "/"}, "emptyDir": null}, {"name": "t", "emptyDir": {"medium": "Memory",
        "sizeLimit": "1Mi"}}, {"name": "p", "projected": {"defaultMode": 420, "sources": [{"configMap": {"name": "c"}},
        {"serviceAccountToken": {"audience": "vault", "path": "t"}}]}}],
      "initContainers": [{"name": "i", "image": "a"}, {"name": "s", "image": "a", "restartPolicy": "Always"}],
      "containers": [{"name": "c", "image": "a", "imagePullPolicy": "Always", "stdin": true, "tty": true,
        "ports": [{"name": "p", "containerPort": 80, "hostPort": 81, "protocol": "UDP"}],
        "env": [{"name": "E", "value": "v"}, {"name": "F", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
        "envFrom": [{"prefix": "P", "secretRef": {"name": "t"}}, {"configMapRef": {"name": "c"}}],
        "livenessProbe": {"httpGet": {"port": 1, "host": "h1"}}, "readinessProbe": {"tcpSocket": {"host": "h2"}},
        "startupProbe": {"exec": {"command": ["true"]}},
        "lifecycle": {"postStart": {"httpGet": {"host": "h3"}}, "preStop": {"tcpSocket": {"host": "h4"}}},
        "volumeDevices": [{"name": "d", "devicePath": "/dev/d"}],
        "volumeMounts": [{"name": "m", "mountPath": "/m", "readOnly": true, "subPath": "s", "subPathExpr": "e"}],
        "resources": {"requests": {"cpu": 0.5}, "limits": {"cpu": 2, "memory": " 1Gi "}},
        "securityContext": {"allowPrivilegeEscalation": false, "privileged": true, "procMount": "Default",
          "readOnlyRootFilesystem": true, "runAsNonRoot": false, "runAsUser": 6, "runAsGroup": 7,
          "capabilities": {"add": ["A"], "drop": ["ALL"]}}}],
      "ephemeralContainers": [{"name": "d", "image": "a", "targetContainerName": "c"}]},
    "status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready",
      "status": "False"}]}})");
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  const Pod& pod = *decoded;
  EXPECT_TRUE(pod.is_windows());
  EXPECT_TRUE(pod.is_mirror());
  EXPECT_EQ(pod.labels.find("a")->second, "b");
  EXPECT_EQ(pod.host_users, false);
  EXPECT_EQ(pod.service_account_name, "sa");
  EXPECT_EQ(pod.host_network, true);
  EXPECT_EQ(pod.host_pid, true);
  EXPECT_EQ(pod.host_ipc, false);
  EXPECT_EQ(pod.share_process_namespace, true);
  EXPECT_EQ(pod.automount_service_account_token, false);
  EXPECT_EQ(pod.node_name, "n");
  EXPECT_EQ(pod.restart_policy, "Never");
  EXPECT_TRUE(pod.is_scheduled);
  EXPECT_EQ(pod.dns_policy, "Default");
  EXPECT_EQ(pod.priority_class_name, "high");
  EXPECT_EQ(pod.runtime_class_name, "gvisor");
  EXPECT_EQ(pod.host_aliases.at(0).ip, "1.2.3.4");
  EXPECT_EQ(pod.host_aliases.at(0).hostnames, (std::vector<std::string_view>{"a", "b"}));
  EXPECT_EQ(pod.resources->limits.find("memory")->second.text(), "1Gi");
  const PodSecurityContext& shared = *pod.security_context;
  EXPECT_EQ(shared.run_as_non_root, true);
  EXPECT_EQ(shared.run_as_user, 1);
  EXPECT_EQ(shared.run_as_group, 2);
  EXPECT_EQ(shared.fs_group, 3);
  EXPECT_EQ(shared.supplemental_groups, (std::vector<std::int64_t>{4, 5}));
  EXPECT_EQ(shared.supplemental_groups_policy, "Strict");
  EXPECT_EQ(shared.sysctls.at(0).name, "n");
  EXPECT_EQ(shared.se_linux_options->level, "l");
  EXPECT_EQ(shared.seccomp_profile->type, "RuntimeDefault");
  EXPECT_EQ(shared.app_armor_profile->localhost_profile, "p");
  EXPECT_EQ(shared.windows_options->run_as_user_name, "w");
  ASSERT_EQ(pod.volumes.size(), 5u);
  EXPECT_EQ(pod.volumes[0].source, "image");
  EXPECT_EQ(pod.volumes[0].image->reference, "r");
  EXPECT_EQ(pod.volumes[0].image->pull_policy, "Always");
  EXPECT_EQ(pod.volumes[1].source, "");
  EXPECT_EQ(pod.volumes[2].source, "hostPath");
  EXPECT_EQ(pod.volumes[2].host_path->path, "/");
  EXPECT_FALSE(pod.volumes[2].empty_dir.has_value());
  EXPECT_EQ(pod.volumes[3].empty_dir->medium, "Memory");
  EXPECT_EQ(pod.volumes[3].empty_dir->size_limit->text(), "1Mi");
  ASSERT_EQ(pod.volumes[4].projected->sources.size(), 2u);
  EXPECT_FALSE(pod.volumes[4].projected->sources[0].service_account_token.has_value());
  EXPECT_EQ(pod.volumes[4].projected->sources[1].service_account_token->audience, "vault");
  ASSERT_EQ(pod.containers.size(), 4u);
  const ContainerKind kinds[] = {ContainerKind::kInit, ContainerKind::kSidecar, ContainerKind::kRegular,
                                 ContainerKind::kEphemeral};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(pod.containers[i].kind, kinds[i]);
  EXPECT_EQ(pod.containers[1].pointer, "/spec/initContainers/1");
  const Container& web = pod.containers[2];
  EXPECT_EQ(web.pointer, "/spec/containers/0");
  EXPECT_EQ(web.ports.at(0).host_port, 81);
  EXPECT_EQ(web.ports.at(0).protocol, "UDP");
  EXPECT_EQ(web.image_pull_policy, "Always");
  EXPECT_EQ(web.stdin_open, true);
  EXPECT_EQ(web.tty, true);
  EXPECT_EQ(web.env.at(0).value, "v");
  EXPECT_EQ(web.env.at(1).value_from->secret_key_ref->name, "s");
  EXPECT_EQ(web.env_from.at(0).secret_ref->name, "t");
  EXPECT_FALSE(web.env_from.at(1).secret_ref.has_value());
  EXPECT_EQ(web.liveness_probe->http_get->host, "h1");
  EXPECT_EQ(web.readiness_probe->tcp_socket->host, "h2");
  EXPECT_TRUE(web.startup_probe.has_value());
  EXPECT_EQ(web.lifecycle->post_start->http_get->host, "h3");
  EXPECT_EQ(web.lifecycle->pre_stop->tcp_socket->host, "h4");
  EXPECT_EQ(web.volume_mounts.at(0).mount_path, "/m");
  EXPECT_EQ(web.volume_devices.at(0).device_path, "/dev/d");
  EXPECT_EQ(web.resources->requests.find("cpu")->second, *Quantity::Parse("500m"));
  EXPECT_EQ(web.resources->limits.find("memory")->second, *Quantity::Parse("1Gi"));
  EXPECT_EQ(web.security_context->privileged, true);
  EXPECT_EQ(web.security_context->capabilities->drop, std::vector<std::string_view>{"ALL"});
}

TEST(PodDecoderTest, OnlyTheConditionPodScheduledSaysThatANodeWasChosen) {
  const std::pair<std::string, bool> rows[] = {
      {R"({"conditions": [{"type": "PodScheduled", "status": "True"}]})", true},
      {R"({"conditions": [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]})", false},
      {R"({"conditions": [{"type": "Ready", "status": "True"}]})", false},
      {R"({"conditions": null})", false},
      {"null", false},
      {"{}", false},
  };
  for (const auto& [status, is_scheduled] : rows) {
    const absl::StatusOr<Pod> pod =
        Decode(R"({"spec": {"containers": [{"name": "c", "image": "a"}]}, "status": )" + status + "}");
    ASSERT_TRUE(pod.ok()) << pod.status();
    EXPECT_EQ(pod->is_scheduled, is_scheduled) << status;
  }
}

TEST(PodDecoderTest, NullIsAbsent) {
  const absl::StatusOr<Pod> pod = Decode(
      R"({"metadata": null, "spec": {"securityContext": null, "volumes": null, "initContainers": null, "os": null,
          "containers": [{"name": "c", "image": "a", "securityContext": {"runAsNonRoot": null, "capabilities": null},
                          "resources": {"limits": null, "requests": {"cpu": null}}}]}})");
  ASSERT_TRUE(pod.ok()) << pod.status();
  const absl::StatusOr<Pod> plain =
      Decode(R"({"spec": {"containers": [{"name": "c", "image": "a", "securityContext": {}, "resources": {}}]}})");
  EXPECT_EQ(*pod, *plain);
}

TEST(PodDecoderTest, SaysWhereAndWhatWasExpected) {
  const auto container = [](const std::string& rest) {
    return R"({"spec": {"containers": [{"name": "c", "image": "a")" + (rest.empty() ? "" : ", " + rest) + "}]}}";
  };
  const std::pair<std::string, std::string> rows[] = {
      {"[]", "expected an object, found array"},
      {"{}", "spec: required: expected an object"},
      {R"({"spec": null})", "spec: required: expected an object"},
      {R"({"spec": []})", "spec: expected an object, found array"},
      {R"({"spec": {"containers": {}}})", "spec.containers: expected an array, found object"},
      {R"({"spec": {"containers": [1]}})", "spec.containers[0]: expected an object, found integer"},
      {R"({"spec": {"containers": [null]}})", "spec.containers[0]: expected an object, found null"},
      {R"({"spec": {"containers": [{}]}})", "spec.containers[0].name: required: a container has a name"},
      {R"({"spec": {"ephemeralContainers": [{"name": "d"}]}})",
       "spec.ephemeralContainers[0].image: required: container \"d\" has no image"},
      {R"({"spec": {"containers": [{"name": 1}]}})", "spec.containers[0].name: expected a string, found integer"},
      {container(R"("securityContext": {"runAsNonRoot": "true"})"),
       "spec.containers[0].securityContext.runAsNonRoot: expected a boolean, found string"},
      {container(R"("securityContext": {"runAsUser": 1.5})"),
       "spec.containers[0].securityContext.runAsUser: expected an integer, found number"},
      {container(R"("securityContext": {"runAsUser": 9223372036854775808})"),
       "spec.containers[0].securityContext.runAsUser: expected an integer, found number"},
      {container(R"("securityContext": {"capabilities": {"add": "ALL"}})"),
       "spec.containers[0].securityContext.capabilities.add: expected an array, found string"},
      {container(R"("resources": {"limits": {"memory": true}})"),
       "spec.containers[0].resources.limits.memory: expected a quantity (such as 500m or 128Mi), found boolean"},
      {container(R"("resources": {"limits": {"example.com/gpu": []}})"),
       "spec.containers[0].resources.limits[example.com/gpu]: expected a quantity (such as 500m or 128Mi), found "
       "array"},
      {container(R"("resources": {"limits": {"cpu": 1, "cpu": 2}})"),
       "spec.containers[0].resources.limits.cpu: given twice"},
      {container(R"("name": "d")"), "spec.containers[0].name: given twice"},
      {R"({"metadata": {"labels": {"a": 1}}, "spec": {}})", "metadata.labels.a: expected a string, found integer"},
      {R"({"spec": {"volumes": [{"name": "v", "emptyDir": {}, "hostPath": {}}]}})",
       "spec.volumes[0].hostPath: a volume has one source, and emptyDir is given as well"},
      {R"({"spec": {"volumes": [{"name": "v", "hostPath": "/"}]}})",
       "spec.volumes[0].hostPath: expected an object, found string"},
  };
  for (const auto& [text, message] : rows) {
    const absl::StatusOr<Pod> pod = Decode(text);
    ASSERT_FALSE(pod.ok()) << text;
    EXPECT_EQ(MessageOf(pod.status()), message);
  }
  const absl::StatusOr<Pod> bad = Decode(container(R"("resources": {"limits": {"memory": "1GB"}})"));
  ASSERT_FALSE(bad.ok());
  EXPECT_TRUE(MessageOf(bad.status()).starts_with("spec.containers[0].resources.limits.memory: ")) << bad.status();
}

TEST(PodDecoderTest, ARefusalKnowsItsPointer) {
  const absl::Status wrong_type = Decode(R"({"spec": {"containers": [{"name": 1}]}})").status();
  EXPECT_EQ(PointerOf(wrong_type), "/spec/containers/0/name");
  EXPECT_EQ(PointerOf(Decode(R"({"metadata": {"labels": {"a/b": 1}}, "spec": {}})").status()), "/metadata/labels/a~1b");
  EXPECT_EQ(PointerOf(Decode("{}").status()), "/spec");
  EXPECT_EQ(PointerOf(absl::OkStatus()), "");
}

}  // namespace
}  // namespace tidewaiter
