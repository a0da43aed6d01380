// SPDX-License-Identifier: Apache-2.0
//
// The reference parser: cut the text at its separators, then check each part by hand. The grammar is
//   [domain "/"] component *["/" component] [":" tag] ["@" digest]
#include "webhook/kube/image_reference.h"

#include <algorithm>
#include <array>
#include <utility>

#include "webhook/kube/byte_scan.h"
#include "webhook/kube/characters.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr std::string_view kDefaultDomain = "docker.io";
constexpr std::string_view kLegacyDefaultDomain = "index.docker.io";
constexpr std::string_view kOfficialPrefix = "library/";
constexpr std::size_t kMaxPathSize = 255;  // RepositoryNameTotalLengthMax; the domain does not count
constexpr std::size_t kMaxTagSize = 128;   // one character and up to 127 more
constexpr std::size_t kImageIdSize = 64;   // 256 bits in hexadecimal

// The algorithms registered in github.com/opencontainers/go-digest, with their bits / 4 hexadecimal digits.
constexpr std::array<std::pair<std::string_view, std::size_t>, 3> kDigestSizes = {
    {{"sha256", 256 / 4}, {"sha512", 512 / 4}, {"sha384", 384 / 4}}};

template <typename Predicate>
bool ConsistsOf(std::string_view text, Predicate predicate) {
  return std::all_of(text.begin(), text.end(), predicate);
}
// The first of two characters, or npos; string_view::find_first_of calls a function for each character.
std::size_t FindEither(std::string_view text, char a, char b) {
  const std::size_t first = text.find(a);
  return std::min(first, text.substr(0, first).find(b));
}
bool ConsistsOfLowerHex(std::string_view text) {
  const auto special_in = [](Sixteen bytes) {
    // What is below '0' or 'a' wraps around, and is large.
    return ((bytes - '0') > 9) & ((bytes - 'a') > 5);
  };
  return CountPlain(text, special_in, [](unsigned char byte) { return IsLowerHex(static_cast<char>(byte)); }) ==
         text.size();
}
bool HasUpper(std::string_view text) { return std::any_of(text.begin(), text.end(), IsUpper); }

absl::Status Refuse(std::string_view text, std::string_view reason) {
  return InvalidArgument(StrCat(Quoted(text), " is not an image reference: ", reason));
}

// Labels of letters, digits and inner dashes, joined by single dots. IPv4 addresses are among them.
bool IsDomainName(std::string_view host) {
  char previous = '.';
  for (char c : host) {
    if (c == '.' ? !IsAlphanumeric(previous) : c == '-' ? previous == '.' : !IsAlphanumeric(c)) return false;
    previous = c;
  }
  return IsAlphanumeric(previous);
}

// A domain name or a bracketed IPv6 address (hexadecimal digits and colons, not checked further), perhaps with a port.
bool IsDomain(std::string_view domain) {
  std::string_view port;
  if (domain.starts_with('[')) {
    const std::size_t end = domain.find(']');
    if (end == std::string_view::npos || end == 1) return false;
    if (!ConsistsOf(domain.substr(1, end - 1), [](char c) { return IsHex(c) || c == ':'; })) return false;
    port = domain.substr(end + 1);
    if (port.empty()) return true;
    if (port.front() != ':') return false;
  } else {
    const std::size_t colon = domain.find(':');
    if (!IsDomainName(domain.substr(0, colon))) return false;
    if (colon == std::string_view::npos) return true;
    port = domain.substr(colon);
  }
  return port.size() > 1 && ConsistsOf(port.substr(1), IsDigit);
}

// Components joined by '/': runs of lower-case letters and digits, joined by one '.', one or two '_', or dashes.
bool IsPath(std::string_view path) {
  std::size_t i = 0;
  while (true) {
    const std::size_t start = i;
    while (i < path.size() && IsLowerAlphanumeric(path[i])) ++i;
    if (i == start) return false;
    if (i == path.size()) return true;
    const char separator = path[i++];
    if (separator == '_') {
      if (i < path.size() && path[i] == '_') ++i;
    } else if (separator == '-') {
      while (i < path.size() && path[i] == '-') ++i;
    } else if (separator != '.' && separator != '/') {
      return false;
    }
  }
}

bool IsTag(std::string_view tag) {
  auto is_word = [](char c) { return IsAlphanumeric(c) || c == '_'; };
  return !tag.empty() && tag.size() <= kMaxTagSize && is_word(tag.front()) &&
         ConsistsOf(tag, [&](char c) { return is_word(c) || c == '.' || c == '-'; });
}

