// SPDX-License-Identifier: Apache-2.0
//
// Which volumes hold a token for the API server, and which of them the API server put in by itself.
// Tested by the fixtures of service-account-token.
#pragma once

#include "webhook/kube/pod.h"

namespace tidewaiter {

// A projected serviceAccountToken without an audience of its own: it is then meant for the API server.
bool HoldsApiServerToken(const Volume& volume);

// That, under the name that the API server's own plug-in makes up: kube-api-access- and five characters (Kubernetes
// plugin/pkg/admission/serviceaccount, mountServiceAccountToken).
bool IsAutomaticTokenVolume(const Volume& volume);

}  // namespace tidewaiter
