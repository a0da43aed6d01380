// SPDX-License-Identifier: Apache-2.0
//
// Environment variables given once
//
// Requirement: no environment variable is given twice in one container: the last one wins, and what a reviewer reads
//              first is not what runs.
//
// Fields:   spec.{containers,initContainers,ephemeralContainers}[*].env[*].name
// Allowed:  each name once. What envFrom brings is not known here and is replaced by env on purpose.
// Settings: none.
// Injects:  nothing.
// Source:   https://kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-container/; the API
//           server warns of it (pkg/api/pod/warnings.go, "hides previous definition")
#include <algorithm>
#include <bitset>
#include <map>

#include "webhook/controls/base/control.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct DuplicateEnvironmentSettings {
  static const SettingsSchema<DuplicateEnvironmentSettings>& Schema() {
    static const SettingsSchema<DuplicateEnvironmentSettings> schema = {};
    return schema;
  }
};

// The size and the last characters, since names of one container mostly begin alike.
std::size_t DigestOf(std::string_view name) {
  std::size_t digest = name.size();
  for (const char c : name.substr(name.size() - std::min<std::size_t>(name.size(), 4))) {
    digest = digest * 131 + static_cast<unsigned char>(c);
  }
  return digest;
}

// Equal names have equal digests: where those of a few names all differ, no name is given twice. Otherwise sorts, so
// that thousands do not cost millions of comparisons.
bool HasDuplicate(const std::vector<EnvVar>& variables) {
  constexpr std::size_t kFew = 32;
  if (variables.size() <= kFew) {
    std::bitset<1024> seen;
    const bool is_any_alike = std::any_of(variables.begin(), variables.end(), [&](const EnvVar& variable) {
      const std::size_t place = DigestOf(variable.name) % seen.size();
      const bool is_seen = seen[place];
      seen[place] = true;
      return is_seen;
    });
    if (!is_any_alike) return false;
  }
  std::vector<std::string_view> names;
  names.reserve(variables.size());
  for (const EnvVar& variable : variables) names.push_back(variable.name);
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) != names.end();
}

void CheckDuplicateEnvironment(const Pod& pod, const DuplicateEnvironmentSettings&, Findings& findings) {
  for (const Container& container : pod.containers) {
    if (!HasDuplicate(container.env)) continue;
    std::map<std::string_view, std::size_t> seen;
    for (std::size_t i = 0; i < container.env.size(); ++i) {
      const std::string_view name = container.env[i].name;
      const auto [first, is_new] = seen.emplace(name, i);
      if (is_new) continue;
      findings.push_back(ContainerFinding(
          container, StrCat("/env/", i),
          StrCat("must not set environment variable ", Quoted(name), " twice (first as env[", first->second, "])"),
          StrCat("env: [{name: ", name, ", ...}]  # once")));
    }
  }
}

}  // namespace

const Control& DuplicateEnvironmentControl() {
  static const Control control = MakeControl<DuplicateEnvironmentSettings, CheckDuplicateEnvironment>({
      .id = "duplicate-environment",
      .summary = "No environment variable may be given twice in one container.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-container/",
      .fields = {"spec.containers[*].env[*].name"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
