// SPDX-License-Identifier: Apache-2.0
//
// The keys of a mapping in our own documents, described once: the same table reads it into a struct with exact errors
// and describes it for documentation. Not for Kubernetes objects (those are kube/field_table.h). Tested by
// tests/controls/settings_schema_test.cc.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "webhook/controls/base/document_node.h"
#include "webhook/controls/base/setting_values.h"
#include "webhook/kube/quoted.h"

namespace tidewaiter {

// One key of a mapping, as a reader of the documentation sees it.
struct SettingDescription {
  std::string key;
  std::string type;          // "boolean", "list of strings", "mapping"
  std::string default_text;  // as written in YAML; "" when nothing is set by default
  std::string help;
  SettingBounds bounds;  // of the value, its items or its keys
  bool is_required = false;
  std::vector<SettingDescription> children;  // of a mapping, or of the mappings in a list
};
using SchemaDescription = std::vector<SettingDescription>;

// InvalidArgument for the first entry whose key is not among `keys` (with the nearest spelling) or was given before, or
// when `node` is not a mapping. A key with nothing behind it (null) is an empty mapping.
absl::Status CheckKeys(const DocumentNode& node, const std::vector<std::string_view>& keys);

// A key, the member of `Struct` it fills, and what its value must be. Chained calls narrow it.
template <typename Struct>
class SettingField {
 public:
  // `key` and `help` must be literals. Members of a struct type need that type's own Schema().
  template <typename Member>
  SettingField(std::string_view key, Member Struct::*member, std::string_view help)
      : key_(key),
        help_(help),
        read_([member](const DocumentNode& node, const SettingBounds& bounds, Struct& out) {
          return ReadSetting(node, bounds, out.*member);
        }),
        describe_([member](SettingDescription& description) {
          const Struct defaults;
          description.type = SettingTypeName(defaults.*member);
          description.default_text = SettingText(defaults.*member);
          if constexpr (HasSchema<ItemOf<Member>>) description.children = ItemOf<Member>::Schema().Describe();
        }) {}

  // The key must be given.
  SettingField& Required() {
    is_required_ = true;
    return *this;
  }

  // Integers, and items of lists of integers.
  SettingField& AtLeast(std::int64_t least) {
    bounds_.at_least = least;
    return *this;
  }
  SettingField& AtMost(std::int64_t most) {
    bounds_.at_most = most;
    return *this;
  }
  // Strings, items of lists of strings, keys of maps. The views must live as long as the program.
  SettingField& OneOf(std::vector<std::string_view> values) {
    bounds_.one_of = std::move(values);
    return *this;
  }
  // Strings, and items of lists of strings: what the field's own rule takes, as a regular expression (a literal) that
  // editors can check. It may let more through than the rule.
  SettingField& Pattern(std::string_view pattern) {
    bounds_.pattern = pattern;
    return *this;
  }
  // Lists: that there must be an item, in these words (a literal).
  SettingField& NotEmpty(std::string_view message) {
    bounds_.if_empty = message;
    return *this;
  }
  // A further rule on the value that was read, or on each item of a list; its message is put behind the place in the
  // document.
  template <typename Member, typename Check>
  SettingField& Must(Member Struct::*member, Check check) {
    check_ = [member, check = std::move(check)](const DocumentNode& node, const Struct& read) {
      if constexpr (kIsList<Member> && std::is_invocable_v<Check, const ItemOf<Member>&>) {
        for (std::size_t i = 0; i < (read.*member).size(); ++i) {
          const absl::Status status = check((read.*member)[i]);
          if (!status.ok()) return node.items[i].Error(MessageOf(status));
        }
        return absl::OkStatus();
      } else {
        const absl::Status status = check(read.*member);
        return status.ok() ? status : node.Error(MessageOf(status));
      }
    };
    return *this;
  }

  std::string_view key() const { return key_; }
  bool is_required() const { return is_required_; }

  absl::Status Read(const DocumentNode& node, Struct& out) const {
    if (absl::Status status = read_(node, bounds_, out); !status.ok()) return status;
    return check_ == nullptr ? absl::OkStatus() : check_(node, out);
  }

  SettingDescription Describe() const {
    SettingDescription description{.key = std::string(key_),
                                   .type = {},
                                   .default_text = {},
                                   .help = std::string(help_),
                                   .bounds = bounds_,
                                   .is_required = is_required_,
                                   .children = {}};
    describe_(description);
    return description;
  }

 private:
  std::string_view key_;
  std::string_view help_;
  bool is_required_ = false;
  SettingBounds bounds_;
  std::function<absl::Status(const DocumentNode&, const SettingBounds&, Struct&)> read_;
  std::function<void(SettingDescription&)> describe_;
  std::function<absl::Status(const DocumentNode&, const Struct&)> check_;
};

// A field with a rule of its own: `CheckedField("forbidden", &S::forbidden, "...", CheckGlob)`.
template <typename Struct, typename Member, typename Check>
SettingField<Struct> CheckedField(std::string_view key, Member Struct::*member, std::string_view help, Check check) {
  SettingField<Struct> field(key, member, help);
  field.Must(member, std::move(check));
  return field;
}

// All keys of one mapping.
template <typename Struct>
class SettingsSchema {
 public:
  SettingsSchema(std::initializer_list<SettingField<Struct>> fields) : fields_(fields) {}

  // A rule over several keys, asked after all of them were read; its message names the mapping's place.
  SettingsSchema&& Validate(std::function<absl::Status(const Struct&)> validate) && {
    validate_ = std::move(validate);
    return std::move(*this);
  }

  // Fills `out` from the mapping `node`; what is not given keeps its value. InvalidArgument for the first thing wrong.
  absl::Status Read(const DocumentNode& node, Struct& out) const {
    std::vector<std::string_view> keys;
    for (const SettingField<Struct>& field : fields_) keys.push_back(field.key());
    if (absl::Status status = CheckKeys(node, keys); !status.ok()) return status;
    for (const SettingField<Struct>& field : fields_) {
      const DocumentNode* value = node.Find(field.key());
      if (value == nullptr && field.is_required())
        return node.Error(StrCat("key ", Quoted(field.key()), " is missing"));
      if (value == nullptr) continue;
      if (absl::Status status = field.Read(*value, out); !status.ok()) return status;
    }
    if (validate_ == nullptr) return absl::OkStatus();
    const absl::Status status = validate_(out);
    return status.ok() ? status : node.Error(MessageOf(status));
  }

  SchemaDescription Describe() const {
    SchemaDescription description;
    for (const SettingField<Struct>& field : fields_) description.push_back(field.Describe());
    return description;
  }

 private:
  std::vector<SettingField<Struct>> fields_;
  std::function<absl::Status(const Struct&)> validate_;
};

}  // namespace tidewaiter
