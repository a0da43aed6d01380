// SPDX-License-Identifier: Apache-2.0
//
// Credentials in the manifest
//
// Requirement: no password, token or key stands as a literal value in a workload: there it is in Git, in etcd without
//              encryption, and before everyone who may read Pods.
//
// Fields:   spec.{containers,initContainers,ephemeralContainers}[*].env[*].{name,value}
// Allowed:  a variable whose name promises no credential (`names`, less `allowedNames`) and whose value has no
//           well-known shape of one: access keys and tokens of the large providers, private keys, JSON Web Tokens,
//           URLs with a password. Values that come from elsewhere (valueFrom, $(OTHER)), empty ones, and true and
//           false under a promising name.
// Settings: names, allowedNames (globs; upper and lower case are the same), detectValues.
// Injects:  nothing. Messages name the variable and never its value.
// Source:   https://kubernetes.io/docs/concepts/configuration/secret/; CWE-798 (use of hard-coded credentials)
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/credentials.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct LiteralCredentialsSettings {
  std::vector<CaselessGlob> names =
      CaselessGlobs({"*password*", "*passwd*", "*passphrase*", "*secret*", "*token*", "*api_key*", "*apikey*",
                     "*access_key*", "*private_key*", "*credential*"});
  std::vector<CaselessGlob> allowed_names = CaselessGlobs(
      {"*_file", "*_path", "*_dir", "*_name", "*_url", "*_uri", "*_ttl", "*_seconds", "*_length", "*_expiry"});
  bool detect_values = true;

  static const SettingsSchema<LiteralCredentialsSettings>& Schema() {
    using S = LiteralCredentialsSettings;
    static const SettingsSchema<S> schema = {
        {"names", &S::names, "globs of names that promise a credential, whatever the case"},
        {"allowedNames", &S::allowed_names, "globs of names that do not after all; their values are still looked at"},
        {"detectValues", &S::detect_values, "also forbid values that have the shape of a well-known credential"},
    };
    return schema;
  }
};

// A whole value that Kubernetes replaces by another variable's: $(OTHER).
bool IsReference(std::string_view value) { return value.starts_with("$(") && value.find(')') == value.size() - 1; }

void Check(const Pod& pod, const LiteralCredentialsSettings& settings, Findings& findings) {
  for (const Container& container : pod.containers) {
    for (std::size_t i = 0; i < container.env.size(); ++i) {
      const EnvVar& variable = container.env[i];
      if (!variable.value.has_value() || variable.value->empty() || IsReference(*variable.value)) continue;
      const std::string_view value = *variable.value;
      const std::string_view shape = settings.detect_values ? CredentialIn(value) : std::string_view();
      const bool is_promised = value != "true" && value != "false" && MatchesAny(settings.names, variable.name) &&
                               !MatchesAny(settings.allowed_names, variable.name);
      if (shape.empty() && !is_promised) continue;
      findings.push_back(ContainerFinding(
          container, StrCat("/env/", i, "/value"),
          StrCat("must not set environment variable ", Quoted(variable.name), " to ",
                 shape.empty() ? std::string_view("a literal value: its name is that of a credential") : shape),
          "valueFrom: {secretKeyRef: {name: <secret>, key: <key>}}"));
    }
  }
}

}  // namespace

const Control& LiteralCredentialsControl() {
  static const Control control = MakeControl<LiteralCredentialsSettings, Check>({
      .id = "literal-credentials",
      .summary = "No password, token or key may stand as a literal value in the environment of a container.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/concepts/configuration/secret/",
      .fields = {"spec.containers[*].env[*].name", "spec.containers[*].env[*].value"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
