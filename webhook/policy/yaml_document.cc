// SPDX-License-Identifier: Apache-2.0
//
// yaml-cpp's event parser builds the tree: events carry positions, and an alias or a flood of nodes is stopped while it
// is read. The only file that includes yaml-cpp.
#include "webhook/policy/yaml_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>
#include <unordered_set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using Kind = DocumentNode::Kind;

// YAML 1.2.2 section 10.3.2 (core schema, tag resolution).
Kind PlainScalarKind(std::string_view text) {
  const auto is_one_of = [&](std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), text) != words.end();
  };
  if (is_one_of({"", "~", "null", "Null", "NULL"})) return Kind::kNull;
  if (is_one_of({"true", "True", "TRUE", "false", "False", "FALSE"})) return Kind::kBoolean;
  const std::string_view digits = text.front() == '-' || text.front() == '+' ? text.substr(1) : text;
  if (digits.empty() || digits.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return Kind::kString;
  if (digits.find_first_not_of("0123456789") == std::string_view::npos) return Kind::kInteger;
  double number = 0;
  const bool starts_like_one = digits.front() != 'e' && digits.front() != 'E';
  return starts_like_one && absl::SimpleAtod(ToAbsl(text), &number) ? Kind::kFloat : Kind::kString;
}

// What stops the parser; turned into a Status where the parser is called.
struct Refusal {
  absl::Status status;
};

class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string_view file) : file_(std::make_shared<const std::string>(file)) {}

  std::vector<DocumentNode> TakeDocuments() && { return std::move(documents_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    // yaml-cpp makes an empty document of a stray comma, without going on, and again one, without an end.
    if (mark.pos == document_begin_) throw Refusal{Make(mark, Kind::kNull).Error("nothing can begin here")};
    document_begin_ = mark.pos;
    root_ = {};
    has_root_ = false;
  }
  void OnDocumentEnd() override {
    if (has_root_ && root_.kind != Kind::kNull) documents_.push_back(std::move(root_));
    stack_.clear();
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { Add(Make(mark, Kind::kNull)); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refusal{Make(mark, Kind::kNull).Error("aliases (*name) are not allowed: write the value out")};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
    DocumentNode node = Make(mark, tag == "?" ? PlainScalarKind(value) : Kind::kString);
    node.text = value;
    Add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    Open(Make(mark, Kind::kSequence));
  }
  void OnSequenceEnd() override { stack_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    Open(Make(mark, Kind::kMapping));
  }
  void OnMapEnd() override { stack_.pop_back(); }

 private:
  // An open collection; of a mapping also whether a key waits for its value.
  struct Frame {
    DocumentNode* node;
    bool has_key = false;
    std::unordered_set<std::string> keys = {};  // of a mapping, so far
  };

  DocumentNode Make(const YAML::Mark& mark, Kind kind) const {
    DocumentNode node;
    node.kind = kind;
    node.file = file_;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }

  DocumentNode* Add(DocumentNode node) {
    if (++count_ > kMaxDocumentNodes) {
      throw Refusal{node.Error(StrCat("more than ", kMaxDocumentNodes, " values in one file"))};
    }
    if (stack_.empty()) {
      root_ = std::move(node);
      has_root_ = true;
      return &root_;
    }
    Frame& frame = stack_.back();
    if (frame.node->kind == Kind::kSequence) {
      node.path = StrCat(frame.node->path, "[", frame.node->items.size(), "]");
      return &frame.node->items.emplace_back(std::move(node));
    }
    auto& entries = frame.node->entries;
    if (!frame.has_key) {
      AddKey(std::move(node), frame);
      frame.has_key = true;
      return nullptr;
    }
    frame.has_key = false;
    node.path = entries.back().key.path;
    entries.back().value = std::move(node);
    return &entries.back().value;
  }

  static void AddKey(DocumentNode key, Frame& frame) {
    const bool is_scalar = key.kind != Kind::kSequence && key.kind != Kind::kMapping;
    key.path = PathOfKey(frame.node->path, key.text);
    if (!is_scalar || key.text == "<<") throw Refusal{key.Error("a key must be a plain word")};
    if (!frame.keys.insert(key.text).second) throw Refusal{key.Error("given twice")};
    frame.node->entries.push_back({std::move(key), DocumentNode{}});
  }

  void Open(DocumentNode node) {
    if (stack_.size() >= kMaxDocumentDepth) {
      throw Refusal{node.Error(StrCat("nested deeper than ", kMaxDocumentDepth, " levels"))};
    }
    const DocumentNode copy = node;
    DocumentNode* added = Add(std::move(node));
    if (added == nullptr) throw Refusal{copy.Error("a key must be a plain word")};
    stack_.push_back({.node = added});
  }

  const std::shared_ptr<const std::string> file_;
  std::vector<DocumentNode> documents_;
  DocumentNode root_;
  bool has_root_ = false;
  int document_begin_ = -1;
  // Pointers stay good: a collection grows only while it is the innermost open one.
  std::vector<Frame> stack_;
  std::size_t count_ = 0;
};

// yaml-cpp repeats a character that it does not know, whatever that is.
std::string OnOneLine(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); }, '?');
  return text;
}

}  // namespace

absl::StatusOr<std::vector<DocumentNode>> ParseYaml(std::string_view text, std::string_view file) {
  if (text.size() > kMaxDocumentBytes) {
    return InvalidArgument(StrCat(file, ": larger than ", kMaxDocumentBytes, " bytes"));
  }
  TreeBuilder builder(file);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refusal& refusal) {
    return refusal.status;
  } catch (const YAML::Exception& error) {
    return InvalidArgument(
        StrCat(file, ":", error.mark.line + 1, ":", error.mark.column + 1, ": ", OnOneLine(error.msg)));
  } catch (const std::exception& error) {
    return InvalidArgument(StrCat(file, ": ", std::string(error.what())));
  }
  return std::move(builder).TakeDocuments();
}

}  // namespace tidewaiter
