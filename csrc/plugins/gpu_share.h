#pragma once

#include "framework/profile.h"
#include "model/typical_pods.h"

namespace kubesched {

// Shares of GPU cards: which nodes have cards for a pod, and which cards it gets there.
class GpuShare final : public Plugin {
 public:
  GpuShare(std::size_t slot, const ProfileSpec& spec);
  std::string_view name() const override { return "GPUShare"; }
  void filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const override;
  bool filter_is_monotone(const Cycle& cycle) const override { return cycle.shape.gpu.num == 0; }
  bool filter_node(Cycle& cycle, NodeIndex node) const override;
  void reserve(Cycle& cycle, std::string_view key, NodeIndex node) const override;

 private:
  void explain(Cycle& cycle, NodeMask& nodes, Diagnosis& diagnosis) const;

  CardChoice choice_;
  std::uint64_t seed_;
  TypicalPods typical_;
};

}  // namespace kubesched
