// SPDX-License-Identifier: Apache-2.0
//
// A walk over the change tree: down through what existed, one operation at each edge where something new begins.
#include "webhook/engine/json_patch.h"

#include <algorithm>
#include <functional>

#include "webhook/kube/field_path.h"
#include "webhook/kube/json_text.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

// The JSON text of a new subtree.
std::string NewValue(const ChangeNode& node) {
  if (!node.value.empty()) return node.value;
  std::string text;
  std::string_view separator;
  if (!node.appended.empty()) {
    for (const std::string& element : node.appended) {
      StrAppend(&text, separator, element);
      separator = ",";
    }
    return StrCat("[", text, "]");
  }
  for (const auto& [key, member] : node.members) {
    StrAppend(&text, separator, JsonText(key), ":", NewValue(member));
    separator = ",";
  }
  return StrCat("{", text, "}");
}

class PatchWriter {
 public:
  void Visit(const ChangeNode& node, const std::string& pointer) {
    for (const std::string& element : node.appended) Add(pointer + "/-", element);
    std::vector<std::size_t> removed = node.removed;
    std::sort(removed.begin(), removed.end(), std::greater<>());
    for (const std::size_t index : removed) {
      StrAppend(&removals_, R"(,{"op":"remove","path":)", JsonText(StrCat(pointer, "/", index)), "}");
    }
    for (const auto& [key, member] : node.members) {
      const std::string member_pointer = StrCat(pointer, "/", EscapePointerToken(key));
      if (member.is_new) {
        Add(member_pointer, NewValue(member));
      } else {
        Visit(member, member_pointer);
      }
    }
  }

  std::string Finish() && {
    operations_ += removals_;
    if (operations_.empty()) return {};
    operations_.front() = '[';
    return operations_ += ']';
  }

 private:
  void Add(const std::string& pointer, std::string_view value) {
    StrAppend(&operations_, R"(,{"op":"add","path":)", JsonText(pointer), ",\"value\":", value, "}");
  }

  std::string operations_;  // each with a comma in front
  std::string removals_;
};

}  // namespace

std::string BuildJsonPatch(const ChangeNode& tree, std::string_view root) {
  PatchWriter writer;
  writer.Visit(tree, std::string(root));
  return std::move(writer).Finish();
}

}  // namespace tidewaiter
