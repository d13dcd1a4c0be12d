// The scheduling cycle: filter, score, choose, assume.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "framework/profile.h"
#include "kernels/kernels.h"
#include "state/cluster_state.h"

namespace kubesched {

enum class TieBreak : std::uint8_t { kFirst, kRandom };

struct SchedulerOptions {
  TieBreak tie_break = TieBreak::kFirst;  // among nodes of equal score: the first in node order, or a seeded draw
  std::uint64_t seed = 0;
  const Kernels* kernels = nullptr;  // nullptr: the best that the processor runs
};

// What one cycle decided. `message` is empty where a node was found.
struct Decision {
  NodeIndex node = kNoId;
  std::int64_t feasible_nodes = 0;
  std::int64_t evaluated_nodes = 0;
  std::string message;
};

struct PluginScores {
  std::string plugin;
  std::vector<std::int64_t> weighted;  // by node; means nothing where the node is not feasible
};

// Everything about one pod and every node; nothing is changed by asking.
struct Explanation {
  std::string pre_filter_plugin;  // empty unless a PreFilter rejected the pod
  Status pre_filter;
  std::vector<std::string> filters;  // the profile's filter plugins; Rejection::plugin points into it
  std::optional<Diagnosis> diagnosis;
  NodeMask feasible;
  std::vector<PluginScores> scores;  // of the plugins that were not skipped
  std::vector<std::int64_t> totals;  // by node
  NodeIndex node = kNoId;
  std::string message;
};

// A position in schedule_many's input and why the pod at it fits nowhere.
struct Unplaced {
  std::int64_t position;
  std::string message;
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

  Explanation explain(ShapeId shape);
  // Decides and, where a node is found, places the pod. StateError where the key is on a node already.
  Decision schedule(std::string key, ShapeId shape);
  // Schedules pods in order; node_index[i] is kNoId where pod i fits nowhere. All keys are checked before any pod
  // is placed.
  std::vector<NodeIndex> schedule_many(const std::vector<ShapeId>& shapes, std::vector<std::string> keys,
                                       std::vector<Unplaced>& unplaced);

 private:
  static constexpr std::size_t kMemoBudgetBytes = std::size_t{256} << 20;

  struct Filtered {
    NodeMask feasible;
    std::int64_t evaluated = 0;
    std::string rejecting_plugin;  // of a PreFilter
    Status rejection;
    std::vector<std::string> listing_plugins;  // PreFilters that gave a node list
  };

  const Profile& profile_for(const PodShape& shape) const;
  ShapeMemo& memo_for(const Profile& profile, ShapeId shape);
  Cycle begin(ShapeMemo& memo, ShapeId shape);
  Filtered pre_filter(Cycle& cycle, const Profile& profile) const;
  const NodeMask& static_mask(Cycle& cycle, const Profile& profile) const;
  void filter(Cycle& cycle, const Profile& profile, Filtered& filtered) const;
  void sample(const Profile& profile, const NodeMask& candidates, Filtered& filtered);
  NodeIndex choose(const std::vector<std::int64_t>& totals, const NodeMask& feasible, Rng& rng);
  Decision decide(std::string_view key, ShapeId shape);
  std::string failure_message(Cycle& cycle, const Profile& profile, const Filtered& filtered) const;
  Diagnosis diagnose(Cycle& cycle, const Profile& profile, NodeMask& nodes, bool has_node_list) const;
  void score(Cycle& cycle, const Profile& profile, const NodeMask& feasible);

  ClusterState state_;
  std::shared_ptr<const std::vector<std::unique_ptr<Profile>>> profiles_;
  TieBreak tie_break_;
  Rng rng_;
  const Kernels* kernels_;
  std::int64_t next_start_ = 0;
  std::vector<std::vector<std::unique_ptr<ShapeMemo>>> memos_;  // by profile and shape
  std::size_t num_memos_ = 0;
  std::vector<std::int64_t> totals_;  // scratch of one cycle
  NodeMask ties_;                     // scratch of one cycle
};

}  // namespace kubesched
