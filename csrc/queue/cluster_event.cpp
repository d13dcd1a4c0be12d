#include "queue/cluster_event.h"

#include <array>

namespace kubesched {

namespace {

constexpr std::array<std::string_view, 15> kResourceNames = {
    "Pod",
    "AssignedPod",
    "UnschedulablePod",
    "Node",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "storage.k8s.io/CSINode",
    "storage.k8s.io/CSIDriver",
    "storage.k8s.io/VolumeAttachment",
    "storage.k8s.io/CSIStorageCapacity",
    "storage.k8s.io/StorageClass",
    "resource.k8s.io/ResourceClaim",
    "resource.k8s.io/ResourceSlice",
    "resource.k8s.io/DeviceClass",
    "*",
};

constexpr std::array<std::string_view, 12> kActionNames = {
    "Add",
    "Delete",
    "UpdateNodeAllocatable",
    "UpdateNodeLabel",
    "UpdateNodeTaint",
    "UpdateNodeCondition",
    "UpdateNodeAnnotation",
    "UpdatePodLabel",
    "UpdatePodScaleDown",
    "UpdatePodToleration",
    "UpdatePodSchedulingGatesEliminated",
    "UpdatePodGeneratedResourceClaim",
};

std::string_view action_name(std::uint32_t bits) {
  if (bits == action::kAll) return "All";
  if (bits == action::kUpdate) return "Update";
  for (std::size_t bit = 0; bit < kActionNames.size(); ++bit) {
    if (bits == 1U << bit) return kActionNames[bit];
  }
  return "";
}

bool resource_matches(EventResource registered, EventResource incoming) {
  return registered == EventResource::kWildCard || registered == incoming ||
         (registered == EventResource::kPod &&
          (incoming == EventResource::kAssignedPod || incoming == EventResource::kUnschedulablePod));
}

}  // namespace

std::string_view resource_name(EventResource resource) { return kResourceNames[static_cast<std::size_t>(resource)]; }

std::string ClusterEvent::label() const {
  if (!custom_label.empty()) return custom_label;
  return std::string(resource_name(resource)).append(action_name(action_bits));
}

bool ClusterEvent::matches(const ClusterEvent& incoming) const {
  if (is_wild_card()) return true;
  // Comparing the bits as numbers is upstream's test for "not wider" (framework/types.go MatchClusterEvents, v1.34).
  return resource_matches(resource, incoming.resource) && (action_bits & incoming.action_bits) != 0 &&
         incoming.action_bits <= action_bits;
}

ClusterEvent unscheduled_pod_add() { return {EventResource::kUnschedulablePod, action::kAdd}; }
ClusterEvent unscheduled_pod_update() { return {EventResource::kUnschedulablePod, action::kUpdate}; }
ClusterEvent assigned_pod_delete() { return {EventResource::kAssignedPod, action::kDelete}; }
ClusterEvent unschedulable_timeout() { return {EventResource::kWildCard, action::kAll, "UnschedulableTimeout"}; }
ClusterEvent force_activate() { return {EventResource::kWildCard, action::kAll, "ForceActivate"}; }

}  // namespace kubesched
