// What a scheduling plugin is: functions over all nodes at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/node_mask.h"
#include "framework/diagnosis.h"
#include "framework/memo.h"
#include "framework/ranking_plan.h"
#include "framework/status.h"
#include "kernels/kernels.h"
#include "state/cluster_state.h"

namespace kubesched {

// One pod's scheduling cycle. Plugins may intern count rules in the state; only reserve() changes anything else.
struct Cycle {
  ClusterState& state;
  ShapeId shape_id;
  const PodShape& shape;
  ShapeMemo& memo;
  const Kernels& kernels;
  std::string_view key;  // "namespace/name" of the pod
};

// A PreFilter's answer: success, Skip, or a rejection of the pod as a whole; and a list of nodes to stay within.
struct PreFilterResult {
  Status status;
  std::optional<NodeMask> nodes;
};

// What a PostFilter that is no preemption does about a pod that fits nowhere: it says so, and may want a claim
// ("namespace/name") to lose its allocation.
struct PostFilterAnswer {
  std::string message;
  std::string deallocated_claim;
};

// Stateless but for its arguments; what it learns of a shape lives in the shape's memo. Called once a cycle with
// spans over all nodes, so that a virtual call is paid per plugin and not per (pod, node).
class Plugin {
 public:
  static constexpr std::int64_t kMaxNodeScore = 100;

  // `slot` is the plugin's own place in every ShapeMemo.
  explicit Plugin(std::size_t slot) : slot_(slot) {}
  virtual ~Plugin() = default;
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

  // Upstream's name.
  virtual std::string_view name() const = 0;

  virtual PreFilterResult pre_filter(Cycle& cycle) const;

  // The verdicts of filter() depend on the shape and the nodes alone, never on the pods there.
  virtual bool filter_is_static() const { return false; }

  // Takes out of `nodes` those it rejects; with a diagnosis, says why for each.
  virtual void filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const;

  // A node that filter() passes for this pod it passes with fewer pods there, too. What is not known is false.
  virtual bool filter_is_monotone(const Cycle& cycle) const;

  // filter() asks for room alone: each of room_wanted() must fit, and one pod more.
  virtual bool filters_by_room() const { return false; }
  virtual std::vector<ResourceAmount> room_wanted(const Cycle& cycle) const;

  // The same verdict for one node: true where it passes. Preemption asks it of one node many times.
  virtual bool filter_node(Cycle& cycle, NodeIndex node) const;

  // A quick test for preemption: may take out of `nodes` those it would reject even if every pod of a lower priority
  // left them. filter_node() then decides about the rest.
  virtual void filter_preempted(Cycle& cycle, NodeMask& nodes) const;

  // False is upstream's Skip: the plugin does not score this pod.
  virtual bool pre_score(Cycle& cycle, const NodeMask& feasible) const;

  // The normalised score where it is known to be the same for all feasible nodes; add_score() would add just that.
  virtual std::optional<std::int64_t> uniform_score(Cycle& cycle) const;

  // Adds weight * normalised score (0..100) of each feasible node to `totals`; other nodes' totals may change, too.
  // REQUIRES: pre_score() gave true; `feasible` is not empty.
  virtual void add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight, std::int64_t* totals) const;

  // Adds to the plan what pre_filter() and filter() make of the shape's pods as long as Rankings::Version holds; false
  // where the plan has no words for it. True means, too, that pre_filter() gives no node list and reserve() has nothing
  // to do.
  virtual bool plan_filter(Cycle& cycle, RankingPlan& plan) const;
  // The same for add_score(). A score that is the same for all nodes need not be told.
  virtual bool plan_score(Cycle& cycle, std::int64_t weight, RankingPlan& plan) const;
  // REQUIRES: plan_score() named the plugin as a static scorer.
  virtual StaticScores static_scores(Cycle& cycle) const;
  // Clears the byte of each cell whose nodes filter() rejects, bans aside. REQUIRES: the plan names the plugin so.
  virtual void filter_cells(Cycle& cycle, const CellDomains& cells, std::uint8_t* open) const;
  // Adds what add_score() adds to the nodes of each cell, if those of the open cells were the feasible ones.
  virtual void score_cells(Cycle& cycle, const CellDomains& cells, const std::uint8_t* open, std::int64_t weight,
                           std::int64_t* totals) const;

  // The pod fits nowhere; `rejected` has the nodes that this plugin's filter rejected. Changes nothing.
  virtual PostFilterAnswer post_filter(Cycle& cycle, const NodeMask& rejected) const;

  // The pod `key` is about to be placed on the node: what it takes there is taken in the state.
  virtual void reserve(Cycle& cycle, std::string_view key, NodeIndex node) const;

 protected:
  std::size_t slot() const { return slot_; }

 private:
  std::size_t slot_;
};

// totals += weight * raw * 100 / max over the feasible nodes, or 100 minus that if reversed
// (plugins/helper/normalize_score.go DefaultNormalizeScore, v1.34). `raw` is by node and not negative.
std::int64_t normalized(std::int64_t raw, std::int64_t highest, bool reverse);
void add_normalized(const std::vector<std::int64_t>& raw, const NodeMask& feasible, bool reverse, std::int64_t weight,
                    std::int64_t* totals);

}  // namespace kubesched
