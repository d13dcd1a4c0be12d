// The amounts that resource scores are computed from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "framework/plugin.h"

namespace kubesched {

// One resource that a score looks at, for one pod: columns by node and what the pod adds.
struct ScoredResource {
  const std::int64_t* allocatable;
  const std::int64_t* requested;
  std::int64_t pod_request;
  std::int64_t weight;
};

enum class CountedAs : std::uint8_t { kRequested, kNonZeroRequested };

// The resources of `names` that count for this pod: an extended one that the pod does not ask for does not, nor does
// a name that no node has (plugins/noderesources/resource_allocation.go, v1.34).
std::vector<ScoredResource> scored_resources(const Cycle& cycle, const std::vector<std::string>& names,
                                             const std::vector<std::int64_t>& weights, CountedAs counted_as);

// The pod and the nodes are small enough for the kernels' doubles to be exact.
bool kernels_are_exact(const Cycle& cycle);

// Writes down what LeastAllocated, or NodeResourcesBalancedAllocation, over cpu and memory needs of the pod.
void ask_least_allocated(const PodShape& pod, std::int32_t weight, LocalRequest& request);
void ask_balanced(const PodShape& pod, std::int32_t weight, LocalRequest& request);

// One score of every node for one shape, kept from cycle to cycle: only nodes that changed since are scored again,
// unless so many did that one pass over all is cheaper.
struct KernelScores final : Memo {
  std::vector<std::uint8_t> by_node;  // a few more than there are nodes
  std::uint64_t as_of = 0;            // NodeLog::end() when they were right
  std::size_t bytes() const override { return by_node.capacity(); }
};

// totals += weight * what the kernel gives for the request.
void add_kernel_scores(Cycle& cycle, std::size_t slot, const LocalRequest& request, std::int64_t weight,
                       std::int64_t* totals);

}  // namespace kubesched
