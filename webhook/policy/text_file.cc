// SPDX-License-Identifier: Apache-2.0
//
// One byte more than allowed is enough to know: pipes do not tell their size. Opening a named pipe that nobody writes
// to would wait for ever; not blocking, it is empty.
#include "webhook/policy/text_file.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

// Reads up to `limit` bytes and a block; false, with errno, when that fails.
bool ReadAll(int descriptor, std::size_t limit, std::string& text) {
  std::array<char, 65'536> block;
  while (text.size() <= limit) {
    const ssize_t got = read(descriptor, block.data(), block.size());
    if (got == 0) return true;
    if (got > 0) {
      text.append(block.data(), static_cast<std::size_t>(got));
    } else if (errno == EAGAIN) {
      pollfd waiting{.fd = descriptor, .events = POLLIN, .revents = 0};
      poll(&waiting, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace

absl::StatusOr<std::string> ReadTextFile(const std::string& path, std::size_t max_bytes) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  std::string text;
  const bool is_read = descriptor >= 0 && ReadAll(descriptor, max_bytes, text);
  const int error = errno;
  if (descriptor >= 0) close(descriptor);
  if (!is_read) return InvalidArgument(StrCat(path, ": cannot be read: ", std::generic_category().message(error)));
  if (text.size() > max_bytes) return InvalidArgument(StrCat(path, ": larger than ", max_bytes, " bytes"));
  return text;
}

}  // namespace tidewaiter
