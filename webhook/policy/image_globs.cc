// SPDX-License-Identifier: Apache-2.0
//
// Without wildcards the reference parser does it; with them, its two rules on the text in front of the first '/'.
#include "webhook/policy/image_globs.h"

#include <algorithm>

#include "webhook/kube/characters.h"
#include "webhook/kube/glob.h"
#include "webhook/kube/image_reference.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr std::string_view kHub = "docker.io/";
constexpr std::size_t kNone = std::string_view::npos;

bool IsRegistry(std::string_view part) {
  const bool has_upper = std::any_of(part.begin(), part.end(), IsUpper);
  return part == "localhost" || has_upper || part.find_first_of(".:") != kNone;
}

absl::Status RefuseRegistryAlone(std::string_view glob) {
  return InvalidArgument(
      StrCat(Quoted(glob), " is a registry and no image: for all its images write ", Quoted(StrCat(glob, "/*"))));
}

}  // namespace

absl::StatusOr<std::string> NormalImageGlob(std::string_view glob) {
  if (absl::Status status = ValidateGlob(glob); !status.ok()) return status;
  const std::size_t slash = glob.find('/');
  const std::string_view first = glob.substr(0, slash);
  if (glob.find_first_of(kGlobWildcards) == kNone) {
    const bool has_tag = first.find_first_of(":@") != kNone;
    if (slash == kNone && !has_tag && IsRegistry(first)) return RefuseRegistryAlone(glob);
    const absl::StatusOr<ImageReference> reference = ImageReference::Parse(glob);
    if (!reference.ok()) return reference.status();
    return reference->ToString();
  }
  if (glob.find("://") != kNone) {
    return InvalidArgument(StrCat(Quoted(glob), " must not begin with a scheme: no image reference does"));
  }
  if (kGlobWildcards.find(glob.front()) != kNone) return std::string(glob);
  if (slash == kNone) {
    // "nginx:1.*" has a tag, "ghcr.io*" a registry.
    const bool is_registry = IsRegistry(first.substr(0, first.find_first_of(":@*?")));
    return is_registry ? std::string(glob) : StrCat(kHub, "library/", glob);
  }
  if (IsRegistry(first)) {
    constexpr std::string_view kOldHub = "index.docker.io/";
    return glob.starts_with(kOldHub) ? StrCat(kHub, glob.substr(kOldHub.size())) : std::string(glob);
  }
  if (first.find_first_of(kGlobWildcards) != kNone) {
    return InvalidArgument(StrCat(Quoted(glob), " does not say which registry: begin with a whole one (",
                                  Quoted(StrCat(kHub, glob)), ") or with *"));
  }
  return StrCat(kHub, glob);
}

}  // namespace tidewaiter
