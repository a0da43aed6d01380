// SPDX-License-Identifier: Apache-2.0
//
// Who a policy applies to, and who an exemption excuses: globs and label selectors against what is known of a workload.
// Plain values; policy_reader.h fills them. Tested by tests/policy/match_test.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "webhook/controls/base/control.h"
#include "webhook/kube/label_selector.h"
#include "webhook/policy/date.h"

namespace tidewaiter {

// Every namespace has the label of its name (core/v1 LabelMetadataName), so it is known without asking anyone.
inline constexpr std::string_view kNamespaceNameLabel = "kubernetes.io/metadata.name";

// What of a workload the match rules look at. Views: valid for the call only.
struct MatchSubject {
  std::string_view namespace_name;
  std::string_view group;
  std::string_view kind;
};

// An entry of spec.match.kinds: `Deployment`, or `Rollout.argoproj.io` with its group.
struct KindPattern {
  std::string kind;
  // nullopt: not given. A built-in kind then means Kubernetes' own, any other the kind of whatever group.
  std::optional<std::string> group;

  bool Matches(std::string_view other_group, std::string_view other_kind) const;
  auto operator<=>(const KindPattern&) const = default;
};

// spec.match: every given part must hold; an absent part holds.
struct Match {
  std::vector<std::string> include_namespaces;  // globs; empty = all
  std::vector<std::string> exclude_namespaces;  // globs; win over include
  std::optional<LabelSelector> namespace_selector;
  std::optional<LabelSelector> object_selector;
  std::vector<KindPattern> kinds;  // empty = all

  // The parts that are known before the object is read: namespace by name, and kind.
  bool HoldsAt(const MatchSubject& subject) const;
  // Whether namespace_selector asks for labels of the namespace besides that of its name.
  bool asks_for_namespace_labels() const;
  // Whether namespace_selector holds for a namespace of which nothing but the name is known.
  // Precondition: !asks_for_namespace_labels().
  bool HoldsForNamespaceName(std::string_view name) const;
  // Whether a Pod with these labels, made from a template of an object for which all of it holds, would match as well:
  // then, and only then, will what the policy injects be in that Pod.
  bool HoldsForPod(const TextMap<std::string_view>& labels) const;

  auto operator<=>(const Match&) const = default;
};

// Whom an exemption is asked about. Views: valid for the call only.
struct ExemptionSubject {
  std::string_view namespace_name;
  std::vector<std::string_view> names;  // of the object, and of the workload that made it
  std::string_view service_account;
  std::string_view user;
};

// A container, or an image volume, as exemptions see it: what thousands may ask of its image is worked out once.
// Views: valid as long as the Pod's texts.
class ExemptionContainer {
 public:
  explicit ExemptionContainer(const Container& container)
      : name_(container.name), image_(container.image.value_or("")) {}
  // Precondition: it is an image volume. It has no container's name.
  explicit ExemptionContainer(const Volume& volume) : image_(volume.image->reference.value_or("")) {}

  std::string_view name() const { return name_; }
  // What a glob may fit: the image's name, and the image with tag and digest and without its digest. Empty when the
  // reference cannot be parsed: what is not understood is not excused.
  const std::vector<std::string>& image_forms() const;

 private:
  std::string_view name_;
  std::string_view image_;
  mutable std::optional<std::vector<std::string>> image_forms_;
};

// spec.exemptions[*]: a named, reasoned, perhaps expiring exception.
struct Exemption {
  std::string name;
  std::string reason;
  std::optional<Date> until;  // the last day on which it applies
  std::vector<std::string> namespaces;
  std::vector<std::string> names;   // fit a name, or the name and '-', with which the names of its Pods begin
  std::vector<std::string> images;  // in normal form (image_globs.h)
  std::vector<std::string> containers;
  std::vector<std::string> service_accounts;
  std::vector<std::string> users;
  std::vector<const Control*> controls;  // sorted by address; empty = all

  bool IsOver(Date today) const { return until.has_value() && today > *until; }
  bool Covers(const Control& control) const;
  // Whether what is asked of the workload as a whole holds; containers and images are asked of each container.
  bool HoldsFor(const ExemptionSubject& subject) const;
  bool HoldsForContainer(const ExemptionContainer& container) const;
  // Whether it looks at single containers at all.
  bool is_about_containers() const { return !images.empty() || !containers.empty(); }
};

}  // namespace tidewaiter
