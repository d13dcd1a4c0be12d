// Which volumes the pods on each node use: disks, claims, and CSI volumes against their drivers' limits.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/cow.h"
#include "state/node_table.h"
#include "state/pod_table.h"
#include "state/shape_table.h"
#include "state/storage.h"
#include "state/supposed_pod.h"

namespace kubesched {

// A disk in use on a node, and by how many pods.
struct DiskUse {
  InlineDisk disk;
  std::int32_t pods;
};

// A CSI volume that counts against its driver's limit: known by handle, or by its claim until it has a volume.
struct CsiVolume {
  StringId driver;
  StringId handle;              // kNoId where known by claim
  ClaimId claim;                // kNoId where known by handle
  StringId annotation = kNoId;  // an in-tree plugin that counts only on nodes whose CSINode names it

  bool is(const CsiVolume& other) const {
    return driver == other.driver && handle == other.handle && claim == other.claim;
  }
};

// One driver on all nodes, by node uid.
struct DriverUse {
  static constexpr std::int64_t kNoLimit = -1;

  std::vector<std::int64_t> limits;
  std::vector<std::int64_t> counts;  // distinct volumes attached

  std::int64_t limit(std::uint32_t uid) const { return uid < limits.size() ? limits[uid] : kNoLimit; }
  std::int64_t count(std::uint32_t uid) const { return uid < counts.size() ? counts[uid] : 0; }
};

struct VolumeUseSource {
  const Storage& storage;
  const StringTable& strings;
  const ShapeTable& shapes;
  const PodTable& pods;
  const NodeTable& nodes;
  const std::vector<SupposedPod>& supposed;
};

// The CSI volumes of a pod's claims and in-tree volumes (plugins/nodevolumelimits filterAttachableVolumes, v1.34),
// as on a node that has every plugin moved to CSI. Claims that are not there, or are another pod's, count nothing.
std::vector<CsiVolume> csi_volumes(const PodShape& pod, const Storage& storage, const StringTable& strings);

// The claim of an ephemeral volume belongs to the pod: by uid, or by name where the pod has no uid yet.
bool is_claim_of_pod(const PersistentVolumeClaim& claim, const PodVolumes& pod);

// Not thread-safe. Attached volumes are counted when first asked for, and anew when storage objects changed.
class VolumeUse {
 public:
  // A pod came to a node, or with sign -1 left it.
  void change(const PodShape& pod, NodeIndex node, std::int32_t sign, const VolumeUseSource& source);
  void forget_attached() { attached_known_ = false; }

  // Volumes of pods that name the claim, ephemeral ones left out.
  std::int32_t num_claim_uses(StringId namespace_id, StringId name) const;
  // By node uid; nodes without disks are absent.
  const std::unordered_map<std::uint32_t, std::vector<DiskUse>>& disks() const { return *disks_; }
  // nullptr where no node limits the driver and nothing of it is attached.
  const DriverUse* find_driver(StringId driver, const VolumeUseSource& source);
  // A pod on the node uses the volume. REQUIRES: find_driver() was asked since the last change.
  bool is_attached(std::uint32_t uid, const CsiVolume& volume) const;

 private:
  struct Attached {
    CsiVolume volume;
    std::int32_t pods = 0;
    bool has_attachment = false;  // a VolumeAttachment names it
  };

  void change_disks(const PodShape& pod, std::uint32_t uid, std::int32_t sign);
  void change_attached(const PodShape& pod, NodeIndex node, std::int32_t sign, const VolumeUseSource& source);
  void count(StringId driver, std::uint32_t uid, std::int64_t change);
  void count_attached(const VolumeUseSource& source);
  void count_attachments(const VolumeUseSource& source);
  Attached& attached(std::uint32_t uid, const CsiVolume& volume);

  Cow<std::unordered_map<std::uint64_t, std::int32_t>> claim_uses_;
  Cow<std::unordered_map<std::uint32_t, std::vector<DiskUse>>> disks_;
  Cow<std::unordered_map<std::uint32_t, std::vector<Attached>>> attached_;  // by node uid
  Cow<std::unordered_map<StringId, DriverUse>> drivers_;
  bool attached_known_ = false;
};

// The in-tree plugin counts as moved to CSI on this node (plugins/nodevolumelimits isCSIMigrationOn, v1.34).
bool is_migrated(const CsiNode& node, StringId plugin);

}  // namespace kubesched
