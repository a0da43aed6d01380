#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Scans what the inputs of the action name, once for each reader: annotations on standard output, Markdown into the
# summary of the job, SARIF into a file. Ends with the exit code of the scan, or with 0 when a denial shall not fail.
set -euo pipefail

arguments=(--namespace "$INPUT_NAMESPACE")
read -r -a policies <<<"${INPUT_POLICIES//$'\n'/ }"
for policy in "${policies[@]}"; do arguments+=(--policies "$policy"); done
[[ -z "$INPUT_NAMESPACES" ]] || arguments+=(--namespaces "$INPUT_NAMESPACES")
read -r -a paths <<<"${INPUT_PATHS//$'\n'/ }"

# What cannot be read is told once, by the first.
code=0
tidewaiter scan --format github "${arguments[@]}" -- "${paths[@]}" || code=$?
tidewaiter scan --format markdown "${arguments[@]}" -- "${paths[@]}" 2>/dev/null >>"$GITHUB_STEP_SUMMARY" || true
tidewaiter scan --format sarif --output "$INPUT_SARIF" "${arguments[@]}" -- "${paths[@]}" 2>/dev/null || true
denied="$(tidewaiter scan --format json "${arguments[@]}" -- "${paths[@]}" 2>/dev/null |
  sed -n 's/.*"denied": \([0-9]*\)}}$/\1/p')" || true
{
  echo "denied=${denied:-0}"
  echo "sarif=$INPUT_SARIF"
} >>"$GITHUB_OUTPUT"
if ((code == 1)) && [[ "$INPUT_FAIL" != true ]]; then code=0; fi
exit "$code"
