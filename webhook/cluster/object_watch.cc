// SPDX-License-Identifier: Apache-2.0
//
// What the list held is the object; what the watch tells replaces it.
#include "webhook/cluster/object_watch.h"

#include <utility>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

ReflectorOptions ForName(ReflectorOptions options, const std::string& name) {
  options.field_selector = StrCat("metadata.name=", name);
  return options;
}

}  // namespace

class ObjectWatch::Handler : public ReflectorHandler {
 public:
  Handler(ObjectWatch& watch, std::string name) : watch_(watch), name_(std::move(name)) {}

  void BeginList() override { listed_.reset(); }
  absl::Status ListItem(Json object) override {
    if (TextAt(object, {"metadata", "name"}) == name_) listed_ = std::make_shared<const Json>(std::move(object));
    return absl::OkStatus();
  }
  void Replace(const std::string&) override { watch_.Set(std::exchange(listed_, nullptr)); }
  absl::Status Upsert(Json object) override {
    if (TextAt(object, {"metadata", "name"}) == name_) watch_.Set(std::make_shared<const Json>(std::move(object)));
    return absl::OkStatus();
  }
  absl::Status Delete(Json object) override {
    if (TextAt(object, {"metadata", "name"}) == name_) watch_.Set(nullptr);
    return absl::OkStatus();
  }

 private:
  ObjectWatch& watch_;
  const std::string name_;
  std::shared_ptr<const Json> listed_;
};

ObjectWatch::ObjectWatch(ApiClient& client, ReflectorOptions options, const std::string& name,
                         std::function<void()> on_change)
    : on_change_(std::move(on_change)),
      handler_(std::make_unique<Handler>(*this, name)),
      reflector_(client, ForName(std::move(options), name), *handler_) {}

ObjectWatch::~ObjectWatch() { Stop(); }

bool ObjectWatch::has_synced() const {
  const std::lock_guard lock(mutex_);
  return has_synced_;
}

std::shared_ptr<const Json> ObjectWatch::object() const {
  const std::lock_guard lock(mutex_);
  return object_;
}

void ObjectWatch::Set(std::shared_ptr<const Json> object) {
  {
    const std::lock_guard lock(mutex_);
    has_synced_ = true;
    object_.swap(object);
  }
  on_change_();
}

}  // namespace tidewaiter
