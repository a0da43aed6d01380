// SPDX-License-Identifier: Apache-2.0
//
// Words, then integers, then floats, in the order in which go-yaml tries them.
#include "webhook/manifest/yaml_scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "webhook/kube/characters.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

struct Integer {
  bool is_negative = false;
  std::uint64_t magnitude = 0;
};
// null, boolean, integer, float or string.
using Value = std::variant<std::monostate, bool, Integer, double, std::string>;

bool IsOneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::optional<Value> FindWord(std::string_view text) {
  if (text.size() > 5) return std::nullopt;
  if (IsOneOf(text, {"", "~", "null", "Null", "NULL"})) return Value(std::monostate());
  if (IsOneOf(text, {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})) return Value(true);
  if (IsOneOf(text, {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})) return Value(false);
  if (IsOneOf(text, {".nan", ".NaN", ".NAN"})) return Value(std::nan(""));
  const bool is_negative = text.front() == '-';
  const std::string_view rest = is_negative || text.front() == '+' ? text.substr(1) : text;
  if (IsOneOf(rest, {".inf", ".Inf", ".INF"})) return Value(is_negative ? -HUGE_VAL : HUGE_VAL);
  return std::nullopt;
}

// strconv.ParseInt and ParseUint together: digits of a base, all of them. A sign is taken off before.
std::optional<std::uint64_t> ParseDigits(std::string_view digits, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), value, base);
  if (digits.empty() || error != std::errc() || end != digits.end()) return std::nullopt;
  return value;
}

std::optional<Integer> MakeInteger(bool has_sign, bool is_negative, std::optional<std::uint64_t> magnitude) {
  if (!magnitude.has_value()) return std::nullopt;
  // Beyond 63 bits only ParseUint takes it, which takes no sign.
  const std::uint64_t most = is_negative ? std::uint64_t{1} << 63 : (std::uint64_t{1} << 63) - 1;
  if (has_sign && *magnitude > most) return std::nullopt;
  return Integer{.is_negative = is_negative && *magnitude != 0, .magnitude = *magnitude};
}

// As strconv.ParseInt with base 0, then go-yaml's own binary form.
std::optional<Integer> ParseInteger(std::string_view text) {
  const bool has_sign = text.front() == '-' || text.front() == '+';
  const bool is_negative = text.front() == '-';
  std::string_view digits = has_sign ? text.substr(1) : text;
  int base = 10;
  if (digits.size() > 1 && digits.front() == '0') {
    const char letter = absl::ascii_tolower(static_cast<unsigned char>(digits[1]));
    base = letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
    digits.remove_prefix(letter == 'x' || letter == 'b' || letter == 'o' ? 2 : 1);
  }
  if (auto integer = MakeInteger(has_sign, is_negative, ParseDigits(digits, base)); integer.has_value()) return integer;
  // `0b-1`: the sign behind the prefix is taken as well.
  if (!text.starts_with("0b") || text.size() < 4 || (text[2] != '-' && text[2] != '+')) return std::nullopt;
  return MakeInteger(true, text[2] == '-', ParseDigits(text.substr(3), 2));
}

// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
bool LooksLikeFloat(std::string_view text) {
  const auto skip_digits = [&text] {
    const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count > 0;
  };
  const auto skip_one_of = [&text](std::string_view characters) {
    if (text.empty() || characters.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
  };
  skip_one_of("+-");
  const bool has_whole = skip_digits();
  const bool has_point = skip_one_of(".");
  const bool has_fraction = has_point && skip_digits();
  if (!has_whole && !has_fraction) return false;
  if (skip_one_of("eE")) {
    skip_one_of("+-");
    if (!skip_digits()) return false;
  }
  return text.empty();
}

// strconv.ParseFloat takes underscores between digits.
std::string WithoutUnderscores(std::string_view text) {
  const auto is_digit = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_' || i == 0 || !is_digit(i - 1) || !is_digit(i + 1)) digits += text[i];
  }
  return digits;
}

// What is beyond a double's range is none to go-yaml, and stays a string.
std::optional<double> ParseFloat(std::string_view text) {
  double value = 0;
  if (!LooksLikeFloat(text) || !absl::SimpleAtod(ToAbsl(text), &value) || std::isinf(value)) return std::nullopt;
  return value;
}

