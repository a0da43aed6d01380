// SPDX-License-Identifier: Apache-2.0
//
// Which policies of a set apply to one request, in two steps: before the object is read, and by its labels. Few
// policies are asked: those that policy_index.h finds. Tested by tests/policy/policy_matcher_test.cc.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "webhook/policy/namespaces.h"
#include "webhook/policy/policy_set.h"

namespace tidewaiter {

class PolicyMatcher {
 public:
  // `policies` and the texts of `subject` must outlive it. `namespaces` is asked, once, only where a policy wants to
  // know more of the namespace than its name; nullptr knows none.
  PolicyMatcher(const PolicySet& policies, const MatchSubject& subject, const NamespaceSource* namespaces);

  // Whether an object is imaginable that a policy applies to: where not, it need not be read.
  bool MayMatch() const;

  // The policies that apply to an object with these labels, in order of name. An objectSelector holds when it holds
  // for the object or the one before the update (nullptr: there is none), as the API server takes a webhook's own
  // (admissionregistration/v1 objectSelector).
  std::vector<const Policy*> FindMatching(const TextMap<std::string_view>& labels,
                                          const TextMap<std::string_view>* old_labels) const;

  // InvalidArgument when the labels of the namespace are not known and it depends on them whether a policy that
  // enforces applies. Such a policy is never passed over: it is among those that match.
  const absl::Status& namespace_status() const { return namespace_status_; }

 private:
  // Whether the namespaceSelector holds.
  bool HoldsForNamespace(const Match& match) const;
  // Whether everything holds that is asked before the object is read.
  bool HoldsBeforeObject(const Match& match) const;
  // Keeps of all policies those that may apply to a namespace of which nothing but the name is known.
  void AskEachWithoutLabels();

  const PolicySet& policies_;
  const MatchSubject subject_;
  std::shared_ptr<const Labels> namespace_labels_;  // nullptr: not known, or not asked for
  absl::Status namespace_status_;
  // Those that hold before the object is read, in order of name, but for those found by an object's labels.
  std::vector<const Policy*> matching_;
  bool is_each_asked_ = false;  // then those are in `matching_` as well
};

}  // namespace tidewaiter
