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

// Cpu and memory in doubles, for the kernels.
FitColumns fit_columns(const ScoreColumns& columns, CountedAs counted_as);

// The pod and the nodes are small enough for the kernels' doubles to be exact.
bool kernels_are_exact(const Cycle& cycle, std::int64_t weight);

}  // namespace kubesched
