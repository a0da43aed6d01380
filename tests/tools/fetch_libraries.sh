#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# fetch_libraries.sh FOLDER: puts the sources of simdjson and prometheus-cpp into FOLDER/simdjson and
# FOLDER/prometheus-cpp, in the versions of the packages that are installed, which hold no archives to link statically
# with (TIDEWAITER_STATIC in CMakeLists.txt). Fails, and leaves none, when they cannot be had. For `./dev setup` only.
set -euo pipefail
readonly TARGET="$1"

die() {
  printf 'dev: %s\n' "$*" >&2
  rm -rf "${TARGET:?}"/{simdjson,prometheus-cpp}
  exit 1
}
# shellcheck source=tests/tools/archive.sh
. "$(dirname "${BASH_SOURCE[0]}")/archive.sh"

# Prints the version of the source of the first of these packages that is installed.
find_installed() {
  # shellcheck disable=SC2016  # ${...} is dpkg-query's own
  dpkg-query -W -f '${db:Status-Abbrev}${source:Version}\n' "$@" 2>/dev/null | sed -n 's/^ii *//p' | head -1 || true
}
# Prints the version of the source that is there already.
find_fetched() { if [[ -d "$TARGET/$1" && -f "$TARGET/$1.version" ]]; then cat "$TARGET/$1.version"; fi; }

declare -A versions
versions[simdjson]="$(find_installed libsimdjson-dev)"
versions[prometheus-cpp]="$(find_installed prometheus-cpp-dev libprometheus-cpp-dev)"
is_there=true
for package in simdjson prometheus-cpp; do
  [[ -n "${versions[$package]}" ]] || die "no package of $package is installed"
  [[ "$(find_fetched "$package")" == "${versions[$package]}" ]] || is_there=false
done
if "$is_there"; then exit; fi

open_archive
archives=()
for suite in "$VERSION_CODENAME" "$VERSION_CODENAME-updates" "$VERSION_CODENAME-security"; do
  if line="$(find_archive "$suite")"; then archives+=("$line $suite $component"); fi
done
say "looking for the sources of simdjson and prometheus-cpp in $VERSION_CODENAME"
use_archives "${archives[@]}" || die "the sources of $VERSION_CODENAME cannot be listed"

take() {  # take PACKAGE PATH...: these files and folders of it
  local package="$1" version="${versions[$1]}" path
  shift
  list_source_versions "$package" | grep -qxF "$version" || die "there is no source of $package $version"
  say "taking $package $version"
  take_source "$package" "$version" || die "$package $version cannot be downloaded"
  rm -rf "${TARGET:?}/$package" "$TARGET/$package.new" "$TARGET/$package.version"
  mkdir -p "$TARGET/$package.new"
  for path in "$@"; do
    cp -r "$work/$package/$path" "$TARGET/$package.new/" || die "the source of $package $version has no $path"
  done
  mv "$TARGET/$package.new" "$TARGET/$package"
  echo "$version" >"$TARGET/$package.version"  # beside it: where headers lie, it would be one
}
take simdjson singleheader/simdjson.cpp singleheader/simdjson.h
take prometheus-cpp core/src core/include
say "wrote $TARGET/simdjson and $TARGET/prometheus-cpp"
