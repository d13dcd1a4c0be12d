#pragma once

#include "framework/plugin.h"

namespace kubesched {

// Rejects nodes where a CSI driver could not attach the pod's volumes besides those that are there
// (plugins/nodevolumelimits, v1.34).
class NodeVolumeLimits final : public Plugin {
 public:
  explicit NodeVolumeLimits(std::size_t slot) : Plugin(slot) {}
  std::string_view name() const override { return "NodeVolumeLimits"; }
  PreFilterResult pre_filter(Cycle& cycle) const override;
  void filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const override;
  bool filter_is_monotone(const Cycle&) const override { return true; }
  bool plan_filter(Cycle& cycle, RankingPlan& plan) const override;

 private:
  void reject_untranslatable(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const;
};

}  // namespace kubesched
