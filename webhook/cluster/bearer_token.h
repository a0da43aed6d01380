// SPDX-License-Identifier: Apache-2.0
//
// The bearer token of a client, whose file the kubelet replaces every hour or so. Tested by
// tests/cluster/bearer_token_test.cc.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace tidewaiter {

// Thread safe.
class BearerToken {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;
  // As client-go's: a token is renewed when a fifth of its hour is left, so a minute is never too long.
  static constexpr std::chrono::seconds kReread{60};

  // `text` is used until the file (none when empty) can be read, and when it never can.
  BearerToken(std::string text, std::string file, Clock clock = std::chrono::steady_clock::now);

  // The token, "" for none. Reads the file again when that was last done a minute ago; what cannot be read, is empty or
  // is no token (control characters, spaces within) leaves the one before.
  std::string Get();

  // Reads the file at once because the API server refused this token; whether there is another one now.
  bool Renew(std::string_view refused);

 private:
  void Reread();

  const std::string file_;
  const Clock clock_;
  std::mutex mutex_;
  std::string token_;
  std::chrono::steady_clock::time_point read_at_;
};

}  // namespace tidewaiter
