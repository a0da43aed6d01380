#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# fetch_httplib.sh VERSION FOLDER: puts cpp-httplib's one header, at least VERSION, into FOLDER/include/httplib.h.
# It comes from the source package of a newer suite of the archive that this machine already uses, under apt's
# signatures and checksums, and in apt folders of its own, so nothing is added to the system. For `./dev setup` only.
set -euo pipefail
readonly NEEDED="$1" TARGET="$2/include/httplib.h"
# shellcheck source=/dev/null
. /etc/os-release

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }
die() {
  printf 'dev: %s: put the httplib.h of cpp-httplib >= %s there by hand: %s\n' "$*" "$NEEDED" "$TARGET" >&2
  exit 1
}
is_new_enough() { [[ -n "$1" ]] && dpkg --compare-versions "$1" ge "$NEEDED"; }

# Prints "deb-src [options] URI" for the archive that this machine takes its own release from. apt itself says which
# entry that is, of whichever format (one line, or deb822: there, entries are counted); the entry names the keyring.
find_archive() {
  local uri entry file index keyring
  # shellcheck disable=SC2016  # $(...) is apt's own
  read -r uri entry < <(apt-get indextargets --format '$(REPO_URI) $(SOURCESENTRY)' 'Created-By: Packages' \
    'Component: main' "Codename: $VERSION_CODENAME") || return 1
  file="${entry%:*}" index="${entry##*:}"
  if [[ "$file" == *.sources ]]; then
    keyring="$(awk -v RS= -v n="$index" 'NR == n' "$file" | sed -n 's/^Signed-By: *\(\/.*\)/\1/Ip')"
  else
    keyring="$(sed -n "${index}s/.*signed-by=\([^] ]*\).*/\1/Ip" "$file")"
  fi
  echo "deb-src ${keyring:+[signed-by=$keyring] }$uri"
}

case "$ID" in
  debian) suites="trixie-backports forky sid" components=main ;;
  ubuntu) suites="resolute devel" components=universe ;;
  *) die "no newer suite is known for $ID" ;;
esac
if ! archive="$(find_archive)"; then
  if ((EUID == 0)); then apt-get -q update; else sudo apt-get -q update; fi || die "apt-get update failed"
  archive="$(find_archive)" || die "apt's configuration names no archive for $VERSION_CODENAME main"
fi

work="$(mktemp -d)"  # under /tmp, where apt's unprivileged downloader may write as well
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
apt_options=(-q -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=-
  -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache")
for suite in $suites; do
  say "looking for cpp-httplib >= $NEEDED in $suite"
  rm -rf "${work:?}"/*
  mkdir -p "$work"/{lists,cache/archives}/partial "$work/source"
  if ((EUID == 0)); then chown _apt "$work/source"; fi
  echo "$archive $suite $components" >"$work/sources.list"
  apt-get "${apt_options[@]}" update || continue
  version="$(apt-cache "${apt_options[@]}" showsrc cpp-httplib 2>/dev/null |
    sed -n 's/^Version: //p' | sort -V | tail -1)"
  is_new_enough "$version" || continue
  say "taking cpp-httplib $version"
  (cd "$work/source" && apt-get "${apt_options[@]}" source --download-only "cpp-httplib=$version") ||
    { say "not to be had from $suite"; continue; }
  # Checks the checksums in the .dsc, itself checked by apt-get against the signed index.
  dpkg-source -x "$work"/source/*.dsc "$work/tree" >"$work/log" 2>&1 || die "$(tail -1 "$work/log")"
  install -D -m 644 "$work/tree/httplib.h" "$TARGET"
  say "wrote $TARGET"
  exit
done
die "no suite of $suites has cpp-httplib >= $NEEDED"
