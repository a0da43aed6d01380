// SPDX-License-Identifier: Apache-2.0
//
// Image pull policies
//
// Requirement: an image on a node is not used by a Pod that has no right to pull it, nor kept when its tag has moved.
//
// Fields:   spec.{containers,initContainers,ephemeralContainers}[*].imagePullPolicy, spec.volumes[*].image.pullPolicy
// Allowed:  one of `allowed`; for an image that is named by digest one of `allowedWithDigest`: its content cannot have
//           moved. Unset is what the API server makes of it: Always for the tag latest and for no tag, else
//           IfNotPresent.
// Settings: allowed (default [Always]), allowedWithDigest (default [Always, IfNotPresent]). With [Always] for both, an
//           image pulled with someone else's credentials is used by no one else either.
// Injects:  nothing: the API server has filled the field in before webhooks see it, so it is never missing.
// Source:   https://kubernetes.io/docs/concepts/containers/images/#image-pull-policy; Kubernetes pkg/apis/core/v1
//           (SetDefaults_Container, SetDefaults_Volume) for the default
#include "absl/strings/str_join.h"
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/globs.h"
#include "webhook/controls/base/images.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct ImagePullPolicySettings {
  std::vector<std::string> allowed = {"Always"};
  std::vector<std::string> allowed_with_digest = {"Always", "IfNotPresent"};

  static const SettingsSchema<ImagePullPolicySettings>& Schema() {
    using S = ImagePullPolicySettings;
    static constexpr std::string_view kSome = "must hold at least one policy";
    static const std::vector<std::string_view> kPolicies = {"Always", "IfNotPresent", "Never"};
    static const SettingsSchema<S> schema = {
        SettingField<S>("allowed", &S::allowed, "policies for images named by tag").NotEmpty(kSome).OneOf(kPolicies),
        SettingField<S>("allowedWithDigest", &S::allowed_with_digest, "policies for images named by digest")
            .NotEmpty(kSome)
            .OneOf(kPolicies),
    };
    return schema;
  }
};

// A reference that cannot be parsed has no tag for the API server either (parsers.ParseImageName).
void CheckImage(const UsedImage& image, std::optional<std::string_view> set, const ImagePullPolicySettings& settings,
                Findings& findings) {
  const bool is_pinned = image.text.find('@') != std::string_view::npos;
  const std::vector<std::string>& allowed = is_pinned ? settings.allowed_with_digest : settings.allowed;
  const bool is_set = set.has_value() && !set->empty();
  if (is_set && Holds(allowed, *set)) return;
  std::string_view policy = set.value_or("");
  if (!is_set) {
    const absl::StatusOr<ImageReference> reference = ImageReference::Parse(image.text);
    const bool is_latest = reference.ok() && reference->tag.value_or(is_pinned ? "" : "latest") == "latest";
    policy = is_latest ? "Always" : "IfNotPresent";
    if (Holds(allowed, policy)) return;
  }
  const std::string_view field = image.container != nullptr ? "imagePullPolicy" : "pullPolicy";
  Finding finding = image.MakeFinding(StrCat("must set ", field, "=", absl::StrJoin(allowed, " or "),
                                             is_set ? " (is " : " (unset, it is ", policy, ")"),
                                      StrCat(field, ": ", allowed.front()));
  finding.pointer = image.container != nullptr ? StrCat(image.container->pointer, "/imagePullPolicy")
                                               : StrCat("/spec/volumes/", image.volume_index, "/image/pullPolicy");
  findings.push_back(std::move(finding));
}

void CheckImagePullPolicy(const Pod& pod, const ImagePullPolicySettings& settings, Findings& findings) {
  for (const Container& container : pod.containers) {
    const std::string_view text = container.image.has_value() ? std::string_view(*container.image) : std::string_view();
    CheckImage({.text = text, .container = &container}, container.image_pull_policy, settings, findings);
  }
  for (std::size_t i = 0; i < pod.volumes.size(); ++i) {
    const Volume& volume = pod.volumes[i];
    if (!volume.image.has_value()) continue;
    const auto& reference = volume.image->reference;
    const std::string_view text = reference.has_value() ? std::string_view(*reference) : std::string_view();
    CheckImage({.text = text, .volume = &volume, .volume_index = i}, volume.image->pull_policy, settings, findings);
  }
}

}  // namespace

const Control& ImagePullPolicyControl() {
  static const Control control = MakeControl<ImagePullPolicySettings, CheckImagePullPolicy>({
      .id = "image-pull-policy",
      .summary = "Images must be pulled by a policy that notices moved tags and missing rights.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/concepts/containers/images/#image-pull-policy",
      .fields = {"spec.containers[*].imagePullPolicy", "spec.volumes[*].image.pullPolicy"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
