// SPDX-License-Identifier: Apache-2.0
//
// `tidewaiter policy test`: users' own tests of their policies. Tested by tests/integration/policy_test_test.py.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <ctime>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_replace.h"
#include "webhook/cli/command_line.h"
#include "webhook/cli/paint.h"
#include "webhook/cli/policy_test/test_runner.h"
#include "webhook/cli/scan/command_parts.h"
#include "webhook/cli/scan/formats.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTestFileName = "tidewaiter-test.yaml";

struct PolicyTestOptions {
  std::vector<std::string> paths;
  std::string format = "text";
  std::string colour = "auto";
};

using FileResults = std::vector<PolicyTestFileResult>;

// The test files of a path: itself, or those below a folder.
std::vector<std::string> ListTestFiles(const std::string& path, CommandContext& context) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return {path};
  std::vector<std::string> files;
  for (fs::recursive_directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().filename() == kTestFileName) files.push_back(entry->path().string());
  }
  if (error) context.Fail(StrCat(path, ": cannot be read: ", error.message()));
  if (!error && files.empty()) context.Fail(StrCat(path, ": holds no ", kTestFileName));
  std::sort(files.begin(), files.end());
  return files;
}

std::size_t CountFailed(const FileResults& files) {
  std::size_t failed = 0;
  for (const PolicyTestFileResult& file : files) {
    for (const PolicyTestResult& result : file.results) failed += result.has_passed() ? 0 : 1;
  }
  return failed;
}
std::size_t CountTests(const FileResults& files) {
  std::size_t count = 0;
  for (const PolicyTestFileResult& file : files) count += file.results.size();
  return count;
}

void WriteText(const FileResults& files, bool has_colours, std::ostream& out) {
  const Paint paint(has_colours);
  std::size_t name_width = 0, object_width = 0;
  for (const PolicyTestFileResult& file : files) {
    for (const PolicyTestResult& result : file.results) {
      name_width = std::max(name_width, result.name.size());
      object_width = std::max(object_width, result.object.size());
    }
  }
  for (const PolicyTestFileResult& file : files) {
    out << paint(Paint::kBold, file.path) << "\n";
    for (const PolicyTestResult& result : file.results) {
      out << "  " << (result.has_passed() ? paint(Paint::kGreen, "ok  ") : paint(Paint::kRed, "FAIL")) << "  "
          << std::left << std::setw(static_cast<int>(name_width)) << result.name << "  "
          << std::setw(static_cast<int>(object_width)) << result.object << "  " << result.decision << "\n";
      for (const std::string& difference : result.differences) out << "        " << difference << "\n";
    }
  }
  const std::size_t failed = CountFailed(files), count = CountTests(files);
  out << (files.empty() ? "" : "\n")
      << paint(failed > 0 ? Paint::kRed : Paint::kGreen,
               failed > 0 ? StrCat(failed, " of ", Counted(count, "test", "tests"), " failed")
                          : StrCat(Counted(count, "test", "tests"), " passed"))
      << "\n";
}

void WriteJsonResults(const FileResults& files, std::ostream& out) {
  nlohmann::ordered_json tests = nlohmann::ordered_json::array();
  for (const PolicyTestFileResult& file : files) {
    for (const PolicyTestResult& result : file.results) {
      tests.push_back({{"file", file.path},
                       {"line", result.line},
                       {"name", result.name},
                       {"object", result.object},
                       {"decision", result.decision},
                       {"passed", result.has_passed()},
                       {"differences", result.differences}});
    }
  }
  const nlohmann::ordered_json json = {{"tests", std::move(tests)},
                                       {"summary", {{"tests", CountTests(files)}, {"failed", CountFailed(files)}}}};
  out << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
}

void WriteJunit(const FileResults& files, std::ostream& out) {
  const auto escaped = [](std::string_view text) {
    return absl::StrReplaceAll(ToAbsl(text),
                               {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"\n", "&#10;"}});
  };
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"tidewaiter policy test\" tests=\""
      << CountTests(files) << "\" failures=\"" << CountFailed(files) << "\">\n";
  for (const PolicyTestFileResult& file : files) {
    out << "  <testsuite name=\"" << escaped(file.path) << "\" tests=\"" << file.results.size() << "\" failures=\""
        << CountFailed({file}) << "\">\n";
    for (const PolicyTestResult& result : file.results) {
      out << "    <testcase name=\"" << escaped(result.name) << "\" classname=\"" << escaped(file.path) << "\" file=\""
          << escaped(file.path) << "\" line=\"" << result.line << "\"";
      if (result.has_passed()) {
        out << "/>\n";
        continue;
      }
      std::string text;
      for (const std::string& difference : result.differences) StrAppend(&text, difference, "\n");
      out << "><failure message=\"" << escaped(result.differences.front()) << "\">" << escaped(text)
          << "</failure></testcase>\n";
    }
    out << "  </testsuite>\n";
  }
  out << "</testsuites>\n";
}

void RunPolicyTest(const PolicyTestOptions& options, CommandContext& context) {
  const Date today = DateOf(std::time(nullptr));
  FileResults files;
  for (const std::string& path : options.paths) {
    for (const std::string& file : ListTestFiles(path, context)) {
      const absl::StatusOr<TestFile> read = ReadTestFile(file);
      absl::StatusOr<PolicyTestFileResult> result =
          read.ok() ? RunTestFile(*read, today) : absl::StatusOr<PolicyTestFileResult>(read.status());
      if (result.ok()) {
        files.push_back(*std::move(result));
      } else {
        context.Fail(MessageOf(result.status()));
      }
    }
  }
  if (options.format == "json") {
    WriteJsonResults(files, context.streams.out);
  } else if (options.format == "junit") {
    WriteJunit(files, context.streams.out);
  } else {
    WriteText(files, WantsColours(options.colour), context.streams.out);
  }
  if (context.exit_code == kExitOk && CountFailed(files) > 0) context.exit_code = kExitFindings;
}

}  // namespace

void AddPolicyTestCommand(CLI::App& policy, CommandContext& context) {
  CLI::App* command = policy.add_subcommand("test", "Run your own tests of your policies");
  const auto options = std::make_shared<PolicyTestOptions>();
  command->add_option("DIR|FILE", options->paths, "Folders, searched for tidewaiter-test.yaml, or such files")
      ->required();
  command->add_option("--format", options->format, "How to tell it")
      ->check(CLI::IsMember({"json", "junit", "text"}))
      ->capture_default_str();
  AddColourOption(*command, options->colour);
  command->footer(
      "A tidewaiter-test.yaml names policies, manifests beside it, and what must come of each: docs/policy-tests.md.\n"
      "Exit code: 0 when all tests passed, 1 when one failed, 2 when something could not be read.");
  command->callback([options, &context] { RunPolicyTest(*options, context); });
}

}  // namespace tidewaiter
