#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# build.sh FOLDER: builds what a Kubernetes node runs into FOLDER: kubelet and kube-proxy, containerd with its shim and
# ctr, the network plugins, and the programs of two small images. Does nothing when FOLDER holds what these sources
# and this Go make. The first time takes minutes. runc comes from the distribution.
set -euo pipefail
mkdir -p "$1"
folder="$(readlink -f "$1")"
cd "$(dirname "$0")"
stamp="$(go version; sha256sum ./*.c ./*/go.* build.sh ../controlplane/go.* ../controlplane/node/*.go)"
[[ "$(cat "$folder/stamp" 2>/dev/null)" != "$stamp" ]] || exit 0
rm -f "$folder/stamp"
mkdir -p "$folder/cni"

for package in $(cd cni && go list tool); do
  (cd cni && CGO_ENABLED=0 go build -buildvcs=false -ldflags "-s -w" -o "$folder/cni/" "$package")
done
for package in $(cd containerd && go list tool); do
  (cd containerd && CGO_ENABLED=0 go build -buildvcs=false -ldflags "-s -w" -o "$folder/" "$package")
done
for name in pause report; do cc -O2 -static -s -Wall -Wextra -Werror -o "$folder/$name" "$name.c"; done
# With the flags of the control plane, so that what both need is compiled once.
version="$(cd ../controlplane && go list -m -f '{{.Version}}' k8s.io/kubernetes)"
(cd ../controlplane && go build -buildvcs=false -o "$folder/node" \
  -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=$version" ./node)
for name in kubelet kube-proxy; do ln -sfn node "$folder/$name"; done
echo "$stamp" >"$folder/stamp"
