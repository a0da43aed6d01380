// SPDX-License-Identifier: Apache-2.0
//
// A file or stream of manifests, YAML or JSON, one document at a time: as Kubernetes reads it (sigs.k8s.io/yaml), with
// the place of everything. What is wrong with one document does not hide the next. Tested by
// tests/manifest/manifest_reader_test.cc and, against Kubernetes' own reader, by tests/oracle.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "webhook/manifest/json_reader.h"
#include "webhook/manifest/manifest_builder.h"
#include "webhook/manifest/manifest_document.h"
#include "webhook/manifest/yaml_parser.h"

namespace tidewaiter {

class ManifestReader {
 public:
  enum class Step { kDocument, kProblem, kEnd };

  // `text` must outlive the reader. Problems of a text that `is_json` by its name are told in JSON's words.
  explicit ManifestReader(std::string_view text, bool is_json = false);

  // The next document that is not empty, or the next problem. After a problem with the grammar it goes on at the next
  // line that begins with `---`.
  Step Next();

  // Valid until the next call of Next.
  const ManifestDocument& document() const { return document_; }
  const ManifestProblem& problem() const { return problem_; }

 private:
  std::optional<Step> NextJson();
  Step NextYaml();
  Step Fail(ManifestProblem problem);
  void StartYaml(std::size_t offset, std::uint32_t lines_before);
  void GoOnBehind(const ManifestProblem& problem);

  const std::string_view text_;
  const bool is_json_;
  JsonReader json_;
  bool may_be_json_ = true;
  std::optional<ManifestProblem> json_problem_;  // why it was tried as YAML
  std::unique_ptr<YamlParser> yaml_;             // nullptr before and after
  std::size_t yaml_offset_ = 0;                  // where it began
  std::uint32_t yaml_lines_before_ = 0;
  int problems_ = 0;
  ManifestBuilder builder_;
  ManifestDocument document_;
  ManifestProblem problem_;
};

}  // namespace tidewaiter
