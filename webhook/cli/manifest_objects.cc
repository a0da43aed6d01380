// SPDX-License-Identifier: Apache-2.0
//
// Lists are unwrapped, to a depth that no manifest has.
#include "webhook/cli/manifest_objects.h"

#include <algorithm>

#include "webhook/kube/text.h"
#include "webhook/manifest/manifest_place.h"

namespace tidewaiter {
namespace {

constexpr int kMostListLevels = 8;

struct Visitor {
  const std::function<void(const ManifestObject&)>& visit;
  const std::function<void(SourceMark, std::string_view)>& fail;

  void Visit(const ManifestDocument& document, NodeId node, std::string_view list_version, std::string_view list_kind,
             int depth) const {
    const auto text_of = [&](std::string_view key, std::string_view otherwise) {
      const NodeId value = document.FindValue(node, key);
      return value == kNoNode ? otherwise : document.StringOf(value);
    };
    const std::string_view kind = text_of("kind", list_kind);
    const std::string_view version = text_of("apiVersion", list_version);
    const NodeId items = document.FindValue(node, "items");
    if (!kind.ends_with("List") || items == kNoNode || document.KindOf(items) != NodeKind::kSequence) {
      return visit({.document = document, .node = node, .kind = KindOf(version, kind)});
    }
    if (depth >= kMostListLevels) {
      return fail(FindPlace(document, node, "").begin,
                  StrCat("lists within lists, deeper than ", kMostListLevels, " levels"));
    }
    const bool is_typed = kind != "List";
    document.ForEachElement(items, [&](NodeId item) {
      Visit(document, item, is_typed ? version : "", is_typed ? kind.substr(0, kind.size() - 4) : "", depth + 1);
    });
  }
};

}  // namespace

GroupVersionKind KindOf(std::string_view api_version, std::string_view kind) {
  const std::size_t slash = api_version.find('/');
  const bool has_group = slash != std::string_view::npos;
  return {.group = has_group ? api_version.substr(0, slash) : std::string_view(),
          .version = has_group ? api_version.substr(slash + 1) : api_version,
          .kind = kind};
}

std::string_view ManifestObject::Metadata(std::string_view key) const {
  const NodeId metadata = document.FindValue(node, "metadata");
  const NodeId value = metadata == kNoNode ? kNoNode : document.FindValue(metadata, key);
  return value == kNoNode ? std::string_view() : document.StringOf(value);
}

void ForEachObjectOf(const ManifestDocument& document, const std::function<void(const ManifestObject&)>& visit,
                     const std::function<void(SourceMark, std::string_view)>& fail) {
  Visitor{.visit = visit, .fail = fail}.Visit(document, document.root(), {}, {}, 0);
}

void ForEachManifestObject(std::string_view text, bool is_json, const std::function<void(const ManifestObject&)>& visit,
                           const std::function<void(SourceMark, std::string_view)>& fail) {
  ManifestReader reader(text, is_json);
  for (ManifestReader::Step step = reader.Next(); step != ManifestReader::Step::kEnd; step = reader.Next()) {
    if (step == ManifestReader::Step::kDocument) {
      ForEachObjectOf(reader.document(), visit, fail);
    } else {
      fail(reader.problem().place, reader.problem().message);
    }
  }
}

bool IsJudgedKind(const GroupVersionKind& kind, const PolicySet& policies) {
  const std::vector<WorkloadRow>& rows = policies.workloads();
  return PodPointerOf(kind.group, kind.kind).has_value() ||
         std::any_of(rows.begin(), rows.end(),
                     [&](const WorkloadRow& row) { return row.group == kind.group && row.kind == kind.kind; });
}

}  // namespace tidewaiter
