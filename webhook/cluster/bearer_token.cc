// SPDX-License-Identifier: Apache-2.0
//
// Reading a file of some KB once a minute needs no watcher.
#include "webhook/cluster/bearer_token.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "webhook/kube/text.h"
#include "webhook/policy/text_file.h"

namespace tidewaiter {
namespace {

constexpr std::size_t kMaxTokenBytes = 64u << 10;

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

BearerToken::BearerToken(std::string text, std::string file, Clock clock)
    : file_(std::move(file)), clock_(std::move(clock)), token_(std::move(text)) {
  const std::lock_guard lock(mutex_);
  Reread();
}

std::string BearerToken::Get() {
  const std::lock_guard lock(mutex_);
  if (!file_.empty() && clock_() - read_at_ >= kReread) Reread();
  return token_;
}

bool BearerToken::Renew(std::string_view refused) {
  const std::lock_guard lock(mutex_);
  if (token_ == refused) Reread();
  return token_ != refused;
}

void BearerToken::Reread() {
  read_at_ = clock_();
  if (file_.empty()) return;
  const auto text = ReadTextFile(file_, kMaxTokenBytes);
  if (!text.ok()) return;
  const std::string_view token = FromAbsl(absl::StripAsciiWhitespace(ToAbsl(*text)));
  if (IsToken(token)) token_ = std::string(token);
}

}  // namespace tidewaiter
