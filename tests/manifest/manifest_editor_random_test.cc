// SPDX-License-Identifier: Apache-2.0
//
// What holds for every text: it reads as the patched object afterwards, lines that were not touched are the same bytes,
// and to do it again changes nothing. Over random objects written in random styles; a failure prints its seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "tests/testing/dice.h"
#include "tests/testing/edited_manifest.h"

namespace tidewaiter {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kTexts[] = {"web",      "nginx:1.29",   "a b",  "yes", "1",  "",     "é",    "it's",
                                       "x: y # z", "two\nlines\n", "/tmp", "- x", "{}", "\"",   "a\\b", "*x",
                                       "&x",       "!x",           "%",    "@",   " ",  "tab\t"};

Json RandomScalar(Dice& dice) {
  switch (dice.Below(5)) {
    case 0:
      return dice.OneOf(2);
    case 1:
      return static_cast<int>(dice.Below(100000)) - 5000;
    case 2:
      return nullptr;
    default:
      return std::string(dice.Pick(kTexts));
  }
}

Json RandomValue(Dice& dice, int depth) {
  if (depth == 0 || dice.OneOf(3)) return RandomScalar(dice);
  const std::size_t count = dice.Below(4);
  if (dice.OneOf(3)) {
    Json list = Json::array();
    for (std::size_t i = 0; i < count; ++i) list.push_back(RandomValue(dice, depth - 1));
    return list;
  }
  Json mapping = Json::object();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string key = dice.OneOf(5) ? std::string(dice.Pick(kTexts)) : StrCat("key", dice.Below(30));
    if (!key.empty() && key.find('\n') == std::string::npos) mapping[key] = RandomValue(dice, depth - 1);
  }
  return mapping;
}

// A value as YAML in whatever style the dice choose: what people write, and worse.
class Scribe {
 public:
  explicit Scribe(Dice& dice) : dice_(dice), list_indent_(dice.OneOf(2) ? 0 : 2), unit_(dice.OneOf(3) ? 4 : 2) {}

  std::string Write(const Json& object) {
    std::string text = dice_.OneOf(3) ? "---\n" : "";
    WriteBlock(object, 0, text);
    if (dice_.OneOf(4)) text += "# the end\n";
    if (dice_.OneOf(5)) text += "...\n";
    if (dice_.OneOf(4) && !text.ends_with("lines\n")) text.pop_back();
    if (!dice_.OneOf(4)) return text;
    std::string with_returns;
    for (const char c : text) StrAppend(&with_returns, c == '\n' ? "\r\n" : std::string(1, c));
    return with_returns;
  }

 private:
  // In quotes wherever YAML might see anything else in it.
  std::string Scalar(const Json& value, bool is_flow) {
    if (value.is_null()) return dice_.OneOf(2) && !is_flow ? "" : dice_.OneOf(2) ? "~" : "null";
    if (!value.is_string()) return value.dump();
    const std::string text = value;
    const bool is_word =
        !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos && text != "yes";
    if (is_word && !dice_.OneOf(3)) return text;
    if (text.find('\n') == std::string::npos && dice_.OneOf(2)) {
      std::string quoted = "'";
      for (const char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
      return quoted + "'";
    }
    return value.dump();
  }

  std::string Flow(const Json& value) {
    if (!value.is_structured()) return Scalar(value, true);
    const bool is_spread = dice_.OneOf(4);
    std::string text = value.is_array() ? "[" : "{";
    bool is_first = true;
    for (const auto& [key, item] : value.items()) {
      if (!is_first) text += dice_.OneOf(4) ? "," : ", ";
      if (is_spread) text += "\n" + std::string(40, ' ');
      is_first = false;
      if (value.is_object()) text += Scalar(Json(key), true) + ": ";
      text += Flow(item);
    }
    if (is_spread && dice_.OneOf(2) && !is_first) text += ",";
    if (is_spread && dice_.OneOf(2)) text += "\n" + std::string(38, ' ');
    return text + (value.is_array() ? "]" : "}");
  }

  void Comment(std::size_t indent, std::string& text) {
    if (text.ends_with("lines\n")) return;  // of a text, which would go on
    if (dice_.OneOf(8)) text += "\n";
    if (dice_.OneOf(8)) text.append(dice_.OneOf(3) ? dice_.Below(12) : indent, ' ') += "# - not: {a value\n";
  }

  // What stands behind `key:` or `-`.
  void Behind(const Json& value, std::size_t key_indent, std::string& text) {
    const std::string comment = dice_.OneOf(6) ? "  # why" : "";
    if (value.is_structured() && !value.empty() && !dice_.OneOf(4)) {
      text += comment + "\n";
      WriteBlock(value, value.is_array() ? key_indent + list_indent_ : key_indent + unit_, text);
    } else if (value.is_string() && value.get<std::string>() == "two\nlines\n" && dice_.OneOf(2)) {
      text += dice_.OneOf(2) ? " |\n" : " |2\n";
      for (const char* line : {"two", "lines"}) text.append(key_indent + 2, ' ').append(line) += "\n";
    } else {
      const std::string flow = value.is_structured() ? Flow(value) : Scalar(value, false);
      text += (flow.empty() ? "" : " " + flow) + comment + "\n";
    }
  }

  void WriteBlock(const Json& value, std::size_t indent, std::string& text) {
    for (const auto& [key, item] : value.items()) {
      Comment(indent, text);
      text.append(indent, ' ');
      if (value.is_object()) {
        text += Scalar(Json(key), true) + ":";
        Behind(item, indent, text);
        continue;
      }
      text += "-";
      if (item.is_object() && !item.empty() && dice_.OneOf(2)) {
        // The first member stands behind the dash.
        std::string inner;
        WriteBlock(item, indent + 2, inner);
        const bool begins_with_it =
            inner[0] == ' ' && inner[indent + 2] != '#' && inner.find_first_not_of(' ') == indent + 2;
        text += begins_with_it ? " " + inner.substr(indent + 2) : "\n" + inner;
      } else if (item.is_structured() && !item.empty()) {
        text += dice_.OneOf(3) ? " " + Flow(item) + "\n" : "";
        if (text.back() == '-') {
          text += "\n";
          WriteBlock(item, indent + 2, text);
        }
      } else {
        const std::string scalar = Scalar(item, false);
        text += (scalar.empty() ? "" : " " + scalar) + "\n";
      }
    }
  }

  Dice& dice_;
  const std::size_t list_indent_;
  const std::size_t unit_;
};

// Changes as `fix` makes them, anywhere: members and elements put in, nothing filled, scalars replaced.
void Change(Dice& dice, Json& value) {
  if (value.is_object() && !value.empty()) {
    for (auto& [key, item] : value.items()) {
      if (dice.OneOf(2)) Change(dice, item);
    }
    if (dice.OneOf(3)) value[StrCat("new", dice.Below(9))] = RandomValue(dice, 2);
  } else if (value.is_array() && !value.empty()) {
    for (Json& item : value) {
      if (dice.OneOf(2)) Change(dice, item);
    }
    if (dice.OneOf(3)) value.push_back(RandomValue(dice, 2));
  } else if (dice.OneOf(3)) {
    const bool is_list = value.is_array();
    value = is_list ? Json::array({RandomValue(dice, 1)}) : Json::object({{"filled", RandomValue(dice, 2)}});
  } else if (!value.is_structured() && dice.OneOf(3)) {
    value = RandomScalar(dice);
  }
}

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    lines.emplace_back(text.substr(begin, end - begin));
    begin = end;
  }
  return lines;
}

