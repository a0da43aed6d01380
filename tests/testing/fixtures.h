// SPDX-License-Identifier: Apache-2.0
//
// The fixtures of the controls, read once for every test that runs over them: tests/controls/fixtures/<id>/cases.yaml.
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "webhook/controls/base/control.h"
#include "webhook/kube/pod_decoder.h"
#include "webhook/policy/yaml_document.h"

namespace tidewaiter {

// One case of a control: a Pod, the settings, and what must come of it.
struct ControlFixture {
  std::string name;  // "run-as-non-root: container leaves it unset"
  const Control* control = nullptr;
  std::string file;
  bool has_settings = false;
  DocumentNode settings;
  StandardContext standard;
  std::string namespace_name = "default";
  nlohmann::json pod;  // as a Pod object, without kind and apiVersion
  std::vector<std::string> findings;
  std::vector<std::string> injected;
  std::vector<std::string> warnings;
  std::vector<std::string> remaining;
};

inline std::string ReadTestFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A document as JSON, with the types its scalars were written in.
inline nlohmann::json ToJson(const DocumentNode& node) {
  switch (node.kind) {
    case DocumentNode::Kind::kNull:
      return nullptr;
    case DocumentNode::Kind::kBoolean:
      return node.text == "true";
    case DocumentNode::Kind::kInteger:
    case DocumentNode::Kind::kFloat:
      return nlohmann::json::parse(node.text);
    case DocumentNode::Kind::kString:
      return node.text;
    case DocumentNode::Kind::kSequence: {
      nlohmann::json list = nlohmann::json::array();
      for (const DocumentNode& item : node.items) list.push_back(ToJson(item));
      return list;
    }
    case DocumentNode::Kind::kMapping: {
      nlohmann::json object = nlohmann::json::object();
      for (const auto& [key, value] : node.entries) object[key.text] = ToJson(value);
      return object;
    }
  }
  return nullptr;
}

inline std::vector<std::string> StringsOf(const DocumentNode& fixture, std::string_view key) {
  std::vector<std::string> strings;
  if (const DocumentNode* list = fixture.Find(key); list != nullptr) {
    for (const DocumentNode& item : list->items) strings.push_back(item.text);
  }
  return strings;
}

// `standard: {version: v1.24, inject: true}`: the control as a policy's spec.podSecurity applies it.
inline StandardContext ReadStandard(const DocumentNode& node) {
  StandardContext standard{.is_expanded = true};
  if (const DocumentNode* version = node.Find("version"); version != nullptr) {
    standard.minor = ParseStandardVersion(version->text).value();
  }
  if (const DocumentNode* inject = node.Find("inject"); inject != nullptr) standard.inject = inject->text == "true";
  return standard;
}

inline std::filesystem::path FixtureFolder() { return std::filesystem::path(TESTS_DIR) / "controls" / "fixtures"; }

// Every case of every control. Throws std::runtime_error when a file is not readable as such: a test must fail then.
inline const std::vector<ControlFixture>& AllFixtures() {
  static const std::vector<ControlFixture> fixtures = [] {
    std::vector<ControlFixture> all;
    for (const Control* control : AllControls()) {
      const std::filesystem::path file = FixtureFolder() / std::string(control->info.id) / "cases.yaml";
      const auto documents = ParseYaml(ReadTestFile(file), file.string());
      if (!documents.ok() || documents->size() != 1 || documents->front().items.empty()) {
        throw std::runtime_error(file.string() + ": no list of cases: " + std::string(documents.status().message()));
      }
      for (const DocumentNode& node : documents->front().items) {
        ControlFixture fixture;
        const std::vector<std::string_view> keys = {"name",     "settings", "standard", "namespace", "pod",
                                                    "findings", "injected", "warnings", "remaining"};
        if (absl::Status status = CheckKeys(node, keys); !status.ok() || node.Find("pod") == nullptr) {
          throw std::runtime_error(std::string(status.message()) + file.string() + ": bad case");
        }
        fixture.name = std::string(control->info.id) + ": " + node.Find("name")->text;
        fixture.control = control;
        fixture.file = file.string();
        if (const DocumentNode* settings = node.Find("settings"); settings != nullptr) {
          fixture.has_settings = true;
          fixture.settings = *settings;
        }
        if (const DocumentNode* standard = node.Find("standard"); standard != nullptr) {
          fixture.standard = ReadStandard(*standard);
        }
        if (const DocumentNode* name = node.Find("namespace"); name != nullptr) fixture.namespace_name = name->text;
        fixture.pod = ToJson(*node.Find("pod"));
        fixture.findings = StringsOf(node, "findings");
        fixture.injected = StringsOf(node, "injected");
        fixture.warnings = StringsOf(node, "warnings");
        fixture.remaining = StringsOf(node, "remaining");
        all.push_back(std::move(fixture));
      }
    }
    return all;
  }();
  return fixtures;
}

// The fixture's Pod, decoded; it keeps its document. Throws when it cannot be.
inline Pod DecodeFixturePod(const nlohmann::json& json) {
  const std::string text = json.dump();
  absl::StatusOr<JsonDocument> document = JsonDocument::Parse(text);
  if (!document.ok()) throw std::runtime_error(std::string(document.status().message()));
  absl::StatusOr<Pod> pod = DecodePod(document->root());
  if (!pod.ok()) throw std::runtime_error(std::string(pod.status().message()));
  pod->texts.Keep(std::make_shared<const JsonDocument>(*std::move(document)));
  return *std::move(pod);
}

inline ControlSettings ParseFixtureSettings(const ControlFixture& fixture) {
  absl::StatusOr<ControlSettings> settings =
      fixture.control->parse(fixture.has_settings ? &fixture.settings : nullptr, fixture.standard);
  if (!settings.ok()) throw std::runtime_error(std::string(settings.status().message()));
  return *std::move(settings);
}

}  // namespace tidewaiter
