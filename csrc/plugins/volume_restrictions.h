#pragma once

#include "framework/plugin.h"

namespace kubesched {

// Rejects nodes with a disk that the pod cannot share, and every node while another pod has a claim with access mode
// ReadWriteOncePod (plugins/volumerestrictions, v1.34).
class VolumeRestrictions final : public Plugin {
 public:
  explicit VolumeRestrictions(std::size_t slot) : Plugin(slot) {}
  std::string_view name() const override { return "VolumeRestrictions"; }
  PreFilterResult pre_filter(Cycle& cycle) const override;
  void filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const override;
  bool filter_is_monotone(const Cycle&) const override { return true; }
  bool plan_filter(Cycle& cycle, RankingPlan& plan) const override;
};

}  // namespace kubesched
