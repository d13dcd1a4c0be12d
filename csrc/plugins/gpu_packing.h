#pragma once

#include "framework/profile.h"
#include "plugins/gpu_policy.h"

namespace kubesched {

// Cards in use, then free cards of nodes in use, then free nodes.
std::int32_t gpu_packing_score(const GpuNodeView& node, const GpuRequest& request);

// Keeps cards and nodes free as long as there is room on those in use.
class GpuPacking final : public Plugin {
 public:
  GpuPacking(std::size_t slot, const ProfileSpec&) : Plugin(slot) {}
  std::string_view name() const override { return "GpuPacking"; }
  bool pre_score(Cycle&, const NodeMask&) const override { return true; }
  void add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight, std::int64_t* totals) const override;
};

}  // namespace kubesched
