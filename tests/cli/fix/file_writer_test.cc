// SPDX-License-Identifier: Apache-2.0
//
// A file replaced, and what stays as it was.
#include "webhook/cli/fix/file_writer.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/testing/temporary_folder.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

namespace fs = std::filesystem;

std::string TextOf(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::size_t CountFiles(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(FileWriterTest, KeepsModeAndLink) {
  const TemporaryFolder folder;
  const fs::path file = folder.Path("web.yaml");
  const fs::path link = folder.Path("link.yaml");
  folder.Write("web.yaml", "before");
  fs::permissions(file, static_cast<fs::perms>(0640));
  folder.Link("web.yaml", "link.yaml");
  const ino_t inode = [&] {
    struct stat info {};
    stat(file.c_str(), &info);
    return info.st_ino;
  }();
  ASSERT_TRUE(ReplaceFile(link.string(), "after\n").ok());
  EXPECT_EQ(TextOf(file), "after\n");
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(fs::read_symlink(link), "web.yaml");
  struct stat info {};
  stat(file.c_str(), &info);
  EXPECT_EQ(info.st_mode & 07777u, 0640u);
  EXPECT_NE(info.st_ino, inode) << "it must be another file that took its place";
  EXPECT_EQ(CountFiles(folder.Path(".")), 2u) << "nothing else is left";
}

TEST(FileWriterTest, SaysWhyNot) {
  const TemporaryFolder folder;
  const absl::Status status = ReplaceFile(folder.Path("none.yaml"), "x");
  EXPECT_EQ(MessageOf(status), "cannot be written: No such file or directory");
  EXPECT_EQ(CountFiles(folder.Path(".")), 0u);
}

}  // namespace
}  // namespace tidewaiter
