#pragma once

#include <string>
#include <vector>

#include "framework/plugin.h"
#include "framework/profile.h"

namespace kubesched {

// Prefers nodes whose resources would be used in equal shares (plugins/noderesources/balanced_allocation.go, v1.34).
class NodeResourcesBalancedAllocation final : public Plugin {
 public:
  NodeResourcesBalancedAllocation(std::size_t slot, const ProfileSpec& spec);
  std::string_view name() const override { return "NodeResourcesBalancedAllocation"; }
  bool pre_score(Cycle& cycle, const NodeMask& feasible) const override;
  void add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight, std::int64_t* totals) const override;
  bool plan_score(Cycle& cycle, std::int64_t weight, RankingPlan& plan) const override;

 private:
  std::vector<std::string> names_;
  std::vector<std::int64_t> weights_;  // all 1: upstream's validation refuses others
  bool cpu_and_memory_;
};

// int((1 - standard deviation of the fractions) * 100).
std::int64_t balance_score(const std::vector<double>& fractions);

}  // namespace kubesched
