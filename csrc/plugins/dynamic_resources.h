// DynamicResources: claims that are allocated and reachable, devices for those that are not.
#pragma once

#include "framework/profile.h"
#include "plugins/device_allocator.h"

namespace kubesched {

// plugins/dynamicresources/dynamicresources.go (v1.34) with the default feature gates.
class DynamicResources final : public Plugin {
 public:
  DynamicResources(std::size_t slot, const ProfileSpec& spec);
  std::string_view name() const override { return "DynamicResources"; }
  PreFilterResult pre_filter(Cycle& cycle) const override;
  void filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const override;
  bool filter_is_monotone(const Cycle& cycle) const override { return cycle.shape.claims.empty(); }
  PostFilterAnswer post_filter(Cycle& cycle, const NodeMask& rejected) const override;
  void reserve(Cycle& cycle, std::string_view key, NodeIndex node) const override;
  bool plan_filter(Cycle& cycle, RankingPlan& plan) const override;
  bool plan_score(Cycle& cycle, std::int64_t weight, RankingPlan& plan) const override;

 private:
  // Stands for a second of upstream's filterTimeout: the core has no clock.
  static constexpr std::int64_t kStepsPerSecond = 1'000'000;

  void filter_unallocated(Cycle& cycle, const std::vector<WantedClaim>& wanted, NodeMask& nodes,
                          Diagnosis* diagnosis) const;
  AllocationVerdicts& verdicts(Cycle& cycle, const std::vector<WantedClaim>& wanted) const;

  std::int64_t most_steps_;
};

}  // namespace kubesched
