// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes image references, and the globs that policies match them with: the normal form reads as itself and holds
// nothing but printable characters, a glob fits itself. What is read at all is compared with the reference
// implementation by tests/kube/image_reference_test.cc.
#include <absl/strings/ascii.h>

#include "tests/fuzz/fuzzing.h"
#include "webhook/kube/glob.h"
#include "webhook/kube/image_reference.h"

namespace tidewaiter {
namespace {

void CheckImage(std::string_view text) {
  const absl::StatusOr<ImageReference> image = ImageReference::Parse(text);
  if (!image.ok()) {
    FUZZ_CHECK(!image.status().message().empty());
    return;
  }
  const std::string normal = image->ToString();
  for (const char c : normal) FUZZ_CHECK(absl::ascii_isgraph(static_cast<unsigned char>(c)), nlohmann::json(normal));
  // Without a domain the normal form is another text's: see ImageReference::domain.
  if (!image->domain.empty()) {
    const absl::StatusOr<ImageReference> again = ImageReference::Parse(normal);
    FUZZ_CHECK(again.ok() && *again == *image, text << " is " << normal);
  }
  FUZZ_CHECK(normal.starts_with(image->name()), normal);
  FUZZ_CHECK(image->is_pinned() == image->digest.has_value(), text);
  FUZZ_CHECK(!image->path().empty() && image->path().size() <= 255, text);
  FUZZ_CHECK(!image->tag.has_value() || (!image->tag->empty() && image->tag->size() <= 128), text);
  FUZZ_CHECK(GlobMatches("*", normal) && GlobMatches(normal, normal), normal);
}

}  // namespace
}  // namespace tidewaiter

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const std::string_view line : tidewaiter::Split(tidewaiter::InputText(data, size), '\n')) {
    tidewaiter::CheckImage(line);
  }
  return 0;
}