// An untagged plain scalar, or one with a tag of these types.
Value ResolvePlain(std::string_view text) {
  const char first = text.empty() ? '~' : text.front();
  const bool is_word = std::string_view("yYnNtTfFoO~").find(first) != std::string_view::npos;
  const bool is_number = (first >= '0' && first <= '9') || first == '+' || first == '-' || first == '.';
  if (!is_word && !is_number) return std::string(text);
  if (const std::optional<Value> word = FindWord(text); word.has_value()) return *word;
  if (is_word) return std::string(text);
  if (first == '.') {
    const std::optional<double> value = ParseFloat(WithoutUnderscores(text));
    return value.has_value() ? Value(*value) : Value(std::string(text));
  }
  std::string digits(text);
  std::erase(digits, '_');
  if (const std::optional<Integer> integer = ParseInteger(digits); integer.has_value()) return *integer;
  if (const std::optional<double> value = ParseFloat(digits); value.has_value()) return *value;
  return std::string(text);
}

// The digits of the shortest decimal that reads back as the same number, and where its point lies: d.ddd * 10^exponent.
struct Decimal {
  bool is_negative = false;
  std::string digits;
  int exponent = 0;
};
template <typename T>
Decimal ShortestDecimal(T value) {
  std::array<char, 64> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific).ptr;
  std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  Decimal decimal{.is_negative = text.front() == '-', .digits = {}, .exponent = 0};
  const std::size_t e = text.find('e');
  for (const char c : text.substr(0, e)) {
    if (IsDigit(c)) decimal.digits += c;
  }
  const std::string_view exponent = text.substr(e + (text[e + 1] == '+' ? 2 : 1));
  std::from_chars(exponent.begin(), exponent.end(), decimal.exponent);
  return decimal;
}

// As Go's strconv writes it: in full, or with an exponent of at least `exponent_digits` digits.
std::string WriteDecimal(const Decimal& decimal, bool with_exponent, std::size_t exponent_digits) {
  const std::string& digits = decimal.digits;
  std::string text = decimal.is_negative ? "-" : "";
  if (with_exponent) {
    const std::string exponent = std::to_string(std::abs(decimal.exponent));
    StrAppend(&text, digits.substr(0, 1), digits.size() > 1 ? "." : "", digits.substr(1), "e",
              decimal.exponent < 0 ? "-" : "+");
    if (exponent.size() < exponent_digits) text.append(exponent_digits - exponent.size(), '0');
    return text + exponent;
  }
  if (decimal.exponent < 0) {
    text += "0.";
    return text.append(static_cast<std::size_t>(-decimal.exponent - 1), '0') + digits;
  }
  const std::size_t whole = static_cast<std::size_t>(decimal.exponent) + 1;
  if (digits.size() <= whole) return (text + digits).append(whole - digits.size(), '0');
  return StrCat(text, digits.substr(0, whole), ".", digits.substr(whole));
}

// encoding/json, floatEncoder: an exponent below 1e-6 and from 1e21 on, of one digit where one does.
std::string JsonNumber(double value) {
  const Decimal decimal = ShortestDecimal(value);
  const double size = std::abs(value);
  return WriteDecimal(decimal, size != 0 && (size < 1e-6 || size >= 1e21), 1);
}

// strconv.FormatFloat(value, 'g', -1, 32), as sigs.k8s.io/yaml makes keys of floats.
std::string KeyNumber(double value) {
  const float narrow = static_cast<float>(value);
  if (std::isnan(narrow)) return ".nan";
  if (std::isinf(narrow)) return narrow < 0 ? "-.inf" : ".inf";
  const Decimal decimal = ShortestDecimal(narrow);
  return WriteDecimal(decimal, decimal.exponent < -4 || decimal.exponent >= 6, 2);
}

std::string IntegerText(const Integer& integer) { return StrCat(integer.is_negative ? "-" : "", integer.magnitude); }

