// SPDX-License-Identifier: Apache-2.0
//
// The labels of namespaces from a file that may change while the server runs. Tested by
// tests/server/namespace_file_test.cc.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "webhook/policy/namespaces.h"

namespace tidewaiter {

class NamespaceFile : public NamespaceSource {
 public:
  explicit NamespaceFile(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }

  // Reads the file (see FixedNamespaces::Load). What cannot be read changes nothing.
  absl::Status Read();

  std::size_t size() const { return Current()->size(); }
  std::shared_ptr<const Labels> FindLabels(std::string_view namespace_name) const override {
    return Current()->FindLabels(namespace_name);
  }

 private:
  std::shared_ptr<const FixedNamespaces> Current() const;

  const std::string path_;
  mutable std::mutex mutex_;
  std::shared_ptr<const FixedNamespaces> current_ = std::make_shared<FixedNamespaces>();
};

}  // namespace tidewaiter
