#pragma once

#include "framework/profile.h"
#include "model/typical_pods.h"
#include "plugins/gpu_policy.h"

namespace kubesched {

// 100 * sigmoid of how much less fragmentation there is, in cards; 50 is no change.
std::int32_t gradient_score(double before_milli, double after_milli);

struct CardScore {
  std::int32_t score = 0;
  CardIndex card = 0;  // the first of the best
};

// The best card for a share of one: the scores of the cards that have room for it, each with the share on it.
CardScore best_share(const TypicalPods& typical, const GpuNodeView& node, std::int32_t milli, std::int64_t milli_cpu,
                     double before_milli);

// The score of a pod that takes whole cards, several shares or none.
std::int32_t whole_score(const TypicalPods& typical, const GpuNodeView& node, const GpuRequest& request,
                         std::int64_t milli_cpu, double before_milli);

// Fragmentation gradient descent ("Beware of Fragmentation", USENIX ATC 2023): where the pod fragments the node least.
class Fgd final : public Plugin {
 public:
  Fgd(std::size_t slot, const ProfileSpec& spec) : Plugin(slot), typical_(spec.typical_pods) {}
  std::string_view name() const override { return "FGD"; }
  bool pre_score(Cycle&, const NodeMask&) const override { return true; }
  void add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight, std::int64_t* totals) const override;

 private:
  TypicalPods typical_;
};

}  // namespace kubesched
