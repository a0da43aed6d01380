#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# fetch_libraries.sh FOLDER: puts the sources of simdjson and prometheus-cpp into FOLDER/simdjson and
# FOLDER/prometheus-cpp. They are of this distribution's own release, which ships no archives to link statically with
# (TIDEWAITER_STATIC in CMakeLists.txt). For `./dev setup` only.
set -euo pipefail
readonly TARGET="$1"

die() { printf 'dev: %s: put the sources of simdjson and prometheus-cpp into %s by hand\n' "$*" "$TARGET" >&2; exit 1; }
# shellcheck source=tests/tools/archive.sh
. "$(dirname "${BASH_SOURCE[0]}")/archive.sh"

open_archive
say "looking for the sources of simdjson and prometheus-cpp in $VERSION_CODENAME"
use_suite "$VERSION_CODENAME" || die "the sources of $VERSION_CODENAME cannot be listed"
take() {  # take PACKAGE PATH...: these files and folders of it
  local package="$1" version path
  shift
  version="$(find_source_version "$package")"
  [[ -n "$version" ]] || die "$VERSION_CODENAME has no source package $package"
  say "taking $package $version"
  take_source "$package" "$version" || die "$package $version cannot be downloaded"
  rm -rf "${TARGET:?}/$package"
  mkdir -p "$TARGET/$package"
  for path in "$@"; do
    cp -r "$work/$package/$path" "$TARGET/$package/" || die "the source package $package $version has no $path"
  done
}
take simdjson singleheader/simdjson.cpp singleheader/simdjson.h
take prometheus-cpp core/src core/include
say "wrote $TARGET/simdjson and $TARGET/prometheus-cpp"
