// SPDX-License-Identifier: Apache-2.0
//
// Depth first; aliases are counted as go-yaml counts them.
#include "webhook/manifest/manifest_json.h"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "webhook/kube/json_text.h"
#include "webhook/kube/text.h"
#include "webhook/manifest/manifest_builder.h"

namespace tidewaiter {
namespace {

using Member = ManifestDocument::Member;

// The bounds of go-yaml (decode.go, allowedAliasRatio): up to 400,000 values nearly all may come from aliases, from
// 4,000,000 on a tenth.
constexpr double kFewValues = 400'000;
constexpr double kManyValues = 4'000'000;
double AllowedAliasShare(double values) {
  const double share = std::clamp((values - kFewValues) / (kManyValues - kFewValues), 0.0, 1.0);
  return 0.99 - 0.89 * share;
}

class Writer {
 public:
  Writer(const ManifestDocument& document, std::string& json) : document_(document), json_(json) {}

  std::optional<ManifestProblem> Write(NodeId id) && {
    WriteNode(id);
    return std::move(problem_);
  }

 private:
  void Refuse(NodeId id, std::string message) {
    if (!problem_.has_value()) problem_ = {document_.node(id).begin, std::move(message)};
  }

  // One value more; whether that is still bearable.
  bool Count(NodeId id) {
    ++values_;
    if (alias_depth_ > 0) ++aliased_;
    const double share = static_cast<double>(aliased_) / static_cast<double>(values_);
    if (aliased_ > 100 && values_ > 1000 && share > AllowedAliasShare(static_cast<double>(values_))) {
      Refuse(id, "aliases stand for too much here: they would multiply the document");
    } else if (json_.size() > kMaxManifestJsonBytes) {
      Refuse(id, StrCat("this object is larger than ", kMaxManifestJsonBytes, " bytes with its aliases written out"));
    }
    return !problem_.has_value();
  }

  // Calls `visit` with what an alias stands for, or with the node itself.
  template <typename Visit>
  void Follow(NodeId id, Visit visit) {
    if (document_.node(id).kind != NodeKind::kAlias) return visit(id);
    if (!Count(id)) return;
    const NodeId target = document_.node(id).first;
    if (std::find(open_.begin(), open_.end(), target) != open_.end()) {
      return Refuse(id, "the alias stands within what it stands for");
    }
    ++alias_depth_;
    visit(target);
    --alias_depth_;
  }

  // Writes a list or mapping, inside which it may not stand again.
  template <typename Write>
  void WriteInside(NodeId id, Write write) {
    if (open_.size() >= kMaxManifestDepth) {
      return Refuse(id, StrCat("nested deeper than ", kMaxManifestDepth, " levels"));
    }
    open_.push_back(id);
    write();
    open_.pop_back();
  }

  void WriteNode(NodeId id) {
    Follow(id, [&](NodeId target) { WriteTarget(target); });
  }

  void WriteTarget(NodeId id) {
    if (!Count(id)) return;
    switch (document_.node(id).kind) {
      case NodeKind::kString:
        return AppendJsonText(document_.text(id), json_);
      case NodeKind::kSequence:
        return WriteInside(id, [&] { WriteSequence(id); });
      case NodeKind::kMapping:
        return WriteInside(id, [&] { WriteMapping(id); });
      case NodeKind::kNull:
        json_ += "null";
        return;
      default:
        json_ += document_.text(id);
    }
  }

  void WriteSequence(NodeId id) {
    json_ += '[';
    bool is_first = true;
    document_.ForEachElement(id, [&](NodeId element) {
      if (problem_.has_value()) return;
      if (!std::exchange(is_first, false)) json_ += ',';
      WriteNode(element);
    });
    json_ += ']';
  }

  void WriteMapping(NodeId id) {
    bool has_merge = false;
    document_.ForEachMember(id, [&](const Member& member) { has_merge |= document_.node(member.key).is_merge; });
    json_ += '{';
    bool is_first = true;
    const auto write = [&](const Member& member) {
      if (problem_.has_value() || !Count(member.key)) return;
      if (!std::exchange(is_first, false)) json_ += ',';
      AppendJsonText(document_.text(member.key), json_);
      json_ += ':';
      WriteNode(member.value);
    };
    if (!has_merge) {
      document_.ForEachMember(id, write);
    } else {
      Members members;
      Collect(id, members);
      for (const auto& [member, is_aliased] : members.list) {
        alias_depth_ += is_aliased ? 1 : 0;
        write(member);
        alias_depth_ -= is_aliased ? 1 : 0;
      }
    }
    json_ += '}';
  }

  // The members of a mapping that merges others, each key once, and whether an alias brought it.
  struct Members {
    std::vector<std::pair<Member, bool>> list;
    std::unordered_map<std::string_view, std::size_t> places;
  };

  void Collect(NodeId mapping, Members& members) {
    const int depth = alias_depth_;
    document_.ForEachMember(mapping, [&](const Member& member) {
      if (problem_.has_value()) return;
      if (document_.node(member.key).is_merge) return Merge(member.value, members);
      const auto [place, is_new] = members.places.emplace(document_.text(member.key), members.list.size());
      if (is_new) members.list.emplace_back();
      members.list[place->second] = {member, depth > 0};
    });
  }

  void Merge(NodeId value, Members& members) {
    const auto merge_mapping = [&](NodeId id) {
      Follow(id, [&](NodeId target) {
        if (document_.node(target).kind != NodeKind::kMapping) {
          return Refuse(id, "<< takes a mapping or a list of mappings");
        }
        if (Count(target)) WriteInside(target, [&] { Collect(target, members); });
      });
    };
    if (document_.node(value).kind != NodeKind::kSequence) return merge_mapping(value);
    // Of several the earlier one counts.
    std::vector<NodeId> several;
    document_.ForEachElement(value, [&](NodeId element) { several.push_back(element); });
    std::for_each(several.rbegin(), several.rend(), merge_mapping);
  }

  const ManifestDocument& document_;
  std::string& json_;
  std::optional<ManifestProblem> problem_;
  std::vector<NodeId> open_;  // the lists and mappings that are being written
  int alias_depth_ = 0;       // how many aliases led here
  std::size_t values_ = 0;
  std::size_t aliased_ = 0;
};

}  // namespace

std::optional<ManifestProblem> WriteManifestJson(const ManifestDocument& document, NodeId node, std::string& json) {
  json.clear();
  return Writer(document, json).Write(node);
}

}  // namespace tidewaiter
