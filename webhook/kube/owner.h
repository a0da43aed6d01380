// SPDX-License-Identifier: Apache-2.0
//
// Which workload a Pod belongs to, told from the Pod alone: the name that a person gave, behind the names that
// controllers make. Tested by tests/kube/owner_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "webhook/kube/workload.h"

namespace tidewaiter {

// "shop" for a Deployment shop, its ReplicaSet shop-7d9f6c5b8 and that one's Pods; "backup" for a CronJob backup, its
// Job backup-28391230 and that one's Pods. A ReplicaSet's name ends in the Pod's label pod-template-hash (of
// an Argo Rollout: rollouts-pod-template-hash), a CronJob's
// Jobs in the minutes since 1970 (kubernetes pkg/controller/cronjob getJobName), eight digits or more. Without an owner
// it is the object's own name, or its generateName without the trailing '-'.
std::string_view RootName(const ObjectMeta& metadata);

// Every name by which someone would call the object: its own, its owner's, and RootName.
std::vector<std::string_view> KnownNames(const ObjectMeta& metadata);

}  // namespace tidewaiter
