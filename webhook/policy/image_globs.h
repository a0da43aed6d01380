// SPDX-License-Identifier: Apache-2.0
//
// Globs of images as people write them, made to fit references in normal form. Tested by
// tests/policy/image_globs_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tidewaiter {

// The glob as it must be to fit what ImageReference::ToString gives: as with an image, no registry means docker.io, and
// there no folder means library: `nginx:1.*` is docker.io/library/nginx:1.*, `team/*` is docker.io/team/*. A glob that
// begins with a wildcard, or whose first part is a registry (it has a '.' or a ':', or is localhost), is kept.
// InvalidArgument, saying what to write instead, for a glob that no image can fit: no pattern at all (see
// ValidateGlob), a scheme, a registry alone, a wildcard in what may be a registry or not (`reg*/app`), and a text
// without wildcards that is no image reference.
absl::StatusOr<std::string> NormalImageGlob(std::string_view glob);

}  // namespace tidewaiter
