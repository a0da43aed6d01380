// SPDX-License-Identifier: Apache-2.0
//
// One manager, two managers, and what others do to the Secret and the configurations meanwhile; the clock is set by the
// test.
#include "webhook/cluster/certificate_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "tests/cluster/testing/fake_object_server.h"
#include "tests/testing/tls_client.h"
#include "webhook/kube/text.h"
#include "webhook/pki/pem.h"

namespace tidewaiter {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::int64_t kNow = 1'800'000'000;
constexpr char kSecret[] = "/api/v1/namespaces/ours/secrets/tls";
constexpr char kValidating[] = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/tidewaiter";
constexpr char kMutating[] = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/tidewaiter";

Json NewConfiguration(const char* kind) {
  return {{"kind", kind},
          {"metadata", {{"name", "tidewaiter"}}},
          {"webhooks",
           {{{"name", "a"}, {"clientConfig", {{"url", "https://h/a"}}}},
            {{"name", "b"}, {"clientConfig", {{"url", "https://h/b"}}}}}}};
}

// A replica: a manager, and what it told.
class Replica {
 public:
  Replica(FakeObjectServer& server, const std::atomic<std::int64_t>& now, milliseconds settle_time)
      : client_(server.Config()), manager_(client_, Options(now, settle_time)) {
    manager_.Start();
  }

  // The last one that was put to use.
  PemPair served() const {
    const std::lock_guard lock(mutex_);
    return served_.empty() ? PemPair{} : served_.back();
  }
  std::size_t count_served() const {
    const std::lock_guard lock(mutex_);
    return served_.size();
  }
  bool HasError(const std::string& part) const {
    const std::lock_guard lock(mutex_);
    return std::any_of(errors_.begin(), errors_.end(),
                       [&](const std::string& error) { return error.find(part) != std::string::npos; });
  }
  std::string NotReadyReason() const { return manager_.NotReadyReason(); }
  bool is_ready() const { return NotReadyReason().empty(); }

 private:
  CertificateManagerOptions Options(const std::atomic<std::int64_t>& now, milliseconds settle_time) {
    CertificateManagerOptions options;
    options.secret_namespace = "ours";
    options.secret_name = "tls";
    options.configuration_name = "tidewaiter";
    options.request = {.names = {"localhost"}, .lifetime_seconds = 900};
    options.settle_time = settle_time;
    options.backoff = {.first = milliseconds(5), .most = milliseconds(50)};
    options.reflector.backoff = options.backoff;
    options.now = [&now] { return now.load(); };
    options.serve = [this](const PemPair& serving) {
      const std::lock_guard lock(mutex_);
      served_.push_back(serving);
      return absl::OkStatus();
    };
    options.on_error = [this](const absl::Status& why) {
      const std::lock_guard lock(mutex_);
      errors_.emplace_back(MessageOf(why));
    };
    return options;
  }

  mutable std::mutex mutex_;
  std::vector<PemPair> served_;
  std::vector<std::string> errors_;
  ApiClient client_;
  CertificateManager manager_;
};

class CertificateManagerTest : public ::testing::Test {
 protected:
  void PutConfigurations() {
    server_.Put(kValidating, NewConfiguration("ValidatingWebhookConfiguration"));
    server_.Put(kMutating, NewConfiguration("MutatingWebhookConfiguration"));
  }
  std::unique_ptr<Replica> Start(milliseconds settle_time = milliseconds(20)) {
    return std::make_unique<Replica>(server_, now_, settle_time);
  }
  std::unique_ptr<Replica> StartReady(milliseconds settle_time = milliseconds(20)) {
    PutConfigurations();
    auto replica = Start(settle_time);
    EXPECT_TRUE(Eventually([&] { return replica->is_ready(); })) << replica->NotReadyReason();
    return replica;
  }
  CertificateSecret Secret() { return *DecodeCertificateSecret(server_.Get(kSecret)); }
  bool HasSecret() { return DecodeCertificateSecret(server_.Get(kSecret)).ok(); }
  // Whether all four webhooks have the Secret's bundle.
  bool IsConsistent() {
    const std::string bundle = Secret().BundlePem();
    return HoldsBundle(server_.Get(kValidating), bundle) && HoldsBundle(server_.Get(kMutating), bundle);
  }
  bool Serves(const Replica& replica) { return HasSecret() && replica.served() == Secret().serving; }

