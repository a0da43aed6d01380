#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# build.sh FOLDER: puts into FOLDER what the integrations are tried with: pre-commit (PyPI, in a Python environment of its
# own) and actionlint (a Go module). Does nothing when both are there in these versions.
set -euo pipefail

readonly PRE_COMMIT=4.3.0 ACTIONLINT=v1.7.7
mkdir -p "$1"
folder="$(cd "$1" && pwd)"
cd "$(dirname "${BASH_SOURCE[0]}")"

if ! "$folder/pre-commit/bin/pre-commit" --version 2>/dev/null | grep -q " $PRE_COMMIT\$"; then
  rm -rf "$folder/pre-commit"
  python3 -m venv "$folder/pre-commit" || { echo "build.sh: python3 has no venv: install python3-venv" >&2; exit 1; }
  "$folder/pre-commit/bin/pip" install --quiet --disable-pip-version-check "pre-commit==$PRE_COMMIT"
fi
if ! "$folder/actionlint" -version 2>/dev/null | grep -q "^${ACTIONLINT#v}\$"; then
  GOBIN="$folder" go install -ldflags "-X github.com/rhysd/actionlint.version=${ACTIONLINT#v}" \
    "github.com/rhysd/actionlint/cmd/actionlint@$ACTIONLINT"
fi
