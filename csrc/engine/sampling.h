// How many feasible nodes are enough (percentageOfNodesToScore).
#pragma once

#include <cstdint>

#include "base/node_mask.h"

namespace kubesched {

// schedule_one.go numFeasibleNodesToFind (v1.34). `percentage` 0 adapts to the number of nodes.
std::int64_t feasible_nodes_to_find(std::int64_t percentage, std::int64_t num_nodes);

// Walks `candidates` from the start-th one, round robin, until `enough` of them are feasible; takes the feasible
// ones behind that out of `feasible` and returns how many candidates it passed.
std::int64_t keep_first_feasible(const NodeMask& candidates, std::int64_t start, std::int64_t enough,
                                 NodeMask& feasible);

// The candidates that such a walk passed: the first `passed` from the start-th one, round robin.
NodeMask passed_candidates(const NodeMask& candidates, std::int64_t start, std::int64_t passed);

}  // namespace kubesched
