// What the pods of each node ask for, by their priority.
#pragma once

#include <cstdint>
#include <vector>

#include "model/pod_shape.h"

namespace kubesched {

// The pods of one priority on a node.
struct PriorityLoad {
  std::int64_t priority;
  std::int64_t num_pods;
  std::int64_t milli_cpu;
  std::int64_t memory_bytes;
};

// Preemption asks it what would be free without the pods of lower priorities. Not thread-safe.
class PriorityLoads {
 public:
  // By priority, lowest first.
  const std::vector<PriorityLoad>& on_node(std::uint32_t node_uid) const;
  // A pod came to a node, or with sign -1 left it.
  void change(std::uint32_t node_uid, const PodShape& pod, std::int64_t sign);

 private:
  std::vector<std::vector<PriorityLoad>> by_node_;  // by node uid
};

}  // namespace kubesched
