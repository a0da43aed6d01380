// SPDX-License-Identifier: Apache-2.0
//
// The two ways to write where a field is: JSON pointers (RFC 6901) for machines, Kubernetes field paths for people.
// Tested by tests/kube/field_path_test.cc.
#pragma once

#include <string>
#include <string_view>

namespace tidewaiter {

// `~` becomes `~0` and `/` becomes `~1` (RFC 6901 section 3).
std::string EscapePointerToken(std::string_view token);
// And back (RFC 6901 section 4).
std::string UnescapePointerToken(std::string_view token);

// A JSON pointer as Kubernetes writes field paths: "/spec/containers/0/image" becomes "spec.containers[0].image"; a key
// that holds '.' or '/' is put in brackets: "metadata.annotations[kubernetes.io/x]".
std::string FieldPath(std::string_view pointer);
// The same, put behind what `path` holds.
void AppendFieldPath(std::string_view pointer, std::string& path);

}  // namespace tidewaiter
