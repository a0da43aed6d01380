// SPDX-License-Identifier: Apache-2.0
//
// Strings as JSON text (RFC 8259, section 7), for what is written on the hot path. Tested by
// tests/kube/json_text_test.cc.
#pragma once

#include <string>
#include <string_view>

namespace tidewaiter {

// Puts `text` behind what `json` holds, with quotes and escapes; invalid UTF-8 is replaced by U+FFFD.
void AppendJsonText(std::string_view text, std::string& json);

// The same as a text of its own.
std::string JsonText(std::string_view text);

}  // namespace tidewaiter
