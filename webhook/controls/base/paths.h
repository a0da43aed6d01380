// SPDX-License-Identifier: Apache-2.0
//
// Paths of a container or a node, compared as text: no file system is looked at. Tested by
// tests/controls/paths_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace tidewaiter {

// Whether `path` is `directory` or lies below it, once both are clean: trailing and doubled '/', `.` and `..`.
bool IsSameOrBelow(std::string_view path, std::string_view directory);

// InvalidArgument when a path could not be mounted: not absolute, the root itself, /proc, /sys, /dev or below, holding
// ':' (core/v1 VolumeMount mountPath) or '.' and '..' segments, or given twice.
absl::Status CheckMountPaths(const std::vector<std::string>& paths);

// A path of a node as one spelling of it: no '.', '..' and doubled or trailing '/', and /run for /var/run, which is a
// link to it (Filesystem Hierarchy Standard 3.0, section 5.13). What does not start with '/' is taken as if it did. A
// Windows pipe, \\.\pipe\name, becomes //./pipe/name in lower case.
std::string NormalNodePath(std::string_view path);

// InvalidArgument when there is none, or for the first that is neither absolute nor a Windows pipe.
absl::Status CheckNodePaths(const std::vector<std::string>& paths);

// A volume name for a path of a container: "writable-web-var-cache" for /var/cache in "web". At most 58 of the 63
// characters a name may have (RFC 1123 label), so that a counter fits behind it; longer ones end in a hash.
std::string VolumeNameFor(std::string_view container, std::string_view path);

}  // namespace tidewaiter
