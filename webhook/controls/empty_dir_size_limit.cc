// SPDX-License-Identifier: Apache-2.0
//
// Bounded scratch space
//
// Requirement: an emptyDir says how large it may grow, so that one Pod does not fill the node's disk or memory.
//
// Fields:   spec.volumes[*].emptyDir.{sizeLimit,medium}; any container can mount a volume of the Pod
// Allowed:  a sizeLimit above 0 (0 bounds nothing: the kubelet evicts for a positive one only), at most `maximum`, or
//           `memoryMaximum` for medium Memory. A volume without a source is an emptyDir, as the API server makes it
//           one. With `onlyMemory` other media are not judged.
// Settings: onlyMemory, maximum, memoryMaximum, inject.
// Injects:  the sizeLimit `inject` where none is set, or the medium's maximum where that is less. A Pod that needs more
//           is evicted when it uses it.
// Source:   https://kubernetes.io/docs/concepts/storage/volumes/#emptydir; kubelet pkg/kubelet/eviction
//           (emptyDirLimitEviction)
#include <limits>

#include "webhook/controls/base/control.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

absl::Status CheckPositive(const std::optional<Quantity>& amount) {
  if (!amount.has_value() || *amount > Quantity()) return absl::OkStatus();
  return InvalidArgument(StrCat("must be above 0, is ", amount->text()));
}

struct EmptyDirSizeLimitSettings {
  bool only_memory = false;
  std::optional<Quantity> maximum;
  std::optional<Quantity> memory_maximum;
  std::optional<Quantity> inject;

  static const SettingsSchema<EmptyDirSizeLimitSettings>& Schema() {
    using S = EmptyDirSizeLimitSettings;
    static const SettingsSchema<S> schema =
        SettingsSchema<S>{
            {"onlyMemory", &S::only_memory, "judge only volumes of medium Memory"},
            CheckedField("maximum", &S::maximum, "the largest sizeLimit", CheckPositive),
            CheckedField("memoryMaximum", &S::memory_maximum, "the largest sizeLimit for medium Memory; unset: maximum",
                         CheckPositive),
            CheckedField("inject", &S::inject, "the sizeLimit to set where none is set", CheckPositive),
        }
            .Validate([](const S& read) {
              return read.inject.has_value() && read.maximum.has_value() && *read.inject > *read.maximum
                         ? InvalidArgument(
                               StrCat("inject ", read.inject->text(), " is above maximum ", read.maximum->text()))
                         : absl::OkStatus();
            });
    return schema;
  }
};

bool IsMemory(const Volume& volume) { return volume.empty_dir.has_value() && volume.empty_dir->medium == "Memory"; }

bool IsJudged(const Volume& volume, const EmptyDirSizeLimitSettings& settings) {
  if (!volume.source.empty() && volume.source != "emptyDir") return false;
  return !settings.only_memory || IsMemory(volume);
}

const std::optional<Quantity>& MaximumFor(const Volume& volume, const EmptyDirSizeLimitSettings& settings) {
  return IsMemory(volume) && settings.memory_maximum.has_value() ? settings.memory_maximum : settings.maximum;
}

void CheckEmptyDirSizeLimit(const Pod& pod, const EmptyDirSizeLimitSettings& settings, Findings& findings) {
  for (std::size_t i = 0; i < pod.volumes.size(); ++i) {
    const Volume& volume = pod.volumes[i];
    if (!IsJudged(volume, settings)) continue;
    const Quantity* limit = volume.empty_dir.has_value() && volume.empty_dir->size_limit.has_value()
                                ? &*volume.empty_dir->size_limit
                                : nullptr;
    const std::optional<Quantity>& maximum = MaximumFor(volume, settings);
    std::string requirement;
    if (limit == nullptr || *limit <= Quantity()) {
      requirement = StrCat("must set emptyDir.sizeLimit", limit == nullptr ? "" : " above 0 (0 means none)");
    } else if (maximum.has_value() && *limit > *maximum) {
      requirement = StrCat("must not set emptyDir.sizeLimit above ", maximum->text(), " (is ", limit->text(), ")");
    } else {
      continue;
    }
    const std::optional<Quantity>& suggestion = maximum.has_value() ? maximum : settings.inject;
    Finding& finding = findings.emplace_back(VolumeFinding(
        volume, i, "/emptyDir/sizeLimit", std::move(requirement),
        StrCat("emptyDir: {sizeLimit: ", suggestion.has_value() ? suggestion->text() : std::string("1Gi"), "}")));
    // Any limit is better than none, also one that is too high.
    const bool is_limited = limit != nullptr && *limit > Quantity();
    finding.identity = "emptyDir.sizeLimit above its maximum, or none";
    finding.badness = is_limited ? static_cast<long double>(limit->nanos()) : std::numeric_limits<long double>::max();
  }
}

void InjectEmptyDirSizeLimit(const EmptyDirSizeLimitSettings& settings, Editor& editor) {
  if (!settings.inject.has_value() || !editor.may_edit_pod()) return;
  const std::vector<Volume>& volumes = editor.pod().volumes;
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    const bool is_set = volumes[i].empty_dir.has_value() && volumes[i].empty_dir->size_limit.has_value();
    const std::optional<Quantity>& maximum = MaximumFor(volumes[i], settings);
    if (is_set || !IsJudged(volumes[i], settings)) continue;
    const bool is_too_large = maximum.has_value() && *settings.inject > *maximum;
    editor.SetEmptyDirSizeLimit(i, is_too_large ? *maximum : *settings.inject);
  }
}

}  // namespace

const Control& EmptyDirSizeLimitControl() {
  static const Control control =
      MakeControl<EmptyDirSizeLimitSettings, CheckEmptyDirSizeLimit, InjectEmptyDirSizeLimit>({
          .id = "empty-dir-size-limit",
          .summary = "An emptyDir must say how large it may grow, within the policy's bounds.",
          .level = "recommended",
          .source = "https://kubernetes.io/docs/concepts/storage/volumes/#emptydir",
          .fields = {"spec.volumes[*].emptyDir.sizeLimit", "spec.volumes[*].emptyDir.medium"},
          .injects = "the sizeLimit of the setting `inject` where none is set, or the maximum where that is less",
      });
  return control;
}

}  // namespace tidewaiter
