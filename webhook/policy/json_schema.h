// SPDX-License-Identifier: Apache-2.0
//
// A JSON Schema (2020-12) of the PodPolicy document, for editors: made from the same description that reads the
// document, so it cannot tell another story. Tested by tests/policy/json_schema_test.cc.
#pragma once

#include <string>

namespace tidewaiter {

// The schema as indented JSON text with a line break at its end. It knows keys, types, enumerations and bounds; what
// needs more (globs, selectors, dates that exist, references between keys) is said by the loader only.
std::string PolicyJsonSchema();

}  // namespace tidewaiter
