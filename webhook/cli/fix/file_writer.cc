// SPDX-License-Identifier: Apache-2.0
//
// write, fsync, rename.
#include "webhook/cli/fix/file_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

absl::Status Refuse(int error) {
  return InvalidArgument(StrCat("cannot be written: ", std::generic_category().message(error)));
}

// 0, or the errno of what failed.
int WriteAll(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(file, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return fsync(file) == 0 ? 0 : errno;
}

}  // namespace

absl::Status ReplaceFile(const std::string& path, std::string_view text) {
  std::error_code error;
  const std::string target = std::filesystem::canonical(path, error).string();
  if (error) return Refuse(error.value());
  struct stat info {};
  if (stat(target.c_str(), &info) != 0 || access(target.c_str(), W_OK) != 0) return Refuse(errno);
  std::string beside = target + ".XXXXXX";
  const int file = mkostemp(beside.data(), O_CLOEXEC);
  if (file < 0) return Refuse(errno);
  int failure = WriteAll(file, text);
  // Another owner is kept where that may be; then the mode, which changing the owner may cut.
  if (fchown(file, info.st_uid, info.st_gid) != 0 && failure == 0 && errno != EPERM) failure = errno;
  if (fchmod(file, info.st_mode & 07777) != 0 && failure == 0) failure = errno;
  if (close(file) != 0 && failure == 0) failure = errno;
  if (failure == 0 && std::rename(beside.c_str(), target.c_str()) != 0) failure = errno;
  if (failure == 0) return absl::OkStatus();
  unlink(beside.c_str());
  return Refuse(failure);
}

}  // namespace tidewaiter
