// SPDX-License-Identifier: Apache-2.0
//
// Looking things up in a document, and saying where something is wrong in it.
#include "webhook/controls/base/document_node.h"

#include <algorithm>
#include <numeric>
#include <unordered_set>

#include "absl/strings/ascii.h"
#include "webhook/controls/base/settings_schema.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

// Optimal string alignment: insertions, deletions, substitutions, and two neighbours swapped, each counts one.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> rows(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) rows[i][0] = i;
  std::iota(rows[0].begin(), rows[0].end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      rows[i][j] =
          std::min({rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), rows[i - 1][j] + 1, rows[i][j - 1] + 1});
      const bool is_swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_swapped) rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.size()][b.size()];
}

}  // namespace

const DocumentNode* DocumentNode::Find(std::string_view key) const {
  for (const auto& [name, value] : entries) {
    if (name.text == key) return &value;
  }
  return nullptr;
}

absl::Status DocumentNode::Error(std::string_view message) const {
  const std::string place = line == 0 ? std::string() : StrCat(line, ":", column, ":");
  std::string error = StrCat(file == nullptr ? std::string_view("-") : std::string_view(*file), ":", place, " ", path,
                             path.empty() ? "" : ": ", message);
  // Values quote what they hold; here nothing slips through.
  std::replace_if(
      error.begin(), error.end(), [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); }, '?');
  return InvalidArgument(error);
}

std::string PathOfKey(std::string_view parent, std::string_view key) {
  constexpr std::size_t kLongest = 256;
  const bool is_plain = key.size() <= 64 && std::all_of(key.begin(), key.end(), [](char c) {
                          return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' ||
                                 c == '.' || c == '/' || c == '<' || c == '*';
                        });
  std::string path = StrCat(parent, parent.empty() ? "" : ".", is_plain ? std::string(key) : Quoted(key));
  return path.size() <= kLongest ? path : StrCat("...", path.substr(path.size() - kLongest));
}

std::string_view DocumentKindName(DocumentNode::Kind kind) {
  switch (kind) {
    case DocumentNode::Kind::kNull:
      return "null";
    case DocumentNode::Kind::kBoolean:
      return "boolean";
    case DocumentNode::Kind::kInteger:
      return "integer";
    case DocumentNode::Kind::kFloat:
      return "number";
    case DocumentNode::Kind::kString:
      return "string";
    case DocumentNode::Kind::kSequence:
      return "list";
    case DocumentNode::Kind::kMapping:
      return "mapping";
  }
  return "value";
}

std::string DidYouMean(std::string_view name, const std::vector<std::string_view>& candidates) {
  std::string_view nearest;
  // Names are short; a long one is no misspelling, and must not cost quadratic time.
  if (name.size() > 64) return {};
  std::size_t best = std::max<std::size_t>(name.size() / 3, 1) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = EditDistance(name, candidate);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest.empty() ? std::string() : StrCat("; did you mean ", Quoted(nearest), "?");
}

absl::Status CheckKeys(const DocumentNode& node, const std::vector<std::string_view>& keys) {
  if (node.kind == DocumentNode::Kind::kNull) return absl::OkStatus();
  if (node.kind != DocumentNode::Kind::kMapping) return WrongSettingType(node, "a mapping");
  // ParseYaml refuses keys given twice; what is built otherwise is looked at here.
  std::unordered_set<std::string_view> seen;
  for (const auto& [key, value] : node.entries) {
    if (std::find(keys.begin(), keys.end(), key.text) == keys.end()) {
      return key.Error(StrCat("unknown key", DidYouMean(key.text, keys)));
    }
    if (!seen.insert(key.text).second) return key.Error("given twice");
  }
  return absl::OkStatus();
}

}  // namespace tidewaiter
