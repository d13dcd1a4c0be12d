#pragma once

#include "framework/plugin.h"

namespace kubesched {

// Keeps the one node that spec.nodeName names, if it names any (plugins/nodename, v1.34).
class NodeName final : public Plugin {
 public:
  using Plugin::Plugin;
  std::string_view name() const override { return "NodeName"; }
  bool filter_is_static() const override { return true; }
  void filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const override;
  bool plan_filter(Cycle& cycle, RankingPlan& plan) const override;
};

}  // namespace kubesched
