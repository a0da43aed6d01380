// SPDX-License-Identifier: Apache-2.0
//
// One object of the cluster as it is now: a reflector with a field selector for its name. Tested by
// tests/cluster/certificate_manager_test.cc.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "webhook/cluster/reflector.h"

namespace tidewaiter {

// Thread safe.
class ObjectWatch {
 public:
  // `options` are those of the collection; the field selector is set here. The client outlives the watch. `on_change`
  // is called on the watch's thread after each change, and after the first list.
  ObjectWatch(ApiClient& client, ReflectorOptions options, const std::string& name, std::function<void()> on_change);
  ~ObjectWatch();
  ObjectWatch(const ObjectWatch&) = delete;
  ObjectWatch& operator=(const ObjectWatch&) = delete;

  void Start() { reflector_.Start(); }
  void Stop() { reflector_.Stop(); }

  // Whether object() says what the API server has said at least once.
  bool has_synced() const;
  // nullptr when there is none.
  std::shared_ptr<const Json> object() const;

 private:
  class Handler;
  void Set(std::shared_ptr<const Json> object);

  const std::function<void()> on_change_;
  mutable std::mutex mutex_;
  bool has_synced_ = false;
  std::shared_ptr<const Json> object_;
  std::unique_ptr<Handler> handler_;
  Reflector reflector_;
};

}  // namespace tidewaiter
