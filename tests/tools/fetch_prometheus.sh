#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# fetch_prometheus.sh FOLDER: puts this distribution's prometheus and promtool into FOLDER/bin. The package is taken
# apart, not installed: installed, it would start a server with every boot of the machine. For `./dev setup` only.
set -euo pipefail
readonly TARGET="$1"

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }
die() { printf 'dev: %s: put prometheus and promtool into %s/bin by hand\n' "$*" "$TARGET" >&2; exit 1; }
as_root() { if ((EUID == 0)); then "$@"; else sudo "$@"; fi; }

work="$(mktemp -d)"  # under /tmp, where apt's unprivileged downloader may write as well
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
if ((EUID == 0)); then chown _apt "$work"; fi
download() { (cd "$work" && apt-get -q download prometheus); }

say "taking prometheus and promtool from the package prometheus"
if ! download; then
  as_root apt-get -q update || die "apt-get update failed"
  download || die "the package prometheus cannot be downloaded"
fi
dpkg-deb -x "$work"/prometheus_*.deb "$work/tree" || die "the package prometheus cannot be read"
for program in prometheus promtool; do
  install -D -m 755 "$work/tree/usr/bin/$program" "$TARGET/bin/$program" || die "the package has no $program"
done
"$TARGET/bin/promtool" --version >"$work/version" 2>&1 || die "promtool does not run: $(tail -1 "$work/version")"
say "wrote $TARGET/bin: $(head -1 "$work/version")"
