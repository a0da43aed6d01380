// SPDX-License-Identifier: Apache-2.0
//
// Files that are not manifests yet: Helm's templates and Kustomize's patches. They are recognised, so that the reader
// learns what to run instead of what is wrong with the YAML. Tested by tests/integration/scan_test.py.
#pragma once

#include <string_view>

#include "webhook/cli/scan/report.h"

namespace tidewaiter {

inline constexpr std::string_view kHelmAdvice =
    "a Helm template that was not rendered: run `helm template CHART | tidewaiter scan -`";

// Whether a text that is good YAML none the less has to be rendered by Helm first: it refers to .Values and its like.
bool HoldsHelmTemplate(std::string_view text);

// Replaces the problems of a file by one that says what to run, if the file is a template of Helm; and adds a word to
// them if it lies beside a kustomization.yaml.
void ExplainTemplates(std::string_view text, ScanFile& file);

}  // namespace tidewaiter
