// SPDX-License-Identifier: Apache-2.0
//
// Secrets in the environment
//
// Requirement: containers read Secrets from files, not from environment variables: those are inherited by every child,
//              end in crash reports and logs, and keep the old value when the Secret changes.
//
// Fields:   spec.{containers,initContainers,ephemeralContainers}[*].env[*].valueFrom.secretKeyRef and
//           .envFrom[*].secretRef
// Allowed:  neither; or a Secret whose name matches one of `allowed`.
// Settings: allowed (globs).
// Injects:  nothing.
// Source:   CIS Kubernetes Benchmark, section 5.4.1 ("Prefer using secrets as files over secrets as environment
//           variables"); https://kubernetes.io/docs/concepts/configuration/secret/
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/globs.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct SecretEnvironmentSettings {
  std::vector<std::string> allowed;

  static const SettingsSchema<SecretEnvironmentSettings>& Schema() {
    using S = SecretEnvironmentSettings;
    static const SettingsSchema<S> schema = {
        CheckedField("allowed", &S::allowed, "globs of names of Secrets that may be in the environment", CheckGlob),
    };
    return schema;
  }
};

std::string_view NameOf(const SecretReference& secret) {
  return secret.name.has_value() ? std::string_view(*secret.name) : std::string_view();
}

std::string Remedy(std::string_view secret) {
  return StrCat("volumes: [{name: ", secret, ", secret: {secretName: ", secret, "}}]");
}

void CheckSecretEnvironment(const Pod& pod, const SecretEnvironmentSettings& settings, Findings& findings) {
  for (const Container& container : pod.containers) {
    for (std::size_t i = 0; i < container.env.size(); ++i) {
      const EnvVar& variable = container.env[i];
      if (!variable.value_from.has_value() || !variable.value_from->secret_key_ref.has_value()) continue;
      const std::string_view secret = NameOf(*variable.value_from->secret_key_ref);
      if (MatchesAny(settings.allowed, secret)) continue;
      findings.push_back(ContainerFinding(container, StrCat("/env/", i, "/valueFrom/secretKeyRef"),
                                          StrCat("must not take environment variable ", Quoted(variable.name),
                                                 " from Secret ", Quoted(secret), ": mount it"),
                                          Remedy(secret)));
    }
    for (std::size_t i = 0; i < container.env_from.size(); ++i) {
      const EnvFromSource& source = container.env_from[i];
      if (!source.secret_ref.has_value() || MatchesAny(settings.allowed, NameOf(*source.secret_ref))) continue;
      const std::string_view secret = NameOf(*source.secret_ref);
      findings.push_back(ContainerFinding(
          container, StrCat("/envFrom/", i, "/secretRef"),
          StrCat("must not take its environment from Secret ", Quoted(secret), ": mount it"), Remedy(secret)));
    }
  }
}

}  // namespace

const Control& SecretEnvironmentControl() {
  static const Control control = MakeControl<SecretEnvironmentSettings, CheckSecretEnvironment>({
      .id = "secret-environment",
      .summary = "Containers must read Secrets from files, not from environment variables.",
      .level = "recommended",
      .source = "CIS Kubernetes Benchmark, 5.4.1 (secrets as files over secrets as environment variables)",
      .fields = {"spec.containers[*].env[*].valueFrom.secretKeyRef", "spec.containers[*].envFrom[*].secretRef"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
