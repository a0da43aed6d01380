// SPDX-License-Identifier: Apache-2.0
//
// A pipe in the place of standard error.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace tidewaiter {

class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe(ends_), 0); }
  ~Pipe() { close(ends_[0]); }
  int writer() const { return ends_[1]; }
  // All that was written; closes the writing end.
  std::string Read() {
    close(ends_[1]);
    std::string text;
    char buffer[4096];
    for (ssize_t got = 0; (got = read(ends_[0], buffer, sizeof(buffer))) > 0;) {
      text.append(buffer, static_cast<std::size_t>(got));
    }
    return text;
  }

 private:
  int ends_[2];
};

}  // namespace tidewaiter
