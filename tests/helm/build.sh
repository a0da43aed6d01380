#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# build.sh FOLDER: builds Helm, of the version below, as FOLDER/helm; does nothing when it is there.
set -euo pipefail
readonly VERSION=v3.22.0

folder="${1:?usage: build.sh FOLDER}"
mkdir -p "$folder"
folder="$(cd "$folder" && pwd)"
if go version -m "$folder/helm" 2>/dev/null | grep -q "helm.sh/helm/v3[[:space:]]*$VERSION"; then exit 0; fi
echo "building $folder/helm (the first time it takes a minute)"
GOBIN="$folder" GOTOOLCHAIN="${GOTOOLCHAIN:-auto}" go install "helm.sh/helm/v3/cmd/helm@$VERSION"
