#include "state/node_selection.h"

#include <algorithm>

namespace kubesched {

void keep_matching(const NodeTable& nodes, const Requirement& requirement, const StringTable& strings, NodeMask& mask) {
  const bool absent_matches = requirement.matches(kNoId, strings);
  const LabelColumn* column = nodes.labels().find(requirement.key);
  if (column == nullptr) {
    if (!absent_matches) mask.assign(mask.size(), false);
    return;
  }
  std::vector<std::uint8_t> verdicts(column->values.size() + 1);  // one for each code, the absent one first
  verdicts[0] = absent_matches ? 1 : 0;
  for (std::size_t code = 0; code < column->values.size(); ++code) {
    verdicts[code + 1] = requirement.matches(column->values[code], strings) ? 1 : 0;
  }
  mask.filter([&](std::size_t node) { return verdicts[static_cast<std::size_t>(column->codes[node] + 1)] != 0; });
}

NodeMask select_term(const NodeTable& nodes, const NodeSelectorTerm& term, const StringTable& strings) {
  const bool selects_none = term.expressions.empty() && term.names.empty();
  NodeMask mask(nodes.size(), !selects_none);
  for (const Requirement& requirement : term.expressions) keep_matching(nodes, requirement, strings, mask);
  for (const NameRequirement& requirement : term.names) {
    mask.filter([&](std::size_t node) { return (nodes.name(node) == requirement.name) == requirement.in; });
  }
  return mask;
}

NodeMask select_any_term(const NodeTable& nodes, const std::vector<NodeSelectorTerm>& terms,
                         const StringTable& strings) {
  NodeMask any(nodes.size(), false);
  for (const NodeSelectorTerm& term : terms) any |= select_term(nodes, term, strings);
  return any;
}

NodeMask select_required(const NodeTable& nodes, const PodShape& pod, const StringTable& strings) {
  NodeMask mask = pod.has_required_node_affinity ? select_any_term(nodes, pod.required_node_affinity, strings)
                                                 : NodeMask(nodes.size(), true);
  for (const Label& label : pod.node_selector) {
    keep_matching(nodes, Requirement{label.key, Operator::kIn, {label.value}, 0}, strings, mask);
  }
  return mask;
}

}  // namespace kubesched
