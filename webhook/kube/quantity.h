// SPDX-License-Identifier: Apache-2.0
//
// Quantity: an amount of a resource as Kubernetes writes it ("500m", "128Mi", "1e3"), compared by its exact value.
// It does no sums and does not rewrite itself: a quantity keeps the text it came as.
// Tested by tests/kube/quantity_test.cc against a table made with Kubernetes' own parser.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tidewaiter {

// A plain value, safe to copy between threads. Default: zero, written "0".
class Quantity {
 public:
  // Reads what resource.ParseQuantity of k8s.io/apimachinery reads and gives it the same value: digits with an optional
  // sign and point, then one of n u m k M G T P E Ki Mi Gi Ti Pi Ei or an exponent such as e3. What is finer than a
  // nano is rounded away from zero; with a binary suffix more than 2^63-1 becomes 2^63-1 (of the other forms
  // Kubernetes' documentation says so too, its parser does not do it). Lenient where Kubernetes is: "." and "k" are
  // zero. No surrounding space is taken off.
  //
  // InvalidArgument, naming what is wrong: everything that ParseQuantity refuses. Time is linear in the text, memory is
  // its copy. Different from Kubernetes on purpose, in three places where it overflows or computes without bound:
  // - an exponent beyond +-(2^31-1) is refused (Kubernetes drops the upper bits: 1e4294967296 is 1 there);
  // - 2^127 nanos (1.7e29 units) and more count as 2^127-1 nanos, so 1e30, 1e31 and 1e2147483647 are equal;
  // - a tiny exponent such as 1e-2000000000 is one nano at once.
  static absl::StatusOr<Quantity> Parse(std::string_view text);

  Quantity() = default;

  // As it was written, for messages and patches; never used for comparing.
  const std::string& text() const { return text_; }

  // The value in nanos (1e-9 units), after rounding and capping.
  __int128 nanos() const { return nanos_; }

  bool is_zero() const { return nanos_ == 0; }
  bool is_negative() const { return nanos_ < 0; }

  // By value: 1 == 1000m, 1Ki > 1k.
  friend bool operator==(const Quantity& a, const Quantity& b) { return a.nanos_ == b.nanos_; }
  friend std::strong_ordering operator<=>(const Quantity& a, const Quantity& b) { return a.nanos_ <=> b.nanos_; }

 private:
  Quantity(__int128 nanos, std::string_view text) : nanos_(nanos), text_(text) {}

  __int128 nanos_ = 0;
  std::string text_ = "0";
};

// True when numerator > denominator * ratio, computed exactly and without overflow: a limit of "3" exceeds a request of
// "1" at a ratio of "1.5" or "2.999999999", not at "3". The denominator may be zero or negative.
bool ExceedsRatio(const Quantity& numerator, const Quantity& denominator, const Quantity& ratio);

}  // namespace tidewaiter
