// SPDX-License-Identifier: Apache-2.0
//
// Judges the text of one file: every workload in it, by the engine that answers the API server. Tested by
// tests/integration/scan_test.py.
#pragma once

#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "webhook/cli/manifest_objects.h"
#include "webhook/cli/scan/report.h"
#include "webhook/engine/respond.h"
#include "webhook/manifest/manifest_reader.h"

namespace tidewaiter {

class Scanner {
 public:
  // Objects without a namespace are judged as ones of `default_namespace`. What the context points at must outlive the
  // report.
  Scanner(const ReviewContext& context, std::string default_namespace)
      : context_(context), default_namespace_(std::move(default_namespace)) {
    context_.foresees_pods = true;
  }

  // A file of any size; `path` is only told.
  ScanFile Scan(std::string path, std::string_view text) const;

  // Calls `visit` for every workload of the document, those that Scan judges, in its order.
  using VisitWorkload = absl::FunctionRef<void(NodeId node, const GroupVersionKind& kind)>;
  void ForEachWorkload(const ManifestDocument& document, VisitWorkload visit) const;
  // What the API server would ask about the workload at `node`, whose JSON is `object`. Views of both.
  AdmissionRequest RequestOf(const ManifestDocument& document, NodeId node, const GroupVersionKind& kind,
                             JsonValue object) const;
  const ReviewContext& context() const { return context_; }

 private:
  struct Work;
  bool IsWorkload(const GroupVersionKind& kind) const;
  void ScanItem(const ManifestObject& item, Work& work) const;
  void ScanWorkload(const ManifestDocument& document, NodeId node, const GroupVersionKind& kind, Work& work) const;

  ReviewContext context_;
  const std::string default_namespace_;
};

}  // namespace tidewaiter
