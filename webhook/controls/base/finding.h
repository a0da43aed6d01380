// SPDX-License-Identifier: Apache-2.0
//
// A control's complaint at a place. A value, never a Status: machinery that breaks is not a finding.
// Tested by tests/controls/fixtures_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tidewaiter {

struct Finding {
  // The control's id; set by the engine.
  std::string_view control;
  // JSON pointer (RFC 6901) of the field, from the Pod's root: "/spec/containers/0/securityContext/runAsNonRoot". The
  // engine puts the template's own pointer in front.
  std::string pointer;
  // The container's name; empty when the finding is about the Pod as a whole.
  std::string container;
  // Who must do something: `container "web"`, `init container "migrate"`, `pod`, `volume "models"`.
  std::string subject;
  // What it must do, without the subject: `must set securityContext.runAsNonRoot=true`.
  std::string requirement;
  // What to write instead, as a line of YAML: `securityContext: {runAsNonRoot: true}`.
  std::string remedy;
};

using Findings = std::vector<Finding>;

// `container "web" must set securityContext.runAsNonRoot=true`.
std::string FindingMessage(const Finding& finding);

// A JSON pointer as Kubernetes writes field paths: "/spec/containers/0/image" becomes "spec.containers[0].image"; a key
// that holds '.' or '/' is put in brackets: metadata.annotations[kubernetes.io/x].
std::string FieldPath(std::string_view pointer);

}  // namespace tidewaiter
