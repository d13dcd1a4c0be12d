#pragma once

#include "framework/plugin.h"

namespace kubesched {

// Rejects cordoned nodes, unless the pod tolerates their taint (plugins/nodeunschedulable, v1.34).
class NodeUnschedulable final : public Plugin {
 public:
  NodeUnschedulable(std::size_t slot, StringTable& strings);
  std::string_view name() const override { return "NodeUnschedulable"; }
  bool filter_is_static() const override { return true; }
  void filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const override;
  bool plan_filter(Cycle& cycle, RankingPlan& plan) const override;

 private:
  Taint taint_;
};

}  // namespace kubesched
