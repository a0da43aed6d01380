// SPDX-License-Identifier: Apache-2.0
//
// Our reading of manifests against Kubernetes' own, sigs.k8s.io/yaml, which the Go program in upstream/ runs: every
// text must become the same JSON, or be refused by both. Environment: ORACLE_SEED repeats a run, ORACLE_COUNT sets the
// number of random texts.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <regex>
#include <string>

#include "webhook/kube/text.h"
#include "webhook/manifest/manifest_json.h"
#include "webhook/manifest/manifest_reader.h"

namespace tidewaiter {
namespace {

std::string FromEnvironment(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

struct Reading {
  std::string json;  // of the first document; "null" when there is none
  std::string problem;
  bool is_refused = false;  // something is wrong, in the first document or behind it
};

Reading Read(const std::string& text) {
  ManifestReader reader(text);
  Reading reading;
  switch (reader.Next()) {
    case ManifestReader::Step::kEnd:
      reading.json = "null";
      break;
    case ManifestReader::Step::kProblem:
      reading.problem = reader.problem().message;
      break;
    case ManifestReader::Step::kDocument:
      if (auto problem = WriteManifestJson(reader.document(), reader.document().root(), reading.json)) {
        reading.problem = problem->message;
      }
  }
  reading.is_refused = !reading.problem.empty();
  for (ManifestReader::Step step = reader.Next(); step != ManifestReader::Step::kEnd; step = reader.Next()) {
    reading.is_refused |= step == ManifestReader::Step::kProblem;
  }
  return reading;
}

// Where libyaml and its translation to Go differ. They read alike whatever both of them read; ours refuses some texts
// that upstream's makes something of, or the beginning of which it takes for the whole. Of what upstream refuses ours
// takes two: the escape \/ (YAML 1.2), and any text behind a date that is tagged as one. Upstream reads one document,
// whatever it is; ours passes over those that hold nothing, as kubectl does, and reads on.
bool IsKnownDifference(const std::string& text, const std::string& upstream_error, const std::string& upstream_json,
                       const std::string& problem) {
  const auto has = [](const std::string& where, std::string_view what) {
    return where.find(what) != std::string::npos;
  };
  if (has(text, "\ufeff")) return true;  // a byte order mark within the text
  // A comma behind a tag (`[!tag, x]`), a collection as a key or with a tag behind it, an empty document before the
  // first one.
  static const std::regex odd("![^ \n]*,|[\\]}][:!]|^(#.*\n|\\.\\.\\.\n|---\n)*---");
  if (std::regex_search(text, odd)) return true;
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return true;  // nothing but blanks
  if (upstream_error.empty() && upstream_json == "null" && (has(text, "---") || has(text, "..."))) return true;
  if (!upstream_error.empty()) {
    return (has(upstream_error, "unknown escape") && has(text, "\\/")) ||
           (has(upstream_error, "as a !!timestamp") && has(text, "!!timestamp 2"));
  }
  // Upstream does not look at what stands behind a collection that is the whole of the document.
  if (!problem.empty() && (text.starts_with('[') || text.starts_with('{'))) return true;
  for (const std::string_view stricter :
       {"a key must be a plain word", "did not find expected <document start>", "did not find expected tag URI",
        "while scanning a tag", "found unexpected ':'", "is given twice", "did not find expected key",
        "found unknown escape character", "a control character stands here", "is a number that JSON does not have"}) {
    if (has(problem, stricter)) return true;
  }
  return false;
}

TEST(ManifestOracleTest, RandomTexts) {
  const std::string seed = FromEnvironment("ORACLE_SEED", std::to_string(std::random_device{}()));
  const std::string count = FromEnvironment("ORACLE_COUNT", "20000");
  std::cout << "ORACLE_SEED=" << seed << "\n";
  const std::string command = StrCat("'", ORACLE_PROGRAM, "' manifests --seed ", seed, " --count ", count);
  std::FILE* pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr) << command;
  char* line = nullptr;
  std::size_t capacity = 0;
  int texts = 0;
  int refused = 0;
  int known = 0;
  int differences = 0;
  for (ssize_t length = 0; (length = getline(&line, &capacity, pipe)) > 0;) {
    const nlohmann::json answer = nlohmann::json::parse(std::string(line, static_cast<std::size_t>(length)));
    const std::string text = answer.at("text");
    const std::string error = answer.at("error");
    const Reading reading = Read(text);
    ++texts;
    if (!error.empty()) ++refused;
    const auto is_same_json = [&] {
      return nlohmann::json::parse(reading.json) == nlohmann::json::parse(answer.at("json").get<std::string>());
    };
    if (!error.empty() ? reading.is_refused : reading.problem.empty() && is_same_json()) continue;
    if (IsKnownDifference(text, error, answer.at("json"), reading.problem)) {
      ++known;
      continue;
    }
    if (++differences > 20) continue;
    ADD_FAILURE() << nlohmann::json(text) << "\nupstream: " << answer.at("json") << " " << error
                  << "\nhere:     " << reading.json << " " << reading.problem;
  }
  std::free(line);
  EXPECT_EQ(pclose(pipe), 0) << command;
  EXPECT_EQ(differences, 0);
  EXPECT_GT(texts, std::stoi(count));
  // Both sorts must be there, or the comparison says nothing.
  EXPECT_GT(refused, texts / 20);
  EXPECT_LT(refused, texts / 2);
  EXPECT_LT(known, texts / 50);
  std::cout << texts << " texts, " << refused << " refused upstream, " << known << " known differences\n";
}

}  // namespace
}  // namespace tidewaiter
