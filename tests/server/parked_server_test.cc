// SPDX-License-Identifier: Apache-2.0
//
// Connections that behave and connections that do not, against a server whose handler is the test's own.
#include "webhook/server/parked_server.h"

#include <gtest/gtest.h>

#include "tests/testing/echo_handler.h"
#include "tests/testing/tls_client.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using std::chrono::milliseconds;

class ParkedServerTest : public ::testing::Test {
 protected:
  // A slow machine must not change an answer: a worker may be late, unless the test says how late.
  void Start(ServerLimits limits = {}) {
    limits.max_body_bytes = 8u << 20;
    if (limits.max_worker_wait == ServerLimits{}.max_worker_wait) limits.max_worker_wait = std::chrono::minutes(1);
    server_ = *ParkedServer::Start("127.0.0.1", 0, NewCertificate(), limits, handler_);
  }
  int port() const { return server_->port(); }

  EchoHandler handler_;
  std::unique_ptr<ParkedServer> server_;
};

const std::string kPing = PostRequest("/ping", "x");

TEST_F(ParkedServerTest, KeepsAConnectionOverManyRequests) {
  Start();
  TlsClient client(port());
  ASSERT_TRUE(client.is_connected());
  for (int i = 0; i < 200; ++i) ASSERT_EQ(client.Ask(kPing).body, std::to_string(kPing.size()));
  EXPECT_TRUE(Eventually([&] { return server_->CountConnections().parked == 1; }));
}

TEST_F(ParkedServerTest, AnswersPipelinedRequestsInOrder) {
  Start();
  TlsClient client(port());
  const std::string longer = PostRequest("/ping", "longer body");
  ASSERT_TRUE(client.Send(kPing + longer + kPing));
  EXPECT_EQ(client.Receive().body, std::to_string(kPing.size()));
  EXPECT_EQ(client.Receive().body, std::to_string(longer.size()));
  EXPECT_EQ(client.Receive().body, std::to_string(kPing.size()));
}

TEST_F(ParkedServerTest, LargeBodiesArriveWhole) {
  Start();
  TlsClient client(port());
  const std::string request = PostRequest("/ping", std::string(3u << 20, 'b'));
  EXPECT_EQ(client.Ask(request).body, std::to_string(request.size()));
}

TEST_F(ParkedServerTest, ASlowClientKeepsNobodyWaiting) {
  Start({.workers = 1});
  TlsClient slow(port());
  TlsClient fast(port());
  for (const char c : kPing.substr(0, kPing.size() - 1)) {
    ASSERT_TRUE(slow.Send(std::string(1, c)));
    ASSERT_EQ(fast.Ask(kPing).status, 200);
  }
  EXPECT_EQ(slow.Ask(kPing.substr(kPing.size() - 1)).status, 200);
}

TEST_F(ParkedServerTest, SaysContinue) {
  Start();
  TlsClient client(port());
  ASSERT_TRUE(client.Send("POST /ping HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
  EXPECT_EQ(client.Receive().status, 100);
  EXPECT_EQ(client.Ask("hi").status, 200);
}

TEST_F(ParkedServerTest, RefusesWhatCannotBeFramedAndCloses) {
  Start();
  TlsClient client(port());
  EXPECT_EQ(client.Ask("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx").status, 400);
  EXPECT_TRUE(client.IsClosedByPeer());
  EXPECT_TRUE(handler_.HasLost("bad_request"));
}

TEST_F(ParkedServerTest, EndsHandshakesRequestsAndIdleConnectionsInTime) {
  Start(
      {.handshake_timeout = milliseconds(50), .request_timeout = milliseconds(50), .idle_timeout = milliseconds(600)});
  const int silent = ConnectTcp(port());
  TlsClient half(port());
  TlsClient idle(port());
  ASSERT_TRUE(half.Send("POST / HT"));
  EXPECT_TRUE(half.IsClosedByPeer());
  EXPECT_TRUE(handler_.HasLost("request_timeout"));
  char byte = 0;
  EXPECT_EQ(recv(silent, &byte, 1, 0), 0);
  close(silent);
  EXPECT_TRUE(handler_.HasLost("handshake_failed"));
  EXPECT_TRUE(idle.IsClosedByPeer());
  EXPECT_TRUE(Eventually([&] {
    const ConnectionCounts counts = server_->CountConnections();
    return counts.handshaking + counts.active + counts.parked == 0;
  }));
}

TEST_F(ParkedServerTest, AClientThatNeverReadsIsCutOff) {
  Start({.workers = 1, .write_timeout = milliseconds(50)});
  TlsClient deaf(port());
  ASSERT_TRUE(deaf.Send(PostRequest("/big", "x")));
  TlsClient other(port());
  EXPECT_EQ(other.Ask(kPing).status, 200);
  EXPECT_TRUE(Eventually([&] { return handler_.HasLost("write_timeout"); }));
}

TEST_F(ParkedServerTest, ConnectionsAreLimited) {
  Start({.max_connections = 2});
  TlsClient first(port());
  TlsClient second(port());
  TlsClient third(port());
  EXPECT_TRUE(first.is_connected() && second.is_connected());
  EXPECT_FALSE(third.is_connected());
  EXPECT_TRUE(handler_.HasLost("connection_limit"));
  EXPECT_EQ(first.Ask(kPing).status, 200);
}

TEST_F(ParkedServerTest, RequestsThatWaitTooLongAreMarked) {
  Start({.workers = 1, .max_worker_wait = milliseconds(30)});
  TlsClient holder(port());
  TlsClient waiter(port());
  ASSERT_EQ(waiter.Ask(kPing).body, std::to_string(kPing.size()));
  ASSERT_TRUE(holder.Send(PostRequest("/hold", "x")));
  ASSERT_TRUE(Eventually([&] { return handler_.held == 1; }));
  ASSERT_TRUE(waiter.Send(kPing));
  std::this_thread::sleep_for(milliseconds(100));  // the wait itself
  handler_.is_released = true;
  EXPECT_EQ(waiter.Receive().body, std::to_string(kPing.size()) + " overloaded");
  EXPECT_TRUE(Eventually([&] { return waiter.Ask(kPing).body == std::to_string(kPing.size()); }));
}

TEST_F(ParkedServerTest, DrainsAndStops) {
  Start();
  TlsClient idle(port());
  TlsClient busy(port());
  TlsClient next(port());
  ASSERT_EQ(next.Ask(kPing).status, 200);
  ASSERT_TRUE(busy.Send(PostRequest("/hold", "x")));
  ASSERT_TRUE(Eventually([&] { return handler_.held == 1; }));
  server_->BeginDrain();
  EXPECT_EQ(next.Ask(kPing).body, std::to_string(kPing.size()) + " draining");
  EXPECT_TRUE(next.IsClosedByPeer());
  std::thread stopper([&] { server_->Stop(std::chrono::seconds(10)); });
  EXPECT_TRUE(idle.IsClosedByPeer());
  EXPECT_TRUE(Eventually([&] { return ConnectTcp(port()) < 0; }));
  handler_.is_released = true;
  EXPECT_EQ(busy.Receive().status, 200);  // what runs is finished
  stopper.join();
  EXPECT_EQ(handler_.handled, 3);
}

TEST_F(ParkedServerTest, NewConnectionsGetTheNewCertificate) {
  Start();
  const auto serial = [&](TlsClient& client) {
    const X509Ptr certificate(SSL_get1_peer_certificate(client.ssl()));
    const ASN1_INTEGER* number = X509_get0_serialNumber(certificate.get());
    return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(number)),
                       static_cast<std::size_t>(ASN1_STRING_length(number)));
  };
  TlsClient before(port());
  server_->SetCertificate(NewCertificate());
  TlsClient after(port());
  EXPECT_NE(serial(before), serial(after));
  EXPECT_EQ(before.Ask(kPing).status, 200);
}

