// SPDX-License-Identifier: Apache-2.0
//
// The shapes are those that their makers document, with enough characters behind the prefix that prose does not fit.
#include "webhook/controls/base/credentials.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "webhook/kube/glob.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

std::uint32_t LettersOf(std::string_view text) {
  std::uint32_t letters = 0;
  for (const char c : text) {
    const auto lower = static_cast<unsigned char>(static_cast<unsigned char>(c) | 0x20u);
    if (lower >= 'a' && lower <= 'z') letters |= 1u << (lower - 'a');
  }
  return letters;
}

bool IsAlnum(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }
bool IsUpperOrDigit(char c) { return absl::ascii_isupper(static_cast<unsigned char>(c)) || (c >= '0' && c <= '9'); }
bool IsWord(char c) { return IsAlnum(c) || c == '_' || c == '-'; }  // base64url without padding

std::size_t CountWhile(std::string_view text, bool (*is_taken)(char)) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_taken);
  return static_cast<std::size_t>(end - text.begin());
}

struct Shape {
  std::string_view prefix;
  bool (*is_taken)(char);  // the characters behind the prefix
  std::size_t least;       // how many of them there must be
  std::string_view name;
};

constexpr Shape kShapes[] = {
    {"AKIA", IsUpperOrDigit, 16, "an AWS access key"},
    {"ASIA", IsUpperOrDigit, 16, "an AWS access key"},
    {"AIza", IsWord, 35, "a Google API key"},
    {"dop_v1_", IsAlnum, 64, "a DigitalOcean token"},
    {"ghp_", IsAlnum, 36, "a GitHub token"},
    {"gho_", IsAlnum, 36, "a GitHub token"},
    {"ghu_", IsAlnum, 36, "a GitHub token"},
    {"ghs_", IsAlnum, 36, "a GitHub token"},
    {"ghr_", IsAlnum, 36, "a GitHub token"},
    {"github_pat_", IsWord, 22, "a GitHub token"},
    {"glpat-", IsWord, 20, "a GitLab token"},
    {"hvs.", IsWord, 24, "a Vault token"},
    {"npm_", IsAlnum, 36, "an npm token"},
    {"pypi-", IsWord, 80, "a PyPI token"},
    {"rk_live_", IsAlnum, 16, "a Stripe key"},
    {"sk_live_", IsAlnum, 16, "a Stripe key"},
    {"sk-ant-", IsWord, 32, "an Anthropic key"},
    {"sk-proj-", IsWord, 32, "an OpenAI key"},
    {"xoxb-", IsWord, 20, "a Slack token"},
    {"xoxp-", IsWord, 20, "a Slack token"},
};

// RFC 7519 in compact form: two JSON objects and a signature, each in base64url; `{"` is eyJ.
bool StartsWithWebToken(std::string_view text) {
  for (int part = 0; part < 2; ++part) {
    if (!text.starts_with("eyJ")) return false;
    const std::size_t length = CountWhile(text, IsWord);
    if (length < 8 || length == text.size() || text[length] != '.') return false;
    text.remove_prefix(length + 1);
  }
  return CountWhile(text, IsWord) >= 8;
}

// RFC 7468: -----BEGIN RSA PRIVATE KEY-----.
bool StartsWithPrivateKey(std::string_view text) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  if (!text.starts_with(kBegin)) return false;
  text.remove_prefix(kBegin.size());
  const std::size_t end = text.substr(0, 64).find("-----");
  return end != std::string_view::npos && text.substr(0, end).ends_with("PRIVATE KEY");
}

// Behind "://": user:password@, RFC 3986 section 3.2.1. A password that another variable gives is none here.
bool StartsWithPassword(std::string_view text) {
  const std::string_view authority = text.substr(0, text.substr(0, 512).find_first_of("/?# \t\n"));
  const std::size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return false;
  const std::size_t colon = authority.substr(0, at).find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view password = authority.substr(colon + 1, at - colon - 1);
  return !password.empty() && !password.starts_with("$(");
}

// At the start of a word.
std::string_view CredentialAt(std::string_view text) {
  switch (text.front()) {
    case 'A':
    case 'd':
    case 'g':
    case 'h':
    case 'n':
    case 'p':
    case 'r':
    case 's':
    case 'x':
      for (const Shape& shape : kShapes) {
        if (text.starts_with(shape.prefix) &&
            CountWhile(text.substr(shape.prefix.size()), shape.is_taken) >= shape.least) {
          return shape.name;
        }
      }
      return {};
    case 'e':
      return StartsWithWebToken(text) ? "a JSON Web Token" : std::string_view();
    default:
      return {};
  }
}

}  // namespace

CaselessGlob::CaselessGlob(std::string_view given)
    : pattern(absl::AsciiStrToLower(ToAbsl(given))), letters(LettersOf(given)) {}

std::vector<CaselessGlob> CaselessGlobs(std::initializer_list<std::string_view> patterns) {
  std::vector<CaselessGlob> globs;
  for (const std::string_view pattern : patterns) globs.emplace_back(pattern);
  return globs;
}

absl::Status ReadSetting(const DocumentNode& node, const SettingBounds& bounds, CaselessGlob& out) {
  std::string text;
  if (absl::Status status = ReadSetting(node, bounds, text); !status.ok()) return status;
  if (const absl::Status status = ValidateGlob(text); !status.ok()) return node.Error(MessageOf(status));
  out = CaselessGlob(text);
  return absl::OkStatus();
}

bool MatchesAny(const std::vector<CaselessGlob>& globs, std::string_view text) {
  const std::uint32_t letters = LettersOf(text);
  std::string lower;
  return std::any_of(globs.begin(), globs.end(), [&](const CaselessGlob& glob) {
    if ((glob.letters & ~letters) != 0) return false;
    if (lower.empty()) lower = absl::AsciiStrToLower(ToAbsl(text));
    return GlobMatches(glob.pattern, lower);
  });
}

std::string_view CredentialIn(std::string_view value) {
  constexpr std::size_t kShortest = 12;  // https://a:b@c is as short as any
  if (value.size() < kShortest) return {};
  bool is_start = true;  // of a word
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string_view rest = value.substr(i);
    if (is_start) {
      if (const std::string_view name = CredentialAt(rest); !name.empty()) return name;
    }
    if (rest.front() == '-' && StartsWithPrivateKey(rest)) return "a private key";
    if (rest.starts_with("://") && StartsWithPassword(rest.substr(3))) return "a URL with a password";
    is_start = !IsAlnum(rest.front());
  }
  return {};
}

}  // namespace tidewaiter
