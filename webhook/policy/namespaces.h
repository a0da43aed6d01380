// SPDX-License-Identifier: Apache-2.0
//
// Where a namespace's labels come from, for namespaceSelector: an interface, and its twin in memory that reads a file.
// Tested by tests/policy/namespaces_test.cc.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "webhook/kube/label_selector.h"

namespace tidewaiter {

// Thread safe.
class NamespaceSource {
 public:
  virtual ~NamespaceSource() = default;
  // The labels of a namespace, with kubernetes.io/metadata.name among them; nullptr when it is not known.
  virtual std::shared_ptr<const Labels> FindLabels(std::string_view namespace_name) const = 0;
};

// A fixed set of namespaces.
class FixedNamespaces : public NamespaceSource {
 public:
  // Knows none.
  FixedNamespaces() = default;

  // Reads Namespace objects (core/v1) in YAML or JSON: single, several documents, or as `kubectl get namespaces -o
  // yaml` prints them. InvalidArgument, with file, line and key, for anything else.
  static absl::StatusOr<std::shared_ptr<const FixedNamespaces>> Load(const std::string& path);
  static absl::StatusOr<std::shared_ptr<const FixedNamespaces>> Parse(std::string_view text, std::string_view file);

  void Add(std::string name, Labels labels);
  std::size_t size() const { return labels_.size(); }
  std::shared_ptr<const Labels> FindLabels(std::string_view namespace_name) const override;

 private:
  std::map<std::string, std::shared_ptr<const Labels>, std::less<>> labels_;
};

}  // namespace tidewaiter
