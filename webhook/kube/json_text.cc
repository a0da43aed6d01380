// SPDX-License-Identifier: Apache-2.0
//
// ASCII, which is nearly all there is, is copied in runs; nlohmann_json sees to everything else.
#include "webhook/kube/json_text.h"

#include <nlohmann/json.hpp>

namespace tidewaiter {
namespace {

bool IsAscii(std::string_view text) {
  unsigned char all = 0;
  for (const char c : text) all |= static_cast<unsigned char>(c);
  return all < 0x80;
}

bool NeedsEscape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void AppendEscape(char c, std::string& json) {
  constexpr std::string_view kHex = "0123456789abcdef";
  json += '\\';
  switch (c) {
    case '"':
    case '\\':
      json += c;
      return;
    case '\n':
      json += 'n';
      return;
    case '\t':
      json += 't';
      return;
    default:
      (json += "u00") += kHex[static_cast<unsigned char>(c) >> 4];
      json += kHex[static_cast<unsigned char>(c) & 0xF];
  }
}

}  // namespace

void AppendJsonText(std::string_view text, std::string& json) {
  if (!IsAscii(text)) {
    json += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return;
  }
  json += '"';
  while (!text.empty()) {
    std::size_t run = 0;
    while (run < text.size() && !NeedsEscape(text[run])) ++run;
    json.append(text.substr(0, run));
    text.remove_prefix(run);
    if (text.empty()) break;
    AppendEscape(text.front(), json);
    text.remove_prefix(1);
  }
  json += '"';
}

std::string JsonText(std::string_view text) {
  std::string json;
  json.reserve(text.size() + 2);
  AppendJsonText(text, json);
  return json;
}

}  // namespace tidewaiter
