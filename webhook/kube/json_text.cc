// SPDX-License-Identifier: Apache-2.0
//
// ASCII, which is nearly all there is, is copied in runs; nlohmann_json sees to everything else.
#include "webhook/kube/json_text.h"

#include <nlohmann/json.hpp>

#include "webhook/kube/byte_scan.h"

namespace tidewaiter {
namespace {

// A byte that stands for itself in a JSON string, and is ASCII.
bool IsPlain(unsigned char byte) { return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\'; }
auto SpecialIn(Sixteen bytes) { return (bytes < 0x20) | (bytes >= 0x80) | (bytes == '"') | (bytes == '\\'); }

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
  const std::size_t begin = json.size();
  std::string_view rest = text;
  json += '"';
  while (true) {
    const std::size_t run = CountPlain(rest, SpecialIn, IsPlain);
    json.append(rest.substr(0, run));
    rest.remove_prefix(run);
    if (rest.empty()) break;
    if (static_cast<unsigned char>(rest.front()) >= 0x80) {
      json.resize(begin);
      json += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
      return;
    }
    AppendEscape(rest.front(), json);
    rest.remove_prefix(1);
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
