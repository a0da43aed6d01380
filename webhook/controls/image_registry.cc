// SPDX-License-Identifier: Apache-2.0
//
// Images from known registries
//
// Requirement: images come only from registries and repositories that the policy allows.
//
// Fields:   spec.{containers,initContainers,ephemeralContainers}[*].image, spec.volumes[*].image.reference
// Allowed:  a normalised name (nginx is docker.io/library/nginx) that matches one of `allowed` and none of `denied`.
//           The name is matched without tag and digest; for `denied` the host in any case and with or without port 443.
// Settings: allowed (globs, empty allows all), denied (globs, win over allowed).
// Injects:  nothing.
// Source:   NIST SP 800-190, section 4.2.1 and 4.3 (registry countermeasures); distribution/reference for normalisation
#include <algorithm>

#include "absl/strings/ascii.h"
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/globs.h"
#include "webhook/controls/base/images.h"
#include "webhook/kube/glob.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct ImageRegistrySettings {
  std::vector<std::string> allowed;
  std::vector<std::string> denied;

  static const SettingsSchema<ImageRegistrySettings>& Schema() {
    using S = ImageRegistrySettings;
    static const SettingsSchema<S> schema = {
        CheckedField("allowed", &S::allowed,
                     "globs of normalised names such as registry.example.com/*; empty allows all", CheckGlob),
        CheckedField("denied", &S::denied, "globs of normalised names that are never allowed", CheckGlob),
    };
    return schema;
  }
};

// The same place however it is written: host names know no case, and 443 is the port of https anyway. For `denied`
// only: an image that is written oddly need not be allowed.
std::string PlainName(std::string_view name) {
  const std::size_t slash = std::min(name.find('/'), name.size());
  std::string domain = absl::AsciiStrToLower(ToAbsl(name.substr(0, slash)));
  if (const std::size_t colon = domain.rfind(':'); colon != std::string::npos) {
    const std::size_t digits = std::min(domain.find_first_not_of('0', colon + 1), domain.size());
    if (domain.substr(digits) == "443") domain.resize(colon);
  }
  if (domain == "registry-1.docker.io" || domain == "index.docker.io") domain = "docker.io";
  return StrCat(domain, name.substr(slash));
}

bool IsDenied(const std::vector<std::string>& denied, std::string_view name) {
  if (denied.empty()) return false;
  const std::string plain = PlainName(name);
  return std::any_of(denied.begin(), denied.end(), [&](const std::string& glob) {
    return GlobMatches(glob, name) || GlobMatches(PlainName(glob), plain);
  });
}

void CheckImageRegistry(const Pod& pod, const ImageRegistrySettings& settings, Findings& findings) {
  if (settings.allowed.empty() && settings.denied.empty()) return;
  ForEachImage(pod, findings, [&](const UsedImage& image, const ImageReference& reference) {
    const std::string name = reference.name();
    if (IsDenied(settings.denied, name)) {
      findings.push_back(image.MakeFinding(StrCat("must not use image \"", image.text, "\": ", name, " is denied"),
                                           "image: <an allowed registry>/..."));
    } else if (!settings.allowed.empty() && (reference.domain.empty() || !MatchesAny(settings.allowed, name))) {
      findings.push_back(image.MakeFinding(
          StrCat("must not use image \"", image.text, "\": ", name, " matches none of the allowed patterns"),
          StrCat("image: ", settings.allowed.front())));
    }
  });
}

}  // namespace

const Control& ImageRegistryControl() {
  static const Control control = MakeControl<ImageRegistrySettings, CheckImageRegistry>({
      .id = "image-registry",
      .summary = "Images must come from the registries and repositories that the policy allows.",
      .level = "recommended",
      .source = "https://doi.org/10.6028/NIST.SP.800-190 (4.2 Registry countermeasures)",
      .fields = {"spec.containers[*].image", "spec.volumes[*].image.reference"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
