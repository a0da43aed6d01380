# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Source packages of the archive that this machine already uses, under apt's signatures and checksums, and in apt folders
# of their own, so nothing is added to the system. Sourced by the fetch_*.sh of this folder, which define `die`.
# shellcheck source=/dev/null
. /etc/os-release

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }

# find_archive CODENAME: prints "deb-src [options] URI" for the archive that this machine takes this release from. apt
# itself says which entry that is, of whichever format (one line, or deb822: there, entries are counted); the entry names
# the keyring.
find_archive() {
  local uri entry file index keyring
  # shellcheck disable=SC2016  # $(...) is apt's own
  read -r uri entry < <(apt-get indextargets --format '$(REPO_URI) $(SOURCESENTRY)' 'Created-By: Packages' \
    'Component: main' "Codename: $1") || return 1
  file="${entry%:*}" index="${entry##*:}"
  if [[ "$file" == *.sources ]]; then
    keyring="$(awk -v RS= -v n="$index" 'NR == n' "$file" | sed -n 's/^Signed-By: *\(\/.*\)/\1/Ip')"
  else
    keyring="$(sed -n "${index}s/.*signed-by=\([^] ]*\).*/\1/Ip" "$file")"
  fi
  echo "deb-src ${keyring:+[signed-by=$keyring] }$uri"
}

# Prepares what the other functions need: $archive and $component, and a folder $work for apt that goes when the script
# ends.
# shellcheck disable=SC2034
open_archive() {
  case "$ID" in
    debian) component=main ;;
    ubuntu) component=universe ;;
    *) die "no archive of sources is known for $ID" ;;
  esac
  if ! archive="$(find_archive "$VERSION_CODENAME")"; then
    if ((EUID == 0)); then apt-get -q update; else sudo apt-get -q update; fi || die "apt-get update failed"
    archive="$(find_archive "$VERSION_CODENAME")" || die "apt's configuration names no archive for $VERSION_CODENAME main"
  fi
  work="$(mktemp -d)"  # under /tmp, where apt's unprivileged downloader may write as well
  trap 'rm -rf "$work"' EXIT
  chmod 755 "$work"
  apt_options=(-q -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=- -o Acquire::Retries=3
    -o APT::Update::Error-Mode=any -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache")
}

# use_archives LINE...: reads what source packages these have; fails when that cannot be had.
use_archives() {
  rm -rf "${work:?}"/*
  mkdir -p "$work"/{lists,cache/archives}/partial "$work/source"
  printf '%s\n' "$@" >"$work/sources.list"
  apt-get "${apt_options[@]}" update
}

# Prints the versions of a source package there, the newest last.
list_source_versions() {
  apt-cache "${apt_options[@]}" showsrc "$1" 2>/dev/null | sed -n 's/^Version: //p' | sort -V || true
}

# take_source PACKAGE VERSION: unpacks it into $work/PACKAGE; fails when it cannot be downloaded.
take_source() {
  local files="$work/source/$1"
  mkdir -p "$files"
  if ((EUID == 0)); then chown _apt "$files"; fi
  (cd "$files" && apt-get "${apt_options[@]}" source --download-only "$1=$2") || return 1
  # Checks the checksums in the .dsc, itself checked by apt-get against the signed index.
  dpkg-source -x "$files"/*.dsc "$work/$1" >"$work/log" 2>&1 || die "$(tail -1 "$work/log")"
}
