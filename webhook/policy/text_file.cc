// SPDX-License-Identifier: Apache-2.0
//
// Size first, then the bytes.
#include "webhook/policy/text_file.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "webhook/kube/text.h"

namespace tidewaiter {

absl::StatusOr<std::string> ReadTextFile(const std::string& path, std::size_t max_bytes) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) return InvalidArgument(StrCat(path, ": cannot be read: ", error.message()));
  if (size > max_bytes) return InvalidArgument(StrCat(path, ": larger than ", max_bytes, " bytes"));
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file.is_open() || (text << file.rdbuf(), file.bad())) return InvalidArgument(StrCat(path, ": cannot be read"));
  return text.str();
}

}  // namespace tidewaiter
