#pragma once

#include <string>
#include <vector>

#include "framework/plugin.h"
#include "framework/profile.h"

namespace kubesched {

// Rejects nodes without room for the pod's requests, and scores what room is left (plugins/noderesources/fit.go,
// least_allocated.go, most_allocated.go, requested_to_capacity_ratio.go, v1.34).
class NodeResourcesFit final : public Plugin {
 public:
  NodeResourcesFit(std::size_t slot, const ProfileSpec& spec);
  std::string_view name() const override { return "NodeResourcesFit"; }
  void filter_preempted(Cycle& cycle, NodeMask& nodes) const override;
  bool filters_by_room() const override { return true; }
  std::vector<ResourceAmount> room_wanted(const Cycle& cycle) const override { return checked_requests(cycle); }
  bool filter_node(Cycle& cycle, NodeIndex node) const override;
  void filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const override;
  bool pre_score(Cycle&, const NodeMask&) const override { return true; }
  void add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight, std::int64_t* totals) const override;
  bool plan_filter(Cycle& cycle, RankingPlan& plan) const override;
  bool plan_score(Cycle& cycle, std::int64_t weight, RankingPlan& plan) const override;

 private:
  bool ignores(const std::string& resource) const;
  std::vector<ResourceAmount> checked_requests(const Cycle& cycle) const;
  void explain(Cycle& cycle, const std::vector<ResourceAmount>& requests, NodeMask& nodes, Diagnosis& diagnosis) const;
  // The score of one resource, 0..100. REQUIRES: allocatable != 0.
  std::int64_t resource_score(std::int64_t requested, std::int64_t allocatable) const;
  std::int64_t shape_score(std::int64_t utilization) const;

  ScoringStrategy strategy_;
  std::vector<std::string> names_;
  std::vector<std::int64_t> weights_;
  std::vector<ShapePoint> shape_;  // scores already 0..100
  std::vector<std::string> ignored_resources_;
  std::vector<std::string> ignored_groups_;
  bool cpu_and_memory_alike_;  // LeastAllocated over just these two, equally weighted
};

}  // namespace kubesched
