// SPDX-License-Identifier: Apache-2.0
//
// The options' values: what is read, and the words for what is refused.
#include "webhook/cli/cluster_certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using ::testing::StartsWith;

std::string ErrorOf(const ClusterCertificateOptions& options, const std::vector<std::string>& names = {"a.svc"}) {
  const auto read = ReadCertificateOptions(options, names);
  return read.ok() ? "ok" : std::string(MessageOf(read.status()));
}

TEST(ClusterCertificatesTest, Values) {
  const auto read =
      ReadCertificateOptions({.secret = "ns/name", .configuration_name = "c", .lifetime = "1m30s"}, {"a.svc"});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->secret_namespace, "ns");
  EXPECT_EQ(read->secret_name, "name");
  EXPECT_EQ(read->configuration_name, "c");
  EXPECT_EQ(read->request.lifetime_seconds, 90);
  EXPECT_EQ(read->settle_time, std::chrono::milliseconds(4500));
  const auto usual = ReadCertificateOptions({.secret = "ns/name", .configuration_name = "c"}, {"a.svc"});
  EXPECT_EQ(usual->request.lifetime_seconds, 90 * 24 * 3600);
  EXPECT_EQ(usual->settle_time, std::chrono::seconds(10));
}

TEST(ClusterCertificatesTest, Refusals) {
  for (const char* secret : {"name", "/name", "ns/", "a/b/c", "/"}) {
    EXPECT_EQ(ErrorOf({.secret = secret, .configuration_name = "c"}),
              StrCat("--certificate-secret: expected NAMESPACE/NAME, found \"", secret, "\""));
  }
  for (const char* lifetime : {"59s", "", "1d", "87601h", "-1h"}) {
    EXPECT_THAT(ErrorOf({.secret = "a/b", .configuration_name = "c", .lifetime = lifetime}),
                StartsWith("--certificate-lifetime: expected a duration from 1m to 87600h, found \""));
  }
  EXPECT_THAT(ErrorOf({.secret = "a/b", .configuration_name = "c"}, {"a b"}), StartsWith("--tls-san: \"a b\""));
}

}  // namespace
}  // namespace tidewaiter