TEST_F(ParkedServerTest, SpeaksOnlyModernTls) {
  Start();
  EXPECT_FALSE(TlsClient(port(), TLS1_1_VERSION).is_connected());
  EXPECT_TRUE(TlsClient(port(), TLS1_2_VERSION).is_connected());
  const int plain = ConnectTcp(port());
  ASSERT_EQ(send(plain, kPing.data(), kPing.size(), 0), static_cast<ssize_t>(kPing.size()));
  char buffer[256];
  ssize_t got = 0;
  do {
    got = recv(plain, buffer, sizeof(buffer), 0);  // an alert, then the end
  } while (got > 0);
  close(plain);
  EXPECT_TRUE(Eventually([&] { return handler_.HasLost("handshake_failed"); }));
}

TEST_F(ParkedServerTest, AClientThatClosesItsSideIsAnswered) {
  Start();
  TlsClient client(port());
  ASSERT_TRUE(client.Send(kPing));
  SSL_shutdown(client.ssl());
  EXPECT_EQ(client.Receive().status, 200);
}

TEST_F(ParkedServerTest, ComingAndGoingLeavesNothing) {
  Start();
  for (int i = 0; i < 300; ++i) {
    TlsClient client(port());
    if (i % 3 == 0) {
      EXPECT_EQ(client.Ask(kPing).status, 200);
    }
  }
  EXPECT_TRUE(Eventually([&] {
    const ConnectionCounts counts = server_->CountConnections();
    return counts.handshaking + counts.active + counts.parked == 0;
  }));
}

TEST_F(ParkedServerTest, ConnectionsWaitForTheFirstCertificate) {
  server_ = *ParkedServer::Start("127.0.0.1", 0, ServingCertificate(), {.max_body_bytes = 100}, handler_);
  const int early = ConnectTcp(port());
  EXPECT_EQ(server_->CountConnections().handshaking, 0u);
  server_->SetCertificate(NewCertificate());
  EXPECT_TRUE(Eventually([&] { return server_->CountConnections().handshaking == 1; }));
  close(early);
  TlsClient client(port());
  EXPECT_EQ(client.Ask(kPing).status, 200);
  server_->SetCertificate(NewCertificate());
  TlsClient later(port());
  EXPECT_EQ(later.Ask(kPing).status, 200);
}

TEST_F(ParkedServerTest, StopsWithoutEverHavingHadACertificate) {
  server_ = *ParkedServer::Start("127.0.0.1", 0, ServingCertificate(), {}, handler_);
  const int waiting = ConnectTcp(port());
  server_->Stop(milliseconds{10});
  close(waiting);
}

TEST_F(ParkedServerTest, SaysWhyItCannotListen) {
  Start();
  const auto second = ParkedServer::Start("127.0.0.1", port(), NewCertificate(), {}, handler_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(MessageOf(second.status()), StrCat("cannot listen at 127.0.0.1:", port(), ": Address already in use"));
  EXPECT_FALSE(ParkedServer::Start("256.0.0.1", 0, NewCertificate(), {}, handler_).ok());
}

}  // namespace
}  // namespace tidewaiter
