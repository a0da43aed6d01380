// SPDX-License-Identifier: Apache-2.0
#include "webhook/kube/quoted.h"

#include "absl/strings/escaping.h"
#include "webhook/kube/text.h"

namespace tidewaiter {

std::string Quoted(std::string_view text) {
  constexpr std::size_t kShown = 120;
  return StrCat("\"", absl::CHexEscape(ToAbsl(text.substr(0, kShown))), text.size() > kShown ? "..." : "", "\"");
}

}  // namespace tidewaiter
