// SPDX-License-Identifier: Apache-2.0
//
// Credentials in the manifest
//
// Requirement: no password, token or key stands as a literal value in a workload: there it is in Git, in etcd without
//              encryption, and before everyone who may read Pods.
//
// Fields:   spec.{containers,initContainers,ephemeralContainers}[*].env[*].{name,value}
// Allowed:  a variable whose name promises no credential and whose value has no well-known shape of one: access keys
// and
//           tokens of the large providers, private keys, JSON Web Tokens, URLs with a password. A name is read by its
//           words: password, passwd, passphrase, secret, token, credential, `key` behind api, access, private, jwt ...,
//           and pass or pwd at the end promise one, unless the last word says what about it is meant (file, path, name,
//           url, ttl, issuer ...): see base/credential_names.h. Values that come from elsewhere (valueFrom, $(OTHER)),
//           empty ones, and under a promising name what can be none: true and false, absolute paths, and numbers unless
//           a password is promised.
// Settings: names, allowedNames (globs; upper and lower case are the same), detectNames, detectValues.
// Injects:  nothing. Messages name the variable and never its value.
// Source:   https://kubernetes.io/docs/concepts/configuration/secret/; CWE-798 (use of hard-coded credentials)
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/credential_names.h"
#include "webhook/controls/base/credentials.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct LiteralCredentialsSettings {
  std::vector<CaselessGlob> names;
  std::vector<CaselessGlob> allowed_names;
  bool detect_names = true;
  bool detect_values = true;

  static const SettingsSchema<LiteralCredentialsSettings>& Schema() {
    using S = LiteralCredentialsSettings;
    static const SettingsSchema<S> schema = {
        {"names", &S::names, "globs of further names that promise a credential, whatever the case"},
        {"allowedNames", &S::allowed_names,
         "globs of names that promise none after all; wins over names; their values are still looked at"},
        {"detectNames", &S::detect_names,
         "forbid names whose words promise a credential: password, passphrase, secret, token, credential; key behind "
         "api, "
         "access, private, jwt and their like; pass or pwd at the end; unless the last word says what about it is "
         "meant "
         "(file, path, name, url, ttl, issuer)"},
        {"detectValues", &S::detect_values, "also forbid values that have the shape of a well-known credential"},
    };
    return schema;
  }
};

// Whether the name promises a credential that the value may be.
bool IsPromised(const LiteralCredentialsSettings& settings, std::string_view name, std::string_view value) {
  const bool is_listed = MatchesAny(settings.names, name);
  const Promise promise = settings.detect_names ? PromiseOf(name) : Promise::kNothing;
  if (!is_listed && promise == Promise::kNothing) return false;
  return !IsHarmless(value, is_listed ? Promise::kPassword : promise) && !MatchesAny(settings.allowed_names, name);
}

// A whole value that Kubernetes replaces by another variable's: $(OTHER).
bool IsReference(std::string_view value) { return value.starts_with("$(") && value.find(')') == value.size() - 1; }

void CheckLiteralCredentials(const Pod& pod, const LiteralCredentialsSettings& settings, Findings& findings) {
  for (const Container& container : pod.containers) {
    for (std::size_t i = 0; i < container.env.size(); ++i) {
      const EnvVar& variable = container.env[i];
      if (!variable.value.has_value() || variable.value->empty() || IsReference(*variable.value)) continue;
      const std::string_view value = *variable.value;
      const std::string_view shape = settings.detect_values ? CredentialIn(value) : std::string_view();
      if (shape.empty() && !IsPromised(settings, variable.name, value)) continue;
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
  static const Control control = MakeControl<LiteralCredentialsSettings, CheckLiteralCredentials>({
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
