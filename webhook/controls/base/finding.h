// SPDX-License-Identifier: Apache-2.0
//
// A control's complaint at a place. A value, never a Status: machinery that breaks is not a finding.
// Tested by tests/controls/fixtures_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "webhook/controls/base/phrase.h"
#include "webhook/kube/pod.h"

namespace tidewaiter {

// Where an object's namespace stands. It is the object's own: a pod template has none, so the engine puts no template's
// pointer in front of this one.
inline constexpr std::string_view kNamespacePointer = "/metadata/namespace";

struct Finding {
  // The control's id; set by the engine.
  std::string_view control;
  // JSON pointer (RFC 6901) of the field, from the Pod's root: "/spec/containers/0/securityContext/runAsNonRoot". The
  // engine puts the template's own pointer in front.
  std::string pointer;
  // The container's name; empty when the finding is about the Pod as a whole.
  std::string container;
  // The volume's name; empty when the finding is about none.
  std::string volume = {};
  // What must do something: "container", "init container", "pod", "volume". A literal.
  std::string_view subject_kind;
  // What it must do, without the subject: `must set securityContext.runAsNonRoot=true`.
  Phrase requirement;
  // What to write instead, as a line of YAML: `securityContext: {runAsNonRoot: true}`.
  Phrase remedy;
  // The one value that mends it where it stands at `pointer`, as JSON text, a literal; a list's elements are to be put
  // behind what is there. "" where a person has to choose: an image's tag, a user, an amount. Never one that the API
  // server or the kubelet would refuse beside what the Pod holds already.
  std::string_view fix = {};
  // What makes it the same violation before and after an update, where the requirement's text holds amounts that may
  // have changed; empty: the requirement itself.
  Phrase identity = {};
  // How bad it is, in whatever unit: the same violation that is no worse than before an update is not new.
  long double badness = 0;

  // The name that goes with subject_kind; empty for the Pod, which has none here.
  const std::string& subject_name() const { return container.empty() ? volume : container; }
  // `container "web"`, `init container "migrate"`, `pod`, `volume "models"`.
  std::string subject() const;
};

using Findings = std::vector<Finding>;

// A finding about `container`, at `field` below it ("/securityContext/runAsNonRoot"; "" for the container itself).
Finding ContainerFinding(const Container& container, std::string_view field, Phrase requirement, Phrase remedy);

// A finding about the Pod as a whole, at `pointer` from its root.
Finding PodFinding(std::string pointer, Phrase requirement, Phrase remedy);

// A finding about the volume at `index` of spec.volumes, at `field` below it ("/image/reference").
Finding VolumeFinding(const Volume& volume, std::size_t index, std::string_view field, Phrase requirement,
                      Phrase remedy);

// A finding about an annotation that stands in for a field: of `container`, or of the Pod when that is nullptr.
// `remedy_value` is one that may be written instead.
Finding AnnotationFinding(const Container* container, std::string_view key, std::string_view value,
                          std::string_view remedy_value);

// `container "web" must set securityContext.runAsNonRoot=true`.
std::string FindingMessage(const Finding& finding);

}  // namespace tidewaiter
