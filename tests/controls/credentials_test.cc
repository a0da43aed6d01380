// SPDX-License-Identifier: Apache-2.0
//
// What is taken for a credential, and what only looks a little like one. The tokens are made up: zeros behind a prefix.
#include "webhook/controls/base/credentials.h"

#include <gtest/gtest.h>

namespace tidewaiter {
namespace {

std::string Zeros(std::size_t count) { return std::string(count, '0'); }

TEST(CredentialsTest, ShapesOfValues) {
  const std::string jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ3ZWIifQ.c2lnbmF0dXJl";
  const std::pair<std::string, std::string_view> rows[] = {
      {"", ""},
      {"hunter2", ""},
      {"AKIA" + Zeros(16), "an AWS access key"},
      {"ASIA" + Zeros(16), "an AWS access key"},
      {"AKIA" + Zeros(15), ""},
      {"AKIA" + Zeros(15) + "a", ""},
      {"XAKIA" + Zeros(16), ""},
      {"key=AKIA" + Zeros(16) + ";", "an AWS access key"},
      {"AIza" + Zeros(35), "a Google API key"},
      {"dop_v1_" + Zeros(64), "a DigitalOcean token"},
      {"ghp_" + Zeros(36), "a GitHub token"},
      {"ghp_" + Zeros(35), ""},
      {"github_pat_" + Zeros(82), "a GitHub token"},
      {"glpat-" + Zeros(20), "a GitLab token"},
      {"hvs." + Zeros(24), "a Vault token"},
      {"npm_" + Zeros(36), "an npm token"},
      {"npm_config_registry", ""},
      {"pypi-" + Zeros(80), "a PyPI token"},
      {"sk_live_" + Zeros(16), "a Stripe key"},
      {"sk_test_" + Zeros(16), ""},
      {"sk-proj-" + Zeros(32), "an OpenAI key"},
      {"sk-ant-" + Zeros(32), "an Anthropic key"},
      {"xoxb-" + Zeros(20), "a Slack token"},
      {jwt, "a JSON Web Token"},
      {"Bearer " + jwt, "a JSON Web Token"},
      {"eyJhbGciOiJub25lIn0.eyJzdWIiOiJ3ZWIifQ.", ""},
      {"eyJhbGciOiJub25lIn0", ""},
      {"-----BEGIN PRIVATE KEY-----\nAA\n", "a private key"},
      {"x\n-----BEGIN RSA PRIVATE KEY-----\nAA\n", "a private key"},
      {"-----BEGIN OPENSSH PRIVATE KEY-----", "a private key"},
      {"-----BEGIN CERTIFICATE-----\nAA\n", ""},
      {"-----BEGIN PUBLIC KEY-----\nAA\n", ""},
      {"postgres://web:x@db/web", "a URL with a password"},
      {"url=redis://:x@cache:6379", "a URL with a password"},
      {"amqp://web:p@ss@mq/", "a URL with a password"},
      {"postgres://web@db:5432/web", ""},
      {"postgres://web:@db/web", ""},
      {"postgres://web:$(PASSWORD)@db/web", ""},
      {"https://example.com:8443/a@b", ""},
      {"https://example.com/?to=a:b@c", ""},
      {"http://a http://b:c@d", "a URL with a password"},
      {"://:@", ""},
  };
  for (const auto& [value, credential] : rows) EXPECT_EQ(CredentialIn(value), credential) << value;
}

TEST(CredentialsTest, TimeIsLinearInTheValue) {
  for (const std::string_view piece : {"://a:", "-----BEGIN ", "eyJ", "eyJ-", "eyJ-eyJ_", "ghp_", "AKIA.", "pypi-."}) {
    std::string value;
    while (value.size() < 1'000'000) value += piece;
    EXPECT_EQ(CredentialIn(value), "") << piece;
  }
}

TEST(CredentialsTest, GlobsThatDoNotTellCasesApart) {
  struct Row {
    std::string_view glob, name;
    bool matches;
  };
  const Row rows[] = {
      {"*password*", "DB_PASSWORD", true},
      {"*PASSWORD*", "dbPasswordOld", true},
      {"*password*", "PASS_WORD", false},
      {"*_key", "API_KEY", true},
      {"*_key", "API_KEY_ID", false},
      {"pin", "PIN", true},
      {"pin", "PINS", false},
      {"p?n", "PEN", true},
      {"*", "", true},
      {"*", "ANYTHING", true},
      {"a-1", "A-1", true},
      {"a-1", "A_1", false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(MatchesAny(CaselessGlobs({row.glob}), row.name), row.matches) << row.glob << " " << row.name;
  }
  EXPECT_FALSE(MatchesAny(std::vector<CaselessGlob>{}, "x"));
  EXPECT_TRUE(MatchesAny(CaselessGlobs({"x*", "*y"}), "AY"));
}

}  // namespace
}  // namespace tidewaiter
