// A pod as the queue and the hints see it: its shape, and what a shape leaves out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/pod_shape.h"

namespace kubesched {

enum class VolumeDiskKind : std::uint8_t { kNone, kGcePersistentDisk, kAwsElasticBlockStore, kIscsi, kRbd };

// One entry of spec.volumes; names are kNoId where the volume is of another kind.
struct PodVolume {
  StringId claim;            // persistentVolumeClaim.claimName
  StringId ephemeral_claim;  // the claim made for an ephemeral volume
  StringId migrated_driver;  // the CSI driver that serves an in-tree inline volume
  StringId csi_driver;       // of an inline CSI volume
  VolumeDiskKind disk_kind;  // disks that VolumeRestrictions compares
  StringId disk;             // disk name, volume id, IQN or image
  StringId pool;             // of RBD
  std::vector<StringId> monitors;
  bool read_only;
};

// One entry of spec.resourceClaims, its name looked up in status.resourceClaimStatuses.
struct PodResourceClaim {
  enum class Source : std::uint8_t { kNamed, kGenerated, kNotGenerated, kNotNeeded, kNone };
  StringId name;   // of the entry
  StringId claim;  // of the claim; kEmpty for kNotGenerated, kNotNeeded and kNone
  Source source;   // only what was generated must be owned by the pod
};

// Immutable.
struct PodObject {
  std::string key;  // namespace/name
  std::string uid;
  std::shared_ptr<const PodShape> shape;
  bool assigned;       // spec.nodeName is set
  StringId node_name;  // spec.nodeName
  StringId nominated;  // status.nominatedNodeName
  std::vector<std::string> scheduling_gates;
  std::vector<PodVolume> volumes;
  std::vector<PodResourceClaim> claims;
  std::string claim_statuses;      // equal bytes where the generated claims are equal
  std::shared_ptr<void> manifest;  // the caller's own; never looked at
  std::uint32_t number = kNoId;    // the caller's own; never looked at

  std::int64_t priority() const { return shape->priority; }
  bool on_node() const { return assigned || nominated != StringTable::kEmpty; }
};

// `record` is what encode_pod_object of kubesched/api/event_codec.py gives.
PodObject read_pod_object(std::string_view record, std::shared_ptr<const PodShape> shape, StringTable& strings);

}  // namespace kubesched
