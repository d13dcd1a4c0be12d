// The volumes of a pod that a decision can depend on.
#pragma once

#include <cstdint>
#include <vector>

#include "base/reader.h"
#include "base/string_table.h"

namespace kubesched {

// A PersistentVolumeClaim in the pod's namespace; that of an ephemeral volume must be the pod's own.
struct PodClaim {
  StringId name;
  bool ephemeral;
};

enum class DiskKind : std::uint8_t { kGcePersistentDisk, kAwsElasticBlockStore, kIscsi, kRbd };

// A disk named in the pod itself that pods on one node may have to share.
struct InlineDisk {
  DiskKind kind;
  bool read_only;
  StringId id;                     // the disk; of RBD the image
  StringId pool;                   // of RBD
  std::vector<StringId> monitors;  // of RBD

  bool operator==(const InlineDisk&) const = default;
};

// An in-tree volume named in the pod itself, as its CSI volume. `error` says why there is none.
struct InlineInTreeVolume {
  StringId volume;  // its name in the pod
  StringId plugin;
  StringId driver;
  StringId handle;
  StringId error;
};

struct PodVolumes {
  std::vector<PodClaim> claims;  // in the order of spec.volumes, as all lists here
  std::vector<InlineDisk> disks;
  std::vector<InlineInTreeVolume> in_tree;
  StringId pod_name = StringTable::kEmpty;  // with ephemeral volumes only
  StringId pod_uid = StringTable::kEmpty;   // likewise; empty where the manifest has none

  bool empty() const { return claims.empty() && disks.empty() && in_tree.empty(); }
};

PodVolumes read_pod_volumes(Reader& reader, StringTable& strings);

}  // namespace kubesched
