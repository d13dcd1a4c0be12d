// Victims on nodes where nothing but room is missing: sums over priorities instead of filters.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/filter_run.h"

namespace kubesched {

// What preemption needs of a node on which the pod would fit, were there room. On other nodes filters decide.
class RoomSearch {
 public:
  RoomSearch(Cycle& cycle, const Profile& profile, const FilterRun& run);

  // Room decides on this node.
  bool covers(NodeIndex node) const { return covered_.size() != 0 && covered_.test(node); }
  // The least priority such that there is room without the pods up to it; nullopt where all lower ones are too few.
  // REQUIRES: covers(node).
  std::optional<std::int64_t> least_highest_priority(NodeIndex node) const;
  // Which of the pods, the most important first, may stay; those that would break a budget are asked first.
  // REQUIRES: covers(node), and there is room without all of them.
  void reprieve(NodeIndex node, std::span<const PodId> lower, const std::vector<bool>& violating,
                std::vector<bool>& stays);

 private:
  // What the pods nominated to a node will take.
  struct Nominated {
    std::int64_t num_pods = 0;
    std::vector<std::int64_t> amounts;
  };

  std::int64_t free_pods(NodeIndex node) const;
  std::int64_t free(std::size_t resource, NodeIndex node) const;

  Cycle& cycle_;
  NodeMask covered_;
  std::vector<ResourceAmount> wanted_;
  bool knows_sums_ = false;  // the pod asks for nothing but CPU and memory
  std::vector<std::int64_t> free_;
  std::unordered_map<NodeIndex, Nominated> nominated_;
};

}  // namespace kubesched
