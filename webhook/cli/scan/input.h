// SPDX-License-Identifier: Apache-2.0
//
// The files that a command is given: themselves, those of folders, and what ignore files leave out. Reads them, and
// knows nothing of what they hold. Tested by tests/integration/scan_test.py.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "webhook/cli/scan/ignore_rules.h"

namespace tidewaiter {

// A repository's largest file of manifests has a few megabytes; `kubectl get -A -o yaml` of a large cluster some tens.
inline constexpr std::size_t kMaxInputBytes = 256u << 20;

struct InputFile {
  std::string path;
  bool is_named = false;  // by the user, not found in a folder
};

struct InputList {
  std::vector<InputFile> files;
  std::vector<std::string> problems;  // `PATH: what is wrong with it`
};

// The files of the paths, in their order: a file is taken whatever it is called, of a folder all *.yaml, *.yml and
// *.json below it, sorted, but for `.git` and for what .tidewaiterignore files say, those of the folders above (up to
// the current one) among them. Links to folders are not followed. A folder that holds none is a problem.
InputList ListInput(const std::vector<std::string>& paths);

// The whole of a regular file or of a pipe. InvalidArgument, as `cannot be read: WHY` or `is a socket`, without its
// path.
absl::StatusOr<std::string> ReadInput(const std::string& path);

// The text of a manifest to judge; that of "-" is in `standard_input`. nullopt for a JSON file of a folder that does
// not even hold the word `apiVersion`: settings of tools, data of tests. InvalidArgument as ReadInput, and for a file
// that was named and is empty.
absl::StatusOr<std::optional<std::string>> ReadManifest(const InputFile& file, std::istream& standard_input);

}  // namespace tidewaiter