// Every line without an edit in it stands in the result, in the same order.
bool KeepsOtherLines(std::string_view before, const EditedManifest& edited) {
  const std::vector<std::string> after = Lines(edited.text);
  std::size_t next = 0;
  std::size_t offset = 0;
  for (const std::string& line : Lines(before)) {
    const std::size_t end = offset + line.size();
    const bool is_touched = std::any_of(edited.edits.begin(), edited.edits.end(), [&](const TextEdit& edit) {
      const std::size_t edit_end = edit.offset + edit.removed;
      // Lines that are put in behind this one do not touch it; what has no line break gets one.
      return (edit.offset > offset && edit.offset < end) || (edit_end > offset && edit.offset < end) ||
             (edit.offset == end && !line.ends_with('\n'));
    });
    offset = end;
    if (is_touched) continue;
    while (next < after.size() && after[next] != line) ++next;
    if (next++ == after.size()) return false;
  }
  return true;
}

struct Tally {
  int changed = 0;
  int refused = 0;
};

void TryOne(unsigned seed, bool is_json, Tally& tally) {
  Dice dice(seed);
  Json object = Json::object({{"kind", "Pod"}});
  for (int i = 0; i < 4; ++i) object[StrCat("part", i)] = RandomValue(dice, 4);
  const int indent = dice.OneOf(2) ? -1 : static_cast<int>(1 + dice.Below(4));
  const std::string text = is_json ? object.dump(indent) : Scribe(dice).Write(object);
  SCOPED_TRACE(StrCat("seed ", seed, "\n", text));
  std::string problem;
  ASSERT_EQ(nlohmann::json(ReadFirstObject(text, &problem)), nlohmann::json(object)) << problem;
  Json target = object;
  Change(dice, target);
  const EditedManifest edited = EditManifest(text, target);
  const Json read = ReadFirstObject(edited.text, &problem);
  ASSERT_EQ(nlohmann::json(read), nlohmann::json(edited.expected)) << problem << "\n" << edited.text;
  EXPECT_TRUE(KeepsOtherLines(text, edited)) << edited.text;
  EXPECT_EQ(EditManifest(edited.text, edited.expected).text, edited.text);
  if (edited.refusals.empty()) {
    EXPECT_EQ(nlohmann::json(read), nlohmann::json(target));
  }
  tally.changed += edited.edits.empty() ? 0 : 1;
  tally.refused += edited.refusals.empty() ? 0 : 1;
}

void TryMany(bool is_json, unsigned count, int most_refused) {
  Tally tally;
  // SEED=N begins with that one.
  const char* first = std::getenv("SEED");
  const unsigned begin = first == nullptr ? 1 : static_cast<unsigned>(std::strtoul(first, nullptr, 10));
  for (unsigned seed = begin; seed < begin + count && !::testing::Test::HasFailure(); ++seed)
    TryOne(seed, is_json, tally);
  EXPECT_GT(tally.changed, static_cast<int>(count) / 2);
  EXPECT_LE(tally.refused, most_refused);
}

// Those that are refused replace texts of several lines.
TEST(ManifestEditorRandomTest, Yaml) { TryMany(false, 3000, 30); }
TEST(ManifestEditorRandomTest, Json) { TryMany(true, 1000, 0); }

}  // namespace
}  // namespace tidewaiter
