// SPDX-License-Identifier: Apache-2.0
//
// Images pinned by digest
//
// Requirement: every image must be named by digest, so that what was reviewed is what runs, today and after a re-pull.
//
// Fields:   spec.{containers,initContainers,ephemeralContainers}[*].image, spec.volumes[*].image.reference
// Allowed:  NAME@sha256:..., NAME:TAG@sha256:... (sha384 and sha512 as well); nothing else.
// Settings: none.
// Injects:  nothing: only a registry knows a tag's digest.
// Source:   https://kubernetes.io/docs/concepts/containers/images/#image-names; distribution/reference for the grammar
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/images.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct ImageDigestSettings {
  static const SettingsSchema<ImageDigestSettings>& Schema() {
    static const SettingsSchema<ImageDigestSettings> schema = {};
    return schema;
  }
};

void CheckImageDigest(const Pod& pod, const ImageDigestSettings&, Findings& findings) {
  ForEachImage(pod, findings, [&](const UsedImage& image, const ImageReference& reference) {
    if (reference.is_pinned()) return;
    findings.push_back(image.MakeFinding(StrCat("must pin image \"", image.text, "\" by digest (NAME@sha256:...)"),
                                         StrCat("image: ", image.text, "@sha256:<digest>")));
  });
}

}  // namespace

const Control& ImageDigestControl() {
  static const Control control = MakeControl<ImageDigestSettings, CheckImageDigest>({
      .id = "image-digest",
      .summary = "Every image must be named by digest.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/concepts/containers/images/#image-names",
      .fields = {"spec.containers[*].image", "spec.volumes[*].image.reference"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
