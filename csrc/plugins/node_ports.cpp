#include "plugins/node_ports.h"

#include <algorithm>

namespace kubesched {

PreFilterResult NodePorts::pre_filter(Cycle& cycle) const {
  return {Status{cycle.shape.host_ports.empty() ? Code::kSkip : Code::kSuccess, {}}, std::nullopt};
}

bool NodePorts::clash(const HostPort& wanted, const HostPort& used) const {
  return wanted.port == used.port && wanted.protocol == used.protocol &&
         (wanted.ip == used.ip || wanted.ip == any_ip_ || used.ip == any_ip_);
}

bool NodePorts::filter_node(Cycle& cycle, NodeIndex node) const {
  const auto& used_ports = cycle.state.nodes().ports(node);
  return std::none_of(used_ports.begin(), used_ports.end(), [&](const HostPort& used) {
    return std::any_of(cycle.shape.host_ports.begin(), cycle.shape.host_ports.end(),
                       [&](const HostPort& wanted) { return clash(wanted, used); });
  });
}

void NodePorts::filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const {
  if (cycle.shape.host_ports.empty()) return;
  const ReasonSetId reasons =
      diagnosis == nullptr ? 0 : diagnosis->add_reasons({"node(s) didn't have free ports for the requested pod ports"});
  nodes.filter([&](std::size_t node) {
    const bool passes = filter_node(cycle, static_cast<NodeIndex>(node));
    if (!passes && diagnosis != nullptr) diagnosis->reject(node, Code::kUnschedulable, reasons);
    return passes;
  });
}

bool NodePorts::plan_filter(Cycle& cycle, RankingPlan&) const { return cycle.shape.host_ports.empty(); }

}  // namespace kubesched
