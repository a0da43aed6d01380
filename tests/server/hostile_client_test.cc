// SPDX-License-Identifier: Apache-2.0
//
// What a client can do to a ParkedServer on purpose: each case once kept a worker, a buffer or an answer from others,
// or could have. parked_server_test.cc has the clients that merely behave badly.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <future>
#include <vector>

#include "tests/testing/echo_handler.h"
#include "tests/testing/tls_client.h"
#include "webhook/server/parked_server.h"

namespace tidewaiter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kPing = PostRequest("/ping", "x");

class HostileClientTest : public ::testing::Test {
 protected:
  // How long a worker may be late is another test's matter: a slow machine must not change an answer here.
  void Start(ServerLimits limits = {}) {
    if (limits.max_body_bytes == 0) limits.max_body_bytes = 8u << 20;
    limits.max_worker_wait = std::chrono::minutes(1);
    server_ = *ParkedServer::Start("127.0.0.1", 0, NewCertificate(), limits, handler_);
  }
  int port() const { return server_->port(); }
  std::size_t CountAll() const {
    const ConnectionCounts counts = server_->CountConnections();
    return counts.handshaking + counts.active + counts.parked;
  }

  // Sends `bytes` over and over, reading whatever comes, until `is_done`; on a connection that never waits.
  void Flood(TlsClient& client, const std::string& bytes, const std::atomic<bool>& is_done) {
    fcntl(client.socket(), F_SETFL, O_NONBLOCK);
    SSL_set_mode(client.ssl(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    std::vector<char> answers(1u << 20);
    for (std::size_t at = 0; !is_done;) {
      ERR_clear_error();
      const int sent = SSL_write(client.ssl(), bytes.data() + at, static_cast<int>(bytes.size() - at));
      if (sent > 0) at = (at + static_cast<std::size_t>(sent)) % bytes.size();
      SSL_read(client.ssl(), answers.data(), static_cast<int>(answers.size()));
    }
  }

  EchoHandler handler_;
  std::unique_ptr<ParkedServer> server_;
};

// A header that just fits and a body of the largest size fill the buffer: none may be taken that fills it before it is
// whole, or the worker would turn around it until the request's time is over.
TEST_F(HostileClientTest, NoRequestFillsTheBufferWithoutBeingWhole) {
  for (std::size_t size = 1020; size <= 1030; ++size) {
    Start({.workers = 1, .max_header_bytes = 1024, .max_body_bytes = 100});
    std::string header = "POST / HTTP/1.1\r\nContent-Length: 100\r\nX: ";
    header.append(size - header.size() - 4, 'x');
    TlsClient client(port());
    EXPECT_EQ(client.Ask(header + "\r\n\r\n" + std::string(100, 'b')).status, size <= 1024 ? 200 : 431) << size;
  }
}

TEST_F(HostileClientTest, AnsweredBodiesNoLongerCount) {
  Start({.max_buffered_bytes = 1u << 20});
  const std::string large = PostRequest("/ping", std::string(600u << 10, 'b'));
  TlsClient clients[] = {TlsClient(port()), TlsClient(port()), TlsClient(port()), TlsClient(port())};
  for (TlsClient& client : clients) EXPECT_EQ(client.Ask(large).status, 200);
}

TEST_F(HostileClientTest, HalfSentBodiesAreLimitedInAll) {
  Start({.max_buffered_bytes = 1u << 20});
  const std::string half = "POST / HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n" + std::string(600u << 10, 'b');
  TlsClient first(port());
  TlsClient second(port());
  ASSERT_TRUE(first.Send(half));
  ASSERT_TRUE(second.Send(half));
  // One of them is refused, whichever comes last; small requests are not.
  EXPECT_TRUE(Eventually([&] { return handler_.HasLost("overloaded"); }));
  TlsClient third(port());
  EXPECT_EQ(third.Ask(kPing).status, 200);
}

// Requests without an end, cut so that the server never sees the boundary between two.
TEST_F(HostileClientTest, APipelineWithoutEndTakesTurns) {
  Start({.workers = 1});
  std::string many;
  while (many.size() < (1u << 20)) many += kPing;
  std::atomic<bool> is_done = false;
  TlsClient flooder(port());
  TlsClient other(port());
  std::thread flood([&] { Flood(flooder, many, is_done); });
  EXPECT_TRUE(Eventually([&] { return handler_.handled > 1000; }));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(other.Ask(kPing).status, 200);
  is_done = true;
  flood.join();
}

// One byte a TLS record, as fast as they can be sent.
TEST_F(HostileClientTest, TinyRecordsTakeTurns) {
  Start({.workers = 1});
  TlsClient flooder(port());
  TlsClient other(port());
  ASSERT_TRUE(flooder.Send("POST / HTTP/1.1\r\nContent-Length: 8000000\r\n\r\n"));
  std::atomic<bool> is_done = false;
  std::thread flood([&] { Flood(flooder, "b", is_done); });
  for (int i = 0; i < 20; ++i) EXPECT_EQ(other.Ask(kPing).status, 200);
  is_done = true;
  flood.join();
}

TEST_F(HostileClientTest, KeyUpdatesAreAnswered) {
  Start();
  TlsClient client(port());
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
    ASSERT_EQ(client.Ask(kPing).status, 200) << i;
  }
}

// Each costs the server a key derivation, and OpenSSL would go on as long as they come.
TEST_F(HostileClientTest, KeyUpdatesWithoutEndCloseTheConnection) {
  Start({.workers = 1});
  TlsClient client(port());
  ASSERT_EQ(client.Ask(kPing).status, 200);
  EXPECT_TRUE(Eventually([&] {
    for (int i = 0; i < 100; ++i) {
      SSL_key_update(client.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
      if (SSL_do_handshake(client.ssl()) != 1) return true;
    }
    return false;
  }));
  TlsClient other(port());
  EXPECT_EQ(other.Ask(kPing).status, 200);
}

// The whole body is sent before anything is read: the refusal must survive what arrives after it.
TEST_F(HostileClientTest, ARefusalReachesAClientThatIsStillSending) {
  Start({.max_body_bytes = 1000});
  for (int i = 0; i < 20; ++i) {
    TlsClient client(port());
    client.Send("POST / HTTP/1.1\r\nContent-Length: 4000000\r\n\r\n");
    const std::string part(100'000, 'b');
    for (int sent = 0; sent < 40; ++sent) ASSERT_TRUE(client.Send(part)) << i;
    EXPECT_EQ(client.Receive().status, 413) << i;
    EXPECT_TRUE(client.IsClosedByPeer());
  }
  EXPECT_TRUE(Eventually([&] { return CountAll() == 0; }));
}

TEST_F(HostileClientTest, ARefusedClientThatStaysIsCutOff) {
  Start({.max_body_bytes = 1000, .linger_timeout = milliseconds(50)});
  TlsClient client(port());
  EXPECT_EQ(client.Ask("POST / HTTP/1.1\r\nContent-Length: 4000000\r\n\r\n").status, 413);
  EXPECT_TRUE(Eventually([&] { return CountAll() == 0; }));
}

// Always active and never done: only the request's own deadline ends it.
TEST_F(HostileClientTest, ADribblingRequestEndsInTime) {
  Start({.workers = 1, .request_timeout = milliseconds(300)});
  TlsClient client(port());
  const std::string header = "POST / HTTP/1.1\r\nContent-Length: 8000000\r\n\r\n";
  ASSERT_TRUE(client.Send(header));
  EXPECT_TRUE(Eventually([&] { return !client.Send("b"); }));
  EXPECT_TRUE(handler_.HasLost("request_timeout"));
}

// A handshake that comes byte by byte holds no worker.
TEST_F(HostileClientTest, ADribblingHandshakeKeepsNobodyWaiting) {
  Start({.workers = 1});
  const int dribbler = ConnectTcp(port());
  TlsClient other(port());
  for (const char byte : std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03", 11)) {
    ASSERT_EQ(send(dribbler, &byte, 1, 0), 1);
    ASSERT_EQ(other.Ask(kPing).status, 200);
  }
  close(dribbler);
  EXPECT_TRUE(Eventually([&] { return handler_.HasLost("handshake_failed"); }));
}

TEST_F(HostileClientTest, ALateReaderGetsAllOfALargeAnswer) {
  Start({.workers = 1});
  TlsClient late(port());
  TlsClient other(port());
  ASSERT_TRUE(late.Send(PostRequest("/big", "x") + kPing));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(other.Ask(kPing).status, 200);
  EXPECT_EQ(late.Receive().body.size(), 32u << 20);
  EXPECT_EQ(late.Receive().body, std::to_string(kPing.size()));
}

// Without close_notify, in the middle of pipelined requests.
TEST_F(HostileClientTest, AnEndOfTheTcpStreamIsAnEnd) {
  Start();
  TlsClient client(port());
  ASSERT_TRUE(client.Send(kPing + kPing + kPing.substr(0, 30)));
  shutdown(client.socket(), SHUT_WR);
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_TRUE(client.IsClosedByPeer());
  EXPECT_TRUE(Eventually([&] { return CountAll() == 0; }));
}

// Out of descriptors: who is connected is served, and who waits is accepted once there are some again.
TEST_F(HostileClientTest, SurvivesWithoutDescriptors) {
  Start({.workers = 1});
  TlsClient before(port());
  ASSERT_EQ(before.Ask(kPing).status, 200);
  rlimit old_limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old_limit), 0);
  const rlimit small{.rlim_cur = 256, .rlim_max = old_limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &small), 0);
  std::vector<int> fill;
  const int last = dup(before.socket());  // kept for the client that waits
  for (int copy = 0; (copy = dup(before.socket())) >= 0;) fill.push_back(copy);
  close(last);
  const int waiting = ConnectTcp(port());  // takes the last one; the kernel connects it, nobody can accept it
  EXPECT_GE(waiting, 0);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(before.Ask(kPing).status, 200);
  EXPECT_EQ(CountAll(), 1u);
  for (const int copy : fill) close(copy);
  setrlimit(RLIMIT_NOFILE, &old_limit);
  EXPECT_TRUE(Eventually([&] { return CountAll() == 2; }));
  close(waiting);
}

