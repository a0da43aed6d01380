// SPDX-License-Identifier: Apache-2.0
//
// The server in process while its policies and certificate change, with requests under way all the time.
// tests/integration/reload_test.py has every kind of edit, and the log.
#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "tests/testing/pem_files.h"
#include "tests/testing/reviews.h"
#include "tests/testing/temporary_folder.h"
#include "tests/testing/tls_client.h"
#include "webhook/server/webhook_server.h"

namespace tidewaiter {
namespace {

const std::string kReview =
    PostRequest("/validate", NewReview({{"spec", {{"containers", {{{"name", "c"}, {"image", "a:1"}}}}}}}).dump());

// A policy that forbids the tag.
std::string PolicyAgainst(const std::string& tag) {
  return "apiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: tags}\nspec:\n  controls:\n"
         "    image-tag: {forbidden: [\"" +
         tag + "\"]}\n";
}

class WebhookReloadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.Write("policy.yaml", PolicyAgainst("1"));
    WritePemPair(folder_.Path("one/tls"), "one.example.com", std::time(nullptr));
    WritePemPair(folder_.Path("two/tls"), "two.example.com", later_);
    folder_.Link("one", "pair");
    ServeOptions options;
    options.listen_host = options.ops_host = "127.0.0.1";
    options.listen_port = options.ops_port = 0;
    options.log_level = LogLevel::kError;
    options.version = "test";
    options.policy_paths = {folder_.Path("policy.yaml")};
    options.certificate_file = folder_.Path("pair/tls.crt");
    options.key_file = folder_.Path("pair/tls.key");
    server_ = *WebhookServer::Start(options);
  }

  // Asks on one connection until the answer holds `text`; every request must be answered.
  bool EventuallyAnswers(const std::string& text) {
    TlsClient client(server_->port());
    return Eventually([&] {
      const HttpResponse response = client.Ask(kReview);
      EXPECT_EQ(response.status, 200);
      return response.body.find(text) != std::string::npos;
    });
  }
  bool HasMetric(const std::string& line) {
    return server_->metrics().Render().find("tidewaiter_" + line + "\n") != std::string::npos;
  }
  // Whether a new connection is shown a certificate for `host`.
  bool IsServedAs(const char* host) {
    TlsClient client(server_->port());
    EXPECT_TRUE(client.is_connected());
    const X509Ptr certificate(SSL_get1_peer_certificate(client.ssl()));
    return X509_check_host(certificate.get(), host, 0, 0, nullptr) == 1;
  }

  const TemporaryFolder folder_;
  const std::int64_t later_ = std::time(nullptr) + 1000;
  std::unique_ptr<WebhookServer> server_;
};

TEST_F(WebhookReloadTest, PoliciesChangeWithTheirFile) {
  EXPECT_TRUE(EventuallyAnswers("\"allowed\":false"));
  folder_.Write("policy.yaml", PolicyAgainst("2"));
  EXPECT_TRUE(EventuallyAnswers("\"allowed\":true"));
  EXPECT_TRUE(HasMetric(R"(policy_reloads_total{result="success"} 1)"));

  folder_.Write("policy.yaml", "nonsense");
  EXPECT_TRUE(Eventually([&] { return HasMetric(R"(policy_reloads_total{result="failure"} 1)"); }));
  EXPECT_TRUE(EventuallyAnswers("\"allowed\":true"));
  EXPECT_TRUE(HasMetric("policies_loaded 1"));
  EXPECT_TRUE(HasMetric(R"(policies_invalid{source="files"} 1)"));

  folder_.Write("policy.yaml", PolicyAgainst("1"));
  EXPECT_TRUE(EventuallyAnswers("\"allowed\":false"));
  EXPECT_TRUE(HasMetric(R"(policy_reloads_total{result="success"} 2)"));
  EXPECT_TRUE(HasMetric(R"(policies_invalid{source="files"} 0)"));
}

TEST_F(WebhookReloadTest, NewConnectionsGetTheNewCertificate) {
  TlsClient old(server_->port());
  EXPECT_TRUE(IsServedAs("one.example.com"));
  folder_.Swap("two", "pair");
  EXPECT_TRUE(Eventually([&] { return IsServedAs("two.example.com"); }));
  const std::string expiry = std::to_string(later_ + std::int64_t{90} * 24 * 3600);
  EXPECT_TRUE(Eventually([&] { return HasMetric("certificate_expiry_timestamp_seconds " + expiry); }));
  EXPECT_EQ(old.Ask(kReview).status, 200);

  WritePemPair(folder_.Path("three/tls"), "three.example.com", later_ + 1000);
  std::filesystem::rename(folder_.Path("three/tls.crt"), folder_.Path("two/tls.crt"));  // half of the pair
  EXPECT_TRUE(Eventually([&] { return HasMetric(R"(errors_total{reason="certificate_reload"} 1)"); }));
  EXPECT_TRUE(IsServedAs("two.example.com"));
  EXPECT_TRUE(HasMetric("certificate_expiry_timestamp_seconds " + expiry));

  std::filesystem::rename(folder_.Path("three/tls.key"), folder_.Path("two/tls.key"));
  EXPECT_TRUE(Eventually([&] { return IsServedAs("three.example.com"); }));
  EXPECT_TRUE(HasMetric(R"(errors_total{reason="certificate_reload"} 1)"));
  EXPECT_EQ(old.Ask(kReview).status, 200);
}

TEST_F(WebhookReloadTest, WatchesUntilThePortIsClosed) {
  server_->Drain([&](std::chrono::milliseconds) {
    folder_.Swap("two", "pair");
    EXPECT_TRUE(Eventually([&] { return IsServedAs("two.example.com"); }));
    folder_.Write("policy.yaml", PolicyAgainst("2"));
  });
  folder_.Write("policy.yaml", "nonsense");
  server_.reset();
}

}  // namespace
}  // namespace tidewaiter
