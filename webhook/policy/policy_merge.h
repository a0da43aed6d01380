// SPDX-License-Identifier: Apache-2.0
//
// The policies of files and those of the cluster become one PolicySet. Files are good as a whole or not taken at all
// (policy_loader.h); of resources each stands for itself, so that one that is wrong takes no other with it. Knows no
// cluster. Tested by tests/policy/policy_merge_test.cc.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "webhook/policy/policy_reader.h"
#include "webhook/policy/policy_set.h"

namespace tidewaiter {

// A PodPolicy of the cluster.
struct PolicyResource {
  std::string name;
  std::string uid;              // another one: created anew under an old name
  std::int64_t generation = 0;  // of the object, as it was read
  // What PolicyDocumentOf reads of it, as JSON. Text is a twentieth of the document: a cluster may have hundreds.
  std::shared_ptr<const std::string> text;
};

// What became of one.
struct ResourceOutcome {
  enum class State {
    kApplied,   // in force as it is
    kInvalid,   // the reader does not take it
    kShadowed,  // a file has a policy of that name
  };
  std::string name;
  std::string uid;
  std::int64_t generation = 0;
  State state = State::kApplied;
  std::string error;             // of the other two: the reader's lines, or where the file's policy is
  bool keeps_last_good = false;  // kInvalid: an earlier version of it is still in force
  std::size_t controls = 0;      // of what is in force; 0 when nothing is

  bool operator==(const ResourceOutcome&) const = default;
};

struct MergedPolicies {
  std::shared_ptr<const PolicySet> policies;
  std::vector<ResourceOutcome> outcomes;  // in the order of the resources
};

// Remembers the last good version of each resource. Not thread safe.
class PolicyMerger {
 public:
  // The policies of files, which ReadPolicyFiles found good.
  void SetFiles(PolicyParts files) { files_ = std::move(files); }
  // All resources there are now. One that is not among them is gone, its last good version too.
  void SetResources(std::vector<PolicyResource> resources) { resources_ = std::move(resources); }

  MergedPolicies Merge();

 private:
  struct Version {
    PolicyParts parts;  // one policy and its rows
    std::string uid;
    std::shared_ptr<const std::string> text;
  };

  PolicyParts files_;
  std::vector<PolicyResource> resources_;
  std::map<std::string, Version> last_good_;
};

}  // namespace tidewaiter
