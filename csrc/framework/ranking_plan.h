// What one shape's pods want of nodes, in the terms in which a ranking of all nodes can be kept.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "model/resources.h"

namespace kubesched {

class Plugin;

enum class Normalization : std::uint8_t {
  kNone,             // scores are 0..100 as they are
  kHighest,          // raw * 100 / the highest of any feasible node
  kHighestReversed,  // 100 minus that
};

// One scorer's raw scores, which depend on the shape and the nodes alone, never on the pods there.
struct StaticScores {
  std::vector<std::int64_t> by_node;  // empty: the same for all
  Normalization normalization = Normalization::kNone;
};

struct StaticScorer {
  const Plugin* plugin;
  std::int64_t weight;
};

// Filled by the plugins of a profile, each for its own part. The total of a feasible node is its local score, which
// depends on its cpu and memory alone, plus static scores.
struct RankingPlan {
  // What static filters and scorers read of the shape: equal keys, equal answers.
  std::string static_key;
  std::vector<StaticScorer> static_scorers;
  LocalRequest local;
  std::vector<ResourceAmount> others;  // requests beside cpu and memory
  bool checks_room = false;            // NodeResourcesFit filters
};

}  // namespace kubesched
