// SPDX-License-Identifier: Apache-2.0
//
// Any text as text of an HTML page: nothing in it is markup, and what is no character is shown as such. Tested by
// tests/cli/scan/html_text_test.cc.
#pragma once

#include <string>
#include <string_view>

namespace tidewaiter {

// For text between tags and in attributes with double quotes. Control characters, invalid UTF-8 and the marks that turn
// the direction of writing become U+FFFD; tabs and line breaks stay.
std::string HtmlText(std::string_view text);

// The value of `sha256-...` in a Content-Security-Policy.
std::string ContentHash(std::string_view text);

}  // namespace tidewaiter
