// SPDX-License-Identifier: Apache-2.0
//
// What files hold at one moment, so that it can be told later whether they hold something else. Waits for nothing and
// calls nobody: that is file_watcher.h. Tested by tests/server/file_watcher_test.cc.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tidewaiter {

// Each file's path and the SHA-256 of its content, or why it cannot be read.
using FileSnapshot = std::map<std::string, std::string>;

// Reads the files at `paths`, through symbolic links; of a folder those that LoadPolicies reads: every *.yaml and *.yml
// right inside, but no hidden name. What cannot be read is part of the snapshot. Of a file larger than 4 MiB, which no
// loader takes, only size and time of change count. nullopt when this process lacks descriptors or memory at the
// moment: that says nothing about the files.
std::optional<FileSnapshot> TakeSnapshot(const std::vector<std::string>& paths);

}  // namespace tidewaiter
