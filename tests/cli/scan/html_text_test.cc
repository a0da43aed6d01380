// SPDX-License-Identifier: Apache-2.0
//
// Hostile texts.
#include "webhook/cli/scan/html_text.h"

#include <gtest/gtest.h>

namespace tidewaiter {
namespace {

TEST(HtmlTextTest, NothingIsMarkup) {
  struct Case {
    std::string_view text;
    std::string_view html;
  };
  const Case cases[] = {
      {"web-1 é 漢 😀", "web-1 é 漢 😀"},
      {"<script>alert('1')</script>", "&lt;script&gt;alert('1')&lt;/script&gt;"},
      {"\" onload=\"x", "&quot; onload=&quot;x"},
      {"&lt;", "&amp;lt;"},
      {"a\tb\nc", "a\tb\nc"},
      {std::string_view("a\0b", 3),
       "a\xEF\xBF\xBD"
       "b"},
      {"\x1B[31m\x7F", "\xEF\xBF\xBD[31m\xEF\xBF\xBD"},
      {"\xC2\x85", "\xEF\xBF\xBD"},
      {"abc\xE2\x80\xAE"
       "def",
       "abc\xEF\xBF\xBD"
       "def"},                                                   // right-to-left override
      {"\xE2\x81\xA6", "\xEF\xBF\xBD"},                          // isolate
      {"\xC0\xBCscript", "\xEF\xBF\xBD\xEF\xBF\xBDscript"},      // `<` in two bytes
      {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},  // half of a surrogate
      {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"a\xC3", "a\xEF\xBF\xBD"},
  };
  for (const Case& one : cases) EXPECT_EQ(HtmlText(one.text), one.html) << one.text;
}

TEST(HtmlTextTest, ContentHash) {
  // CSP 2, section 4.2.5 has this example.
  EXPECT_EQ(ContentHash("alert('Hello, world.');"), "qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=");
}

}  // namespace
}  // namespace tidewaiter
