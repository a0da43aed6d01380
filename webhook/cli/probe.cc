// SPDX-License-Identifier: Apache-2.0
//
// `tidewaiter probe`: whether the installation works, asked as the API server asks. It calls each registered webhook by
// the address and the CA of its configuration, and has the API server itself ask the policy door. It changes nothing.
// The chart's `helm test` runs it. Tested by tests/cluster/probe_test.py.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>
#include <utility>

#include "absl/strings/escaping.h"
#include "webhook/cli/cluster_options.h"
#include "webhook/cli/command_line.h"
#include "webhook/cluster/api_client.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr int kExitBroken = 1;
constexpr char kConfigurations[] = "/apis/admissionregistration.k8s.io/v1";
constexpr char kPolicies[] = "/apis/tidewaiter.dev/v1alpha1/podpolicies";
constexpr char kUid[] = "tidewaiter-probe";
constexpr std::chrono::milliseconds kCallTimeout{10'000};  // what the API server waits when nothing is said
constexpr std::chrono::milliseconds kPause{500};

struct ProbeArguments {
  ClusterOptions cluster{.is_enabled = true, .kubeconfig = {}, .context = {}};
  std::string configuration;
  bool asks_policy_door = false;
  int timeout_seconds = 30;
};

// What came of one question; an error says what is broken.
struct DoorAnswer {
  std::string subject;
  absl::StatusOr<std::string> answer;
};

Json PolicyToRefuse() {
  return {{"apiVersion", "tidewaiter.dev/v1alpha1"},
          {"kind", "PodPolicy"},
          {"metadata", {{"name", kUid}}},
          {"spec", {{"controls", {{"no-such-control", Json::object()}}}}}};
}

Json Review(bool is_of_policies) {
  const Json pod = {{"apiVersion", "v1"},
                    {"kind", "Pod"},
                    {"metadata", {{"name", kUid}, {"namespace", "default"}}},
                    {"spec", {{"containers", {{{"name", "probe"}, {"image", "probe"}}}}}}};
  const auto kind = [](const char* group, const char* version, const char* key, const char* name) {
    return Json{{"group", group}, {"version", version}, {key, name}};
  };
  Json request = {{"uid", kUid},
                  {"operation", "CREATE"},
                  {"name", kUid},
                  {"dryRun", true},
                  {"userInfo", {{"username", kUid}}},
                  {"namespace", "default"},
                  {"object", pod},
                  {"kind", kind("", "v1", "kind", "Pod")},
                  {"resource", kind("", "v1", "resource", "pods")}};
  if (is_of_policies) {
    request.erase("namespace");
    request["object"] = PolicyToRefuse();
    request["kind"] = kind("tidewaiter.dev", "v1alpha1", "kind", "PodPolicy");
    request["resource"] = kind("tidewaiter.dev", "v1alpha1", "resource", "podpolicies");
  }
  return {{"apiVersion", "admission.k8s.io/v1"}, {"kind", "AdmissionReview"}, {"request", std::move(request)}};
}

// Where a webhook of a configuration is; `path` is that of its door.
absl::StatusOr<ClusterConfig> TargetOf(const Json& webhook, std::string& path) {
  ClusterConfig target;
  const std::string url = TextAt(webhook, {"clientConfig", "url"});
  if (!url.empty()) {
    if (absl::Status status = target.SetServer(url); !status.ok()) return status;
    path = std::exchange(target.path_prefix, "");
  } else {
    target.host = StrCat(TextAt(webhook, {"clientConfig", "service", "name"}), ".",
                         TextAt(webhook, {"clientConfig", "service", "namespace"}), ".svc");
    const Json* const port = FindAt(webhook, {"clientConfig", "service", "port"});
    if (port != nullptr && port->is_number_integer()) target.port = port->get<int>();
    path = TextAt(webhook, {"clientConfig", "service", "path"});
  }
  if (!absl::Base64Unescape(TextAt(webhook, {"clientConfig", "caBundle"}), &target.ca.text) || target.ca.text.empty()) {
    return absl::FailedPreconditionError("its caBundle is empty: nobody has written the CA into the configuration yet");
  }
  return target;
}

bool IsOfPolicies(const Json& webhook) {
  return WriteJson(webhook.value("rules", Json())).find("podpolicies") != std::string::npos;
}

// Calls one webhook as the API server would.
absl::StatusOr<std::string> CallWebhook(const Json& webhook) {
  std::string path;
  absl::StatusOr<ClusterConfig> target = TargetOf(webhook, path);
  if (!target.ok()) return target.status();
  HttpTransport transport(*std::move(target), "tidewaiter-probe");
  const bool is_of_policies = IsOfPolicies(webhook);
  std::string body;
  HttpRequest request{.method = "POST",
                      .target = StrCat(path, "?timeout=10s"),
                      .body = WriteJson(Review(is_of_policies)),
                      .content_type = "application/json"};
  request.whole_timeout = kCallTimeout;
  request.on_body = [&](std::string_view piece) {
    body.append(piece);
    return body.size() <= ApiClient::kMaxEventBytes;
  };
  const absl::StatusOr<HttpReply> reply = transport.Send(request);
  if (!reply.ok()) return reply.status();
  const Json answer = ParseJson(body);
  if (reply->status != 200 || TextAt(answer, {"response", "uid"}) != kUid) {
    return absl::InternalError(
        ToAbsl(StrCat("answered ", reply->status, ", which is no review: ", body.substr(0, 200))));
  }
  const Json* const allowed = FindAt(answer, {"response", "allowed"});
  const bool is_allowed = allowed != nullptr && allowed->is_boolean() && allowed->get<bool>();
  if (is_of_policies && is_allowed) return absl::InternalError("allowed a policy that cannot be loaded");
  return std::string(is_allowed       ? "answers, and allows a plain Pod"
                     : is_of_policies ? "answers, and refuses a bad policy"
                                      : "answers, and denies a plain Pod");
}

std::vector<DoorAnswer> CallConfiguration(ApiClient& client, const std::string& name) {
  std::vector<DoorAnswer> outcomes;
  bool is_any = false;
  for (const char* const resource : {"mutatingwebhookconfigurations", "validatingwebhookconfigurations"}) {
    const absl::StatusOr<Json> configuration = client.Get(ResourcePath(kConfigurations, "", resource, name));
    if (absl::IsNotFound(configuration.status())) continue;
    is_any = true;
    if (!configuration.ok()) {
      outcomes.push_back({StrCat(resource, "/", name), configuration.status()});
      continue;
    }
    for (const Json& webhook : configuration->value("webhooks", Json::array())) {
      outcomes.push_back({TextAt(webhook, {"name"}), CallWebhook(webhook)});
    }
  }
  if (!is_any) outcomes.push_back({StrCat("webhook configuration ", name), absl::NotFoundError("there is none")});
  return outcomes;
}

// A dry run of a policy that the door must refuse: the API server calls the webhook on its own way to it.
DoorAnswer AskPolicyDoor(ApiClient& client) {
  const std::string subject = "API server";
  const absl::Status status = client.Create(StrCat(kPolicies, "?dryRun=All"), PolicyToRefuse()).status();
  if (status.ok()) return {subject, absl::InternalError("took a bad policy without asking, or without an answer")};
  if (MessageOf(status).find("denied the request") == std::string::npos) return {subject, status};
  return {subject, std::string("asks the webhook, which refuses a bad policy")};
}

void RunProbe(const ProbeArguments& arguments, CommandContext& context) {
  const absl::StatusOr<std::optional<ClusterConfig>> config = LoadClusterConfig(arguments.cluster);
  if (!config.ok()) return context.Fail(MessageOf(config.status()));
  if (arguments.configuration.empty() && !arguments.asks_policy_door) {
    return context.Fail("probe: nothing to do: give --webhook-configuration, --policy-door or both");
  }
  ApiClient client(**config);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(arguments.timeout_seconds);
  std::vector<DoorAnswer> outcomes;
  const auto is_broken = [&] {
    return std::any_of(outcomes.begin(), outcomes.end(), [](const DoorAnswer& each) { return !each.answer.ok(); });
  };
  for (;;) {
    outcomes.clear();
    if (!arguments.configuration.empty()) outcomes = CallConfiguration(client, arguments.configuration);
    if (arguments.asks_policy_door) outcomes.push_back(AskPolicyDoor(client));
    if (!is_broken() || std::chrono::steady_clock::now() + kPause > deadline) break;
    std::this_thread::sleep_for(kPause);
  }
  for (const DoorAnswer& outcome : outcomes) {
    context.streams.out << outcome.subject << ": "
                        << (outcome.answer.ok() ? *outcome.answer
                                                : StrCat("BROKEN: ", MessageOf(outcome.answer.status())))
                        << "\n";
  }
  if (is_broken()) context.exit_code = kExitBroken;
}

}  // namespace

void AddProbeCommand(CLI::App& app, CommandContext& context) {
  CLI::App* command = app.add_subcommand("probe", "Ask an installation whether it works, as the API server asks");
  const auto arguments = std::make_shared<ProbeArguments>();
  command
      ->add_option("--webhook-configuration", arguments->configuration,
                   "Call each webhook of the validating and the mutating configuration of this name")
      ->type_name("NAME");
  command->add_flag("--policy-door", arguments->asks_policy_door,
                    "Have the API server ask about a PodPolicy that must be refused (a dry run)");
  command->add_option("--kubeconfig", arguments->cluster.kubeconfig, "Default: the service account of this Pod")
      ->type_name("FILE");
  command->add_option("--timeout", arguments->timeout_seconds, "Seconds to try again until all is well")
      ->check(CLI::Range(0, 3600))
      ->capture_default_str();
  command->footer(
      "It needs the right to get the configurations and to create podpolicies, and changes nothing.\n"
      "Exit code: 0 when all is well, 1 when something is broken, 2 on bad usage.");
  command->callback([arguments, &context] { RunProbe(*arguments, context); });
}

}  // namespace tidewaiter
