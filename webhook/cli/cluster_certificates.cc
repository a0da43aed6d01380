// SPDX-License-Identifier: Apache-2.0
//
// Three options, and the ties between two parts that do not know each other.
#include "webhook/cli/cluster_certificates.h"

#include <CLI/CLI.hpp>
#include <ctime>
#include <utility>

#include "webhook/kube/text.h"
#include "webhook/pki/certificate.h"
#include "webhook/server/go_duration.h"

namespace tidewaiter {
namespace {

constexpr std::chrono::minutes kLeastLifetime{1};
constexpr std::chrono::hours kMostLifetime{24 * 3650};
// API servers hear of a changed webhook configuration within milliseconds; a busy one within a second or two. Short
// lifetimes (tests) leave less time.
constexpr std::chrono::milliseconds kMostSettleTime{10'000};

}  // namespace

void AddClusterCertificateOptions(CLI::App& command, ClusterCertificateOptions& options) {
  CLI::Option* secret = command.add_option(
      "--certificate-secret", options.secret,
      "Make the certificate and its CA, keep them in this Secret with the other replicas, and renew them in time");
  CLI::Option* configuration = command.add_option(
      "--webhook-configuration", options.configuration_name,
      "Validating and mutating webhook configuration of this name; their caBundle is kept up to date");
  secret->needs(command.get_option("--cluster"))->needs(configuration)->type_name("NAMESPACE/NAME");
  secret->excludes(command.get_option("--tls-cert"));
  configuration->needs(secret)->type_name("NAME");
  command
      .add_option("--certificate-lifetime", options.lifetime, "Of CA and certificate; renewed after two thirds of it")
      ->needs(secret)
      ->type_name("DURATION")
      ->capture_default_str();
}

absl::StatusOr<CertificateManagerOptions> ReadCertificateOptions(const ClusterCertificateOptions& options,
                                                                 const std::vector<std::string>& names) {
  CertificateManagerOptions read;
  const std::size_t slash = options.secret.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == options.secret.size() ||
      options.secret.find('/', slash + 1) != std::string::npos) {
    return InvalidArgument(StrCat("--certificate-secret: expected NAMESPACE/NAME, found \"", options.secret, "\""));
  }
  read.secret_namespace = options.secret.substr(0, slash);
  read.secret_name = options.secret.substr(slash + 1);
  read.configuration_name = options.configuration_name;
  const auto lifetime = ParseGoDuration(options.lifetime, kMostLifetime);
  if (!lifetime.has_value() || *lifetime < kLeastLifetime) {
    return InvalidArgument(
        StrCat("--certificate-lifetime: expected a duration from 1m to 87600h, found \"", options.lifetime, "\""));
  }
  read.request = {.names = names, .lifetime_seconds = std::chrono::floor<std::chrono::seconds>(*lifetime).count()};
  read.settle_time = std::min(kMostSettleTime, std::chrono::floor<std::chrono::milliseconds>(*lifetime / 20));
  if (const absl::Status status = CheckServerNames(names); !status.ok()) {
    return InvalidArgument(StrCat("--tls-san: ", MessageOf(status)));
  }
  return read;
}

absl::StatusOr<std::unique_ptr<ClusterCertificates>> ClusterCertificates::Make(
    const ClusterCertificateOptions& options, const std::optional<ClusterConfig>& cluster, ServeOptions& serve) {
  if (options.secret.empty()) return nullptr;
  if (!cluster.has_value()) return InvalidArgument("--certificate-secret: needs --cluster");
  absl::StatusOr<CertificateManagerOptions> read = ReadCertificateOptions(options, serve.tls_names);
  if (!read.ok()) return read.status();
  std::unique_ptr<ClusterCertificates> self(new ClusterCertificates(*cluster, *std::move(read)));
  serve.certificate_comes_later = true;
  serve.readiness = [raw = self.get(), others = std::move(serve.readiness)] {
    std::string reason = raw->manager_.NotReadyReason();
    return reason.empty() && others ? others() : reason;
  };
  return self;
}

ClusterCertificates::ClusterCertificates(const ClusterConfig& cluster, CertificateManagerOptions options)
    : client_(cluster), manager_(client_, [&] {
        options.now = [] { return static_cast<std::int64_t>(std::time(nullptr)); };
        options.serve = [this](const PemPair& serving) {
          return server_->SetCertificate(serving.certificate, serving.key);
        };
        options.on_error = [this](const absl::Status& why) {
          server_->metrics().CountError("certificate_renewal");
          server_->log().Write(LogLevel::kError, "certificate renewal: it is tried again",
                               {{"error", std::string(MessageOf(why))}});
        };
        options.on_event = [this](std::string_view what) { server_->log().Write(LogLevel::kInfo, what); };
        return std::move(options);
      }()) {}

void ClusterCertificates::Start(WebhookServer& server) {
  server_ = &server;
  manager_.Start();
}

void ClusterCertificates::Stop() { manager_.Stop(); }

}  // namespace tidewaiter
