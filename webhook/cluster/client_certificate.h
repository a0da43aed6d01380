// SPDX-License-Identifier: Apache-2.0
//
// The client's own certificate, put into a TLS context. Tested by tests/cluster/http_transport_test.cc.
#pragma once

#include <openssl/ssl.h>

#include <string>

#include "absl/status/status.h"

namespace tidewaiter {

// Both PEM; the certificate's chain, if there is one, follows it. InvalidArgument when there is no certificate or no
// unencrypted key in them, or they do not belong together.
absl::Status UseClientCertificate(SSL_CTX* context, const std::string& certificate_pem, const std::string& key_pem);

}  // namespace tidewaiter
