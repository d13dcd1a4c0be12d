#pragma once

#include "framework/plugin.h"

namespace kubesched {

// Rejects nodes outside of the zones and regions in the labels of the pod's volumes (plugins/volumezone, v1.34).
class VolumeZone final : public Plugin {
 public:
  explicit VolumeZone(std::size_t slot) : Plugin(slot) {}
  std::string_view name() const override { return "VolumeZone"; }
  PreFilterResult pre_filter(Cycle& cycle) const override;
  void filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const override;
  bool filter_is_monotone(const Cycle&) const override { return true; }
  bool plan_filter(Cycle& cycle, RankingPlan& plan) const override;

 private:
  // Fills `rules` with the rules of the pod's bound volumes.
  Status find_rules(const Cycle& cycle, std::vector<NodeRuleId>& rules) const;
};

}  // namespace kubesched
