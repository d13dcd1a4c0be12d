#pragma once

#include "framework/plugin.h"

namespace kubesched {

// Prefers nodes that have the pod's images, weighed by size and by how many nodes have them
// (plugins/imagelocality, v1.34).
class ImageLocality final : public Plugin {
 public:
  using Plugin::Plugin;
  std::string_view name() const override { return "ImageLocality"; }
  bool pre_score(Cycle&, const NodeMask&) const override { return true; }
  void add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight, std::int64_t* totals) const override;
  bool plan_score(Cycle& cycle, std::int64_t weight, RankingPlan& plan) const override;
  StaticScores static_scores(Cycle& cycle) const override;
};

}  // namespace kubesched
