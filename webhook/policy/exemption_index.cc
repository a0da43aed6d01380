// SPDX-License-Identifier: Apache-2.0
//
// Asks of each text what Exemption::HoldsFor and Exemption::HoldsForContainer ask of it.
#include "webhook/policy/exemption_index.h"

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

// In the order of preference.
enum Field : std::size_t { kNamespace, kName, kServiceAccount, kUser, kImage, kContainer };

}  // namespace

ExemptionIndex::ExemptionIndex(const std::vector<Exemption>& exemptions) {
  std::vector<std::vector<RuleWay>> rules;
  rules.reserve(exemptions.size());
  for (const Exemption& exemption : exemptions) {
    std::vector<RuleWay>& ways = rules.emplace_back();
    AddGlobWays(kNamespace, exemption.namespaces, ways);
    AddGlobWays(kName, exemption.names, ways);
    AddGlobWays(kServiceAccount, exemption.service_accounts, ways);
    AddGlobWays(kUser, exemption.users, ways);
    AddGlobWays(kImage, exemption.images, ways);
    AddGlobWays(kContainer, exemption.containers, ways);
  }
  rules_ = RuleIndex(rules);
}

bool ExemptionIndex::looks_at_containers() const { return rules_.has(kImage) || rules_.has(kContainer); }

void ExemptionIndex::ForEach(const ExemptionSubject& subject, const std::vector<ExemptionContainer>& containers,
                             absl::FunctionRef<void(std::size_t)> visit) const {
  std::vector<std::size_t> found;
  rules_.FindByText(kNamespace, subject.namespace_name, found);
  rules_.FindByText(kServiceAccount, subject.service_account, found);
  rules_.FindByText(kUser, subject.user, found);
  if (rules_.has(kName)) {
    for (const std::string_view name : subject.names) {
      rules_.FindByText(kName, name, found);
      rules_.FindByText(kName, StrCat(name, "-"), found);
    }
  }
  for (const ExemptionContainer& container : containers) {
    rules_.FindByText(kContainer, container.name(), found);
    if (!rules_.has(kImage)) continue;
    for (const std::string& form : container.image_forms()) rules_.FindByText(kImage, form, found);
  }
  rules_.ForEach(found, visit);
}

}  // namespace tidewaiter
