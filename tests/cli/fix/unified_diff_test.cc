// SPDX-License-Identifier: Apache-2.0
//
// Hunks as `diff -u` writes them.
#include "webhook/cli/fix/unified_diff.h"

#include <gtest/gtest.h>

namespace tidewaiter {
namespace {

TEST(UnifiedDiffTest, Hunks) {
  struct Case {
    std::string_view name;
    std::string_view text;
    std::vector<TextEdit> edits;
    std::string_view hunks;
  };
  const Case cases[] = {
      {"nothing", "a\nb\n", {}, ""},
      {"a line put in", "a\nb\n", {{.offset = 2, .text = "x\n"}}, "@@ -1,2 +1,3 @@\n a\n+x\n b\n"},
      {"at the beginning", "a\nb\n", {{.offset = 0, .text = "x\n"}}, "@@ -1,2 +1,3 @@\n+x\n a\n b\n"},
      {"at the end", "a\nb\n", {{.offset = 4, .text = "x\n"}}, "@@ -1,2 +1,3 @@\n a\n b\n+x\n"},
      {"in a line",
       "a\nb: 1\nc\n",
       {{.offset = 5, .removed = 1, .text = "2"}},
       "@@ -1,3 +1,3 @@\n a\n-b: 1\n+b: 2\n c\n"},
      {"in a line and behind it",
       "a: {}\nb\n",
       {{.offset = 2, .removed = 3, .text = ""}, {.offset = 6, .text = "  x: 1\n"}},
       "@@ -1,2 +1,3 @@\n-a: {}\n+a:\n+  x: 1\n b\n"},
      {"a line taken out", "a\nb\nc\n", {{.offset = 2, .removed = 2, .text = ""}}, "@@ -1,3 +1,2 @@\n a\n-b\n c\n"},
      {"no line break at the end",
       "a\nb",
       {{.offset = 3, .text = "\nx"}},
       "@@ -1,2 +1,3 @@\n a\n-b\n\\ No newline at end of file\n+b\n+x\n\\ No newline at end of file\n"},
      {"far from the end",
       "1\n2\n3\n4\n5\n6\n",
       {{.offset = 2, .text = "x\n"}},
       "@@ -1,4 +1,5 @@\n 1\n+x\n 2\n 3\n 4\n"},
      {"near ones share a hunk",
       "1\n2\n3\n4\n5\n6\n7\n",
       {{.offset = 0, .text = "x\n"}, {.offset = 12, .text = "y\n"}},
       "@@ -1,7 +1,9 @@\n+x\n 1\n 2\n 3\n 4\n 5\n 6\n+y\n 7\n"},
      {"far ones do not",
       "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
       {{.offset = 0, .text = "x\n"}, {.offset = 16, .removed = 1, .text = "y"}},
       "@@ -1,3 +1,4 @@\n+x\n 1\n 2\n 3\n@@ -6,4 +7,4 @@\n 6\n 7\n 8\n-9\n+y\n"},
      {"in an empty text", "", {{.offset = 0, .text = "x\n"}}, "@@ -0,0 +1 @@\n+x\n"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.name);
    EXPECT_EQ(DiffHunks(TextLines(one.text), one.edits), one.hunks);
  }
  EXPECT_EQ(UnifiedDiff("a.yaml", TextLines("a\n"), {}), "");
  EXPECT_EQ(UnifiedDiff("a.yaml", TextLines("a\n"), {{.offset = 2, .text = "b\n"}}),
            "--- a.yaml\n+++ a.yaml\n@@ -1 +1,2 @@\n a\n+b\n");
}

}  // namespace
}  // namespace tidewaiter
