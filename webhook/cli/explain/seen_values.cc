// SPDX-License-Identifier: Apache-2.0
//
// A walk along the steps of a field path, branching at lists.
#include "webhook/cli/explain/seen_values.h"

#include "webhook/controls/base/globs.h"
#include "webhook/kube/field_path.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using Json = nlohmann::json;

// "containers" and "*" of "containers[*].image"; the key in brackets may hold dots and slashes.
struct Step {
  std::string_view key;
  std::string_view bracket;  // "" for none
};

Step TakeStep(std::string_view& path) {
  Step step;
  const std::size_t end = path.find_first_of(".[");
  step.key = path.substr(0, end);
  path.remove_prefix(end == std::string_view::npos ? path.size() : end);
  if (path.starts_with('[')) {
    const std::size_t close = path.find(']');
    step.bracket = path.substr(1, close - 1);
    path.remove_prefix(close + 1);
  }
  if (path.starts_with('.')) path.remove_prefix(1);
  return step;
}

bool IsSecret(std::string_view field) { return field.ends_with("env[*].value"); }

class Walk {
 public:
  explicit Walk(std::string_view field) : field_(field) {}

  void Visit(const Json& value, const std::string& pointer, std::string_view path) {
    if (path.empty()) {
      if (value.is_null()) return;
      const std::string text =
          IsSecret(field_) && value.is_string()
              ? StrCat("\"...\" (", value.get_ref<const std::string&>().size(), " characters that are not shown)")
              : value.dump(-1, ' ', false, Json::error_handler_t::replace);
      found.push_back({pointer, text});
      return;
    }
    const Step step = TakeStep(path);
    if (step.key == "containers" && pointer.ends_with("/spec")) {
      for (const std::string_view list : {"initContainers", "containers", "ephemeralContainers"}) {
        VisitMember(value, pointer, list, step.bracket, path);
      }
    } else {
      VisitMember(value, pointer, step.key, step.bracket, path);
    }
  }

  std::vector<SeenValue> found;

 private:
  void VisitMember(const Json& parent, const std::string& pointer, std::string_view key, std::string_view bracket,
                   std::string_view rest) {
    if (!parent.is_object()) return;
    const auto member = parent.find(std::string(key));
    if (member == parent.end()) return;
    const std::string below = StrCat(pointer, "/", EscapePointerToken(key));
    if (bracket.empty()) return Visit(*member, below, rest);
    if (bracket == "*" && member->is_array()) {
      for (std::size_t i = 0; i < member->size(); ++i) Visit((*member)[i], StrCat(below, "/", i), rest);
    } else if (member->is_object()) {
      for (const auto& [name, value] : member->items()) {
        if (MatchesAny({std::string(bracket)}, name)) Visit(value, StrCat(below, "/", EscapePointerToken(name)), rest);
      }
    }
  }

  const std::string_view field_;
};

}  // namespace

SeenValues FindSeenValues(const Json& object, std::string_view pod_pointer,
                          const std::vector<std::string_view>& fields) {
  SeenValues seen;
  for (const std::string_view field : fields) {
    // The namespace is the object's; a template has none.
    const std::string root = field == "metadata.namespace" ? std::string() : std::string(pod_pointer);
    Walk walk(field);
    const Json::json_pointer pointer(root);
    if (object.contains(pointer)) walk.Visit(object.at(pointer), root, field);
    if (walk.found.empty()) seen.unset.emplace_back(field);
    for (SeenValue& value : walk.found) seen.set.push_back(std::move(value));
  }
  return seen;
}

std::string ValueText(const Json& object, const std::string& pointer) {
  const Json::json_pointer place(pointer);
  if (!object.contains(place) || object.at(place).is_null()) return {};
  return object.at(place).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tidewaiter
