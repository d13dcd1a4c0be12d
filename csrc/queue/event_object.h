// The objects of cluster events other than pods: just what hints ask of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/node_spec.h"
#include "queue/pod_object.h"

namespace kubesched {

struct NodeObject {
  NodeSpec spec;
  std::string conditions;   // equal bytes where type and status of all conditions are equal
  std::string annotations;  // equal bytes where the annotations are equal
};

struct ClaimReference {  // a PersistentVolumeClaim
  StringId namespace_id;
  StringId name;
};

struct VolumeObject {
  std::string topology;  // equal bytes where name and zones are equal
};

struct StorageClassObject {
  std::string allowed_topologies;
  bool waits_for_first_consumer;
};

struct CsiNodeObject {
  struct Driver {
    StringId name;
    std::int64_t count;  // 0 where there is no limit
  };
  std::vector<Driver> drivers;
  std::string migrated_plugins;
};

struct CsiDriverObject {
  StringId name;
  bool storage_capacity;
};

struct CsiStorageCapacityObject {
  std::optional<std::int64_t> limit_bytes;  // maximumVolumeSize, else capacity
};

struct VolumeAttachmentObject {
  StringId attacher;
};

struct ResourceClaimObject {
  std::string key;  // namespace/name
  std::string name;
  std::string uid;
  std::string controller_uid;
  bool terminating;
  bool allocated;
  std::string status;  // equal bytes where the status is equal
};

struct OtherObject {};  // hints ask nothing of it

using EventPayload = std::variant<OtherObject, std::shared_ptr<const PodObject>, NodeObject, ClaimReference,
                                  VolumeObject, StorageClassObject, CsiNodeObject, CsiDriverObject,
                                  CsiStorageCapacityObject, VolumeAttachmentObject, ResourceClaimObject>;

// Immutable. `manifest` is the caller's own; never looked at.
struct EventObject {
  EventPayload payload;
  std::shared_ptr<void> manifest;

  // nullptr where the object is of another kind.
  template <typename T>
  const T* get() const {
    return std::get_if<T>(&payload);
  }
  const PodObject* pod() const {
    const auto* held = get<std::shared_ptr<const PodObject>>();
    return held == nullptr ? nullptr : held->get();
  }
};

using EventObjectPtr = std::shared_ptr<const EventObject>;

// `kind` is the position of the payload; records come from kubesched/api/event_codec.py.
EventPayload read_event_payload(std::uint8_t kind, std::string_view record, StringTable& strings);
// A node's record is in two parts: that of the engine, and what only the queue looks at.
NodeObject read_node_object(std::string_view node_record, std::string_view rest, StringTable& strings,
                            ResourceTable& resources);

}  // namespace kubesched
