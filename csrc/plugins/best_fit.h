#pragma once

#include "framework/profile.h"
#include "plugins/gpu_policy.h"

namespace kubesched {

// Before it is normalised: 100 less what would be left of CPU and GPU, in halves.
std::int32_t best_fit_score(const GpuNodeView& node, std::int64_t milli_cpu, std::int64_t gpu_milli);

// The node with the least CPU and GPU left over.
class BestFit final : public Plugin {
 public:
  BestFit(std::size_t slot, const ProfileSpec&) : Plugin(slot) {}
  std::string_view name() const override { return "BestFit"; }
  bool pre_score(Cycle&, const NodeMask&) const override { return true; }
  void add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight, std::int64_t* totals) const override;
};

}  // namespace kubesched
