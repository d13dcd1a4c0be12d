#include "model/node_selector.h"

namespace kubesched {

NodeSelectorTerm read_node_selector_term(Reader& reader, StringTable& strings) {
  NodeSelectorTerm term;
  term.expressions = reader.list([&] { return read_requirement(reader, strings); });
  term.names = reader.list([&] {
    const Requirement requirement = read_requirement(reader, strings);
    check(requirement.values.size() == 1, "a matchFields requirement takes one value");
    return NameRequirement{requirement.op == Operator::kIn, requirement.values.front()};
  });
  return term;
}

std::vector<NodeSelectorTerm> read_node_selector_terms(Reader& reader, StringTable& strings) {
  return reader.list([&] { return read_node_selector_term(reader, strings); });
}

std::vector<WeightedNodeSelectorTerm> read_weighted_node_selector_terms(Reader& reader, StringTable& strings) {
  return reader.list([&] {
    const std::int64_t weight = reader.i64();
    return WeightedNodeSelectorTerm{weight, read_node_selector_term(reader, strings)};
  });
}

}  // namespace kubesched
