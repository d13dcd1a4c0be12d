#pragma once

#include "framework/plugin.h"
#include "plugins/raw_scores.h"

namespace kubesched {

// Rejects nodes with a NoSchedule or NoExecute taint that the pod does not tolerate, and prefers nodes with fewer
// untolerated PreferNoSchedule taints (plugins/tainttoleration, v1.34).
class TaintToleration final : public Plugin {
 public:
  using Plugin::Plugin;
  std::string_view name() const override { return "TaintToleration"; }
  bool filter_is_static() const override { return true; }
  void filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const override;
  bool pre_score(Cycle&, const NodeMask&) const override { return true; }
  std::optional<std::int64_t> uniform_score(Cycle& cycle) const override;
  void add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight, std::int64_t* totals) const override;
  bool plan_filter(Cycle& cycle, RankingPlan& plan) const override;
  bool plan_score(Cycle& cycle, std::int64_t weight, RankingPlan& plan) const override;
  StaticScores static_scores(Cycle& cycle) const override;

 private:
  const RawScores& raw_scores(Cycle& cycle) const;
};

// PreferNoSchedule taints that no toleration of that effect, or of every effect, tolerates.
std::int64_t count_untolerated(const std::vector<Taint>& taints, const std::vector<Toleration>& tolerations);

}  // namespace kubesched
