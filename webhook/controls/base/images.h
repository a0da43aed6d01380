// SPDX-License-Identifier: Apache-2.0
//
// Every place of a Pod that names an image: containers of all kinds and image volumes. A reference that cannot be
// parsed is a finding of whichever control looks at it, never passed over. Tested by the fixtures of the image
// controls.
#pragma once

#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "webhook/controls/base/finding.h"
#include "webhook/kube/image_reference.h"
#include "webhook/kube/pod.h"

namespace tidewaiter {

// An image as some part of a Pod names it. Views into the Pod.
struct UsedImage {
  std::string_view text;
  const Container* container = nullptr;  // one of container and volume is set
  const Volume* volume = nullptr;
  std::size_t volume_index = 0;

  Finding MakeFinding(Phrase requirement, Phrase remedy) const;
};

// Calls `visit` for each image that can be parsed and adds a finding for each that cannot.
void ForEachImage(const Pod& pod, Findings& findings,
                  absl::FunctionRef<void(const UsedImage&, const ImageReference&)> visit);

}  // namespace tidewaiter
