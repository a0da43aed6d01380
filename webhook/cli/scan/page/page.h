// SPDX-License-Identifier: Apache-2.0
//
// The style and the script of the HTML report, compiled in from page.css and page.js. Tested by
// tests/browser/html_report_test.py.
#pragma once

#include <string_view>

namespace tidewaiter {

extern const std::string_view kPageStyle;
extern const std::string_view kPageScript;

}  // namespace tidewaiter
