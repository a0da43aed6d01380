#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# make_debian_base.sh FILE: writes FILE, a tar.gz to be given to `docker import`: the smallest system of the release that
# this machine runs, from the archive, and by way of the proxy, that its apt uses. For `./dev image` where no base image
# can be pulled. Needs root and debootstrap.
set -euo pipefail
readonly TARGET="$1"
# shellcheck source=/dev/null
. /etc/os-release

die() { printf 'dev: %s\n' "$*" >&2; exit 1; }

# Prints "URI SUITE COMPONENT" for everything that apt takes from the distribution's own archives for this release.
list_archive() {
  # shellcheck disable=SC2016  # $(...) is apt's own
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' |
    awk -v release="$VERSION_CODENAME" -v origin="$ID" \
      'tolower($4) == origin && ($2 == release || index($2, release "-") == 1) && $2 !~ /backports/ { print $1, $2, $3 }' |
    sort -u
}

archive="$(list_archive)"
if [[ -z "$archive" ]]; then
  apt-get -q update || die "apt-get update failed: can this machine reach its package mirror?"
  archive="$(list_archive)"
fi
mirror="$(awk -v release="$VERSION_CODENAME" '$2 == release { print $1; exit }' <<<"$archive")"
[[ -n "$mirror" ]] || die "apt's configuration names no archive for $ID $VERSION_CODENAME"
components="$(awk '{ print $3 }' <<<"$archive" | sort -u | paste -sd,)"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
# How this machine's apt reaches its archive: by a proxy, or a mirror that is a snapshot of another day.
settings="$(apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-|Retries)[^ ]* ' || true)"
proxy="$(sed -n 's/^Acquire::http::Proxy "\(.*\)";/\1/p' <<<"$settings")"
[[ -z "$proxy" ]] || export http_proxy="$proxy"
debootstrap --variant=minbase --include=ca-certificates --components="$components" \
  "$VERSION_CODENAME" "$work/root" "$mirror" >"$work/log" 2>&1 ||
  { tail -20 "$work/log" >&2; die "debootstrap $VERSION_CODENAME failed: see above"; }

while read -r uri suite component; do echo "deb $uri $suite $component"; done <<<"$archive" >"$work/root/etc/apt/sources.list"
[[ -z "$settings" ]] || echo "$settings" >"$work/root/etc/apt/apt.conf.d/90archive"
rm -rf "$work/root"/var/cache/apt/* "$work/root"/var/lib/apt/lists/* "$work/root"/var/log/*
mkdir -p "$(dirname "$TARGET")"
tar -C "$work/root" --one-file-system --numeric-owner -c . | gzip -1 >"$TARGET.new"
mv "$TARGET.new" "$TARGET"