  FakeObjectServer server_;
  std::atomic<std::int64_t> now_ = kNow;
};

TEST_F(CertificateManagerTest, FromNothing) {
  auto replica = StartReady();
  EXPECT_TRUE(Serves(*replica));
  EXPECT_TRUE(IsConsistent());
  EXPECT_EQ(server_.Get(kSecret)["type"], "kubernetes.io/tls");
  EXPECT_TRUE(IsOurSecret(server_.Get(kSecret)));
  EXPECT_EQ(server_.Get(kValidating)["webhooks"][1]["clientConfig"]["url"], "https://h/b");
}

TEST_F(CertificateManagerTest, NotReadyWithoutConfigurations) {
  auto replica = Start();
  EXPECT_TRUE(Eventually([&] { return replica->NotReadyReason() == "there is no webhook configuration tidewaiter"; }));
  EXPECT_TRUE(Serves(*replica));
  server_.Forbid("validatingwebhookconfigurations");
  server_.Put(kValidating, NewConfiguration("ValidatingWebhookConfiguration"));
  EXPECT_TRUE(Eventually([&] {
    return replica->NotReadyReason().starts_with("the webhook configuration tidewaiter does not hold the CA yet: PUT ");
  })) << replica->NotReadyReason();
  server_.Forbid("");
  EXPECT_TRUE(Eventually([&] { return replica->is_ready(); })) << "one of the two is enough";
}

TEST_F(CertificateManagerTest, TwoSettleOnOne) {
  PutConfigurations();
  for (int round = 0; round < 3; ++round) {
    auto one = Start(), two = Start();
    EXPECT_TRUE(Eventually([&] { return one->is_ready() && two->is_ready(); }));
    EXPECT_TRUE(Eventually([&] { return Serves(*one) && Serves(*two) && IsConsistent(); }));
    one.reset();
    two.reset();
    server_.Remove(kSecret);
  }
  const auto writes = server_.writes();
  EXPECT_EQ(std::count(writes.begin(), writes.end(), StrCat("POST ", kSecret)), 3);
}

TEST_F(CertificateManagerTest, RotationInOrder) {
  auto one = StartReady(milliseconds(300));
  auto two = Start(milliseconds(300));
  EXPECT_TRUE(Eventually([&] { return two->is_ready(); }));
  const CertificateSecret first = Secret();
  now_ = kNow + 599;
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_EQ(Secret().bundle, first.bundle) << "not before two thirds of the lifetime";
  now_ = kNow + 600;
  EXPECT_TRUE(Eventually([&] { return Secret().next.has_value(); }));
  EXPECT_TRUE(Eventually([&] { return IsConsistent(); }));
  const CertificateSecret prepared = Secret();
  EXPECT_EQ(prepared.serving, first.serving) << "callers are given time to hear of the new CA";
  EXPECT_EQ(one->served(), first.serving);
  EXPECT_TRUE(Eventually([&] { return Serves(*one) && Serves(*two) && one->served() != first.serving; }));
  EXPECT_EQ(Secret().authority, *prepared.next);
  EXPECT_EQ(Secret().bundle, prepared.bundle) << "the old CA stays";
  EXPECT_TRUE(IsConsistent());
  EXPECT_EQ(one->count_served(), 2u);
  EXPECT_EQ(two->count_served(), 2u);
}

TEST_F(CertificateManagerTest, NoRotationWhileCallersCannotBeTold) {
  auto replica = StartReady();
  const PemPair first = Secret().serving;
  server_.Forbid("mutatingwebhookconfigurations");
  now_ = kNow + 600;
  EXPECT_TRUE(Eventually([&] { return replica->HasError("403"); }));
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_TRUE(Secret().next.has_value());
  EXPECT_EQ(Secret().serving, first);
  EXPECT_EQ(replica->served(), first);
  EXPECT_TRUE(replica->is_ready());
  server_.Forbid("");
  EXPECT_TRUE(Eventually([&] { return Serves(*replica) && replica->served() != first; }));
}

TEST_F(CertificateManagerTest, OverwrittenBundleIsRepaired) {
  auto replica = StartReady();
  for (const char* path : {kValidating, kMutating, kValidating}) {
    server_.Edit(path, [](Json& configuration) { configuration["webhooks"][1]["clientConfig"]["caBundle"] = "eA=="; });
    EXPECT_TRUE(Eventually([&] { return IsConsistent(); })) << path;
  }
  server_.Put(kMutating, NewConfiguration("MutatingWebhookConfiguration"));
  EXPECT_TRUE(Eventually([&] { return IsConsistent(); }));
  EXPECT_TRUE(replica->is_ready()) << "a repair is no reason to send reviews elsewhere";
}

TEST_F(CertificateManagerTest, DeletedSecretIsMadeAnewWithoutABreak) {
  auto one = StartReady(milliseconds(200));
  auto two = Start(milliseconds(200));
  EXPECT_TRUE(Eventually([&] { return two->is_ready(); }));
  const CertificateSecret first = Secret();
  server_.Remove(kSecret);
  EXPECT_TRUE(Eventually([&] { return HasSecret(); }));
  EXPECT_EQ(Secret().serving, first.serving) << "served on until the new CA is known";
  EXPECT_TRUE(Eventually([&] { return Secret().authority != first.authority && Serves(*one) && Serves(*two); }));
  EXPECT_EQ(Secret().bundle.back(), first.authority.certificate);
  EXPECT_TRUE(Eventually([&] { return IsConsistent(); }));
}

TEST_F(CertificateManagerTest, SecretMadeByAnotherIsServedWhenItsCaIsKnown) {
  auto replica = StartReady(milliseconds(300));
  const PemPair first = replica->served();
  Json secret = server_.Get(kSecret);
  EncodeCertificateSecret(*BeginCertificates({.names = {"localhost"}, .lifetime_seconds = 900}, kNow, Secret().bundle),
                          secret);
  server_.Put(kSecret, secret);
  EXPECT_TRUE(Eventually([&] { return IsConsistent(); }));
  EXPECT_EQ(replica->served(), first);
  EXPECT_TRUE(Eventually([&] { return Serves(*replica); }));
}

TEST_F(CertificateManagerTest, FreshReplicaKeepsTheCasThatCallersTrust) {
  StartReady().reset();
  const CertificateSecret first = Secret();
  server_.Remove(kSecret);
  auto replica = Start();
  EXPECT_TRUE(Eventually([&] { return replica->is_ready(); }));
  EXPECT_EQ(Secret().bundle.size(), 2u);
  EXPECT_EQ(Secret().bundle.back(), first.authority.certificate);
}

TEST_F(CertificateManagerTest, GarbageOfOursIsReplaced) {
  PutConfigurations();
  server_.Put(kSecret, {{"kind", "Secret"},
                        {"type", "Opaque"},
                        {"metadata", {{"name", "tls"}, {"labels", {{"app.kubernetes.io/managed-by", "tidewaiter"}}}}},
                        {"data", {{"tls.crt", "eA=="}}}});
  auto replica = Start();
  EXPECT_TRUE(Eventually([&] { return replica->is_ready(); }));
  EXPECT_TRUE(replica->HasError("the Secret ours/tls holds garbage and is made anew: tls.crt, tls.key: "));
  EXPECT_EQ(server_.Get(kSecret)["type"], "Opaque") << "cannot be changed";
  const CertificateSecret first = Secret();
  server_.Edit(kSecret, [](Json& secret) { secret["data"].erase("ca.key"); });
  EXPECT_TRUE(Eventually([&] { return Serves(*replica) && replica->served() != first.serving; }));
}

TEST_F(CertificateManagerTest, EmptySecretThatWasGivenIsFilled) {
  PutConfigurations();
  server_.Put(kSecret, {{"kind", "Secret"},
                        {"type", "Opaque"},
                        {"metadata", {{"name", "tls"}, {"labels", {{"tidewaiter.dev/certificate", "self-managed"}}}}}});
  auto first = Start();
  auto second = Start();
  EXPECT_TRUE(Eventually([&] { return first->is_ready() && second->is_ready(); }));
  EXPECT_TRUE(Eventually([&] { return Serves(*first) && Serves(*second) && IsConsistent(); }));
  EXPECT_FALSE(first->HasError("garbage")) << "an empty one is none";
  EXPECT_FALSE(second->HasError("garbage"));
  EXPECT_FALSE(server_.Get(kSecret)["metadata"]["labels"].contains("app.kubernetes.io/managed-by"));
}

TEST_F(CertificateManagerTest, ForeignSecretIsLeftAlone) {
  PutConfigurations();
  const Json foreign = {{"kind", "Secret"}, {"metadata", {{"name", "tls"}}}, {"data", {{"tls.crt", "eA=="}}}};
  server_.Put(kSecret, foreign);
  auto replica = Start();
  EXPECT_TRUE(Eventually([&] { return replica->HasError("ours/tls is not ours and is left alone"); }));
  EXPECT_THAT(replica->NotReadyReason(),
              StartsWith("no serving certificate yet: the Secret ours/tls is not ours and is left alone"));
  EXPECT_EQ(server_.Get(kSecret)["data"], foreign["data"]);
  EXPECT_TRUE(server_.writes().empty());
}

TEST_F(CertificateManagerTest, ApiServerAway) {
  server_.SetAway(true);
  PutConfigurations();
  auto replica = Start();
  EXPECT_TRUE(Eventually([&] { return replica->HasError("503"); }));
  EXPECT_THAT(replica->NotReadyReason(), HasSubstr("no serving certificate yet: GET "));
  server_.SetAway(false);
  EXPECT_TRUE(Eventually([&] { return replica->is_ready(); }));
  const PemPair first = replica->served();
  server_.SetAway(true);
  now_ = kNow + 700;
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_EQ(replica->served(), first);
  EXPECT_TRUE(replica->is_ready());
  now_ = kNow + 901;
  EXPECT_TRUE(Eventually([&] { return replica->NotReadyReason().starts_with("the serving certificate has expired"); }));
  server_.SetAway(false);
  EXPECT_TRUE(Eventually([&] { return replica->is_ready() && Serves(*replica) && IsConsistent(); }));
  EXPECT_NE(replica->served(), first);
}

TEST_F(CertificateManagerTest, StopsWhileTheApiServerHangs) {
  server_.SetAway(true);
  auto replica = Start();
  const auto start = std::chrono::steady_clock::now();
  replica.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace tidewaiter
