#pragma once

#include "framework/profile.h"
#include "plugins/gpu_policy.h"

namespace kubesched {

// Alignment of what the node has free with what the pod asks, after "Multi-resource packing for cluster schedulers"
// (SIGCOMM 2014): the product of both as shares of the node, on average over CPU, memory and GPU where the node has it.
std::int32_t tetris_score(std::span<const double> free, std::span<const double> wanted);

// The highest alignment first.
class Tetris final : public Plugin {
 public:
  Tetris(std::size_t slot, const ProfileSpec&) : Plugin(slot) {}
  std::string_view name() const override { return "Tetris"; }
  bool pre_score(Cycle&, const NodeMask&) const override { return true; }
  void add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight, std::int64_t* totals) const override;
};

}  // namespace kubesched
