// SPDX-License-Identifier: Apache-2.0
//
// An API server for tests that holds objects of any kind: get, list, watch, create, update and delete with
// resourceVersions, as much of it as several writers of the same objects need. For misbehaviour see fake_api_server.h.
#pragma once

#include <httplib.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/cluster/testing/fake_api_server.h"

namespace tidewaiter {

class FakeObjectServer {
 public:
  FakeObjectServer() {
    server_.new_task_queue = [] { return new httplib::ThreadPool(32); };
    server_.set_keep_alive_max_count(100'000);
    server_.set_tcp_nodelay(true);
    const auto serve = [this](const httplib::Request& request, httplib::Response& response) {
      Serve(request, response);
    };
    server_.Get(".*", serve).Post(".*", serve).Put(".*", serve).Delete(".*", serve);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    server_.wait_until_ready();
  }
  ~FakeObjectServer() {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
      changed_.notify_all();
    }
    server_.stop();
    thread_.join();
  }

  ClusterConfig Config() const {
    ClusterConfig config;
    config.is_tls = false;
    config.host = "127.0.0.1";
    config.port = port_;
    return config;
  }

  // The object at the path, null when there is none.
  Json Get(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(path);
    return found == objects_.end() ? Json() : found->second;
  }
  // Creates or replaces.
  void Put(const std::string& path, const Json& object) {
    const std::lock_guard lock(mutex_);
    Store(path, object);
  }
  // Lets `change` change the object; it exists.
  void Edit(const std::string& path, const std::function<void(Json&)>& change) {
    const std::lock_guard lock(mutex_);
    Json object = objects_.at(path);
    change(object);
    Store(path, object);
  }
  void Remove(const std::string& path) {
    const std::lock_guard lock(mutex_);
    Erase(path);
  }
  // While it is away every request gets 503, and watches end.
  void SetAway(bool is_away) {
    const std::lock_guard lock(mutex_);
    is_away_ = is_away;
    changed_.notify_all();
  }
  // Writes to paths that contain `part` get 403; "" lets all through again.
  void Forbid(const std::string& part) {
    const std::lock_guard lock(mutex_);
    forbidden_ = part;
  }
  // "POST PATH", "PUT PATH" of the writes that were done, in order.
  std::vector<std::string> writes() const {
    const std::lock_guard lock(mutex_);
    return writes_;
  }

 private:
  struct Event {
    int version;
    std::string collection, name, text;
  };

  static std::string CollectionOf(const std::string& path) { return path.substr(0, path.rfind('/')); }
  static std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

  void Store(const std::string& path, Json object) {
    object["metadata"]["resourceVersion"] = std::to_string(++version_);
    const bool is_new = !objects_.contains(path);
    objects_[path] = object;
    Append(path, is_new ? "ADDED" : "MODIFIED", object);
  }

  void Erase(const std::string& path) {
    Json object = objects_.at(path);
    objects_.erase(path);
    object["metadata"]["resourceVersion"] = std::to_string(++version_);
    Append(path, "DELETED", object);
  }

  void Append(const std::string& path, const char* type, const Json& object) {
    events_.push_back({.version = version_,
                       .collection = CollectionOf(path),
                       .name = NameOf(path),
                       .text = Json({{"type", type}, {"object", object}}).dump() + "\n"});
    changed_.notify_all();
  }

  static std::string SelectedName(const httplib::Request& request) {
    const std::string selector = request.get_param_value("fieldSelector");
    return selector.substr(selector.find('=') + 1);
  }

  void Serve(const httplib::Request& request, httplib::Response& response) {
    const std::lock_guard lock(mutex_);
    if (is_away_) return FakeApiServer::Refuse(response, 503, "ServiceUnavailable", "away");
    const std::string& path = request.path;
    if (request.method == "GET" && request.has_param("watch")) return Watch(request, response);
    if (request.method == "GET" && request.has_param("fieldSelector")) return List(request, response);
    if (request.method != "GET" && !forbidden_.empty() && path.find(forbidden_) != std::string::npos) {
      return FakeApiServer::Refuse(response, 403, "Forbidden", "no");
    }
    if (request.method == "POST") return Create(request, response);
    if (!objects_.contains(path)) return FakeApiServer::Refuse(response, 404, "NotFound", path + " not found");
    if (request.method == "PUT") {
      const Json object = Json::parse(request.body);
      if (TextAt(object, {"metadata", "resourceVersion"}) !=
          TextAt(objects_.at(path), {"metadata", "resourceVersion"})) {
        return FakeApiServer::Refuse(response, 409, "Conflict", "the object has been modified");
      }
      writes_.push_back("PUT " + path);
      Store(path, object);
    }
    response.set_content(objects_.at(path).dump(), "application/json");
  }

  void Create(const httplib::Request& request, httplib::Response& response) {
    const Json object = Json::parse(request.body);
    const std::string path = request.path + "/" + TextAt(object, {"metadata", "name"});
    if (objects_.contains(path)) return FakeApiServer::Refuse(response, 409, "AlreadyExists", path + " already exists");
    writes_.push_back("POST " + path);
    Store(path, object);
    response.status = 201;
    response.set_content(objects_.at(path).dump(), "application/json");
  }

  static std::string ListKind(const std::string& collection) {
    if (collection.ends_with("/secrets")) return "SecretList";
    return collection.ends_with("/validatingwebhookconfigurations") ? "ValidatingWebhookConfigurationList"
                                                                    : "MutatingWebhookConfigurationList";
  }

  void List(const httplib::Request& request, httplib::Response& response) {
    Json list = {{"kind", ListKind(request.path)},
                 {"apiVersion", "v1"},
                 {"metadata", {{"resourceVersion", std::to_string(version_)}}},
                 {"items", Json::array()}};
    const auto found = objects_.find(request.path + "/" + SelectedName(request));
    if (found != objects_.end()) list["items"].push_back(found->second);
    response.set_content(list.dump(), "application/json");
  }

  void Watch(const httplib::Request& request, httplib::Response& response) {
    auto version = std::make_shared<int>(std::stoi(request.get_param_value("resourceVersion")));
    const std::string collection = request.path, name = SelectedName(request);
    response.set_chunked_content_provider("application/json", [=, this](std::size_t, httplib::DataSink& sink) {
      std::unique_lock lock(mutex_);
      std::string text;
      changed_.wait_for(lock, std::chrono::milliseconds(20));
      if (is_stopping_ || is_away_) return false;
      for (const Event& event : events_) {
        if (event.version <= *version || event.collection != collection || event.name != name) continue;
        text += event.text;
        *version = event.version;
      }
      lock.unlock();
      return text.empty() || sink.write(text.data(), text.size());
    });
  }

  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool is_stopping_ = false;
  bool is_away_ = false;
  std::string forbidden_;
  std::map<std::string, Json> objects_;
  std::vector<Event> events_;
  std::vector<std::string> writes_;
  int version_ = 100;
};

}  // namespace tidewaiter
