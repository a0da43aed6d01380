// SPDX-License-Identifier: Apache-2.0
//
// What a user wrote, made safe to repeat in a message. Not an escape for any format: JSON and logs escape on their own.
// Tested by tests/kube/image_reference_test.cc.
#pragma once

#include <string>
#include <string_view>

namespace tidewaiter {

// `text` in double quotes: printable ASCII as it is, every other byte as an escape, cut with "..." after 120 bytes so
// that a megabyte of input does not become a megabyte of message.
std::string Quoted(std::string_view text);

}  // namespace tidewaiter
