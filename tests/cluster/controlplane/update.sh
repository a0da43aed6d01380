#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# update.sh KUBERNETES ETCD: writes go.mod and go.sum for these versions, 1.37.2 and 3.7.0, say. They are committed; this
# is for moving to other versions. The module k8s.io/kubernetes takes its parts from its own folder ./staging, which a
# module that requires it cannot see: each is replaced by the same part as it is published, under version 0 instead of 1.
set -euo pipefail
cd "$(dirname "$0")"
(($# == 2)) || { echo "usage: update.sh KUBERNETES ETCD" >&2; exit 2; }
readonly kubernetes="$1" etcd="$2"

theirs="$(go mod download -json "k8s.io/kubernetes@v$kubernetes" | sed -n 's/^\t"GoMod": "\(.*\)",$/\1/p')"
cat >go.mod <<END
module tidewaiter.dev/tests/cluster/controlplane

$(grep '^go ' "$theirs")

require (
	go.etcd.io/etcd/server/v3 v$etcd
	k8s.io/kubernetes v$kubernetes
)

replace (
$(sed -n "s|^.*[[:space:]]\(k8s.io/[a-z-]*\) => ./staging/src/.*|\t\1 => \1 v0.${kubernetes#*.}|p" "$theirs")
)
END
go mod tidy
