#pragma once

#include "framework/profile.h"
#include "plugins/gpu_policy.h"

namespace kubesched {

// Kinds of GPU pods, one bit each: shares of a card, one card, two cards, and so on.
std::uint64_t gpu_kind(const GpuRequest& request);

// `kinds` are those of the pods on the node.
std::int32_t gpu_clustering_score(const GpuNodeView& node, std::uint64_t kind, std::uint64_t kinds);

// Puts GPU pods of one kind together.
class GpuClustering final : public Plugin {
 public:
  GpuClustering(std::size_t slot, const ProfileSpec&) : Plugin(slot) {}
  std::string_view name() const override { return "GpuClustering"; }
  bool pre_score(Cycle&, const NodeMask&) const override { return true; }
  void add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight, std::int64_t* totals) const override;
};

}  // namespace kubesched
