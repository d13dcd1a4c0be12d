// Node selector terms evaluated over whole label columns.
#pragma once

#include <vector>

#include "base/node_mask.h"
#include "state/node_table.h"

namespace kubesched {

// Keeps the nodes that meet the requirement.
void keep_matching(const NodeTable& nodes, const Requirement& requirement, const StringTable& strings, NodeMask& mask);

// The nodes that meet all of a term.
NodeMask select_term(const NodeTable& nodes, const NodeSelectorTerm& term, const StringTable& strings);

// The nodes that meet at least one of the terms.
NodeMask select_any_term(const NodeTable& nodes, const std::vector<NodeSelectorTerm>& terms,
                         const StringTable& strings);

// The nodes that the pod's nodeSelector and required node affinity allow (component-helpers
// scheduling/corev1/nodeaffinity GetRequiredNodeAffinity, v1.34).
NodeMask select_required(const NodeTable& nodes, const PodShape& pod, const StringTable& strings);

}  // namespace kubesched
