// SPDX-License-Identifier: Apache-2.0
//
// A text that mostly is a literal of the program: then it is only looked at, and kept otherwise. What controls say of a
// Pod is made once for every finding, and most of it never changes. Tested by tests/controls/phrase_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace tidewaiter {

class Phrase {
 public:
  Phrase() = default;
  // Only arrays of constant characters, which are literals: they live as long as the program.
  template <std::size_t N>
  Phrase(const char (&literal)[N]) : literal_(literal, N - 1) {}  // NOLINT(google-explicit-constructor)
  Phrase(std::string text) : owned_(std::move(text)) {}           // NOLINT(google-explicit-constructor)
  operator std::string_view() const { return text(); }            // NOLINT(google-explicit-constructor)

  std::string_view text() const { return literal_.data() == nullptr ? std::string_view(owned_) : literal_; }
  bool empty() const { return text().empty(); }

 private:
  std::string_view literal_;
  std::string owned_;
};

}  // namespace tidewaiter
