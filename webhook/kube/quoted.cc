// SPDX-License-Identifier: Apache-2.0
#include "webhook/kube/quoted.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "webhook/kube/text.h"

namespace tidewaiter {

std::string Quoted(std::string_view text) {
  constexpr std::size_t kShown = 120;
  return StrCat("\"", absl::CHexEscape(ToAbsl(text.substr(0, kShown))), text.size() > kShown ? "..." : "", "\"");
}

std::string QuotedList(const std::vector<std::string>& texts) {
  constexpr std::size_t kShown = 10;
  std::string list;
  for (std::size_t i = 0; i < std::min(texts.size(), kShown); ++i) {
    StrAppend(&list, i == 0 ? "" : ", ", Quoted(texts[i]));
  }
  if (texts.size() > kShown) StrAppend(&list, " and ", texts.size() - kShown, " more");
  return list;
}

}  // namespace tidewaiter
