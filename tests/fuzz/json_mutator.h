// SPDX-License-Identifier: Apache-2.0
//
// Changes JSON texts as JSON: takes members out, puts others in that real objects have under the same key, and writes
// edge values. Bytes changed at random hardly ever leave a review that can be read.
#pragma once

#include <array>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace tidewaiter {

class JsonMutator {
 public:
  using json = nlohmann::json;

  // Learns which members and elements there are in `samples`, and under which key.
  explicit JsonMutator(const std::vector<json>& samples) : samples_(samples) {
    for (const json& sample : samples_) Learn("object", sample);
  }

  // As LLVMFuzzerCustomMutator.
  std::size_t Mutate(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned int seed) {
    std::minstd_rand random(seed);
    json root = json::parse(data, data + size, nullptr, false);
    if (root.is_discarded() || random() % 8 == 0) return LLVMFuzzerMutate(data, size, max_size);
    for (std::size_t changes = 1 + random() % 3; changes > 0; --changes) Change(root, random);
    const std::string text = root.dump(-1, ' ', false, json::error_handler_t::replace);
    if (text.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
    std::memcpy(data, text.data(), text.size());
    return text.size();
  }

 private:
  struct Place {
    std::string key;  // of an element of a list: the list's
    json* value = nullptr;
    json* parent = nullptr;  // nullptr for the root
    std::size_t index = 0;   // in a list
  };

  template <typename T>
  static const T& Pick(const std::vector<T>& from, std::minstd_rand& random) {
    return from[random() % from.size()];
  }

  void Learn(const std::string& key, const json& value) {
    values_[key].push_back(value);
    if (value.is_object()) {
      for (const auto& [name, member] : value.items()) {
        members_[key].emplace_back(name, member);
        Learn(name, member);
      }
    } else if (value.is_array()) {
      for (const json& element : value) Learn(key, element);
    }
  }

  static void FindPlaces(const std::string& key, json& value, json* parent, std::size_t index,
                         std::vector<Place>& places) {
    places.push_back({key, &value, parent, index});
    if (value.is_object()) {
      for (auto member = value.begin(); member != value.end(); ++member) {
        FindPlaces(member.key(), *member, &value, 0, places);
      }
    } else if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) FindPlaces(key, value[i], &value, i, places);
    }
  }

  void Change(json& root, std::minstd_rand& random) {
    std::vector<Place> places;
    FindPlaces("object", root, nullptr, 0, places);
    const Place place = Pick(places, random);
    switch (random() % 8) {
      case 0:
        return Remove(place);
      case 1:
        *place.value = EdgeValue(random);
        return;
      case 2:
        if (place.value->is_array() && !place.value->empty()) {
          const json element = (*place.value)[random() % place.value->size()];
          place.value->push_back(element);
          return;
        }
        [[fallthrough]];
      case 3:
      case 4:
        if (place.value->is_object()) {
          if (const auto known = members_.find(place.key); known != members_.end()) {
            const auto& [name, member] = Pick(known->second, random);
            (*place.value)[name] = member;
          }
          return;
        }
        [[fallthrough]];
      case 5:
        if (const auto known = values_.find(place.key); known != values_.end()) {
          *place.value = Pick(known->second, random);
        }
        return;
      case 6:
        return ChangeScalar(*place.value, random);
      default:
        *Pick(places, random).value = json(*place.value);
        return;
    }
  }

  static void Remove(const Place& place) {
    if (place.parent == nullptr) return;
    if (place.parent->is_object()) {
      place.parent->erase(place.key);
    } else {
      place.parent->erase(place.index);
    }
  }

  static void ChangeScalar(json& value, std::minstd_rand& random) {
    if (value.is_string()) {
      std::array<std::uint8_t, 300> bytes{};
      const std::string text = value;
      const std::size_t size = std::min(text.size(), bytes.size());
      std::memcpy(bytes.data(), text.data(), size);
      const std::size_t changed = LLVMFuzzerMutate(bytes.data(), size, bytes.size());
      value = std::string(reinterpret_cast<const char*>(bytes.data()), changed);
    } else if (value.is_number_integer()) {
      const std::int64_t shift = static_cast<std::int64_t>(random() % 5) - 2;
      value = static_cast<std::int64_t>(value.get<std::uint64_t>() + static_cast<std::uint64_t>(shift));
    } else if (value.is_boolean()) {
      value = !value.get<bool>();
    } else {
      value = EdgeValue(random);
    }
  }

  static json EdgeValue(std::minstd_rand& random) {
    static const std::vector<json> values = {nullptr,
                                             true,
                                             false,
                                             0,
                                             -1,
                                             1,
                                             65535,
                                             2147483648,
                                             -2147483649,
                                             9223372036854775807,
                                             18446744073709551615u,
                                             1e308,
                                             0.1,
                                             "",
                                             " ",
                                             "true",
                                             "null",
                                             "0",
                                             "-",
                                             "*",
                                             "?",
                                             "/",
                                             "~",
                                             "~0~1",
                                             "..",
                                             "a/b",
                                             "\n",
                                             std::string(1, '\0'),
                                             "\u2028",
                                             "\xF0\x9F\x9A\xA2",
                                             std::string(300, 'x'),
                                             "1Ei",
                                             "1e30",
                                             "-1",
                                             "0.1n",
                                             "100m",
                                             "Unconfined",
                                             "RuntimeDefault",
                                             "Localhost",
                                             "ALL",
                                             "nginx",
                                             "nginx:latest",
                                             "default",
                                             "kube-system",
                                             "kubernetes.io/x",
                                             "windows",
                                             "Always",
                                             "CREATE",
                                             "UPDATE",
                                             "ephemeralcontainers",
                                             "resize",
                                             "Pod",
                                             "Deployment",
                                             "apps",
                                             json::array(),
                                             json::object(),
                                             json::array({nullptr}),
                                             json::array({json::object()}),
                                             json({{"", nullptr}})};
    return Pick(values, random);
  }

  std::vector<json> samples_;
  std::map<std::string, std::vector<json>> values_;
  std::map<std::string, std::vector<std::pair<std::string, json>>> members_;
};

}  // namespace tidewaiter
