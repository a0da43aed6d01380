// SPDX-License-Identifier: Apache-2.0
//
// The command line in process: what each subcommand prints, and exit code 2 with one line for every mistake.
#include "webhook/cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace tidewaiter {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Result {
  int code;
  std::string out;
  std::string err;
};

Result RunTool(std::vector<const char*> arguments, const std::string& input = "") {
  arguments.insert(arguments.begin(), "tidewaiter");
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  const int code = RunCommandLine(static_cast<int>(arguments.size()), arguments.data(), {in, out, err});
  return {code, out.str(), err.str()};
}

TEST(CommandLineTest, Mistakes) {
  const std::vector<std::vector<const char*>> rows = {
      {},
      {"frobnicate"},
      {"review", "--frobnicate"},
      {"review", "--door", "back"},
      {"policy"},
      {"policy", "check"},
      {"policy", "check", "/nowhere.yaml"},
      {"review", "--policies", "/nowhere.yaml"},
      {"review", "/nowhere.json"},
      {"serve", "--listen", "8443"},
      {"serve", "--listen", "127.0.0.1:70000"},
      {"serve", "--listen", "::1:80"},
      {"serve", "--tls-cert", "x"},
      {"serve", "--workers", "0"},
      {"serve", "--log-level", "loud"},
      {"serve", "--tls-san", "bad name"},
      {"serve", "--tls-cert", "/nowhere.crt", "--tls-key", "/nowhere.key"},
      {"serve", "--policies", "/nowhere"},
  };
  for (const auto& row : rows) {
    const Result result = RunTool(row);
    EXPECT_EQ(result.code, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, StartsWith("tidewaiter: "));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  }
}

TEST(CommandLineTest, HelpOfEach) {
  for (const std::vector<const char*>& command : std::vector<std::vector<const char*>>{
           {}, {"serve"}, {"review"}, {"controls"}, {"policy"}, {"policy", "check"}, {"probe"}, {"version"}}) {
    std::vector<const char*> arguments = command;
    arguments.push_back("--help");
    const Result result = RunTool(arguments);
    EXPECT_EQ(result.code, 0);
    EXPECT_THAT(result.out, HasSubstr("--help"));
    EXPECT_EQ(result.err, "");
  }
}

TEST(CommandLineTest, VersionControlsAndPolicyCheck) {
  EXPECT_THAT(RunTool({"version"}).out, StartsWith("tidewaiter "));
  EXPECT_THAT(RunTool({"controls"}).out, HasSubstr("run-as-non-root"));
  const Result markdown = RunTool({"controls", "--markdown"});
  EXPECT_THAT(markdown.out, HasSubstr("| `inject.limits` | map of quantity |"));
  EXPECT_THAT(markdown.out, HasSubstr("- Level: baseline (in the Pod Security Standards from v1.34 on)\n"));
  EXPECT_THAT(markdown.out, HasSubstr("- Takes the place of: [host-path-volumes](#host-path-volumes), where"));
  EXPECT_THAT(markdown.out, HasSubstr("- Replaced by: [restricted-volumes](#restricted-volumes), at level"));
  const std::string hardened = std::string(TESTS_DIR) + "/../policies/hardened.yaml";
  const Result check = RunTool({"policy", "check", hardened.c_str()});
  EXPECT_EQ(check.code, 0);
  EXPECT_THAT(check.out, HasSubstr("ok: 1 policy, 6 controls\n"));
}

TEST(CommandLineTest, ReviewAnswersEachLineInOrderAndReportsTheRest) {
  const std::string review =
      R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"U","kind":{"group":"",)"
      R"("version":"v1","kind":"Pod"},"namespace":"n","operation":"CREATE","object":{"spec":{"containers":)"
      R"([{"name":"c","image":"a:1"}]}}}})";
  const auto with_uid = [&](const std::string& uid) {
    std::string text = review;
    return text.replace(text.find("\"U\""), 3, "\"" + uid + "\"");
  };
  const Result result =
      RunTool({"review", "--door", "mutate"}, with_uid("1") + "\n\nnot JSON\n" + with_uid("2") + "\n");
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 2);
  EXPECT_LT(result.out.find("\"uid\":\"1\""), result.out.find("\"uid\":\"2\""));
  EXPECT_THAT(result.out, HasSubstr("\"patchType\":\"JSONPatch\""));
  EXPECT_THAT(result.err, StartsWith("tidewaiter: standard input, line 3: malformed review: not JSON"));
  EXPECT_EQ(RunTool({"review"}, with_uid("1")).code, 0);
}

}  // namespace
}  // namespace tidewaiter
