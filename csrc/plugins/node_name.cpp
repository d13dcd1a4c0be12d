#include "plugins/node_name.h"

namespace kubesched {

void NodeName::filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const {
  if (cycle.shape.node_name == StringTable::kEmpty) return;
  const ReasonSetId reasons =
      diagnosis == nullptr ? 0 : diagnosis->add_reasons({"node(s) didn't match the requested node name"});
  nodes.filter([&](std::size_t node) {
    if (cycle.state.nodes().name(node) == cycle.shape.node_name) return true;
    if (diagnosis != nullptr) diagnosis->reject(node, Code::kUnschedulableAndUnresolvable, reasons);
    return false;
  });
}

bool NodeName::plan_filter(Cycle& cycle, RankingPlan& plan) const {
  append_id(plan.static_key, cycle.shape.node_name);
  return true;
}

}  // namespace kubesched
