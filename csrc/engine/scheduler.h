// The scheduling cycle: filter, score, choose, assume.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "engine/filter_run.h"
#include "engine/rankings.h"
#include "framework/extender.h"
#include "framework/profile.h"
#include "kernels/kernels.h"
#include "state/cluster_state.h"

namespace kubesched {

enum class TieBreak : std::uint8_t { kFirst, kRandom };

struct SchedulerOptions {
  TieBreak tie_break = TieBreak::kFirst;  // among nodes of equal score: the first in node order, or a seeded draw
  std::uint64_t seed = 0;
  const Kernels* kernels = nullptr;  // nullptr: the best that the processor runs
  Extenders extenders;
  RankingOptions ranking;
};

// What happens to a pod that fits nowhere.
enum class PreemptionPolicy : std::uint8_t {
  kNever,      // it stays pending
  kGraceful,   // victims are chosen and terminate, keeping their room until they are removed; the pod is nominated
  kImmediate,  // victims are removed at once and the pod is tried again
};

// What the PostFilter plugins made of a pod that fits nowhere.
struct PostFilterResult {
  NodeIndex nominated = kNoId;
  std::vector<std::string> victims;  // "namespace/name", the most important first
  std::string message;               // empty where a node was nominated
  std::string deallocated_claim;     // "namespace/name" of a claim that loses its allocation; empty: none
};

// What one cycle decided. `message` is empty where a node was found.
struct Decision {
  NodeIndex node = kNoId;
  std::int64_t feasible_nodes = 0;
  std::int64_t evaluated_nodes = 0;
  std::string message;
  PostFilterResult post_filter;        // also where victims made room at once
  std::vector<std::string> rejectors;  // the plugins that rejected nodes or the pod; empty where a node was found
};

struct PluginScores {
  std::string plugin;
  std::vector<std::int64_t> weighted;  // by node; means nothing where the node is not feasible
};

// Everything about one pod and every node; nothing is changed by asking.
struct Explanation {
  std::string pre_filter_plugin;  // empty unless a PreFilter rejected the pod
  Status pre_filter;
  std::vector<std::string> filters;  // filter plugins, then extenders; Rejection::plugin points into it
  std::optional<Diagnosis> diagnosis;
  NodeMask feasible;
  std::vector<PluginScores> scores;  // of the plugins that were not skipped
  std::vector<std::int64_t> totals;  // by node
  NodeIndex node = kNoId;
  std::string message;
  PostFilterResult post_filter;
};

// A pod of schedule_many that fits nowhere, or for which pods had to go.
struct Outcome {
  std::int64_t position;  // in the input
  std::string message;    // empty where a node was found
  PostFilterResult post_filter;
};

// A pod that is to be decided.
struct PodToSchedule {
  PodKey key;  // "namespace/name"
  ShapeId shape;
  std::string_view nominated_node_name;  // status.nominatedNodeName; empty: what the cluster knows of the pod
};

// What cycles have moved besides the cluster: where sampling and chance stand.
struct Mark {
  Rng rng;
  std::int64_t next_start;
};

// A cluster and how it is scheduled. A copy is independent. Not thread-safe per instance.
class Scheduler {
 public:
  // REQUIRES: at least one profile.
  Scheduler(std::vector<std::string> profile_records, const Registry& registry, const SchedulerOptions& options);
  Scheduler(const Scheduler& other);
  Scheduler& operator=(const Scheduler&) = delete;

  ClusterState& state() { return state_; }
  const ClusterState& state() const { return state_; }
  std::string_view kernels_name() const { return kernels_->name; }
  Mark mark() const { return Mark{rng_, next_start_}; }
  // After the pods placed since have been removed, the cycles since then have not been.
  void rewind(const Mark& mark);

  Explanation explain(const PodToSchedule& pod);
  // Decides and, where a node is found, places the pod. StateError where the key is on a node already.
  Decision schedule(const PodToSchedule& pod, PreemptionPolicy policy);
  // StateError where a key is on a node or twice, or a shape has no profile.
  void require_new_pods(std::span<const ShapeId> shapes, const PodKeys& keys) const;
  // Schedules pods in order; node_index[i] is kNoId where pod i fits nowhere. All keys are checked before any pod
  // is placed.
  std::vector<NodeIndex> schedule_many(std::span<const ShapeId> shapes, const std::shared_ptr<const PodKeys>& keys,
                                       PreemptionPolicy policy, std::vector<Outcome>& outcomes);

 private:
  static constexpr std::size_t kMemoBudgetBytes = std::size_t{256} << 20;

  const Profile& profile_for(const PodShape& shape) const;
  ShapeMemo& memo_for(const Profile& profile, ShapeId shape);
  Cycle begin(ShapeMemo& memo, const PodToSchedule& pod);
  NodeIndex nominated_node(const PodToSchedule& pod) const;
  // Keeps what percentageOfNodesToScore leaves of the feasible nodes; gives how many nodes were looked at.
  std::int64_t sample(const Profile& profile, const NodeMask& candidates, NodeMask& feasible, NodeMask& looked_at);
  NodeIndex choose(const std::vector<std::int64_t>& totals, const NodeMask& feasible, Rng& rng);
  // The node that decide() would come to, found without asking the plugins; kNoId where it has to do it.
  NodeIndex find_ranked(const PodToSchedule& pod);
  Decision decide(const PodToSchedule& pod, PreemptionPolicy policy);
  // Why no node fits, by the nodes that were looked at.
  Diagnosis diagnose(Cycle& cycle, const Profile& profile, const FilterRun& run, const NodeMask& looked_at) const;
  Status ask_extenders(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis, std::size_t num_filters) const;
  bool has_extender(bool (Extender::*is)() const) const;
  // `diagnosis` is nullptr where a PreFilter rejected the pod.
  PostFilterResult post_filter(Cycle& cycle, const Profile& profile, const FilterRun& run, const Diagnosis* diagnosis,
                               NodeIndex nominated, Rng& rng, bool& clears_nomination) const;
  // For a pod that find_ranked() has no node for.
  Decision schedule_unranked(const PodToSchedule& pod, PreemptionPolicy policy);
  void apply(const PodToSchedule& pod, const PostFilterResult& result, PreemptionPolicy policy);
  // Puts the pod on the node with all that its plugins reserve there.
  void assume(const PodToSchedule& pod, NodeIndex node);
  void score(Cycle& cycle, const Profile& profile, const NodeMask& feasible);

  ClusterState state_;
  std::shared_ptr<const std::vector<std::unique_ptr<Profile>>> profiles_;
  TieBreak tie_break_;
  Rng rng_;
  const Kernels* kernels_;
  Extenders extenders_;
  std::int64_t next_start_ = 0;
  Rankings rankings_;
  std::vector<std::vector<std::unique_ptr<ShapeMemo>>> memos_;  // by profile and shape
  std::size_t num_memos_ = 0;
  std::vector<std::int64_t> totals_;  // scratch of one cycle
  NodeMask ties_;                     // scratch of one cycle
};

}  // namespace kubesched
