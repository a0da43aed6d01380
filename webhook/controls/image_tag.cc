// SPDX-License-Identifier: Apache-2.0
//
// No moving image tags
//
// Requirement: an image must not be named by a tag that means something else tomorrow.
//
// Fields:   spec.{containers,initContainers,ephemeralContainers}[*].image, spec.volumes[*].image.reference
// Allowed:  a digest; or a tag that is none of `forbidden`. No tag at all is the tag latest.
// Settings: forbidden (globs, default [latest]).
// Injects:  nothing.
// Source:   https://kubernetes.io/docs/concepts/containers/images/#image-names ("avoid using the :latest tag");
//           distribution/reference for the grammar
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/globs.h"
#include "webhook/controls/base/images.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct ImageTagSettings {
  std::vector<std::string> forbidden = {"latest"};

  static const SettingsSchema<ImageTagSettings>& Schema() {
    using S = ImageTagSettings;
    static const SettingsSchema<S> schema = {
        CheckedField("forbidden", &S::forbidden, "tags that may not be used, as globs; no tag counts as latest",
                     CheckGlob),
    };
    return schema;
  }
};

void CheckImageTag(const Pod& pod, const ImageTagSettings& settings, Findings& findings) {
  ForEachImage(pod, findings, [&](const UsedImage& image, const ImageReference& reference) {
    if (reference.is_pinned()) return;
    const std::string_view tag = reference.tag.value_or("latest");
    if (!MatchesAny(settings.forbidden, tag)) return;
    findings.push_back(image.MakeFinding(
        reference.tag.has_value()
            ? StrCat("must not use tag \"", tag, "\" of image \"", image.text, "\"")
            : StrCat("must name a tag or digest of image \"", image.text, "\" (without one it is latest)"),
        StrCat("image: ", reference.name(), ":<version>")));
  });
}

}  // namespace

const Control& ImageTagControl() {
  static const Control control = MakeControl<ImageTagSettings, CheckImageTag>({
      .id = "image-tag",
      .summary = "Images must not be named by a moving tag such as latest, or by no tag at all.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/concepts/containers/images/#image-names",
      .fields = {"spec.containers[*].image", "spec.volumes[*].image.reference"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
