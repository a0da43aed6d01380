// SPDX-License-Identifier: Apache-2.0
//
// How long a text for people may be, and what may stand in it. Tested by tests/engine/messages_test.cc.
#pragma once

#include <string>

namespace tidewaiter {

// A warning longer than this may be cut by the API server (api/admission/v1/types.go: 256); all of them together may
// hold 4096 characters (apiserver pkg/endpoints/filters/warning.go). Counted here in bytes, which is never less.
inline constexpr std::size_t kMaxWarningBytes = 256;
inline constexpr std::size_t kMaxWarningsBytes = 4096;
// Our own bound for a denial: what a terminal shows, and what a log line may cost.
inline constexpr std::size_t kMaxDenialBytes = 16u << 10;
// Our own bound for one audit annotation: an audit event is one log line.
inline constexpr std::size_t kMaxAnnotationBytes = 8192;

// Control characters (C0, DEL, C1 in UTF-8) become spaces: the API server drops a warning that holds one.
std::string WithoutControlCharacters(std::string text);

// Cuts at a character, never inside one, and ends with "...".
std::string Shorten(std::string text, std::size_t max_bytes);

}  // namespace tidewaiter
