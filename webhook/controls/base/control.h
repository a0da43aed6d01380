// SPDX-License-Identifier: Apache-2.0
//
// A control: one hardening rule, able to check a Pod and perhaps to inject what is missing. Each lives in one file of
// webhook/controls/ that defines `const Control& <FileName>Control()`; the build finds the files and writes the
// registry. Tested by tests/controls/fixtures_test.cc.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "webhook/controls/base/document_node.h"
#include "webhook/controls/base/editor.h"
#include "webhook/controls/base/finding.h"
#include "webhook/controls/base/settings_schema.h"
#include "webhook/controls/base/standard.h"
#include "webhook/kube/pod.h"

namespace tidewaiter {

// What a reader of the documentation learns about a control. Plain text; `fields` are Kubernetes field paths with [*].
struct ControlInfo {
  std::string_view id;       // kebab case: "run-as-non-root"
  std::string_view summary;  // one sentence: what it asks
  std::string_view level;    // "baseline", "restricted" (Pod Security Standards) or "recommended"
  std::string_view source;   // where the requirement is published: URL, and section
  std::vector<std::string_view> fields;
  std::string_view injects;  // what it injects, "" when it injects nothing
  // For checks of the Pod Security Standards: the first version that has it, as the minor of v1.N, and the ids of the
  // checks that it takes the place of where both are asked for (upstream Check.OverrideCheckIDs).
  int since_minor = 0;
  std::vector<std::string_view> overrides = {};
  // Also judged when only resources change (subresource pods/resize).
  bool is_about_resources = false;
};

// Settings of one control as written in a policy, parsed once at load. Type known to the control only.
using ControlSettings = std::shared_ptr<const void>;

struct Control {
  ControlInfo info;
  // The keys a policy may write under the control's id (besides `mode`).
  SchemaDescription settings;
  // Parses the mapping under the control's id; nullptr means all defaults. `standard` is what spec.podSecurity says.
  // InvalidArgument names file, line and key.
  absl::StatusOr<ControlSettings> (*parse)(const DocumentNode* node, const StandardContext& standard);
  // Appends one finding per violating place.
  void (*check)(const Pod& pod, const void* settings, Findings& findings);
  // Sets, through the editor, what is missing and safe to set; does nothing unless the settings ask for injection.
  // nullptr when the control never injects.
  void (*inject)(const void* settings, Editor& editor);
};

// Ties a control's typed functions together. `Settings` has a `static const SettingsSchema<Settings>& Schema()`, and
// may have a `void ApplyStandard(const StandardContext&)`, which is called before its keys are read.
//   Check:  void(const Pod&, const Settings&, Findings&)
//   Inject: void(const Settings&, Editor&), optional
template <typename Settings, auto Check, auto Inject = nullptr>
Control MakeControl(ControlInfo info) {
  Control control;
  control.info = std::move(info);
  control.settings = Settings::Schema().Describe();
  control.parse = [](const DocumentNode* node, const StandardContext& standard) -> absl::StatusOr<ControlSettings> {
    auto settings = std::make_shared<Settings>();
    if constexpr (requires { settings->ApplyStandard(standard); }) settings->ApplyStandard(standard);
    if (node != nullptr) {
      if (absl::Status status = Settings::Schema().Read(*node, *settings); !status.ok()) return status;
    }
    return ControlSettings(std::move(settings));
  };
  control.check = [](const Pod& pod, const void* settings, Findings& findings) {
    Check(pod, *static_cast<const Settings*>(settings), findings);
  };
  if constexpr (!std::is_null_pointer_v<decltype(Inject)>) {
    control.inject = [](const void* settings, Editor& editor) {
      Inject(*static_cast<const Settings*>(settings), editor);
    };
  } else {
    control.inject = nullptr;
  }
  return control;
}

// Every control of the build, sorted by id. Written by CMake from the files in webhook/controls/.
std::span<const Control* const> AllControls();

// The checks of the Pod Security Standards at `level` ("baseline" or "restricted") of version v1.`minor`, sorted by id:
// those of the level and the ones below it, less what another of them takes the place of.
std::vector<const Control*> StandardControls(std::string_view level, int minor);

// The control of that id, or nullptr.
const Control* FindControl(std::string_view id);

}  // namespace tidewaiter
