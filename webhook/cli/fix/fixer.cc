// SPDX-License-Identifier: Apache-2.0
//
// Plans all changes, takes those with which the text reads as it should, and tells the others.
#include "webhook/cli/fix/fixer.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <unordered_map>
#include <utility>

#include "webhook/cli/fix/object_fix.h"
#include "webhook/cli/fix/unified_diff.h"
#include "webhook/kube/field_path.h"
#include "webhook/kube/json.h"
#include "webhook/kube/text.h"
#include "webhook/manifest/manifest_editor.h"
#include "webhook/manifest/manifest_json.h"

namespace tidewaiter {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// A document as it was read.
struct DocumentText {
  std::string json;
  // Changes that are made in it, with pointers from its root.
  std::vector<JsonChange> changes;
};

struct PlannedChange {
  std::size_t object = 0;
  std::size_t document = 0;
  JsonChange change;    // from the object's root
  std::string pointer;  // of the object in its document
  std::vector<TextEdit> edits;
};

// The pointer of everything that may be an object of its own: the document, and the items of lists.
void FindItems(const ManifestDocument& document, NodeId node, const std::string& pointer, int depth,
               std::unordered_map<NodeId, std::string>& pointers) {
  pointers.emplace(node, pointer);
  const NodeId items = depth > 8 ? kNoNode : document.FindValue(node, "items");
  if (items == kNoNode) return;
  std::size_t index = 0;
  document.ForEachElement(
      items, [&](NodeId item) { FindItems(document, item, StrCat(pointer, "/items/", index++), depth + 1, pointers); });
}

// Whether `a` makes no sense without `b`: a volume without its mounts, and mounts without their volume; to forbid a
// token that stays mounted; and what was possible only because something else gave way (allowPrivilegeEscalation=false
// beside privileged=true is refused).
bool BelongTogether(const JsonChange& a, const JsonChange& b) {
  const auto is_of_volumes = [](const JsonChange& change) {
    return change.pointer.find("/volumes") != std::string::npos ||
           change.pointer.find("/volumeMounts") != std::string::npos ||
           change.pointer.ends_with("/readOnlyRootFilesystem");
  };
  const bool gives_way = b.kind == JsonChange::Kind::kReplace && !b.value.is_structured();
  const bool is_of_token = a.kind == JsonChange::Kind::kRemove || a.pointer.ends_with("/automountServiceAccountToken");
  return gives_way || (is_of_volumes(a) && is_of_volumes(b)) || (is_of_token && b.kind == JsonChange::Kind::kRemove);
}

class FileFix {
 public:
  FileFix(const Scanner& scanner, const FixOptions& options, std::string_view text, FixedFile& file)
      : scanner_(scanner), options_(options), lines_(text), file_(file) {}

  void Run() {
    const std::string_view name = file_.before.path;
    ManifestReader reader(lines_.text(), name.ends_with(".json"));
    while (reader.Next() == ManifestReader::Step::kDocument) PlanDocument(reader.document());
    Take(planned_);
    bool is_less = false;
    while (DropHalves()) is_less = true;
    if (is_less && !ReadsWell()) taken_.clear();
    std::sort(taken_.begin(), taken_.end());
    for (const std::size_t i : taken_) {
      FixedObject& object = file_.objects[planned_[i].object];
      object.changes.push_back(planned_[i].change);
      std::move(planned_[i].edits.begin(), planned_[i].edits.end(), std::back_inserter(object.edits));
    }
    for (FixedObject& object : file_.objects) SortEdits(object.edits);
  }

 private:
  void PlanDocument(const ManifestDocument& document) {
    std::unordered_map<NodeId, std::string> pointers;
    FindItems(document, document.root(), "", 0, pointers);
    DocumentText& read = documents_.emplace_back();
    // A list that is too long as a whole is only looked at item by item.
    if (WriteManifestJson(document, document.root(), read.json).has_value()) read.json.clear();
    const ManifestEditor editor(lines_, document);
    scanner_.ForEachWorkload(document, [&](NodeId node, const GroupVersionKind& kind) {
      file_.objects.emplace_back();
      PlanObject(document, editor, node, kind, pointers[node]);
    });
  }

  void PlanObject(const ManifestDocument& document, const ManifestEditor& editor, NodeId node,
                  const GroupVersionKind& kind, const std::string& pointer) {
    FixedObject& fixed = file_.objects.back();
    std::string text;
    if (WriteManifestJson(document, node, text).has_value()) return;
    const absl::StatusOr<JsonDocument> parsed = JsonDocument::Parse(text);
    if (!parsed.ok()) return;
    OrderedJson object = OrderedJson::parse(text, nullptr, false);
    if (object.is_discarded()) return;
    const absl::StatusOr<OrderedJson> target = FixObject(scanner_.RequestOf(document, node, kind, parsed->root()),
                                                         scanner_.context(), options_.overwrites, object);
    if (!target.ok()) {
      fixed.unwritten.push_back({{}, std::string(MessageOf(target.status()))});
      return;
    }
    for (JsonChange& change : FindChanges(object, *target)) {
      absl::StatusOr<std::vector<TextEdit>> edits =
          has_other_breaks_ ? InvalidArgument("the file has line breaks that are neither LF nor CRLF")
                            : editor.Plan(node, change);
      if (documents_.back().json.empty()) edits = InvalidArgument("the list that it stands in is too long");
      if (!edits.ok()) {
        fixed.unwritten.push_back({std::move(change), std::string(MessageOf(edits.status()))});
        continue;
      }
      planned_.push_back({.object = file_.objects.size() - 1,
                          .document = documents_.size() - 1,
                          .change = std::move(change),
                          .pointer = pointer,
                          .edits = *std::move(edits)});
    }
  }

