// SPDX-License-Identifier: Apache-2.0
//
// One walk over all images of a Pod, for the three image controls.
#include "webhook/controls/base/images.h"

#include <utility>

#include "webhook/kube/text.h"

namespace tidewaiter {

Finding UsedImage::MakeFinding(Phrase requirement, Phrase remedy) const {
  if (container != nullptr) {
    return ContainerFinding(*container, "/image", std::move(requirement), std::move(remedy));
  }
  return VolumeFinding(*volume, volume_index, "/image/reference", std::move(requirement), std::move(remedy));
}

void ForEachImage(const Pod& pod, Findings& findings,
                  absl::FunctionRef<void(const UsedImage&, const ImageReference&)> visit) {
  const auto parse_and_visit = [&](const UsedImage& image) {
    if (const absl::StatusOr<ImageReference> reference = ImageReference::Parse(image.text); reference.ok()) {
      visit(image, *reference);
    } else {
      findings.push_back(image.MakeFinding(StrCat("must name a valid image: ", MessageOf(reference.status())),
                                           "image: REGISTRY/NAME:TAG@sha256:<digest>"));
    }
  };
  for (const Container& container : pod.containers) {
    parse_and_visit({.text = container.image.has_value() ? std::string_view(*container.image) : std::string_view(),
                     .container = &container});
  }
  for (std::size_t i = 0; i < pod.volumes.size(); ++i) {
    const Volume& volume = pod.volumes[i];
    if (!volume.image.has_value()) continue;
    const auto& reference = volume.image->reference;
    parse_and_visit({.text = reference.has_value() ? std::string_view(*reference) : std::string_view(),
                     .volume = &volume,
                     .volume_index = i});
  }
}

}  // namespace tidewaiter
