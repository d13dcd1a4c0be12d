// Storage objects as their manifests give them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/labels.h"
#include "model/resources.h"

namespace kubesched {

enum class StorageKind : std::uint8_t {
  kPersistentVolume,
  kPersistentVolumeClaim,
  kStorageClass,
  kCsiNode,
  kCsiDriver,
  kCsiStorageCapacity,
  kVolumeAttachment,
};

using NodeRuleId = std::uint32_t;  // position in NodeRules; kNoId is any node

// Makes the id of a node rule from its record.
class NodeRuleInterner {
 public:
  virtual ~NodeRuleInterner() = default;
  virtual NodeRuleId intern(std::string_view record, StringTable& strings) = 0;
};

enum AccessMode : std::uint8_t { kReadWriteOncePod = 8 };  // one bit a mode; the only one the core asks for by name

// What a volume and a claim must agree on.
struct VolumeTraits {
  std::uint8_t access_modes;
  std::uint8_t volume_mode;
  StringId attributes_class;
};

struct PersistentVolume {
  StringId name;
  StringId storage_class;
  std::int64_t capacity_bytes;
  VolumeTraits traits;
  bool has_claim_ref;
  StringId claim_namespace;
  StringId claim_name;
  StringId claim_uid;
  bool available;  // its phase
  bool terminating;
  LabelSet labels;
  NodeRuleId affinity;
  NodeRuleId zones;  // VolumeZone's rule
  StringId plugin;   // in-tree plugin, empty for a CSI volume
  StringId driver;   // of the CSI volume that it is, or stands for
  StringId handle;
  StringId error;  // why an in-tree source has no CSI volume
  NodeRuleId csi_affinity;
};

struct PersistentVolumeClaim {
  StringId namespace_id;
  StringId name;
  StringId uid;
  StringId storage_class;
  StringId volume_name;
  bool bind_completed;
  bool has_selected_node;
  StringId selected_node;
  VolumeTraits traits;
  bool has_request;
  std::int64_t request_bytes;
  Selector selector;
  bool lost;
  bool terminating;
  StringId controller_uid;
  StringId controller_pod;  // the controller's name where it is a pod
};

struct StorageClass {
  StringId name;
  StringId provisioner;
  bool waits_for_consumer;
  StringId plugin;  // the provisioner where it is an in-tree plugin
  StringId driver;  // counted against limits; empty where nothing is
  NodeRuleId topologies;
};

struct DriverLimit {
  StringId driver;
  std::int64_t count;
};

struct CsiNode {
  StringId name;
  std::vector<DriverLimit> limits;
  std::vector<StringId> migrated_plugins;
};

struct CsiDriver {
  StringId name;
  bool tracks_capacity;
};

struct CsiStorageCapacity {
  StringId key;
  StringId storage_class;
  std::int64_t limit_bytes;  // -1 where none is given
  NodeRuleId topology;
};

struct VolumeAttachment {
  StringId name;
  StringId attacher;
  StringId node_name;
  StringId volume_name;
};

PersistentVolume read_persistent_volume(Reader& reader, StringTable& strings, NodeRuleInterner& rules);
PersistentVolumeClaim read_persistent_volume_claim(Reader& reader, StringTable& strings);
StorageClass read_storage_class(Reader& reader, StringTable& strings, NodeRuleInterner& rules);
CsiNode read_csi_node(Reader& reader, StringTable& strings);
CsiDriver read_csi_driver(Reader& reader, StringTable& strings);
CsiStorageCapacity read_csi_storage_capacity(Reader& reader, StringTable& strings, NodeRuleInterner& rules);
VolumeAttachment read_volume_attachment(Reader& reader, StringTable& strings);

}  // namespace kubesched
