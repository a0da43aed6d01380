// SPDX-License-Identifier: Apache-2.0
//
// The few ways to make a finding, so that all say who, what and where in the same words.
#include "webhook/controls/base/finding.h"

#include <utility>

#include "webhook/kube/field_path.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {

Finding ContainerFinding(const Container& container, std::string_view field, Phrase requirement, Phrase remedy) {
  return {.control = {},
          .pointer = StrCat(container.pointer, field),
          .container = std::string(container.name),
          .subject_kind = ContainerKindName(container.kind),
          .requirement = std::move(requirement),
          .remedy = std::move(remedy)};
}

Finding PodFinding(std::string pointer, Phrase requirement, Phrase remedy) {
  return {.control = {},
          .pointer = std::move(pointer),
          .container = {},
          .subject_kind = "pod",
          .requirement = std::move(requirement),
          .remedy = std::move(remedy)};
}

Finding VolumeFinding(const Volume& volume, std::size_t index, std::string_view field, Phrase requirement,
                      Phrase remedy) {
  return {.control = {},
          .pointer = StrCat("/spec/volumes/", index, field),
          .container = {},
          .volume = std::string(volume.name),
          .subject_kind = "volume",
          .requirement = std::move(requirement),
          .remedy = std::move(remedy)};
}

Finding AnnotationFinding(const Container* container, std::string_view key, std::string_view value,
                          std::string_view remedy_value) {
  std::string pointer = StrCat("/metadata/annotations/", EscapePointerToken(key));
  std::string requirement = StrCat("must not set annotation ", Quoted(key), " to ", Quoted(value));
  std::string remedy = StrCat("annotations: {", Quoted(key), ": ", remedy_value, "}");
  if (container == nullptr) return PodFinding(std::move(pointer), std::move(requirement), std::move(remedy));
  Finding finding = ContainerFinding(*container, "", std::move(requirement), std::move(remedy));
  finding.pointer = std::move(pointer);
  return finding;
}

std::string Finding::subject() const {
  const std::string& name = subject_name();
  return name.empty() ? std::string(subject_kind) : StrCat(subject_kind, " \"", name, "\"");
}

std::string FindingMessage(const Finding& finding) {
  return StrCat(finding.subject(), " ", finding.requirement.text());
}

}  // namespace tidewaiter
