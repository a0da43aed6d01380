// SPDX-License-Identifier: Apache-2.0
//
// Pointer tokens, escaped and unescaped by RFC 6901 section 3 and 4.
#include "webhook/kube/field_path.h"

#include "absl/strings/str_replace.h"
#include "webhook/kube/characters.h"
#include "webhook/kube/text.h"

namespace tidewaiter {

std::string EscapePointerToken(std::string_view token) {
  if (token.find_first_of("~/") == std::string_view::npos) return std::string(token);
  return absl::StrReplaceAll(ToAbsl(token), {{"~", "~0"}, {"/", "~1"}});
}

std::string UnescapePointerToken(std::string_view token) {
  return absl::StrReplaceAll(ToAbsl(token), {{"~1", "/"}, {"~0", "~"}});
}

std::string FieldPath(std::string_view pointer) {
  std::string path;
  path.reserve(pointer.size() + 8);
  AppendFieldPath(pointer, path);
  return path;
}

void AppendFieldPath(std::string_view pointer, std::string& path) {
  bool is_first = true;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);  // '/'
    std::string_view token = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(token.size());
    std::string unescaped;
    if (token.find('~') != std::string_view::npos) {
      unescaped = UnescapePointerToken(token);
      token = unescaped;
    }
    bool is_index = !token.empty();
    bool has_separator = false;
    for (const char c : token) {
      is_index = is_index && IsDigit(c);
      has_separator = has_separator || c == '.' || c == '/';
    }
    if (is_index || has_separator) {
      (path += '[').append(token) += ']';
    } else {
      if (!is_first) path += '.';
      path.append(token);
    }
    is_first = false;
  }
}

}  // namespace tidewaiter
