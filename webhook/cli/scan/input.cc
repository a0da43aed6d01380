// SPDX-License-Identifier: Apache-2.0
//
// Folders depth first, with the rules of each in force below it.
#include "webhook/cli/scan/input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <istream>
#include <iterator>
#include <system_error>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

namespace fs = std::filesystem;

std::string ErrnoText() { return std::generic_category().message(errno); }

bool IsManifestName(std::string_view name) {
  return name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json");
}

class FolderWalk {
 public:
  explicit FolderWalk(InputList& list) : list_(list) {}

  void WalkFrom(const std::string& folder) {
    const std::size_t files_before = list_.files.size();
    const std::size_t problems_before = list_.problems.size();
    AddRulesAbove(folder);
    Walk(folder);
    if (list_.files.size() == files_before && list_.problems.size() == problems_before) {
      list_.problems.push_back(StrCat(folder, ": holds no .yaml, .yml or .json file"));
    }
  }

 private:
  // As rules and paths are compared: without `./` and slashes at the end.
  static std::string Normal(const std::string& path) {
    std::string normal = fs::path(path).lexically_normal().string();
    while (normal.size() > 1 && normal.back() == '/') normal.pop_back();
    return normal == "." ? "" : normal;
  }

  void AddRules(const std::string& folder) {
    const fs::path file = fs::path(folder.empty() ? "." : folder) / kIgnoreFileName;
    std::error_code error;
    if (!fs::is_regular_file(file, error)) return;
    const absl::StatusOr<std::string> text = ReadInput(file.string());
    if (text.ok()) {
      rules_.Add(folder, *text);
    } else {
      list_.problems.push_back(StrCat(file.string(), ": ", MessageOf(text.status())));
    }
  }

  // Of a folder below the current one also what is said between the two.
  void AddRulesAbove(const std::string& folder) {
    const std::string normal = Normal(folder);
    if (normal.empty() || normal.front() == '/' || normal.starts_with("..")) return;
    AddRules("");
    for (std::size_t slash = normal.find('/'); slash != std::string::npos; slash = normal.find('/', slash + 1)) {
      AddRules(normal.substr(0, slash));
    }
  }

  void Walk(const std::string& folder) {
    const std::size_t rules_before = rules_.count();
    AddRules(Normal(folder));
    std::vector<fs::directory_entry> entries;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      entries.push_back(*entry);
    }
    if (error) list_.problems.push_back(StrCat(folder, ": cannot be read: ", error.message()));
    std::sort(entries.begin(), entries.end());
    for (const fs::directory_entry& entry : entries) Visit(entry);
    rules_.Truncate(rules_before);
  }

  void Visit(const fs::directory_entry& entry) {
    const std::string path = entry.path().string();
    const std::string name = entry.path().filename().string();
    std::error_code error;
    const bool is_folder = entry.is_directory(error);
    if (!is_folder && !IsManifestName(name)) return;
    if (rules_.Matches(Normal(path), is_folder)) return;
    if (!is_folder) {
      list_.files.push_back({.path = path, .is_named = false});
    } else if (name != ".git" && !entry.is_symlink(error)) {
      Walk(path);
    }
  }

  InputList& list_;
  IgnoreRules rules_;
};

}  // namespace

InputList ListInput(const std::vector<std::string>& paths) {
  InputList list;
  for (const std::string& path : paths) {
    std::error_code error;
    if (path != "-" && fs::is_directory(path, error)) {
      FolderWalk(list).WalkFrom(path);
    } else {
      list.files.push_back({.path = path, .is_named = true});
    }
  }
  return list;
}

absl::StatusOr<std::optional<std::string>> ReadManifest(const InputFile& file, std::istream& standard_input) {
  const bool is_standard_input = file.path == "-";
  absl::StatusOr<std::string> text =
      is_standard_input ? std::string(std::istreambuf_iterator<char>(standard_input), std::istreambuf_iterator<char>())
                        : ReadInput(file.path);
  if (!text.ok()) return text.status();
  if (file.is_named && text->find_first_not_of(" \t\r\n") == std::string::npos) return InvalidArgument("is empty");
  const bool may_hold_objects =
      file.is_named || !file.path.ends_with(".json") || text->find("apiVersion") != std::string::npos;
  return may_hold_objects ? std::optional<std::string>(*std::move(text)) : std::nullopt;
}

absl::StatusOr<std::string> ReadInput(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    const bool is_link = errno == ENOENT && lstat(path.c_str(), &info) == 0 && S_ISLNK(info.st_mode);
    errno = is_link ? ENOENT : errno;
    return InvalidArgument(is_link ? "is a link to a file that does not exist"
                                   : StrCat("cannot be read: ", ErrnoText()));
  }
  if (S_ISSOCK(info.st_mode)) return InvalidArgument("is a socket, not a file");
  if (S_ISBLK(info.st_mode)) return InvalidArgument("is a device, not a file");
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return InvalidArgument(StrCat("cannot be read: ", ErrnoText()));
  std::string text;
  text.resize(S_ISREG(info.st_mode) ? std::min<std::size_t>(static_cast<std::size_t>(info.st_size) + 1, kMaxInputBytes)
                                    : 1u << 16);
  std::size_t size = 0;
  ssize_t count = 0;
  while (size <= kMaxInputBytes && (count = read(file, text.data() + size, text.size() - size)) != 0) {
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    size += static_cast<std::size_t>(count);
    if (size == text.size()) text.resize(2 * size);
  }
  const std::string why = count < 0 ? ErrnoText() : "";
  close(file);
  if (count < 0) return InvalidArgument(StrCat("cannot be read: ", why));
  if (size > kMaxInputBytes) return InvalidArgument(StrCat("is larger than ", kMaxInputBytes, " bytes"));
  text.resize(size);
  return text;
}

}  // namespace tidewaiter
