// SPDX-License-Identifier: Apache-2.0
//
// A small map whose keys are views: one allocation for all entries, in order of their keys. It owns no text: whoever
// fills it says how long the keys live. Tested by tests/kube/text_map_test.cc.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

namespace tidewaiter {

template <typename T>
class TextMap {
 public:
  using Entry = std::pair<std::string_view, T>;
  using const_iterator = typename std::vector<Entry>::const_iterator;

  TextMap() = default;
  // Precondition: no key twice.
  TextMap(std::initializer_list<Entry> entries) : entries_(entries) {
    std::sort(entries_.begin(), entries_.end(), IsBefore);
  }

  // Takes what `entries` hold, in whatever order. False, and the map stays as it was, when a key is there twice:
  // `repeated` is then the first entry whose key one before it has as well.
  bool Assign(std::vector<Entry>& entries, std::size_t& repeated) {
    const auto is_after = [](const Entry& a, const Entry& b) { return !IsBefore(a, b); };
    if (std::adjacent_find(entries.begin(), entries.end(), is_after) != entries.end() && !Sort(entries, repeated)) {
      return false;
    }
    entries_ = std::move(entries);
    return true;
  }

  const_iterator begin() const { return entries_.begin(); }
  const_iterator end() const { return entries_.end(); }
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }

  const_iterator find(std::string_view key) const {
    // Most hold a handful, and keys of another size are told apart at once.
    constexpr std::size_t kHandful = 8;
    if (size() <= kHandful) return std::find_if(begin(), end(), [&](const Entry& entry) { return entry.first == key; });
    const const_iterator place = PlaceOf(key);
    return place != end() && place->first == key ? place : end();
  }
  bool contains(std::string_view key) const { return find(key) != end(); }

  // `key` must live as long as the map and its copies.
  void Set(std::string_view key, T value) {
    const auto place = entries_.begin() + (PlaceOf(key) - begin());
    if (place != entries_.end() && place->first == key) {
      place->second = std::move(value);
    } else {
      entries_.emplace(place, key, std::move(value));
    }
  }

  bool operator==(const TextMap&) const = default;

 private:
  static bool IsBefore(const Entry& a, const Entry& b) { return a.first < b.first; }
  static bool Sort(std::vector<Entry>& entries, std::size_t& repeated) {
    std::vector<std::pair<std::string_view, std::size_t>> order;
    order.reserve(entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) order.emplace_back(entries[i].first, i);
    std::sort(order.begin(), order.end());
    repeated = entries.size();
    for (std::size_t i = 1; i < order.size(); ++i) {
      if (order[i - 1].first == order[i].first) repeated = std::min(repeated, order[i].second);
    }
    if (repeated < entries.size()) return false;
    std::vector<Entry> sorted;
    sorted.reserve(entries.size());
    for (const auto& [key, place] : order) sorted.push_back(std::move(entries[place]));
    entries = std::move(sorted);
    return true;
  }
  const_iterator PlaceOf(std::string_view key) const {
    return std::lower_bound(begin(), end(), key,
                            [](const Entry& entry, std::string_view wanted) { return entry.first < wanted; });
  }

  std::vector<Entry> entries_;
};

}  // namespace tidewaiter
