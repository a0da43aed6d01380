// SPDX-License-Identifier: Apache-2.0
//
// A walk over both at once.
#include "webhook/manifest/json_changes.h"

#include <algorithm>

#include "webhook/kube/field_path.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using Json = nlohmann::ordered_json;
using Kind = JsonChange::Kind;

bool IsNothing(const Json& value) { return value.is_null() || (value.is_structured() && value.empty()); }

bool IsSameElement(const Json& a, const Json& b) {
  if (!a.is_object() || !b.is_object()) return true;
  const auto name_of = [](const Json& element) { return element.contains("name") ? element["name"] : Json(); };
  return name_of(a) == name_of(b);
}

class Comparison {
 public:
  void Compare(const Json& from, const Json& to, const std::string& pointer) {
    if (from == to) return;
    if (from.is_object() && to.is_object() && !IsNothing(from)) return CompareMembers(from, to, pointer);
    if (from.is_array() && to.is_array() && !IsNothing(from)) return CompareElements(from, to, pointer);
    changes_.push_back({Kind::kReplace, pointer, to});
  }

  std::vector<JsonChange> Take() { return std::move(changes_); }

 private:
  void CompareMembers(const Json& from, const Json& to, const std::string& pointer) {
    for (const auto& [key, value] : to.items()) {
      const std::string member = StrCat(pointer, "/", EscapePointerToken(key));
      if (const auto old = from.find(key); old != from.end()) {
        Compare(*old, value, member);
      } else {
        changes_.push_back({Kind::kAdd, member, value});
      }
    }
    for (const auto& [key, value] : from.items()) {
      if (!to.contains(key)) changes_.push_back({Kind::kRemove, StrCat(pointer, "/", EscapePointerToken(key)), {}});
    }
  }

  void CompareElements(const Json& from, const Json& to, const std::string& pointer) {
    std::size_t next = 0;
    for (std::size_t i = 0; i < from.size(); ++i) {
      const std::string element = StrCat(pointer, "/", i);
      if (next < to.size() && (from[i] == to[next] || IsSameElement(from[i], to[next]))) {
        Compare(from[i], to[next++], element);
      } else {
        changes_.push_back({Kind::kRemove, element, {}});
      }
    }
    for (; next < to.size(); ++next) changes_.push_back({Kind::kAppend, pointer, to[next]});
  }

  std::vector<JsonChange> changes_;
};

}  // namespace

std::vector<JsonChange> FindChanges(const Json& from, const Json& to) {
  Comparison comparison;
  comparison.Compare(from, to, "");
  return comparison.Take();
}

void MakeChanges(const std::vector<const JsonChange*>& changes, Json& object) {
  const auto at = [&](const std::string& pointer) -> Json& { return object[Json::json_pointer(pointer)]; };
  std::vector<Json::json_pointer> removed;
  for (const JsonChange* change : changes) {
    switch (change->kind) {
      case Kind::kAdd:
      case Kind::kReplace:
        at(change->pointer) = change->value;
        break;
      case Kind::kAppend:
        at(change->pointer).push_back(change->value);
        break;
      case Kind::kRemove:
        removed.emplace_back(change->pointer);
        break;
    }
  }
  // The last one first, so that every index means what it meant.
  std::for_each(removed.rbegin(), removed.rend(), [&](const Json::json_pointer& pointer) {
    Json& parent = object[pointer.parent_pointer()];
    if (parent.is_array()) {
      parent.erase(std::stoul(pointer.back()));
    } else {
      parent.erase(pointer.back());
    }
  });
}

}  // namespace tidewaiter
