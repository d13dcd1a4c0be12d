#pragma once

#include "framework/plugin.h"
#include "framework/profile.h"

namespace kubesched {

// nodeSelector, required and preferred node affinity, and the profile's addedAffinity (plugins/nodeaffinity, v1.34).
class NodeAffinity final : public Plugin {
 public:
  NodeAffinity(std::size_t slot, const ProfileSpec& spec);
  std::string_view name() const override { return "NodeAffinity"; }
  PreFilterResult pre_filter(Cycle& cycle) const override;
  bool filter_is_static() const override { return true; }
  void filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const override;
  bool pre_score(Cycle& cycle, const NodeMask& feasible) const override;
  void add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight, std::int64_t* totals) const override;
  bool plan_filter(Cycle& cycle, RankingPlan& plan) const override;
  bool plan_score(Cycle& cycle, std::int64_t weight, RankingPlan& plan) const override;
  StaticScores static_scores(Cycle& cycle) const override;

 private:
  // The weights of the preferred terms that each node meets.
  std::vector<std::int64_t> preferences(const Cycle& cycle) const;

  bool has_added_required_;
  std::vector<NodeSelectorTerm> added_required_;
  std::vector<WeightedNodeSelectorTerm> added_preferred_;
};

}  // namespace kubesched
