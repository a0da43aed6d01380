// SPDX-License-Identifier: Apache-2.0
//
// The labels of the cluster's namespaces, from the API server: a watch for all of them, and a question for the one that
// the watch has not told of yet. Tested by tests/cluster/namespace_watch_test.cc.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "webhook/cluster/reflector.h"
#include "webhook/cluster/single_flight.h"
#include "webhook/policy/namespaces.h"

namespace tidewaiter {

struct NamespaceWatchOptions {
  ReflectorOptions reflector;  // path and kind are set by the watch
  // How long FindLabels may take for a namespace that is not known.
  std::chrono::milliseconds fetch_timeout{2'000};
  // How long an answer of "not there", and a failure to get any, holds.
  std::chrono::milliseconds absence_holds{1'000};
};

// Thread safe. While the API server is away, what it said last holds.
class NamespaceWatch : public NamespaceSource {
 public:
  // The client outlives the watch.
  explicit NamespaceWatch(ApiClient& client, NamespaceWatchOptions options = {});
  ~NamespaceWatch() override;
  NamespaceWatch(const NamespaceWatch&) = delete;
  NamespaceWatch& operator=(const NamespaceWatch&) = delete;

  void Start() { reflector_.Start(); }
  // Ends the watch and the questions under way; what is known stays known.
  void Stop();

  // A known namespace: a look into a map, no waiting. Another one, once the first list is complete: the API server is
  // asked, by one of the threads that want to know, and only if a namespace can have that name at all.
  std::shared_ptr<const Labels> FindLabels(std::string_view namespace_name) const override;

  const Reflector& reflector() const { return reflector_; }
  std::size_t size() const;

 private:
  using LabelsMap = std::map<std::string, std::shared_ptr<const Labels>, std::less<>>;

  class Handler;
  std::shared_ptr<const Labels> FindKnown(std::string_view namespace_name) const;
  // NotFound, or why there was no answer.
  absl::StatusOr<std::shared_ptr<const Labels>> Fetch(const std::string& namespace_name,
                                                      std::chrono::milliseconds timeout) const;

  ApiClient& client_;
  const NamespaceWatchOptions options_;
  mutable Cancellation cancellation_;
  mutable std::shared_mutex mutex_;
  mutable LabelsMap known_;
  // How often namespaces were removed. An answer that was asked for before a removal might bring back what is gone.
  std::uint64_t removals_ = 0;
  mutable SingleFlight<std::shared_ptr<const Labels>> fetches_;
  std::unique_ptr<Handler> handler_;
  Reflector reflector_;
};

}  // namespace tidewaiter