  // What makes sense only as a whole, and of which a part cannot be written, goes out again; whether anything does.
  bool DropHalves() {
    return std::erase_if(taken_, [&](std::size_t i) {
             FixedObject& object = file_.objects[planned_[i].object];
             const auto broken = std::find_if(
                 object.unwritten.begin(), object.unwritten.end(),
                 [&](const UnwrittenChange& other) { return BelongTogether(planned_[i].change, other.change); });
             if (broken == object.unwritten.end()) return false;
             object.unwritten.push_back(
                 {planned_[i].change,
                  StrCat("it makes sense only with ", FieldPath(broken->change.pointer), ", which cannot be written")});
             return true;
           }) > 0;
  }

  // Takes all of them if the text then reads as it should, and otherwise as many as it can, by halves.
  void Take(std::span<const PlannedChange> some) {
    if (some.empty()) return;
    const std::size_t taken_before = taken_.size();
    const std::size_t first = static_cast<std::size_t>(some.data() - planned_.data());
    for (std::size_t i = first; i < first + some.size(); ++i) taken_.push_back(i);
    if (ReadsWell()) return;
    taken_.resize(taken_before);
    if (some.size() == 1) {
      file_.objects[some[0].object].unwritten.push_back(
          {some[0].change, "it cannot be written there without changing something else"});
      return;
    }
    Take(some.first(some.size() / 2));
    Take(some.subspan(some.size() / 2));
  }

  bool ReadsWell() {
    std::vector<TextEdit> edits;
    std::vector<std::vector<JsonChange>> changes(documents_.size());
    for (const std::size_t i : taken_) {
      const PlannedChange& planned = planned_[i];
      edits.insert(edits.end(), planned.edits.begin(), planned.edits.end());
      changes[planned.document].push_back(planned.change);
      changes[planned.document].back().pointer.insert(0, planned.pointer);
    }
    SortEdits(edits);
    file_.text = ApplyEdits(lines_.text(), edits);
    const std::string_view name = file_.before.path;
    ManifestReader reader(file_.text, name.ends_with(".json"));
    std::string json;
    for (std::size_t i = 0; i < documents_.size(); ++i) {
      if (reader.Next() != ManifestReader::Step::kDocument) return false;
      const bool is_too_long = WriteManifestJson(reader.document(), reader.document().root(), json).has_value();
      if (is_too_long != documents_[i].json.empty()) return false;
      if (is_too_long) continue;
      if (changes[i].empty()) {
        if (json != documents_[i].json) return false;
        continue;
      }
      OrderedJson expected = OrderedJson::parse(documents_[i].json);
      std::vector<const JsonChange*> made;
      for (const JsonChange& change : changes[i]) made.push_back(&change);
      MakeChanges(made, expected);
      if (nlohmann::json::parse(json) != nlohmann::json(expected)) return false;
    }
    return reader.Next() == ManifestReader::Step::kEnd;
  }

  const Scanner& scanner_;
  const FixOptions& options_;
  const TextLines lines_;
  const bool has_other_breaks_ = lines_.HasOtherBreaks();
  FixedFile& file_;
  std::vector<DocumentText> documents_;
  std::vector<PlannedChange> planned_;
  std::vector<std::size_t> taken_;  // indexes of planned_
};

}  // namespace

bool FixedFile::is_changed() const {
  return std::any_of(objects.begin(), objects.end(), [](const FixedObject& object) { return !object.edits.empty(); });
}

std::vector<TextEdit> FixedFile::Edits() const {
  std::vector<TextEdit> edits;
  for (const FixedObject& object : objects) edits.insert(edits.end(), object.edits.begin(), object.edits.end());
  SortEdits(edits);
  return edits;
}

FixedFile Fixer::Fix(std::string path, std::string_view text) const {
  FixedFile file;
  file.before = scanner_.Scan(std::move(path), text);
  if (!file.before.problems.empty()) {
    file.after = file.before;
    file.text = text;
    return file;
  }
  // Places count from behind the mark.
  const std::string_view mark = text.starts_with(kByteOrderMark) ? kByteOrderMark : "";
  FileFix(scanner_, options_, text.substr(mark.size()), file).Run();
  file.text = file.is_changed() ? StrCat(mark, ApplyEdits(text.substr(mark.size()), file.Edits())) : std::string(text);
  file.after = scanner_.Scan(file.before.path, file.text);
  return file;
}

void AddRemedies(const Fixer& fixer, std::string_view text, ScanFile& file) {
  const FixedFile fixed = fixer.Fix(file.path, text);
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const TextLines lines(text);
  for (std::size_t i = 0; i < fixed.objects.size() && i < file.objects.size(); ++i) {
    file.objects[i].remedy_diff = DiffHunks(lines, fixed.objects[i].edits);
  }
}

}  // namespace tidewaiter
