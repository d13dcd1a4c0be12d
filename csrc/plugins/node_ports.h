#pragma once

#include "framework/plugin.h"

namespace kubesched {

// Rejects nodes where a host port that the pod wants is taken (plugins/nodeports, v1.34).
class NodePorts final : public Plugin {
 public:
  NodePorts(std::size_t slot, StringTable& strings) : Plugin(slot), any_ip_(strings.intern("0.0.0.0")) {}
  std::string_view name() const override { return "NodePorts"; }
  PreFilterResult pre_filter(Cycle& cycle) const override;
  bool filter_node(Cycle& cycle, NodeIndex node) const override;
  void filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const override;
  bool filter_is_monotone(const Cycle&) const override { return true; }
  bool plan_filter(Cycle& cycle, RankingPlan& plan) const override;

 private:
  // Ports clash with the same protocol and number on the same address, or on every address.
  bool clash(const HostPort& wanted, const HostPort& used) const;

  StringId any_ip_;
};

}  // namespace kubesched
