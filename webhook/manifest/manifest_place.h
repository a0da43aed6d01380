// SPDX-License-Identifier: Apache-2.0
//
// From a JSON pointer to the place in the text where that field was written, or where it would have to be. Tested by
// tests/manifest/manifest_place_test.cc.
#pragma once

#include <string_view>

#include "webhook/manifest/manifest_document.h"

namespace tidewaiter {

struct ManifestPlace {
  // The key of the deepest field of the pointer that exists; of an element of a list, and of an object itself, where it
  // begins.
  SourceMark begin;
  // On the same line: behind the value where that is written there, else behind the key.
  SourceMark end;
  // The tail of the pointer that does not exist: "" when all of it does, else "/securityContext/runAsNonRoot".
  std::string_view missing;
};

// `pointer` (RFC 6901) is one from the node `object` on; a field that a merge key or an alias brings is where it was
// written. A field that is null counts as one that exists, what would be below it as missing.
ManifestPlace FindPlace(const ManifestDocument& document, NodeId object, std::string_view pointer);

}  // namespace tidewaiter
