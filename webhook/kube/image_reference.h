// SPDX-License-Identifier: Apache-2.0
//
// ImageReference: which image a container asks for, in the normal form that container runtimes use to find it. It talks
// to no registry and resolves no tag. Tested by tests/kube/image_reference_test.cc against a table made with
// github.com/distribution/reference.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tidewaiter {

// A plain value. Its texts are views into the text that was parsed, or literals.
struct ImageReference {
  // Reads `text` as ParseNormalizedNamed of github.com/distribution/reference v0.6.0 does, which is what the kubelet
  // and the runtimes do: "nginx" is docker.io/library/nginx, "index.docker.io" is "docker.io", the first component is a
  // domain when it is "localhost" or has a '.', a ':' or an upper-case letter. No default tag is added.
  // InvalidArgument, in words the author of the manifest can act on: whatever that function refuses, such as upper-case
  // repositories, a digest that is not sha256, sha384 or sha512 with all its lower-case digits, a bare 64-digit image
  // id, or a repository path longer than 255 bytes. Time is linear in the text.
  static absl::StatusOr<ImageReference> Parse(std::string_view text);

  std::string_view domain;  // "docker.io", "localhost:5000", "[::1]"; case as written. Empty only for a first component
                            // that looks like a domain but can only be a path ("my_host.example/app"), as upstream has
                            // it
  std::string_view written_path;           // the repository without its domain, as written: "nginx"
  bool is_official = false;                // it is one of Docker Hub's own: "library/" goes in front of its path
  std::optional<std::string_view> tag;     // without ':'
  std::optional<std::string_view> digest;  // "sha256:..."; the runtimes ignore the tag beside it

  // The repository without its domain: "library/nginx".
  std::string path() const;

  // The repository with its domain: "docker.io/library/nginx".
  std::string name() const;

  // The whole reference in normal form: name, then ":" tag and "@" digest where present. Parses to an equal value.
  std::string ToString() const;

  // Names one fixed content, whatever is pushed later.
  bool is_pinned() const { return digest.has_value(); }

  // Of what they name, however it was written: "nginx" is "docker.io/library/nginx".
  friend bool operator==(const ImageReference& a, const ImageReference& b) {
    return a.tag == b.tag && a.digest == b.digest && a.name() == b.name();
  }
};

}  // namespace tidewaiter
