// What one shape's pods want of nodes, in the terms in which a ranking of all nodes can be kept.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "model/resources.h"
#include "state/cluster_state.h"

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

struct PlannedScorer {
  const Plugin* plugin;
  std::int64_t weight;
};

// Closes nodes that have a pod of a rule, or one that carries a term. The topology key is one of which no two nodes
// share a value, so that a pod that comes or goes closes or opens the node it is on and no other.
struct NodeBan {
  enum class By : std::uint8_t { kRule, kTerm };

  By by;
  std::uint32_t id;  // RuleId or TermId
  StringId topology_key;

  bool operator==(const NodeBan&) const = default;
};

// Cells of nodes that no plugin of a plan tells apart, as far as pods on other nodes go: what counts pods by topology
// domain finds the nodes of a cell in one domain of each key.
class CellDomains {
 public:
  virtual ~CellDomains() = default;
  virtual std::size_t size() const = 0;
  // By cell; LabelColumn::kAbsent where the nodes lack the key. REQUIRES: the plan has the key.
  virtual const std::int32_t* codes(StringId topology_key) const = 0;
};

// Filled by the plugins of a profile, each for its own part. The total of a feasible node is its local score, which
// depends on its cpu and memory alone, plus static scores, plus the scores of its cell.
struct RankingPlan {
  // What static filters and scorers read of the shape: equal keys, equal answers.
  std::string static_key;
  std::vector<PlannedScorer> static_scorers;
  LocalRequest local;
  std::vector<ResourceAmount> others;  // requests beside cpu and memory
  bool checks_room = false;            // NodeResourcesFit filters
  std::vector<NodeBan> bans;
  std::vector<StringId> topology_keys;      // that cells may not mix domains of
  std::vector<const Plugin*> cell_filters;  // asked for each pod, cell by cell
  std::vector<PlannedScorer> cell_scorers;

  void add_topology_key(StringId key) {
    if (std::find(topology_keys.begin(), topology_keys.end(), key) == topology_keys.end()) topology_keys.push_back(key);
  }
};

}  // namespace kubesched