// Each ends its own connection and no other, wherever it was.
TEST_F(HostileClientTest, RequestsThatThereIsNoMemoryForEndAlone) {
  Start({.workers = 1});
  TlsClient other(port());
  for (int i = 0; i < 20; ++i) {
    TlsClient large(port());
    ASSERT_TRUE(large.Send((i % 2 == 0 ? kPing : "") + PostRequest("/full", "x") + kPing));
    if (i % 2 == 0) {
      EXPECT_EQ(large.Receive().status, 200);
    }
    EXPECT_TRUE(large.IsClosedByPeer());
    EXPECT_EQ(other.Ask(kPing).status, 200);
  }
  EXPECT_TRUE(handler_.HasLost("internal"));
  EXPECT_TRUE(Eventually([&] { return CountAll() == 1; }));
}

// Half-sent requests, silent connections and a client that does not read: Stop waits as long as it was told.
TEST_F(HostileClientTest, NobodyKeepsTheServerFromStopping) {
  Start();
  const int silent = ConnectTcp(port());
  TlsClient half(port());
  TlsClient deaf(port());
  ASSERT_TRUE(half.Send("POST / HT"));
  ASSERT_TRUE(deaf.Send(PostRequest("/big", "x")));
  ASSERT_TRUE(Eventually([&] { return handler_.handled == 1; }));
  const auto start = std::chrono::steady_clock::now();
  server_->Stop(milliseconds(100));
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(5));
  EXPECT_EQ(CountAll(), 0u);
  EXPECT_TRUE(half.IsClosedByPeer());
  close(silent);
}

// Everything at once, for the thread sanitizer: deadlines so short that the keeper and the workers meet.
TEST_F(HostileClientTest, ManyClientsAtOnce) {
  Start({.workers = 3,
         .handshake_timeout = milliseconds(2'000),
         .request_timeout = milliseconds(200),
         .idle_timeout = milliseconds(200)});
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (int id = 0; id < 6; ++id) {
    threads.emplace_back([&, id] {
      for (int round = 0; round < 40; ++round) {
        TlsClient client(port());
        if (!client.is_connected()) continue;
        if (id == 0) server_->SetCertificate(NewCertificate());
        for (int i = 0; i < 5; ++i) {
          const std::string request = i % 2 == 0 ? kPing : kPing + kPing;
          if (!client.Send(request)) break;
          if (client.Receive().status == 200) ++answered;
          if (i % 2 == 1 && client.Receive().status == 200) ++answered;
        }
        if (round % 10 == id) client.Send(kPing.substr(0, 20));
        if (round % 10 == id + 1) {
          EXPECT_TRUE(client.IsClosedByPeer());  // by its idle timeout
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(answered, 6 * 40 * 5);
  EXPECT_TRUE(Eventually([&] { return CountAll() == 0; }));
}

}  // namespace
}  // namespace tidewaiter
