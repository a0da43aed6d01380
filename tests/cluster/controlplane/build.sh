#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# build.sh FOLDER: builds the control plane into FOLDER, with a link for each of its programs. Does nothing when FOLDER
# holds what these sources and this Go make. The first time takes minutes: it is all of Kubernetes.
set -euo pipefail
mkdir -p "$1"
folder="$(readlink -f "$1")"
cd "$(dirname "$0")"
stamp="$(go version; sha256sum ./*.go go.mod go.sum build.sh)"
[[ ! -x "$folder/controlplane" || "$(cat "$folder/stamp" 2>/dev/null)" != "$stamp" ]] || exit 0

version="$(go list -m -f '{{.Version}}' k8s.io/kubernetes)"
IFS=. read -r major minor _ <<<"${version#v}"
package=k8s.io/component-base/version  # without these it calls itself v0.0.0
go build -buildvcs=false -o "$folder/controlplane.new" \
  -ldflags "-s -w -X $package.gitVersion=$version -X $package.gitMajor=$major -X $package.gitMinor=$minor" .
mv "$folder/controlplane.new" "$folder/controlplane"
for name in etcd kube-apiserver kube-controller-manager kube-scheduler kubectl; do
  ln -sfn controlplane "$folder/$name"
done
echo "$stamp" >"$folder/stamp"
