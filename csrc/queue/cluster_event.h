// What happened in the cluster, as plugins register for it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kubesched {

enum class EventResource : std::uint8_t {
  kPod,
  kAssignedPod,       // a pod on a node; only in events that come in
  kUnschedulablePod,  // a pending pod; only in events that come in
  kNode,
  kPersistentVolume,
  kPersistentVolumeClaim,
  kCsiNode,
  kCsiDriver,
  kVolumeAttachment,
  kCsiStorageCapacity,
  kStorageClass,
  kResourceClaim,
  kResourceSlice,
  kDeviceClass,
  kWildCard,
};

std::string_view resource_name(EventResource resource);

// Bits; kube-scheduler/framework/types.go, v1.34.
namespace action {
inline constexpr std::uint32_t kNone = 0;
inline constexpr std::uint32_t kAdd = 1U << 0;
inline constexpr std::uint32_t kDelete = 1U << 1;
inline constexpr std::uint32_t kUpdateNodeAllocatable = 1U << 2;
inline constexpr std::uint32_t kUpdateNodeLabel = 1U << 3;
inline constexpr std::uint32_t kUpdateNodeTaint = 1U << 4;
inline constexpr std::uint32_t kUpdateNodeCondition = 1U << 5;
inline constexpr std::uint32_t kUpdateNodeAnnotation = 1U << 6;
inline constexpr std::uint32_t kUpdatePodLabel = 1U << 7;
inline constexpr std::uint32_t kUpdatePodScaleDown = 1U << 8;
inline constexpr std::uint32_t kUpdatePodToleration = 1U << 9;
inline constexpr std::uint32_t kUpdatePodSchedulingGatesEliminated = 1U << 10;
inline constexpr std::uint32_t kUpdatePodGeneratedResourceClaim = 1U << 11;
inline constexpr std::uint32_t kAll = (1U << 12) - 1;
inline constexpr std::uint32_t kUpdate = kAll & ~(kAdd | kDelete);
}  // namespace action

struct ClusterEvent {
  EventResource resource;
  std::uint32_t action_bits;
  std::string custom_label = {};

  bool is_wild_card() const { return resource == EventResource::kWildCard && action_bits == action::kAll; }
  // For counters; empty action text for combinations that have no name.
  std::string label() const;
  // `incoming` is what a plugin that registered this event waits for: the same or more specific.
  bool matches(const ClusterEvent& incoming) const;
};

ClusterEvent unscheduled_pod_add();
ClusterEvent unscheduled_pod_update();
ClusterEvent assigned_pod_delete();
ClusterEvent unschedulable_timeout();
ClusterEvent force_activate();

}  // namespace kubesched
