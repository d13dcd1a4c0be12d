#pragma once

#include "framework/profile.h"
#include "plugins/gpu_policy.h"

namespace kubesched {

// 100 less the half of the product of what the node has left and what the pod asks: the fuller node is the better.
std::int32_t dot_prod_score(const GpuNodeView& node, std::int64_t milli_cpu, std::int64_t gpu_milli);

// Dot product of free and wanted CPU and GPU, the lowest first.
class DotProd final : public Plugin {
 public:
  DotProd(std::size_t slot, const ProfileSpec&) : Plugin(slot) {}
  std::string_view name() const override { return "DotProd"; }
  bool pre_score(Cycle&, const NodeMask&) const override { return true; }
  void add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight, std::int64_t* totals) const override;
};

}  // namespace kubesched
