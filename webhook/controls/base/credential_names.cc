// SPDX-License-Identifier: Apache-2.0
//
// Word lists, and one walk over the words of a name. The credential words are those of BuildKit's check
// SecretsUsedInArgOrEnv and of detect-secrets' KeywordDetector, less `auth`, which mostly names a method, and `key`
// alone, which mostly is one of a map.
#include "webhook/controls/base/credential_names.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "absl/strings/ascii.h"
#include "webhook/controls/base/letters.h"
#include "webhook/kube/characters.h"

namespace tidewaiter {
namespace {

constexpr std::string_view kPasswordEndings[] = {"password", "passwords", "passwd", "passphrase", "pword"};
constexpr std::string_view kShortPasswords[] = {"pass", "pwd"};
constexpr std::string_view kCredentialEndings[] = {"secret",  "token",     "credential", "credentials", "apikey",
                                                   "apikeys", "accesskey", "secretkey",  "authkey",     "privatekey"};
constexpr std::string_view kKeys[] = {"key", "keys"};
// Whose key is a credential, and not one of a map, a table or a partition.
constexpr std::string_view kKeyOwners[] = {
    "access",  "account",    "admin", "aes",      "api",     "app",     "application", "auth",    "cipher", "client",
    "cookie",  "consumer",   "crypt", "crypto",   "decrypt", "encrypt", "encryption",  "hmac",    "jwt",    "license",
    "licence", "master",     "oauth", "private",  "rsa",     "secret",  "service",     "session", "shared", "sign",
    "signing", "decryption", "ssh",   "security", "storage", "webhook", "write"};
// Of what about a credential a name speaks, when it is the last word.
constexpr std::string_view kAboutIt[] = {
    "age",      "alg",       "algorithm",  "arn",       "attempts", "audience",  "backend",  "bits",     "bytes",
    "claim",    "class",     "count",      "days",      "dir",      "directory", "disabled", "duration", "enabled",
    "endpoint", "exp",       "expiration", "expires",   "expiry",   "field",     "file",     "filename", "folder",
    "format",   "header",    "host",       "hours",     "id",       "interval",  "issuer",   "kind",     "label",
    "length",   "lifetime",  "limit",      "location",  "max",      "min",       "minutes",  "mode",     "mount",
    "name",     "namespace", "param",      "parameter", "path",     "period",    "policy",   "port",     "prefix",
    "provider", "ref",       "region",     "required",  "retries",  "rotation",  "rounds",   "scope",    "scopes",
    "seconds",  "size",      "source",     "store",     "suffix",   "timeout",   "ttl",      "type",     "uri",
    "url",      "user",      "username",   "validity",  "version"};

char Lower(char c) { return absl::ascii_tolower(static_cast<unsigned char>(c)); }

// Whether `word` ends in `ending`, which is in lower case; read backwards, where most words differ at once.
bool EndsIn(std::string_view word, std::string_view ending) {
  if (word.size() < ending.size()) return false;
  for (std::size_t i = 1; i <= ending.size(); ++i) {
    if (Lower(word[word.size() - i]) != ending[ending.size() - i]) return false;
  }
  return true;
}

bool IsOneOf(std::string_view word, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view other) { return word.size() == other.size() && EndsIn(word, other); });
}

bool EndsInOneOf(std::string_view word, std::span<const std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return EndsIn(word, ending); });
}

// The last letters of all credential words, as bits: a word that ends in another is none of them.
constexpr std::uint32_t LastLetters(std::span<const std::string_view> words) {
  std::uint32_t letters = 0;
  for (const std::string_view word : words) letters |= 1u << (word.back() - 'a');
  return letters;
}
constexpr std::uint32_t kLastLetters =
    LastLetters(kPasswordEndings) | LastLetters(kCredentialEndings) | LastLetters(kKeys);
bool MayBeCredentialWord(std::string_view word) {
  const char last = Lower(word.back());
  return IsLower(last) && (kLastLetters >> (last - 'a') & 1u) != 0;
}

// Takes the next word off `name`, without the digits at its end; "" when only digits are left of it.
std::string_view TakeWord(std::string_view& name) {
  std::size_t start = 0;
  while (start < name.size() && !IsAlphanumeric(name[start])) ++start;
  std::size_t end = start;
  while (end < name.size() && IsAlphanumeric(name[end])) {
    const bool begins_upper = end > start && IsUpper(name[end]);
    if (begins_upper && !IsUpper(name[end - 1])) break;                          // db|Password
    if (begins_upper && end + 1 < name.size() && IsLower(name[end + 1])) break;  // API|Key
    ++end;
  }
  std::string_view word = name.substr(start, end - start);
  name.remove_prefix(end);
  while (!word.empty() && IsDigit(word.back())) word.remove_suffix(1);
  return word;
}

// Each word that promises something has all letters of one of these: names that do not need not be split.
constexpr std::uint32_t kTellingLetters[] = {LettersOf("pas"),   LettersOf("pwd"),       LettersOf("secrt"),
                                             LettersOf("token"), LettersOf("credntial"), LettersOf("key")};
constexpr bool HasTellingLetters(std::string_view text) {
  const std::uint32_t letters = LettersOf(text);
  for (const std::uint32_t telling : kTellingLetters) {
    if ((telling & ~letters) == 0) return true;
  }
  return false;
}
constexpr bool EachHasTellingLetters(std::span<const std::string_view> words) {
  return std::all_of(words.begin(), words.end(), HasTellingLetters);
}
static_assert(EachHasTellingLetters(kPasswordEndings) && EachHasTellingLetters(kShortPasswords) &&
              EachHasTellingLetters(kCredentialEndings) && EachHasTellingLetters(kKeys));

}  // namespace

Promise PromiseOf(std::string_view name) {
  if (!HasTellingLetters(name)) return Promise::kNothing;
  Promise promise = Promise::kNothing;
  std::string_view last;
  std::size_t count = 0;
  while (!name.empty()) {
    const std::string_view word = TakeWord(name);
    if (word.empty()) continue;
    if (MayBeCredentialWord(word)) {
      if (EndsInOneOf(word, kPasswordEndings)) {
        promise = Promise::kPassword;
      } else if (promise == Promise::kNothing &&
                 (EndsInOneOf(word, kCredentialEndings) || (IsOneOf(word, kKeys) && IsOneOf(last, kKeyOwners)))) {
        promise = Promise::kCredential;
      }
    }
    last = word;
    ++count;
  }
  if (count > 1 && IsOneOf(last, kShortPasswords)) return Promise::kPassword;
  return promise != Promise::kNothing && IsOneOf(last, kAboutIt) ? Promise::kNothing : promise;
}

bool IsHarmless(std::string_view value, Promise promise) {
  constexpr std::string_view kNoValues[] = {"true", "false", "yes", "no", "on", "off", "none", "null"};
  if (value.empty() || IsOneOf(value, kNoValues)) return true;
  // Where a credential lies. One in base64 may begin with '/' as well, but mostly holds a '+' or '=', too.
  const bool is_path = value.front() == '/' && std::all_of(value.begin(), value.end(), [](char c) {
                         return IsAlphanumeric(c) || c == '/' || c == '.' || c == '_' || c == '-';
                       });
  if (is_path) return true;
  const std::size_t sign = value.front() == '-' ? 1 : 0;
  return promise != Promise::kPassword && value.find_first_not_of("0123456789.", sign) == std::string_view::npos;
}

}  // namespace tidewaiter
