// SPDX-License-Identifier: Apache-2.0
//
// What looks like a credential: values of well-known shapes, and the globs of names that a policy adds to those whose
// words promise one (credential_names.h). No entropy is measured: what is said to be a credential must be one. Tested
// by tests/controls/credentials_test.cc.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "webhook/controls/base/settings_schema.h"

namespace tidewaiter {

// A glob (kube/glob.h) that takes upper and lower case for the same.
struct CaselessGlob {
  CaselessGlob() = default;
  explicit CaselessGlob(std::string_view given);

  std::string pattern;        // in lower case
  std::uint32_t letters = 0;  // which of a-z are in the pattern, as bits: a text without one of them cannot fit
};

absl::Status ReadSetting(const DocumentNode& node, const SettingBounds& bounds, CaselessGlob& out);
inline std::string SettingTypeName(const CaselessGlob&) { return "string"; }
inline std::string SettingText(const CaselessGlob& glob) { return glob.pattern; }

std::vector<CaselessGlob> CaselessGlobs(std::initializer_list<std::string_view> patterns);

// Whether `text` fits one of the globs. Allocates only for a text that has all letters of one.
bool MatchesAny(const std::vector<CaselessGlob>& globs, std::string_view text);

// What a value holds, by its shape: "an AWS access key", "a private key", "a JSON Web Token", "a URL with a password";
// "" for everything else. The shape may stand anywhere in the value. Time is linear in the value.
std::string_view CredentialIn(std::string_view value);

}  // namespace tidewaiter
