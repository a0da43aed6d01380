// SPDX-License-Identifier: Apache-2.0
//
// Pointer tokens, escaped and unescaped by RFC 6901 section 3 and 4.
#include "webhook/kube/field_path.h"

#include <algorithm>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "webhook/kube/text.h"

namespace tidewaiter {

std::string EscapePointerToken(std::string_view token) {
  return absl::StrReplaceAll(ToAbsl(token), {{"~", "~0"}, {"/", "~1"}});
}

std::string FieldPath(std::string_view pointer) {
  std::string path;
  if (pointer.empty()) return path;
  for (const absl::string_view part : absl::StrSplit(ToAbsl(pointer.substr(1)), '/')) {
    const std::string token = absl::StrReplaceAll(part, {{"~1", "/"}, {"~0", "~"}});
    const bool is_index =
        !token.empty() && std::all_of(token.begin(), token.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (is_index || token.find_first_of("./") != std::string::npos) {
      StrAppend(&path, "[", token, "]");
    } else {
      StrAppend(&path, path.empty() ? "" : ".", token);
    }
  }
  return path;
}

}  // namespace tidewaiter
