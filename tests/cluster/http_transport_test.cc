// SPDX-License-Identifier: Apache-2.0
//
// Connections: TLS and whom it trusts, deadlines, reuse, the end of a connection at any moment.
#include "webhook/cluster/http_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/cluster/testing/fake_api_server.h"
#include "tests/testing/temporary_folder.h"
#include "tests/testing/tls_client.h"

namespace tidewaiter {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

const TestCertificate& Certificate() {
  static const TestCertificate certificate = MakeTestCertificate("IP:127.0.0.1,DNS:kubernetes.default");
  return certificate;
}

std::string Ask(const ClusterConfig& config, milliseconds connect_timeout = milliseconds(5'000)) {
  HttpTransport transport(config, "test");
  const auto answer = transport.Send({.method = "GET", .target = kNamespaces, .connect_timeout = connect_timeout});
  return answer.ok() ? std::to_string(answer->status) : answer.status().ToString();
}

TEST(HttpTransportTest, TlsTrustsTheConfiguredCaOnly) {
  FakeApiServer server(Certificate());
  const ClusterConfig good = server.Config();
  EXPECT_EQ(Ask(good), "200");

  ClusterConfig other_ca = good;
  other_ca.ca.text = MakeTestCertificate("DNS:other").certificate_pem;
  EXPECT_THAT(Ask(other_ca), HasSubstr("FAILED_PRECONDITION: the certificate of the API server at 127.0.0.1:"));
  EXPECT_THAT(Ask(other_ca), HasSubstr("cannot be verified with the configured CA: self"));

  ClusterConfig skipping = other_ca;
  skipping.skip_tls_verify = true;
  skipping.ca = {};
  EXPECT_EQ(Ask(skipping), "200");

  ClusterConfig named = good;
  named.tls_server_name = "kubernetes.default";
  EXPECT_EQ(Ask(named), "200");
  named.tls_server_name = "kubernetes.other";
  EXPECT_THAT(Ask(named), HasSubstr("is not for kubernetes.other"));

  ClusterConfig file = good;
  file.ca.file = "missing.crt";
  EXPECT_THAT(Ask(file), HasSubstr("FAILED_PRECONDITION: missing.crt: cannot be read"));
}

TEST(HttpTransportTest, TheCaFileIsReadForEachConnection) {
  FakeApiServer server(Certificate());
  TemporaryFolder folder;
  folder.Write("ca.crt", MakeTestCertificate("DNS:other").certificate_pem);
  ClusterConfig config = server.Config();
  config.ca.file = folder.Path("ca.crt");
  HttpTransport transport(config, "test");
  const HttpRequest request{.method = "GET", .target = kNamespaces};
  EXPECT_THAT(transport.Send(request).status().ToString(), HasSubstr("cannot be verified with " + config.ca.file));
  folder.Write("ca.crt", Certificate().certificate_pem);
  EXPECT_TRUE(transport.Send(request).ok());
}

TEST(HttpTransportTest, ClientCertificates) {
  const TestCertificate client = MakeTestCertificate("DNS:client");
  FakeApiServer server(Certificate(), client.certificate_pem);
  ClusterConfig config = server.Config();
  EXPECT_THAT(Ask(config), HasSubstr("UNAVAILABLE"));
  config.client_certificate.text = client.certificate_pem;
  config.client_key.text = client.key_pem;
  EXPECT_EQ(Ask(config), "200");
  config.client_key.text = Certificate().key_pem;
  EXPECT_THAT(Ask(config), HasSubstr("the client key is not that of the certificate"));
  config.client_key.text = "-----BEGIN EC PRIVATE KEY-----";
  EXPECT_THAT(Ask(config), HasSubstr("the client key cannot be read"));
  config.client_certificate.text = "-----BEGIN nothing";
  EXPECT_THAT(Ask(config), HasSubstr("the client certificate cannot be read"));
}

TEST(HttpTransportTest, NobodyThereAndPlainHttpInsteadOfTls) {
  ClusterConfig config;
  {
    FakeApiServer server;
    config = server.Config();
    config.is_tls = true;
    // The server takes the handshake for the beginning of a request and waits for the rest.
    EXPECT_THAT(Ask(config, milliseconds(200)),
                HasSubstr("UNAVAILABLE: no TLS connection to the API server at 127.0.0.1:"));
  }
  EXPECT_THAT(Ask(config), HasSubstr("UNAVAILABLE: no connection to the API server at 127.0.0.1:"));
}

TEST(HttpTransportTest, DeadlinesHoldWhileTheServerHangs) {
  for (const bool is_tls : {false, true}) {
    FakeApiServer server = is_tls ? FakeApiServer(Certificate()) : FakeApiServer();
    server.Hang(true);
    HttpTransport transport(server.Config(), "test");
    const auto start = std::chrono::steady_clock::now();
    const auto whole = transport.Send({.method = "GET", .target = "/", .whole_timeout = milliseconds(100)});
    EXPECT_TRUE(absl::IsDeadlineExceeded(whole.status())) << whole.status();
    const auto idle = transport.Send({.method = "GET", .target = "/", .idle_timeout = milliseconds(100)});
    EXPECT_TRUE(absl::IsDeadlineExceeded(idle.status())) << idle.status();
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  }
}

TEST(HttpTransportTest, CancellationEndsAHangingRequest) {
  for (const bool is_tls : {false, true}) {
    FakeApiServer server = is_tls ? FakeApiServer(Certificate()) : FakeApiServer();
    server.Hang(true);
    HttpTransport transport(server.Config(), "test");
    Cancellation cancellation;
    std::thread canceller([&] {
      EXPECT_TRUE(Eventually([&] { return server.hanging() == 1; }));
      cancellation.Cancel();
    });
    const auto answer = transport.Send({.method = "GET", .target = "/", .cancellation = &cancellation});
    canceller.join();
    EXPECT_TRUE(absl::IsCancelled(answer.status())) << answer.status();
    // And the next one does not even begin.
    const auto next = transport.Send({.method = "GET", .target = "/", .cancellation = &cancellation});
    EXPECT_TRUE(absl::IsCancelled(next.status()));
    EXPECT_EQ(server.seen().size(), 1u);
  }
}

TEST(HttpTransportTest, ConnectionsAreKeptAndAStaleOneIsReplaced) {
  std::set<int> ports;
  int port = 0;
  ClusterConfig config;
  std::unique_ptr<HttpTransport> transport;
  {
    FakeApiServer server;
    config = server.Config();
    port = config.port;
    server.SetOverride([&](const httplib::Request& request, httplib::Response&) {
      ports.insert(request.remote_port);
      return false;
    });
    transport = std::make_unique<HttpTransport>(config, "test");
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(transport->Send({.method = "GET", .target = kNamespaces}).ok());
    }
    EXPECT_EQ(ports.size(), 1u);
  }
  // The server has gone: the kept connection is noticed to be stale, and nobody listens.
  EXPECT_TRUE(absl::IsUnavailable(transport->Send({.method = "GET", .target = kNamespaces}).status()));
  EXPECT_GT(port, 0);
}

TEST(HttpTransportTest, ManyThreads) {
  FakeApiServer server(Certificate());
  HttpTransport transport(server.Config(), "test");
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 10; ++j) {
        good += transport.Send({.method = "GET", .target = kNamespaces}).ok() ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 80);
}

}  // namespace
}  // namespace tidewaiter
