// SPDX-License-Identifier: Apache-2.0
//
// New values as a person would write them between what is there: YAML in block or flow style, or JSON. Only the text;
// where it goes is manifest_editor.h's. Tested by tests/manifest/manifest_editor_test.cc.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace tidewaiter {

// How the manifest is indented, in blanks.
struct BlockStyle {
  std::size_t mapping = 2;  // a mapping below its key
  std::size_t list = 0;     // the dashes of a list below its key
  std::size_t item = 2;     // what stands behind a dash
};

// The lines of `key: value`, without indentation and line breaks.
std::vector<std::string> WriteBlockMember(std::string_view key, const nlohmann::ordered_json& value,
                                          const BlockStyle& style);
// The lines of `- value`.
std::vector<std::string> WriteBlockElement(const nlohmann::ordered_json& value, const BlockStyle& style);
// The lines of a mapping or list that is not empty.
std::vector<std::string> WriteBlock(const nlohmann::ordered_json& value, const BlockStyle& style);

// What stands between brackets.
struct FlowStyle {
  bool is_json = false;    // everything quoted
  bool is_spaced = true;   // a blank behind colons and commas
  bool is_spread = false;  // each member and element on a line of its own
  std::string unit;        // of indentation, when it is spread
  std::string_view line_break = "\n";
};

// In flow style. `indent` is that of the line on which it begins.
std::string WriteFlow(const nlohmann::ordered_json& value, const FlowStyle& style, std::string_view indent);
std::string WriteFlowMember(std::string_view key, const nlohmann::ordered_json& value, const FlowStyle& style,
                            std::string_view indent);

}  // namespace tidewaiter