absl::Status CheckDigest(std::string_view text, std::string_view digest) {
  const std::size_t colon = digest.find(':');
  if (colon == std::string_view::npos) {
    return Refuse(text, "a digest must name its algorithm after '@', such as @sha256:...");
  }
  const std::string_view algorithm = digest.substr(0, colon);
  const std::string_view encoded = digest.substr(colon + 1);
  for (const auto& [name, size] : kDigestSizes) {
    if (algorithm != name) continue;
    if (encoded.size() != size) {
      return Refuse(text,
                    StrCat("a ", name, " digest has ", size, " hexadecimal digits, this one has ", encoded.size()));
    }
    if (!ConsistsOfLowerHex(encoded)) {
      return Refuse(text, "a digest must consist of digits and the lower-case letters a to f");
    }
    return absl::OkStatus();
  }
  return Refuse(text, StrCat("digest algorithm ", Quoted(algorithm), " is not one of sha256, sha384, sha512"));
}

// What is wrong with a name whose domain or path does not fit the grammar.
absl::Status RefuseName(std::string_view text, std::string_view domain, std::string_view path) {
  if (text.find("://") != std::string_view::npos) return Refuse(text, "it must not begin with a scheme (https://)");
  if (path.empty()) return Refuse(text, "the repository name is missing");
  if (HasUpper(path)) return Refuse(text, StrCat("the repository ", Quoted(path), " must be lower case"));
  if (!IsPath(path)) {
    return Refuse(text, StrCat("the repository ", Quoted(path),
                               " must consist of lower-case letters and digits, separated by '/', one '.', one or two "
                               "'_', or '-'"));
  }
  return Refuse(text, StrCat(Quoted(domain), " is not a registry host, optionally with a port"));
}

// The domain that a first component stands for; empty when it is the first part of a Docker Hub repository instead.
std::string_view DomainOf(std::string_view component) {
  if (component == kLegacyDefaultDomain) return kDefaultDomain;
  if (component == "localhost" || FindEither(component, '.', ':') != std::string_view::npos || HasUpper(component)) {
    return component;
  }
  return {};
}

}  // namespace

absl::StatusOr<ImageReference> ImageReference::Parse(std::string_view text) {
  if (text.empty()) return InvalidArgument("an image reference must not be empty");
  if (text.size() == kImageIdSize && ConsistsOfLowerHex(text)) {
    return Refuse(text, "64 hexadecimal digits are an image id, not a repository name");
  }

  // The domain goes first, because its port is written like a tag.
  std::string_view rest = text;
  std::string_view domain;
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    domain = DomainOf(text.substr(0, slash));
    if (!domain.empty()) rest = text.substr(slash + 1);
  }
  if (domain.empty()) domain = kDefaultDomain;

  std::string_view path = rest.substr(0, FindEither(rest, ':', '@'));
  rest.remove_prefix(path.size());
  const bool is_official = domain == kDefaultDomain && path.find('/') == std::string_view::npos;
  if (!IsPath(path)) return RefuseName(text, domain, path);
  if (!IsDomain(domain)) {
    // "my_host.example/app": no registry can have this name, but it is a valid path, and upstream takes it as one.
    const std::string_view whole = text.substr(0, domain.size() + 1 + path.size());
    if (!IsPath(whole)) return RefuseName(text, domain, path);
    domain = {};
    path = whole;
  }
  if (path.size() + (is_official ? kOfficialPrefix.size() : 0) > kMaxPathSize) {
    return Refuse(text, StrCat("the repository name is longer than ", kMaxPathSize, " characters"));
  }

  std::optional<std::string_view> tag, digest;
  if (rest.starts_with(':')) {
    tag = rest.substr(1, rest.find('@') - 1);
    if (!IsTag(*tag)) {
      return Refuse(text, StrCat("the tag ", Quoted(*tag), " must be 1 to ", kMaxTagSize,
                                 " letters, digits, '_', '.' or '-', not beginning with '.' or '-'"));
    }
    rest.remove_prefix(1 + tag->size());
  }
  if (rest.starts_with('@')) {
    digest = rest.substr(1);
    if (absl::Status status = CheckDigest(text, *digest); !status.ok()) return status;
  }

  return ImageReference{
      .domain = domain, .written_path = path, .is_official = is_official, .tag = tag, .digest = digest};
}

std::string ImageReference::path() const { return StrCat(is_official ? kOfficialPrefix : "", written_path); }

std::string ImageReference::name() const {
  return StrCat(domain, domain.empty() ? "" : "/", is_official ? kOfficialPrefix : "", written_path);
}

std::string ImageReference::ToString() const {
  return StrCat(name(), tag ? ":" : "", tag.value_or(""), digest ? "@" : "", digest.value_or(""));
}

}  // namespace tidewaiter
