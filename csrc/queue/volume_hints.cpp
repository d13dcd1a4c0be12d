// Hints of the plugins that look at volumes.
#include <algorithm>

#include "queue/hint.h"

namespace kubesched {

namespace {

using Pods = Typed<PodObject>;

bool names_claim(const PodObject& pod, const ClaimReference& claim, bool with_ephemeral) {
  return pod.shape->namespace_id == claim.namespace_id &&
         std::any_of(pod.volumes.begin(), pod.volumes.end(), [&](const PodVolume& volume) {
           return volume.claim == claim.name || (with_ephemeral && volume.ephemeral_claim == claim.name);
         });
}

QueueingHint after_claim(const HintInput& input) {
  const Typed<ClaimReference> claims(input);
  if (claims.wrong) return QueueingHint::kError;
  return queue_if(names_claim(input.pod, *claims.after, false));
}

QueueingHint after_claim_or_ephemeral(const HintInput& input) {
  const Typed<ClaimReference> claims(input);
  if (claims.wrong) return QueueingHint::kError;
  return queue_if(names_claim(input.pod, *claims.after, true));
}

bool share_monitor(const PodVolume& a, const PodVolume& b) {
  return std::any_of(a.monitors.begin(), a.monitors.end(), [&](StringId monitor) {
    return std::find(b.monitors.begin(), b.monitors.end(), monitor) != b.monitors.end();
  });
}

bool disks_conflict(const PodVolume& a, const PodVolume& b) {
  if (a.disk_kind == VolumeDiskKind::kNone || a.disk_kind != b.disk_kind || a.disk != b.disk) return false;
  if (a.disk_kind == VolumeDiskKind::kAwsElasticBlockStore) return true;
  if (a.disk_kind == VolumeDiskKind::kRbd && (a.pool != b.pool || !share_monitor(a, b))) return false;
  return !(a.read_only && b.read_only);
}

QueueingHint restrictions_after_pod_deleted(const HintInput& input) {
  const Pods pods(input);
  if (pods.wrong) return QueueingHint::kError;
  if (pods.before->shape->namespace_id != input.pod.shape->namespace_id) return QueueingHint::kSkip;
  for (const PodVolume& wanted : input.pod.volumes) {
    for (const PodVolume& freed : pods.before->volumes) {
      if (disks_conflict(wanted, freed) || (wanted.claim != kNoId && wanted.claim == freed.claim)) {
        return QueueingHint::kQueue;
      }
    }
  }
  return QueueingHint::kSkip;
}

QueueingHint limits_after_pod_deleted(const HintInput& input) {
  const Pods pods(input);
  if (pods.wrong) return QueueingHint::kError;
  const std::vector<PodVolume>& volumes = pods.before->volumes;
  return queue_if(pods.before->on_node() && std::any_of(volumes.begin(), volumes.end(), [](const PodVolume& volume) {
                    return volume.claim != kNoId || volume.ephemeral_claim != kNoId || volume.migrated_driver != kNoId;
                  }));
}

QueueingHint limits_after_attachment_deleted(const HintInput& input) {
  const Typed<VolumeAttachmentObject> attachments(input);
  if (attachments.wrong) return QueueingHint::kError;
  const std::vector<PodVolume>& volumes = input.pod.volumes;
  return queue_if(std::any_of(volumes.begin(), volumes.end(), [&](const PodVolume& volume) {
    return volume.claim != kNoId || volume.migrated_driver == attachments.before->attacher;
  }));
}

QueueingHint limits_after_csi_node_updated(const HintInput& input) {
  const Typed<CsiNodeObject> nodes(input);
  if (nodes.wrong) return QueueingHint::kError;
  const std::vector<CsiNodeObject::Driver>& drivers = nodes.after->drivers;
  return queue_if(std::any_of(drivers.begin(), drivers.end(), [&](const CsiNodeObject::Driver& driver) {
    std::int64_t earlier = 0;
    for (const CsiNodeObject::Driver& old : nodes.before->drivers) {
      if (old.name == driver.name) earlier = old.count;
    }
    return driver.count > earlier;
  }));
}

QueueingHint binding_after_csi_node(const HintInput& input) {
  const Typed<CsiNodeObject> nodes(input);
  if (nodes.wrong) return QueueingHint::kError;
  return queue_if(nodes.before == nullptr || nodes.before->migrated_plugins != nodes.after->migrated_plugins);
}

QueueingHint binding_after_storage_class(const HintInput& input) {
  const Typed<StorageClassObject> classes(input);
  if (classes.wrong) return QueueingHint::kError;
  return queue_if(classes.before == nullptr || classes.before->allowed_topologies != classes.after->allowed_topologies);
}

QueueingHint binding_after_capacity(const HintInput& input) {
  const Typed<CsiStorageCapacityObject> capacities(input);
  if (capacities.wrong) return QueueingHint::kError;
  if (capacities.before == nullptr) return QueueingHint::kQueue;
  // An absent limit is below every limit, as it is for std::optional.
  return queue_if(capacities.after->limit_bytes > capacities.before->limit_bytes);
}

QueueingHint binding_after_csi_driver(const HintInput& input) {
  const Typed<CsiDriverObject> drivers(input);
  if (drivers.wrong) return QueueingHint::kError;
  const std::vector<PodVolume>& volumes = input.pod.volumes;
  const bool used = std::any_of(volumes.begin(), volumes.end(),
                                [&](const PodVolume& volume) { return volume.csi_driver == drivers.after->name; });
  return queue_if(used && drivers.before->storage_capacity && !drivers.after->storage_capacity);
}

QueueingHint zone_after_storage_class(const HintInput& input) {
  const Typed<StorageClassObject> classes(input);
  if (classes.wrong) return QueueingHint::kError;
  return queue_if(classes.after->waits_for_first_consumer);
}

QueueingHint zone_after_volume(const HintInput& input) {
  const Typed<VolumeObject> volumes(input);
  if (volumes.wrong) return QueueingHint::kError;
  return queue_if(volumes.before == nullptr || volumes.before->topology != volumes.after->topology);
}

}  // namespace

void add_volume_hints(EventTable& table) {
  using enum EventResource;
  const std::uint32_t add = action::kAdd;
  const std::uint32_t add_or_update = action::kAdd | action::kUpdate;
  const ClusterEvent pod_delete{kPod, action::kDelete};
  const ClusterEvent node_moved{kNode, action::kAdd | action::kUpdateNodeLabel};
  table["NodeVolumeLimits"] = {{{kCsiNode, add}, {}},
                               {{kCsiNode, action::kUpdate}, limits_after_csi_node_updated},
                               {pod_delete, limits_after_pod_deleted},
                               {{kPersistentVolumeClaim, add}, after_claim_or_ephemeral},
                               {{kVolumeAttachment, action::kDelete}, limits_after_attachment_deleted}};
  table["VolumeBinding"] = {{{kStorageClass, add_or_update}, binding_after_storage_class},
                            {{kPersistentVolumeClaim, add_or_update}, after_claim_or_ephemeral},
                            {{kPersistentVolume, add_or_update}, {}},
                            {node_moved, {}},
                            {{kCsiNode, add_or_update}, binding_after_csi_node},
                            {{kCsiDriver, action::kUpdate}, binding_after_csi_driver},
                            {{kCsiStorageCapacity, add_or_update}, binding_after_capacity}};
  table["VolumeRestrictions"] = {
      {pod_delete, restrictions_after_pod_deleted}, {{kNode, add}, {}}, {{kPersistentVolumeClaim, add}, after_claim}};
  table["VolumeZone"] = {{{kStorageClass, add}, zone_after_storage_class},
                         {node_moved, {}},
                         {{kPersistentVolumeClaim, add_or_update}, after_claim},
                         {{kPersistentVolume, add_or_update}, zone_after_volume}};
}

}  // namespace kubesched
