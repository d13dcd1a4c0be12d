// Which cluster events the update of a pod or a node amounts to (framework/events.go, v1.34).
#pragma once

#include <vector>

#include "queue/cluster_event.h"
#include "queue/event_object.h"

namespace kubesched {

bool same_labels(const LabelSet& a, const LabelSet& b);
bool same_tolerations(const std::vector<Toleration>& a, const std::vector<Toleration>& b);

// At least one; the general update where nothing specific changed.
std::vector<ClusterEvent> pod_changes(const PodObject& old_pod, const PodObject& new_pod);
// None where nothing changed that scheduling depends on.
std::vector<ClusterEvent> node_changes(const NodeObject& old_node, const NodeObject& new_node);

}  // namespace kubesched
