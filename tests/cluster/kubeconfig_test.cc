// SPDX-License-Identifier: Apache-2.0
//
// Kubeconfig files: what is read, and the exact words for what is wrong.
#include "webhook/cluster/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/temporary_folder.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

// "-----BEGIN X-----" in base64.
constexpr char kData[] = "LS0tLS1CRUdJTiBYLS0tLS0=";

class KubeconfigTest : public ::testing::Test {
 protected:
  absl::StatusOr<ClusterConfig> Load(const std::string& text, const std::string& context = "") {
    folder_.Write("config", text);
    return LoadKubeconfig(folder_.Path("config"), context);
  }
  // A file with one context, whose cluster and user are in lines 5 and 7.
  absl::StatusOr<ClusterConfig> LoadWith(const std::string& cluster, const std::string& user) {
    return Load("current-context: c\ncontexts:\n- {name: c, context: {cluster: k, user: u}}\nclusters:\n- {name: k, " +
                cluster + "}\nusers:\n- {name: u, " + user + "}\n");
  }
  TemporaryFolder folder_;
};

constexpr char kServer[] = "cluster: {server: 'https://h'}";

TEST_F(KubeconfigTest, FilesAreRelativeToTheKubeconfig) {
  for (const char* name : {"pki/ca.crt", "pki/me.crt", "pki/me.key"}) folder_.Write(name, "-----BEGIN X-----");
  folder_.Write("pki/token", "t");
  const auto config = LoadWith(
      "cluster: {server: 'https://h:6443/p', certificate-authority: pki/ca.crt, "
      "tls-server-name: other, unknown-key: 1}",
      "user: {client-certificate: pki/me.crt, client-key: pki/me.key, tokenFile: pki/token}");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->host, "h");
  EXPECT_EQ(config->path_prefix, "/p");
  EXPECT_EQ(config->ca.file, folder_.Path("pki/ca.crt"));
  EXPECT_EQ(config->tls_server_name, "other");
  EXPECT_EQ(config->client_certificate.file, folder_.Path("pki/me.crt"));
  EXPECT_EQ(config->client_key.file, folder_.Path("pki/me.key"));
  EXPECT_EQ(config->token_file, folder_.Path("pki/token"));
  EXPECT_EQ(config->namespace_name, "default");
  EXPECT_FALSE(config->skip_tls_verify);
}

TEST_F(KubeconfigTest, DataGoesBeforeFiles) {
  const auto config = LoadWith(
      StrCat("cluster: {server: 'https://h', certificate-authority: none, certificate-authority-data: ", kData, "}"),
      StrCat("user: {token: t, client-certificate-data: ", kData, ", client-key-data: ", kData, "}"));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->ca.text, "-----BEGIN X-----");
  EXPECT_EQ(config->ca.file, "");
  EXPECT_EQ(config->client_key.text, "-----BEGIN X-----");
  EXPECT_EQ(config->token, "t");
}

TEST_F(KubeconfigTest, ContextsByName) {
  const std::string text =
      "current-context: a\ncontexts:\n- {name: a, context: {cluster: k, user: u}}\n"
      "- {name: b, context: {cluster: k, user: u, namespace: shop}}\n"
      "clusters: [{name: k, cluster: {server: 'http://h', insecure-skip-tls-verify: true}}]\n"
      "users: [{name: u, user: {}}]\n";
  EXPECT_EQ(Load(text)->namespace_name, "default");
  EXPECT_TRUE(Load(text)->skip_tls_verify);
  EXPECT_EQ(Load(text, "b")->namespace_name, "shop");
  EXPECT_THAT(Load(text, "z").status().ToString(), EndsWith("config:1:1: no entry of contexts is named \"z\""));
}

TEST_F(KubeconfigTest, ErrorsNameFileLineAndKey) {
  struct Row {
    std::string cluster, user, expected;
  };
  const std::string server = kServer;
  const Row rows[] = {
      {server, "user: {exec: {command: aws}}", "config:7:26: users[0].user.exec: is not supported: use a token"},
      {server, "user: {auth-provider: {name: gcp}}", "config:7:35: users[0].user.auth-provider: is not supported"},
      {server, "user: {username: me}", "users[0].user.username: is not supported"},
      {server, "user: {as: me}", "users[0].user.as: is not supported: impersonation"},
      {server, "user: {token: [1]}", "users[0].user.token: expected a string"},
      {server, "user: {tokenFile: no}", "users[0].user.tokenFile: "},
      {server, "user: {client-certificate: no}", "users[0].user.client-certificate: "},
      {server, StrCat("user: {client-key-data: ", kData, "}"), "client-certificate and client-key must be given"},
      {server, "user: {client-key-data: '*'}", "users[0].user.client-key-data: is not base64"},
      {server, "user: {client-key-data: aGFsbG8=}", "users[0].user.client-key-data: holds no PEM block"},
      {server, "user: 1", "key \"user\" is missing"},
      {"cluster: {}", "user: {}", "key \"server\" is missing"},
      {"cluster: {server: h}", "user: {}", "config:5:31: clusters[0].cluster.server: \"h\" is no server address"},
      {"cluster: {server: 'https://h', proxy-url: 'http://p'}", "user: {}", "proxy-url: is not supported"},
      {"cluster: {server: 'https://h', insecure-skip-tls-verify: 'true'}", "user: {}", "expected a boolean"},
      {StrCat("cluster: {server: 'https://h', insecure-skip-tls-verify: true, certificate-authority-data: ", kData,
              "}"),
       "user: {}", "contradicts certificate-authority"},
  };
  for (const Row& row : rows) {
    EXPECT_THAT(LoadWith(row.cluster, row.user).status().ToString(), HasSubstr(row.expected))
        << row.cluster << row.user;
  }
  const std::pair<std::string, std::string> texts[] = {
      {"", "expected one document, found 0"},
      {"[]", "config:1:1: expected a mapping"},
      {"a: [", "config:1:"},
      {"kind: Config", "key \"current-context\" is missing, and no context was named"},
      {"current-context: a", "config:1:18: current-context: no entry of contexts is named \"a\""},
      {"current-context: a\ncontexts: {}", "config:2:11: contexts: expected a list"},
      {"current-context: a\ncontexts: [{name: a, context: {user: u}}]", "key \"cluster\" is missing"},
      {"current-context: a\ncontexts: [{name: a, context: {user: u, cluster: k}}]",
       "contexts[0].context.cluster: no entry of clusters is named \"k\""},
  };
  for (const auto& [text, expected] : texts) {
    EXPECT_THAT(Load(text).status().ToString(), HasSubstr(expected)) << text;
  }
  EXPECT_THAT(LoadKubeconfig(folder_.Path("none")).status().ToString(), HasSubstr("none: cannot be read"));
}

}  // namespace
}  // namespace tidewaiter
