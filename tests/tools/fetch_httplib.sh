#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# fetch_httplib.sh VERSION FOLDER: puts cpp-httplib's one header, at least VERSION, into FOLDER/include/httplib.h.
# It comes from the source package of a newer suite. For `./dev setup` only.
set -euo pipefail
readonly NEEDED="$1" TARGET="$2/include/httplib.h"

die() {
  printf 'dev: %s: put the httplib.h of cpp-httplib >= %s there by hand: %s\n' "$*" "$NEEDED" "$TARGET" >&2
  exit 1
}
# shellcheck source=tests/tools/archive.sh
. "$(dirname "${BASH_SOURCE[0]}")/archive.sh"
is_new_enough() { [[ -n "$1" ]] && dpkg --compare-versions "$1" ge "$NEEDED"; }

case "$ID" in
  debian) suites="trixie-backports forky sid" ;;
  ubuntu) suites="resolute devel" ;;
  *) die "no newer suite is known for $ID" ;;
esac
open_archive
for suite in $suites; do
  say "looking for cpp-httplib >= $NEEDED in $suite"
  use_archives "$archive $suite $component" || continue
  version="$(list_source_versions cpp-httplib | tail -1)"
  is_new_enough "$version" || continue
  say "taking cpp-httplib $version"
  take_source cpp-httplib "$version" || { say "not to be had from $suite"; continue; }
  install -D -m 644 "$work/cpp-httplib/httplib.h" "$TARGET"
  say "wrote $TARGET"
  exit
done
die "no suite of $suites has cpp-httplib >= $NEEDED"
