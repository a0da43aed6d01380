// SPDX-License-Identifier: Apache-2.0
//
// An API server for tests: namespaces in memory with resourceVersions, lists in pages, watches that stream, and every
// misbehaviour that a client has to live with, on demand.
#pragma once

#include <httplib.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/cluster/testing/test_certificate.h"
#include "webhook/cluster/cluster_config.h"
#include "webhook/cluster/json_text.h"

namespace tidewaiter {

inline const char kNamespaces[] = "/api/v1/namespaces";

struct SeenRequest {
  std::string method, target, authorization, content_type, user_agent, body;
  std::multimap<std::string, std::string> query;
};

class FakeApiServer {
 public:
  // Answers a request instead of the server; false = the server may.
  using Override = std::function<bool(const httplib::Request&, httplib::Response&)>;

  FakeApiServer() : FakeApiServer(std::make_unique<httplib::Server>()) {}
  // Over TLS; with `client_ca` only clients with that certificate are let in.
  explicit FakeApiServer(const TestCertificate& certificate, const std::string& client_ca = "")
      : FakeApiServer(std::make_unique<httplib::SSLServer>(httplib::SSLServer::PemMemory{
            certificate.certificate_pem.c_str(), certificate.certificate_pem.size(), certificate.key_pem.c_str(),
            certificate.key_pem.size(), client_ca.empty() ? nullptr : client_ca.c_str(), client_ca.size(), nullptr})) {
    is_tls_ = true;
    ca_pem_ = certificate.certificate_pem;
  }
  ~FakeApiServer() {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
      changed_.notify_all();
    }
    server_->stop();
    thread_.join();
  }

  ClusterConfig Config() const {
    ClusterConfig config;
    config.is_tls = is_tls_;
    config.host = "127.0.0.1";
    config.port = port_;
    config.ca.text = ca_pem_;
    return config;
  }

