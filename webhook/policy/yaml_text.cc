// SPDX-License-Identifier: Apache-2.0
//
// A JSON string is a YAML double-quoted scalar (YAML 1.2.2 section 1.2), so whatever is not plainly plain becomes one.
#include "webhook/policy/yaml_text.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/ascii.h"

namespace tidewaiter {
namespace {

using Json = nlohmann::ordered_json;

bool IsPlain(std::string_view text) {
  constexpr std::string_view kWords[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
  const auto is_letter = [](char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); };
  const auto is_inner = [&](char c) {
    return is_letter(c) || absl::ascii_isdigit(static_cast<unsigned char>(c)) ||
           std::string_view("-_./ ,;()=").find(c) != std::string_view::npos;
  };
  if (text.empty() || !(is_letter(text.front()) || text.front() == '/') || text.back() == ' ') return false;
  if (!std::all_of(text.begin(), text.end(), is_inner)) return false;
  const std::string lower = absl::AsciiStrToLower(std::string(text));
  return std::find(std::begin(kWords), std::end(kWords), lower) == std::end(kWords);
}

std::string Scalar(const Json& value) {
  if (!value.is_string() || !IsPlain(value.get_ref<const std::string&>())) return value.dump();
  return value.get<std::string>();
}

void Write(const Json& value, std::size_t indent, std::string& text);

// What stands behind `key:` or `-`, from the blank or line break on.
void WriteBehind(const Json& value, std::size_t indent, std::string& text) {
  if (value.is_structured() && !value.empty()) {
    text += '\n';
    Write(value, indent, text);
  } else {
    (text += ' ') += Scalar(value);
    text += '\n';
  }
}

void Write(const Json& value, std::size_t indent, std::string& text) {
  if (value.is_array()) {
    for (const Json& item : value) {
      std::string inner;
      WriteBehind(item, indent + 2, inner);
      text.append(indent, ' ') += '-';
      // The item's first line moves up behind the dash.
      text += inner.front() == '\n' ? " " + inner.substr(1 + indent + 2) : inner;
    }
    return;
  }
  for (const auto& [key, item] : value.items()) {
    (text.append(indent, ' ') += Scalar(key)) += ':';
    WriteBehind(item, indent + 2, text);
  }
}

}  // namespace

std::string WriteYaml(const nlohmann::ordered_json& value) {
  if (!value.is_structured() || value.empty()) return Scalar(value) + "\n";
  std::string text;
  Write(value, 0, text);
  return text;
}

}  // namespace tidewaiter
