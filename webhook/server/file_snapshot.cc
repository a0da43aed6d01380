// SPDX-License-Identifier: Apache-2.0
//
// Plain system calls, because why a file cannot be opened matters here. A snapshot keeps no content: one of the files
// is a private key.
#include "webhook/server/file_snapshot.h"

#include <fcntl.h>
#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>

#include "webhook/kube/text.h"
#include "webhook/policy/policy_loader.h"

namespace tidewaiter {
namespace {

namespace fs = std::filesystem;

// As kMaxDocumentBytes: the largest policy file that is loaded.
constexpr std::size_t kMostBytes = 4u << 20;

// nullopt when the error is this process's trouble of the moment (EAGAIN: somebody's lease is just being broken).
std::optional<std::string> DescribeError(int error) {
  if (error == EMFILE || error == ENFILE || error == ENOMEM || error == EAGAIN) return std::nullopt;
  return StrCat("error ", error);
}

std::optional<std::string> DescribeContent(int descriptor) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0) return DescribeError(errno);
  if (!S_ISREG(status.st_mode)) return "no file";
  std::size_t size = static_cast<std::size_t>(status.st_size);
  if (size > kMostBytes) return StrCat("size ", size, " at ", status.st_mtim.tv_sec, ".", status.st_mtim.tv_nsec);
  std::string content(size + 1, '\0');  // one more, so that the end is seen by the second read
  size = 0;
  while (size <= kMostBytes) {
    if (size == content.size()) content.resize(2 * size);
    const ssize_t got = read(descriptor, content.data() + size, content.size() - size);
    if (got == 0) break;
    if (got < 0 && errno != EINTR) return DescribeError(errno);
    if (got > 0) size += static_cast<std::size_t>(got);
  }
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(content.data()), size, reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

std::optional<std::string> DescribeFile(const std::string& path) {
  // Not blocking: nobody may ever open the other end of a pipe that lies here.
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return DescribeError(errno);
  std::optional<std::string> description = DescribeContent(descriptor);
  close(descriptor);
  return description;
}

bool AddFile(const std::string& path, FileSnapshot& snapshot) {
  const std::optional<std::string> description = DescribeFile(path);
  if (description.has_value()) snapshot[path] = *description;
  return description.has_value();
}

bool AddFolder(const std::string& folder, FileSnapshot& snapshot) {
  snapshot[folder] = "folder";
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (!IsPolicyFileName(entry->path().filename().string())) continue;
    if (!AddFile(entry->path().string(), snapshot)) return false;
  }
  if (!error) return true;
  const std::optional<std::string> description = DescribeError(error.value());
  if (description.has_value()) snapshot[folder] = *description;
  return description.has_value();
}

}  // namespace

std::optional<FileSnapshot> TakeSnapshot(const std::vector<std::string>& paths) {
  FileSnapshot snapshot;
  for (const std::string& path : paths) {
    std::error_code error;
    const bool is_taken = fs::is_directory(path, error) ? AddFolder(path, snapshot) : AddFile(path, snapshot);
    if (!is_taken) return std::nullopt;
  }
  return snapshot;
}

}  // namespace tidewaiter
