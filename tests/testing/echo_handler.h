// SPDX-License-Identifier: Apache-2.0
//
// The handler behind a ParkedServer under test: no HTTP of its own, only what tests look at.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <ctime>
#include <mutex>
#include <new>
#include <set>
#include <string>

#include "tests/testing/tls_client.h"
#include "webhook/kube/text.h"
#include "webhook/server/parked_server.h"

namespace tidewaiter {

// Answers with what came, after the path: /big makes a large answer, /hold waits until released, /full finds no memory.
class EchoHandler : public RequestHandler {
 public:
  HttpAnswer Handle(const ReceivedRequest& request) override {
    if (request.bytes.find("/hold") != std::string_view::npos) {
      ++held;
      EXPECT_TRUE(Eventually([this] { return is_released.load(); }));
    }
    if (request.bytes.find("/full") != std::string_view::npos) throw std::bad_alloc();
    std::string body = StrCat(request.bytes.size(), request.is_draining ? " draining" : "",
                              request.is_overloaded ? " overloaded" : "");
    if (request.bytes.find("/big") != std::string_view::npos) body.assign(32u << 20, 'x');
    ++handled;
    return {.bytes = StrCat("HTTP/1.1 200 OK\r\nContent-Length: ", body.size(), "\r\n\r\n", body),
            .closes = request.is_draining};
  }
  HttpAnswer Refuse(int status, std::string_view reason, std::string_view) override {
    CountLoss(reason);
    return {.bytes = StrCat("HTTP/1.1 ", status, " No\r\nContent-Length: 0\r\n\r\n"), .closes = true};
  }
  void CountLoss(std::string_view reason) override {
    const std::lock_guard lock(mutex_);
    losses_.insert(std::string(reason));
  }
  bool HasLost(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    return losses_.contains(reason);
  }

  std::atomic<int> handled = 0;
  std::atomic<int> held = 0;
  std::atomic<bool> is_released = false;

 private:
  std::mutex mutex_;
  std::set<std::string> losses_;
};

inline ServingCertificate NewCertificate() { return *MakeSelfSignedCertificate({"localhost"}, std::time(nullptr)); }

}  // namespace tidewaiter