  // --- the cluster ---
  int Put(const std::string& name, const Json& labels = Json::object()) {
    const std::lock_guard lock(mutex_);
    const bool is_new = !objects_.contains(name);
    Json object = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}, {"labels", labels}}}};
    object["metadata"]["resourceVersion"] = std::to_string(++version_);
    objects_[name] = object;
    Append({{"type", is_new ? "ADDED" : "MODIFIED"}, {"object", object}});
    return version_;
  }
  // Without an event, as if it had happened while nobody could see: only a list shows it.
  void RemoveSilently(const std::string& name) {
    const std::lock_guard lock(mutex_);
    objects_.erase(name);
    ++version_;
  }
  void Remove(const std::string& name) {
    const std::lock_guard lock(mutex_);
    Json object = objects_.at(name);
    objects_.erase(name);
    object["metadata"]["resourceVersion"] = std::to_string(++version_);
    Append({{"type", "DELETED"}, {"object", object}});
  }
  // An object that lists and single requests have, and no watch tells of.
  void PutSilently(const std::string& name, const Json& labels = Json::object()) {
    const std::lock_guard lock(mutex_);
    objects_[name] = {
        {"apiVersion", "v1"},
        {"kind", "Namespace"},
        {"metadata", {{"name", name}, {"labels", labels}, {"resourceVersion", std::to_string(++version_)}}}};
  }
  void SendBookmark() {
    const std::lock_guard lock(mutex_);
    Append({{"type", "BOOKMARK"},
            {"object", {{"kind", "Namespace"}, {"metadata", {{"resourceVersion", std::to_string(++version_)}}}}}});
  }
  // To the watches that are open, once, as it is.
  void SendRaw(const std::string& text) {
    const std::lock_guard lock(mutex_);
    for (auto& [id, queue] : watches_) queue.push_back(text);
    changed_.notify_all();
  }
  // Watches from before the newest version get 410; so do open lists that want to continue.
  void Expire() {
    const std::lock_guard lock(mutex_);
    oldest_ = version_;
    ++list_epoch_;
  }

  // --- misbehaviour ---
  // Ends open watches: in good order, or in the middle of everything.
  void EndWatches() { EndWatches(false); }
  void DropWatches() { EndWatches(true); }
  void SetOverride(Override override_) {
    const std::lock_guard lock(mutex_);
    override_function_ = std::move(override_);
  }
  // The next answers, whatever is asked.
  void AnswerNext(int times, int status, const std::string& body = "", const std::string& retry_after = "") {
    auto left = std::make_shared<std::atomic<int>>(times);
    SetOverride([=](const httplib::Request&, httplib::Response& response) {
      if (left->fetch_sub(1) <= 0) return false;
      response.status = status;
      response.set_content(body, "application/json");
      if (!retry_after.empty()) response.set_header("Retry-After", retry_after);
      return true;
    });
  }
  void RequireToken(const std::string& token) {
    const std::lock_guard lock(mutex_);
    token_ = token;
  }
  // Requests are taken and not answered until the server ends or this is taken back.
  void Hang(bool is_hanging) {
    const std::lock_guard lock(mutex_);
    is_hanging_ = is_hanging;
    changed_.notify_all();
  }

  // --- what it saw ---
  std::vector<SeenRequest> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  int CountSeen(const std::function<bool(const SeenRequest&)>& is_meant) const {
    int count = 0;
    for (const SeenRequest& request : seen()) count += is_meant(request) ? 1 : 0;
    return count;
  }
  int CountWatches() const {
    return CountSeen([](const SeenRequest& request) { return request.query.contains("watch"); });
  }
  int CountLists() const {
    return CountSeen([](const SeenRequest& r) { return r.target == kNamespaces && !r.query.contains("watch"); });
  }
  std::size_t open_watches() const {
    const std::lock_guard lock(mutex_);
    return watches_.size();
  }
  // Since the start, those that were refused not counted.
  int watches_opened() const {
    const std::lock_guard lock(mutex_);
    return next_watch_;
  }
  int hanging() const { return hanging_; }

  static Json StatusObject(int code, const std::string& reason, const std::string& message = "") {
    return {{"kind", "Status"},   {"apiVersion", "v1"}, {"status", "Failure"},
            {"message", message}, {"reason", reason},   {"code", code}};
  }
  static void Refuse(httplib::Response& response, int code, const std::string& reason,
                     const std::string& message = "") {
    response.status = code;
    response.set_content(StatusObject(code, reason, message).dump(), "application/json");
  }

 private:
  explicit FakeApiServer(std::unique_ptr<httplib::Server> server) : server_(std::move(server)) {
    server_->new_task_queue = [] { return new httplib::ThreadPool(24); };
    server_->set_keep_alive_max_count(1000);
    server_->set_tcp_nodelay(true);
    const auto serve = [this](const httplib::Request& request, httplib::Response& response) {
      Serve(request, response);
    };
    server_->Get(".*", serve).Post(".*", serve).Put(".*", serve).Patch(".*", serve).Delete(".*", serve);
    port_ = server_->bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_->listen_after_bind(); });
    server_->wait_until_ready();
  }

  void Append(Json event) {
    events_.emplace_back(version_, event.dump() + "\n");
    for (auto& [id, queue] : watches_) queue.push_back(events_.back().second);
    changed_.notify_all();
  }

  void EndWatches(bool is_drop) {
    const std::lock_guard lock(mutex_);
    for (auto& [id, queue] : watches_) queue.push_back(is_drop ? kDrop : kEnd);
    changed_.notify_all();
  }

  void Serve(const httplib::Request& request, httplib::Response& response) {
    Override override_function;
    {
      std::unique_lock lock(mutex_);
      seen_.push_back({request.method, request.path, request.get_header_value("Authorization"),
                       request.get_header_value("Content-Type"), request.get_header_value("User-Agent"), request.body,
                       request.params});
      if (is_hanging_) {
        ++hanging_;
        changed_.wait(lock, [this] { return !is_hanging_ || is_stopping_; });
        --hanging_;
      }
      if (!token_.empty() && request.get_header_value("Authorization") != "Bearer " + token_) {
        return Refuse(response, 401, "Unauthorized", "Unauthorized");
      }
      override_function = override_function_;
    }
    if (override_function && override_function(request, response)) return;
    if (request.path == kNamespaces && request.has_param("watch")) return Watch(request, response);
    if (request.path == kNamespaces) return List(request, response);
    const std::lock_guard lock(mutex_);
    const std::string name = request.path.substr(request.path.rfind('/') + 1);
    if (!objects_.contains(name)) return Refuse(response, 404, "NotFound", "namespaces \"" + name + "\" not found");
    response.set_content(objects_.at(name).dump(), "application/json");
  }

  void List(const httplib::Request& request, httplib::Response& response) {
    const std::lock_guard lock(mutex_);
    const std::size_t limit = request.has_param("limit") ? std::stoul(request.get_param_value("limit")) : 1'000'000;
    Json list = {{"kind", "NamespaceList"}, {"apiVersion", "v1"}, {"items", Json::array()}};
    std::string after;
    std::string version = std::to_string(version_);
    if (request.has_param("continue")) {
      const Json token = Json::parse(request.get_param_value("continue"));
      if (token["epoch"] != list_epoch_) return Refuse(response, 410, "Expired", "the continue token is too old");
      after = token["after"];
      version = token["version"];
    }
    for (auto object = objects_.upper_bound(after); object != objects_.end(); ++object) {
      if (list["items"].size() == limit) {
        list["metadata"]["continue"] = Json({{"epoch", list_epoch_}, {"after", after}, {"version", version}}).dump();
        break;
      }
      Json item = object->second;
      item.erase("kind");
      item.erase("apiVersion");
      list["items"].push_back(item);
      after = object->first;
    }
    list["metadata"]["resourceVersion"] = version;
    response.set_content(list.dump(), "application/json");
  }

  void Watch(const httplib::Request& request, httplib::Response& response) {
    std::unique_lock lock(mutex_);
    const int from = std::stoi(request.get_param_value("resourceVersion"));
    if (from < oldest_) return Refuse(response, 410, "Expired", "too old resource version");
    const int id = next_watch_++;
    for (const auto& [version, text] : events_) {
      if (version > from) watches_[id].push_back(text);
    }
    watches_[id];  // also without events
    lock.unlock();
    response.set_chunked_content_provider(
        "application/json", [this, id](std::size_t, httplib::DataSink& sink) { return Stream(id, sink); },
        [this, id](bool) {
          const std::lock_guard again(mutex_);
          watches_.erase(id);
        });
  }

  bool Stream(int id, httplib::DataSink& sink) {
    std::unique_lock lock(mutex_);
    std::deque<std::string>& queue = watches_[id];
    changed_.wait_for(lock, std::chrono::milliseconds(20), [&] { return !queue.empty() || is_stopping_; });
    if (is_stopping_) return false;
    if (queue.empty()) return true;
    const std::string text = queue.front();
    queue.pop_front();
    lock.unlock();
    if (text == kDrop) return false;
    if (text == kEnd) return sink.done(), true;
    return sink.write(text.data(), text.size());
  }

  const std::string kDrop = "drop", kEnd = "end";
  std::unique_ptr<httplib::Server> server_;
  bool is_tls_ = false;
  std::string ca_pem_;
  int port_ = 0;
  std::thread thread_;
  std::atomic<int> hanging_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool is_stopping_ = false;
  bool is_hanging_ = false;
  std::string token_;
  Override override_function_;
  std::map<std::string, Json> objects_;
  std::vector<std::pair<int, std::string>> events_;
  std::map<int, std::deque<std::string>> watches_;
  int next_watch_ = 0;
  int version_ = 100;
  int oldest_ = 0;
  int list_epoch_ = 0;
  std::vector<SeenRequest> seen_;
};

}  // namespace tidewaiter