absl::StatusOr<Value> DecodeBinary(std::string_view text) {
  std::string encoded(text);
  std::erase_if(encoded, [](char c) { return c == '\n' || c == '\r'; });
  std::string decoded;
  // Go's decoder wants the padding, and no blanks.
  if (encoded.size() % 4 != 0 || encoded.find_first_of(" \t-_") != std::string::npos ||
      !absl::Base64Unescape(encoded, &decoded)) {
    return InvalidArgument("what is tagged !!binary is not base64");
  }
  return Value(std::move(decoded));
}

std::string_view TypeTagOf(const Value& value) {
  constexpr std::string_view kTags[] = {"null", "bool", "int", "float", "str"};
  return kTags[value.index()];
}

bool LooksLikeTimestamp(std::string_view text) {
  return text.size() >= 8 && text[4] == '-' && text.substr(0, 4).find_first_not_of("0123456789") == text.npos;
}

// The value of a tagged scalar: what it would be without, if that is what the tag says.
absl::StatusOr<Value> ResolveTagged(std::string_view tag, std::string_view text) {
  const bool is_of_yaml = tag.starts_with(kTagPrefix);
  const std::string_view type = is_of_yaml ? tag.substr(kTagPrefix.size()) : std::string_view();
  if (type == "binary") return DecodeBinary(text);
  if (!IsOneOf(type, {"bool", "int", "float", "null", "timestamp"})) return Value(std::string(text));
  if (type == "timestamp" && LooksLikeTimestamp(text)) return Value(std::string(text));
  Value value = ResolvePlain(text);
  if (TypeTagOf(value) == type) return value;
  const Integer* integer = std::get_if<Integer>(&value);
  if (type == "float" && integer != nullptr && integer->magnitude >> 63 == 0) {
    const double size = static_cast<double>(integer->magnitude);
    return Value(integer->is_negative ? -size : size);
  }
  return InvalidArgument(StrCat("is tagged !!", type, ", and ", Quoted(text), " is none"));
}

absl::StatusOr<Value> ResolveValue(std::string_view tag, std::string_view text, bool is_plain) {
  if (!tag.empty()) return ResolveTagged(tag, text);
  return is_plain ? ResolvePlain(text) : Value(std::string(text));
}

}  // namespace

absl::StatusOr<YamlScalar> ResolveScalar(std::string_view tag, std::string_view text, bool is_plain) {
  absl::StatusOr<Value> value = ResolveValue(tag, text, is_plain);
  if (!value.ok()) return value.status();
  if (const bool* truth = std::get_if<bool>(&*value)) {
    return YamlScalar{.kind = NodeKind::kBoolean, .text = *truth ? "true" : "false"};
  }
  if (const Integer* integer = std::get_if<Integer>(&*value)) {
    return YamlScalar{.kind = NodeKind::kInteger, .text = IntegerText(*integer)};
  }
  if (const double* number = std::get_if<double>(&*value)) {
    if (!std::isfinite(*number)) return InvalidArgument(StrCat(Quoted(text), " is a number that JSON does not have"));
    return YamlScalar{.kind = NodeKind::kFloat, .text = JsonNumber(*number)};
  }
  if (std::string* string = std::get_if<std::string>(&*value)) {
    return YamlScalar{.kind = NodeKind::kString, .text = std::move(*string)};
  }
  return YamlScalar{.kind = NodeKind::kNull, .text = "null"};
}

absl::StatusOr<std::string> ResolveKey(std::string_view tag, std::string_view text, bool is_plain) {
  absl::StatusOr<Value> value = ResolveValue(tag, text, is_plain);
  if (!value.ok()) return value.status();
  if (const bool* truth = std::get_if<bool>(&*value)) return std::string(*truth ? "true" : "false");
  if (const double* number = std::get_if<double>(&*value)) return KeyNumber(*number);
  if (std::string* string = std::get_if<std::string>(&*value)) return std::move(*string);
  if (const Integer* integer = std::get_if<Integer>(&*value)) {
    if (integer->is_negative || integer->magnitude >> 63 == 0) return IntegerText(*integer);
    return InvalidArgument(StrCat("the key ", text, " is an integer of more than 63 bits: quote it"));
  }
  return InvalidArgument("a key must not be null: quote it");
}

}  // namespace tidewaiter
