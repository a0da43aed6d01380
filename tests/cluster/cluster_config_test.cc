// SPDX-License-Identifier: Apache-2.0
//
// Server addresses, and what a Pod finds around itself.
#include "webhook/cluster/cluster_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/temporary_folder.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using ::testing::HasSubstr;

constexpr char kPem[] = "-----BEGIN CERTIFICATE-----\n";

TEST(ClusterConfigTest, ServerAddresses) {
  struct Row {
    const char *url, *expected;
  };
  const Row rows[] = {
      {"https://10.0.0.1:6443", "tls 10.0.0.1 6443 "},
      {"https://k8s.example.com", "tls k8s.example.com 443 "},
      {"https://k8s.example.com/", "tls k8s.example.com 443 "},
      {"https://rancher.example.com/k8s/clusters/c-1/", "tls rancher.example.com 443 /k8s/clusters/c-1"},
      {"https://[fd00::1]:6443", "tls fd00::1 6443 "},
      {"https://[::1]", "tls ::1 443 "},
      {"http://127.0.0.1:8001", "plain 127.0.0.1 8001 "},
      {"http://localhost", "plain localhost 80 "},
      {"10.0.0.1:6443", "it must begin with https:// or http://"},
      {"https://", "there is no host"},
      {"https://:6443", "there is no host"},
      {"https://a:0", "the port is no number"},
      {"https://a:65536", "the port is no number"},
      {"https://a:x", "the port is no number"},
      {"https://a:", "the port is no number"},
      {"https://[::1", "the ']' of the IPv6 address is missing"},
      {"https://[::1]6443", "the port is no number"},
      {"https://user:password@a", "only a host, a port and a path"},
      {"https://a?b", "only a host, a port and a path"},
  };
  for (const Row& row : rows) {
    ClusterConfig config;
    const absl::Status status = config.SetServer(row.url);
    const std::string found =
        StrCat(config.is_tls ? "tls " : "plain ", config.host, " ", config.port, " ", config.path_prefix);
    if (status.ok()) {
      EXPECT_EQ(found, row.expected) << row.url;
    } else {
      EXPECT_THAT(std::string(status.message()), HasSubstr(row.expected)) << row.url;
    }
  }
}

TEST(ClusterConfigTest, APodsConfiguration) {
  TemporaryFolder folder;
  folder.Write("token", "secret\n");
  folder.Write("ca.crt", kPem);
  folder.Write("namespace", "tidewaiter");
  for (const char* host : {"fd00::1", "[fd00::1]"}) {
    const auto config = LoadPodConfig({.host = host, .port = "6443", .folder = folder.Path("")});
    ASSERT_TRUE(config.ok()) << config.status();
    EXPECT_TRUE(config->is_tls);
    EXPECT_EQ(config->host, "fd00::1");
    EXPECT_EQ(config->port, 6443);
    EXPECT_EQ(config->token, "secret");
    EXPECT_EQ(config->namespace_name, "tidewaiter");
    EXPECT_EQ(config->ca.Read().value(), kPem);
  }
}

TEST(ClusterConfigTest, WhatAPodLacks) {
  TemporaryFolder folder;
  const auto error = [&](const std::string& host, const std::string& port) {
    const auto config = LoadPodConfig({.host = host, .port = port, .folder = folder.Path("")});
    return config.ok() ? std::string("ok") : config.status().ToString();
  };
  EXPECT_THAT(error("", ""), HasSubstr("NOT_FOUND: not in a Pod"));
  EXPECT_THAT(error("10.0.0.1", ""), HasSubstr("NOT_FOUND: not in a Pod"));
  EXPECT_THAT(error("10.0.0.1", "https"), HasSubstr("KUBERNETES_SERVICE_PORT: \"https\" is no port"));
  EXPECT_THAT(error("10.0.0.1", "443"), HasSubstr("the Pod's token is mounted when"));
  folder.Write("token", "t");
  EXPECT_THAT(error("10.0.0.1", "443"), HasSubstr("the Pod's CA certificate is mounted when"));
  folder.Write("ca.crt", "nothing");
  EXPECT_THAT(error("10.0.0.1", "443"), HasSubstr("holds no PEM block"));
  folder.Write("ca.crt", kPem);
  EXPECT_EQ(error("10.0.0.1", "443"), "ok") << "the namespace is not vital";
}

}  // namespace
}  // namespace tidewaiter
