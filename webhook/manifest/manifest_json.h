// SPDX-License-Identifier: Apache-2.0
//
// A node of a manifest as JSON text, as sigs.k8s.io/yaml makes it: aliases and merge keys are written out. Tested by
// tests/manifest/manifest_reader_test.cc and, against Kubernetes' own reader, by tests/oracle.
#pragma once

#include <optional>
#include <string>

#include "webhook/manifest/manifest_document.h"
#include "webhook/manifest/yaml_parser.h"

namespace tidewaiter {

// More JSON than this comes of no object that the API server takes (3 MiB); a list is written item by item.
inline constexpr std::size_t kMaxManifestJsonBytes = 16u << 20;

// Replaces what `json` holds. The problem is one of aliases or merge keys: an alias within what it stands for, aliases
// for so much that go-yaml calls them excessive, a merge of something that is no mapping, a text beyond the bound.
std::optional<ManifestProblem> WriteManifestJson(const ManifestDocument& document, NodeId node, std::string& json);

}  // namespace tidewaiter
