#include "queue/property_changes.h"

#include <algorithm>

namespace kubesched {

namespace {

bool scaled_down(const PodShape& old_pod, const PodShape& new_pod) {
  return std::any_of(old_pod.requests.begin(), old_pod.requests.end(),
                     [&](const ResourceAmount& request) { return request.amount > new_pod.request(request.resource); });
}

bool covers(const std::vector<ResourceAmount>& a, const std::vector<ResourceAmount>& b) {
  return std::all_of(b.begin(), b.end(),
                     [&](const ResourceAmount& entry) { return amount_of(a, entry.resource) == entry.amount; });
}

}  // namespace

bool same_labels(const LabelSet& a, const LabelSet& b) {
  return std::equal(a.labels().begin(), a.labels().end(), b.labels().begin(), b.labels().end(),
                    [](Label x, Label y) { return x.key == y.key && x.value == y.value; });
}

bool same_tolerations(const std::vector<Toleration>& a, const std::vector<Toleration>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Toleration& x, const Toleration& y) {
    return x.key == y.key && x.exists == y.exists && x.value == y.value && x.effect == y.effect;
  });
}

std::vector<ClusterEvent> pod_changes(const PodObject& old_pod, const PodObject& new_pod) {
  const EventResource resource = new_pod.assigned ? EventResource::kAssignedPod : EventResource::kUnschedulablePod;
  std::vector<ClusterEvent> events;
  const auto note = [&](bool changed, std::uint32_t bits) {
    if (changed) events.push_back({resource, bits});
  };
  note(!same_labels(old_pod.shape->labels, new_pod.shape->labels), action::kUpdatePodLabel);
  note(scaled_down(*old_pod.shape, *new_pod.shape), action::kUpdatePodScaleDown);
  note(new_pod.scheduling_gates.empty() && !old_pod.scheduling_gates.empty(),
       action::kUpdatePodSchedulingGatesEliminated);
  // Tolerations can only be added.
  note(old_pod.shape->tolerations.size() != new_pod.shape->tolerations.size(), action::kUpdatePodToleration);
  note(old_pod.claim_statuses != new_pod.claim_statuses, action::kUpdatePodGeneratedResourceClaim);
  note(events.empty(), action::kUpdate);
  return events;
}

std::vector<ClusterEvent> node_changes(const NodeObject& old_node, const NodeObject& new_node) {
  const NodeSpec& old_spec = old_node.spec;
  const NodeSpec& new_spec = new_node.spec;
  std::vector<ClusterEvent> events;
  const auto note = [&](bool changed, std::uint32_t bits) {
    if (changed) events.push_back({EventResource::kNode, bits});
  };
  // An uncordoned node counts as one that lost a taint, and may come twice.
  note(old_spec.unschedulable && !new_spec.unschedulable, action::kUpdateNodeTaint);
  note(!covers(old_spec.allocatable, new_spec.allocatable) || !covers(new_spec.allocatable, old_spec.allocatable),
       action::kUpdateNodeAllocatable);
  note(!same_labels(old_spec.labels, new_spec.labels), action::kUpdateNodeLabel);
  note(old_spec.taints != new_spec.taints, action::kUpdateNodeTaint);
  note(old_node.conditions != new_node.conditions, action::kUpdateNodeCondition);
  note(old_node.annotations != new_node.annotations, action::kUpdateNodeAnnotation);
  return events;
}

}  // namespace kubesched
