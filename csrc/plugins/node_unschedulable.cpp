#include "plugins/node_unschedulable.h"

namespace kubesched {

NodeUnschedulable::NodeUnschedulable(std::size_t slot, StringTable& strings)
    : Plugin(slot),
      taint_{strings.intern("node.kubernetes.io/unschedulable"), StringTable::kEmpty, TaintEffect::kNoSchedule} {}

void NodeUnschedulable::filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const {
  if (any_tolerates(cycle.shape.tolerations, taint_)) return;
  const ReasonSetId reasons = diagnosis == nullptr ? 0 : diagnosis->add_reasons({"node(s) were unschedulable"});
  const std::uint8_t* unschedulable = cycle.state.nodes().unschedulable().data();
  nodes.filter([&](std::size_t node) {
    if (unschedulable[node] == 0) return true;
    if (diagnosis != nullptr) diagnosis->reject(node, Code::kUnschedulableAndUnresolvable, reasons);
    return false;
  });
}

bool NodeUnschedulable::plan_filter(Cycle& cycle, RankingPlan& plan) const {
  plan.static_key.push_back(any_tolerates(cycle.shape.tolerations, taint_) ? 't' : 'u');
  return true;
}

}  // namespace kubesched
