// Terms that select nodes by labels and by name.
#pragma once

#include <cstdint>
#include <vector>

#include "model/labels.h"

namespace kubesched {

// A requirement on metadata.name, the only field that node selectors may name.
struct NameRequirement {
  bool in;  // operator In; else NotIn
  StringId name;
};

// All requirements must hold. A term without any selects no node.
struct NodeSelectorTerm {
  std::vector<Requirement> expressions;
  std::vector<NameRequirement> names;
};

struct WeightedNodeSelectorTerm {
  std::int64_t weight;
  NodeSelectorTerm term;
};

NodeSelectorTerm read_node_selector_term(Reader& reader, StringTable& strings);
std::vector<NodeSelectorTerm> read_node_selector_terms(Reader& reader, StringTable& strings);
std::vector<WeightedNodeSelectorTerm> read_weighted_node_selector_terms(Reader& reader, StringTable& strings);

}  // namespace kubesched
