// DefaultPreemption: which pods would have to go for a pod that fits nowhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "engine/filter_run.h"
#include "framework/extender.h"

namespace kubesched {

// What DefaultPreemption answers: a node and its victims, or upstream's message.
struct PreemptionResult {
  std::optional<Victims> best;
  std::string message;
  bool is_error = false;           // an extender failed: no other PostFilter is asked
  bool clears_nomination = false;  // no node can help: the pod's earlier nomination is void
};

// framework/preemption/preemption.go and plugins/defaultpreemption/default_preemption.go (v1.34), one node after
// another. Changes nothing: victims leave in thought alone.
class RoomSearch;

class Preemption {
 public:
  // REQUIRES: the run found no feasible node; `diagnosis` is its own, or nullptr where a PreFilter rejected the pod.
  Preemption(Cycle& cycle, const Profile& profile, const FilterRun& run, const Diagnosis* diagnosis,
             const Extenders& extenders)
      : cycle_(cycle), profile_(profile), run_(run), diagnosis_(diagnosis), extenders_(extenders) {}

  // `nominated` is where the pod is nominated already, or kNoId. With a source of chance, the search starts at a random
  // node and ties between nodes are drawn; else it starts at the first, and the first of equals wins.
  PreemptionResult find(NodeIndex nominated, Rng* rng);

 private:
  Code code_at(NodeIndex node) const;
  bool waits_for_victims(NodeIndex nominated) const;
  std::vector<NodeIndex> potential_nodes() const;
  Status ask_extenders(std::vector<Victims>& candidates) const;
  std::vector<Victims> find_candidates(const std::vector<NodeIndex>& potential, Rng* rng);
  std::vector<PodId> lower_priority_pods(NodeIndex node) const;
  bool has_lower_priority_pods(NodeIndex node) const;
  std::optional<Victims> select_victims(NodeIndex node);
  // REQUIRES: room decides on the node, and there is room without all pods of lower priority.
  Victims select_victims(NodeIndex node, RoomSearch& room) const;
  static Victims victims_of(NodeIndex node, const std::vector<PodId>& lower, const std::vector<bool>& violating,
                            const std::vector<bool>& stays);
  std::int64_t priority_of(PodId pod) const;
  std::vector<bool> violations(const std::vector<PodId>& pods) const;
  std::size_t choose(const std::vector<Victims>& candidates, Rng* rng) const;
  std::string not_helpful(const std::vector<NodeIndex>& potential);

  Cycle& cycle_;
  const Profile& profile_;
  const FilterRun& run_;
  const Diagnosis* diagnosis_;
  const Extenders& extenders_;
};

}  // namespace kubesched
