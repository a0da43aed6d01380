// SPDX-License-Identifier: Apache-2.0
//
// One object explained, as plain values with every place resolved: object_view.cc fills it while the document is at
// hand, object_text.cc and object_json.cc print it. Tested by tests/integration/explain_test.py.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "webhook/cli/explain/object_source.h"
#include "webhook/cli/explain/policy_places.h"
#include "webhook/engine/explanation.h"

namespace tidewaiter {

// Something said, and where in a policy that is decided.
struct ReasonView {
  std::string text;
  std::string key;    // "spec.match.kinds"
  std::string place;  // FILE:LINE
};

struct ExemptionView {
  std::string name;
  std::string reason_written;  // the exemption's own reason
  bool holds = false;
  ReasonView why;
};

struct PolicyView {
  std::string name;
  std::string place;
  MatchAnswer answer = MatchAnswer::kApplies;
  ReasonView why;
  ReasonView held_back;      // no text: it is not
  bool reaches_pods = true;  // WorkloadExplanation
  std::vector<ExemptionView> exemptions;
};

struct ChangeView {
  std::string policy, control, mode;
  std::string pointer;
  std::string old_value;   // JSON text; "" was not set
  std::string new_value;   // JSON text; "null" was taken out
  std::uint32_t line = 0;  // where it is written, or would be
  std::string place;       // of the policy
};

struct FindingView {
  std::string message, remedy, pointer, container;
  std::string value;  // what stands there, as JSON text; "" is not set
  std::uint32_t line = 0;
  std::string state;      // "denies", "warns", "audited", "was there before", "exempt"
  std::string exemption;  // its name
};

struct SeenView {
  std::string pointer, value;
  std::uint32_t line = 0;
  bool is_injected = false;
};

struct ControlView {
  std::string policy, control, mode;
  std::string verdict;  // "passes", "violates", "exempt", "not asked"
  std::string place;
  std::vector<FindingView> findings;
  std::vector<SeenView> saw;
  std::vector<std::string> unset;

  bool denies() const;
};

struct ObjectView {
  std::string file;
  std::uint32_t line = 0;
  bool is_review = false;
  std::string group, kind, namespace_name, name, operation, subresource, user;
  std::string outcome;  // "allow", "warn", "deny", "refuse", "error"
  std::string message;  // of refuse and error
  std::string unjudged;
  // A Pod of a review that would be denied if the mutate door had not been there.
  bool depends_on_changes = false;
  std::vector<PolicyView> policies;
  std::vector<ChangeView> changes;
  std::vector<std::string> notes;
  std::vector<ControlView> controls;

  bool is_denied() const { return outcome == "deny" || outcome == "refuse" || outcome == "error"; }
  std::string Title() const;
};

// Explains the request under the policies of `context`.
ObjectView ViewObject(const SourceObject& source, const ReviewContext& context, const PolicyPlaces& places);

void WriteObjectText(const ObjectView& view, bool has_colours, std::ostream& out);
nlohmann::ordered_json ObjectJson(const ObjectView& view);

}  // namespace tidewaiter
