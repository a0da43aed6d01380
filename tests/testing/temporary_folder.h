// SPDX-License-Identifier: Apache-2.0
//
// A folder for one test, and what happens to files in it: written, linked, swapped.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

namespace tidewaiter {

// Names are relative to the folder, which goes away with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "tidewaiter-XXXXXX").string();
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    path_ = path;
  }
  ~TemporaryFolder() {
    if (!path_.empty()) std::filesystem::remove_all(path_);
  }
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&& other) noexcept {
    path_.swap(other.path_);
    return *this;
  }

  std::string Path(const std::string& name) const { return (path_ / name).string(); }

  // Writes in place, after making the folders that are missing.
  void Write(const std::string& name, std::string_view text) const {
    std::filesystem::create_directories(std::filesystem::path(Path(name)).parent_path());
    std::ofstream file(Path(name), std::ios::binary);
    file << text;
    EXPECT_TRUE(file.flush());
  }
  // Makes a symbolic link in the place of whatever is there.
  void Link(const std::string& target, const std::string& name) const {
    std::filesystem::remove_all(Path(name));
    std::filesystem::create_symlink(target, Path(name));
  }
  // Swaps a symbolic link in one step, as the kubelet does with `..data`.
  void Swap(const std::string& target, const std::string& name) const {
    std::filesystem::create_symlink(target, Path(name + "_tmp"));
    std::filesystem::rename(Path(name + "_tmp"), Path(name));
  }

 private:
  std::filesystem::path path_;
};

}  // namespace tidewaiter
