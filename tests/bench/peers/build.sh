#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# build.sh FOLDER: builds the Pod Security webhook of Kubernetes, as its own command, from the Go modules that go.mod and
# go.sum pin, as FOLDER/pod-security-webhook. Go knows what it has built already.
set -euo pipefail

folder="${1:?usage: build.sh FOLDER}"
mkdir -p "$folder"
folder="$(cd "$folder" && pwd)"
cd "$(dirname "${BASH_SOURCE[0]}")"
export GOTOOLCHAIN="${GOTOOLCHAIN:-auto}"
go build -mod=readonly -buildvcs=false -ldflags "-s -w" -o "$folder/pod-security-webhook" \
  k8s.io/pod-security-admission/cmd/webhook
