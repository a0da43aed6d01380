// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes quantities, one a line: what is read keeps its text, compares as a number does, and means the same with a
// leading zero, with the opposite sign and with a thousandth of its unit. What is read at all is compared with
// Kubernetes' parser by tests/kube/quantity_test.cc.
#include "tests/fuzz/fuzzing.h"
#include "webhook/kube/quantity.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

void CheckOne(std::string_view text) {
  const absl::StatusOr<Quantity> quantity = Quantity::Parse(text);
  if (!quantity.ok()) {
    FUZZ_CHECK(!quantity.status().message().empty());
    return;
  }
  FUZZ_CHECK(quantity->text() == text, text);
  FUZZ_CHECK(*quantity == *quantity && *quantity == *Quantity::Parse(text), text);
  FUZZ_CHECK(quantity->is_zero() == (quantity->nanos() == 0) && quantity->is_negative() == (quantity->nanos() < 0));
  if (text.empty()) return;
  const bool is_signed = text.front() == '-' || text.front() == '+';
  const std::string_view digits = text.substr(is_signed ? 1 : 0);
  const absl::StatusOr<Quantity> padded = Quantity::Parse(StrCat(text.substr(0, is_signed ? 1 : 0), "0", digits));
  FUZZ_CHECK(padded.ok() && *padded == *quantity, text);
  const absl::StatusOr<Quantity> opposite = Quantity::Parse(StrCat(text.front() == '-' ? "+" : "-", digits));
  FUZZ_CHECK(opposite.ok() && opposite->nanos() == -quantity->nanos(), text);
  const bool is_plain = text.size() < 16 && text.find_first_not_of("0123456789") == std::string_view::npos;
  if (!is_plain) return;
  __int128 value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  FUZZ_CHECK(quantity->nanos() == value * 1'000'000'000, text);
  FUZZ_CHECK(Quantity::Parse(StrCat(text, "m"))->nanos() == value * 1'000'000, text);
  FUZZ_CHECK(Quantity::Parse(StrCat(text, "k"))->nanos() == value * 1'000'000'000'000, text);
  FUZZ_CHECK(Quantity::Parse(StrCat(text, "Ki"))->nanos() == value * 1'024'000'000'000, text);
  FUZZ_CHECK(*Quantity::Parse(StrCat(text, "e3")) == *Quantity::Parse(StrCat(text, "k")), text);
}

void CheckPair(std::string_view first, std::string_view second, std::string_view third) {
  const auto a = Quantity::Parse(first);
  const auto b = Quantity::Parse(second);
  const auto c = Quantity::Parse(third);
  if (!a.ok() || !b.ok() || !c.ok()) return;
  FUZZ_CHECK((*a < *b) == (*b > *a) && (*a < *b) + (*a == *b) + (*a > *b) == 1, first << " " << second);
  const bool exceeds = ExceedsRatio(*a, *b, *c);
  FUZZ_CHECK(!(exceeds && *a < *b && *c == *Quantity::Parse("1")), first << " " << second);
  if (*c == *Quantity::Parse("1")) FUZZ_CHECK(exceeds == (*a > *b), first << " " << second);
  if (b->is_zero()) FUZZ_CHECK(exceeds == (a->nanos() > 0), first);
}

}  // namespace
}  // namespace tidewaiter

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto lines = tidewaiter::Split(tidewaiter::InputText(data, size), '\n');
  for (const std::string_view line : lines) tidewaiter::CheckOne(line);
  for (std::size_t i = 2; i < lines.size(); ++i) tidewaiter::CheckPair(lines[i - 2], lines[i - 1], lines[i]);
  return 0;
}
