// SPDX-License-Identifier: Apache-2.0
//
// A hash that is the same on every machine and in every release: for what must not change when the program does.
// Not for tables. Tested by tests/kube/owner_test.cc.
#pragma once

#include <cstdint>
#include <string_view>

namespace tidewaiter {

// FNV-1a, 64 bits (draft-eastlake-fnv).
constexpr std::uint64_t StableHash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

}  // namespace tidewaiter
