// SPDX-License-Identifier: Apache-2.0
//
// Colours for what people read on a terminal (ECMA-48 SGR); command_parts.h says when. Tested by
// tests/integration/explain_test.py.
#pragma once

#include <string>
#include <string_view>

#include "webhook/kube/text.h"

namespace tidewaiter {

class Paint {
 public:
  static constexpr std::string_view kBold = "1";
  static constexpr std::string_view kRed = "1;31";
  static constexpr std::string_view kYellow = "1;33";
  static constexpr std::string_view kBlue = "1;34";
  static constexpr std::string_view kGreen = "1;32";
  static constexpr std::string_view kCyan = "36";
  static constexpr std::string_view kFaint = "2";

  explicit Paint(bool has_colours) : has_colours_(has_colours) {}

  std::string operator()(std::string_view colour, std::string_view text) const {
    return has_colours_ ? StrCat("\033[", colour, "m", text, "\033[0m") : std::string(text);
  }

 private:
  bool has_colours_;
};

}  // namespace tidewaiter
