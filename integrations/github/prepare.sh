#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Puts tidewaiter into the PATH of the steps that follow: the one that is there, the one of the cache, or one built from
# the sources of this action (Debian 12 and 13, Ubuntu 24.04; two minutes).
set -euo pipefail

cache="$HOME/.cache/tidewaiter"
if command -v tidewaiter >/dev/null; then
  echo "tidewaiter is there: $(command -v tidewaiter)"
  exit 0
fi
if [[ ! -x "$cache/tidewaiter" ]]; then
  cd "$(dirname "${BASH_SOURCE[0]}")/../.."
  ./dev setup --program
  cmake -S . -B build/action -G Ninja -DCMAKE_BUILD_TYPE=Release -DTIDEWAITER_TESTS=OFF
  cmake --build build/action --target tidewaiter
  mkdir -p "$cache"
  cp build/action/tidewaiter "$cache/"
fi
echo "$cache" >>"$GITHUB_PATH"
