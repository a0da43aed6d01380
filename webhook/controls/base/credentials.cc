// SPDX-License-Identifier: Apache-2.0
//
// The shapes are those that their makers document, with enough characters behind the prefix that prose does not fit.
#include "webhook/controls/base/credentials.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "absl/strings/ascii.h"
#include "webhook/controls/base/letters.h"
#include "webhook/kube/characters.h"
#include "webhook/kube/glob.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

// Unlike LettersOf, of a text with other characters only its letters.
std::uint32_t OnlyLettersOf(std::string_view text) {
  std::uint32_t letters = 0;
  for (const char c : text) letters |= absl::ascii_isalpha(static_cast<unsigned char>(c)) ? LettersOf({&c, 1}) : 0;
  return letters;
}

bool IsUpperOrDigit(char c) { return IsUpper(c) || IsDigit(c); }
bool IsWord(char c) { return IsAlphanumeric(c) || c == '_' || c == '-'; }  // base64url without padding

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

// By first character, so that those of one stand together.
constexpr Shape kShapes[] = {
    {"AKIA", IsUpperOrDigit, 16, "an AWS access key"},
    {"ASIA", IsUpperOrDigit, 16, "an AWS access key"},
    {"AIza", IsWord, 35, "a Google API key"},
    {"dop_v1_", IsAlphanumeric, 64, "a DigitalOcean token"},
    {"ghp_", IsAlphanumeric, 36, "a GitHub token"},
    {"gho_", IsAlphanumeric, 36, "a GitHub token"},
    {"ghu_", IsAlphanumeric, 36, "a GitHub token"},
    {"ghs_", IsAlphanumeric, 36, "a GitHub token"},
    {"ghr_", IsAlphanumeric, 36, "a GitHub token"},
    {"github_pat_", IsWord, 22, "a GitHub token"},
    {"glpat-", IsWord, 20, "a GitLab token"},
    {"hvs.", IsWord, 24, "a Vault token"},
    {"npm_", IsAlphanumeric, 36, "an npm token"},
    {"pypi-", IsWord, 80, "a PyPI token"},
    {"rk_live_", IsAlphanumeric, 16, "a Stripe key"},
    {"sk_live_", IsAlphanumeric, 16, "a Stripe key"},
    {"sk-ant-", IsWord, 32, "an Anthropic key"},
    {"sk-proj-", IsWord, 32, "an OpenAI key"},
    {"xoxb-", IsWord, 20, "a Slack token"},
    {"xoxp-", IsWord, 20, "a Slack token"},
};

constexpr std::size_t SizeOf(const Shape& shape) { return shape.prefix.size() + shape.least; }
constexpr std::size_t kShortestShape = SizeOf(*std::min_element(
    std::begin(kShapes), std::end(kShapes), [](const Shape& a, const Shape& b) { return SizeOf(a) < SizeOf(b); }));

// What may begin at a character: `first` to `last` of kShapes, or something else that is looked for.
struct Beginning {
  unsigned char first = 0;
  unsigned char last = 0;
  bool is_other = false;
};
constexpr std::array<Beginning, 256> kBeginnings = [] {
  std::array<Beginning, 256> beginnings{};
  for (std::size_t i = 0; i < std::size(kShapes); ++i) {
    Beginning& beginning = beginnings[static_cast<unsigned char>(kShapes[i].prefix.front())];
    if (beginning.last == 0) beginning.first = static_cast<unsigned char>(i);
    beginning.last = static_cast<unsigned char>(i + 1);
  }
  for (const char c : {'e', '-', ':'}) beginnings[static_cast<unsigned char>(c)].is_other = true;
  return beginnings;
}();

static_assert(kShortestShape <= std::string_view("eyJabcde.eyJabcde.abcdefgh").size() &&
              kShortestShape <= std::string_view("-----BEGIN PRIVATE KEY-----").size());

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

// The name of the shape, one of those that `beginning` knows, with which `text` starts; "" when it does with none.
std::string_view ShapeAt(std::string_view text, const Beginning& beginning) {
  for (std::size_t i = beginning.first; i < beginning.last; ++i) {
    const Shape& shape = kShapes[i];
    if (text.size() < SizeOf(shape) || text[1] != shape.prefix[1] || !text.starts_with(shape.prefix)) continue;
    if (CountWhile(text.substr(shape.prefix.size()), shape.is_taken) >= shape.least) return shape.name;
  }
  return {};
}

// What starts with one of the other characters; `before` is the character in front of it. A token is only looked for
// behind what cannot be part of one, so that no character is read more than a few times.
std::string_view OtherAt(std::string_view text, char before) {
  switch (text.front()) {
    case 'e':
      return !IsWord(before) && StartsWithWebToken(text) ? "a JSON Web Token" : std::string_view();
    case '-':
      return StartsWithPrivateKey(text) ? "a private key" : std::string_view();
    default:
      return text.starts_with("://") && StartsWithPassword(text.substr(3)) ? "a URL with a password"
                                                                           : std::string_view();
  }
}

// Of all shapes only a URL fits into a short value.
std::string_view CredentialInShort(std::string_view value) {
  for (std::size_t colon = value.find("://"); colon != std::string_view::npos; colon = value.find("://", colon + 1)) {
    if (StartsWithPassword(value.substr(colon + 3))) return "a URL with a password";
  }
  return {};
}

}  // namespace

CaselessGlob::CaselessGlob(std::string_view given)
    : pattern(absl::AsciiStrToLower(ToAbsl(given))), letters(OnlyLettersOf(given)) {}

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
  if (globs.empty()) return false;
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
  if (value.size() < kShortestShape) return CredentialInShort(value);
  const std::size_t rest = value.size() - kShortestShape + 1;  // from here on only a URL is short enough
  for (std::size_t i = 0; i < rest; ++i) {
    // At the start of a word, or at a character that belongs to none: what may begin is one of either.
    const Beginning& beginning = kBeginnings[static_cast<unsigned char>(value[i])];
    const char before = i == 0 ? ' ' : value[i - 1];
    std::string_view name;
    if (beginning.last > 0) name = ShapeAt(value.substr(i), beginning);
    if (beginning.is_other) name = OtherAt(value.substr(i), before);
    if (!name.empty()) return name;
    while (i + 1 < rest && IsAlphanumeric(value[i]) && IsAlphanumeric(value[i + 1])) {
      ++i;
    }
  }
  return CredentialInShort(value.substr(rest));
}

}  // namespace tidewaiter
