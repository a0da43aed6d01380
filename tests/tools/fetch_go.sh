#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# fetch_go.sh VERSION FOLDER: puts Go VERSION into FOLDER/go, with a Go that is too old to do so by itself (before 1.21).
# It comes as Go's own module golang.org/toolchain, from the module proxy and under the checksum database that this
# machine's Go uses for every module; nothing is added to the system. For `./dev setup` only.
set -euo pipefail
readonly VERSION="$1" TARGET="$2/go"

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }

work="$(mktemp -d)"
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT
module="golang.org/toolchain@v0.0.1-go$VERSION.$(go env GOOS)-$(go env GOARCH)"
say "fetching $module"
cd "$work"
GOPATH="$work" GOFLAGS='' go mod download "$module" ||
  { echo "dev: go cannot download $module: can this machine reach its Go module proxy?" >&2; exit 1; }
cd - >/dev/null
rm -rf "$TARGET"
mkdir -p "$(dirname "$TARGET")"
cp -R "$work/pkg/mod/$module" "$TARGET"
# A module's files are neither writable nor executable.
chmod -R u+w "$TARGET"
find "$TARGET/bin" "$TARGET/pkg/tool" -type f -exec chmod +x {} +
say "wrote $TARGET"
