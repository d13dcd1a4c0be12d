// What GPU policies found for each node and kind of pod, kept up to date node by node.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "model/gpu_request.h"

namespace kubesched {

// As of one epoch of the cluster and one number of changes of its nodes.
struct GpuNodeScores {
  std::uint64_t epoch = 0;
  std::uint64_t num_changes = 0;
  std::vector<std::int32_t> scores;   // by node
  std::vector<double> fragmentation;  // by node, of fragmentation_of() alone
};

// A copy starts empty: what is in here can be found again.
class GpuScoreMemo {
 public:
  using Key = std::vector<std::int64_t>;

  GpuScoreMemo() = default;
  GpuScoreMemo(const GpuScoreMemo&) {}
  GpuScoreMemo& operator=(const GpuScoreMemo&) = delete;

  // Forgets all when there are too many: an entry is good until the next call.
  GpuNodeScores& of(const Key& key) {
    if (by_key_.size() >= kMostEntries && by_key_.find(key) == by_key_.end()) by_key_.clear();
    return by_key_[key];
  }
  // The fragmentation by node as one plugin measures it.
  GpuNodeScores& fragmentation_of(const void* plugin) { return by_plugin_[plugin]; }

 private:
  static constexpr std::size_t kMostEntries = 4096;

  std::map<Key, GpuNodeScores> by_key_;
  std::unordered_map<const void*, GpuNodeScores> by_plugin_;
};

}  // namespace kubesched
