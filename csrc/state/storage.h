// Storage objects by name, and the bindings that scheduling assumes.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/storage_objects.h"

namespace kubesched {

using VolumeId = std::uint32_t;  // position of a PersistentVolume; stays when the volume is replaced
using ClaimId = std::uint32_t;   // position of a PersistentVolumeClaim, likewise

// Not thread-safe. An object put under a name that is there replaces it in its place.
class Storage {
 public:
  // Adds or replaces one object from its record.
  void put(std::string_view record, StringTable& strings, NodeRuleInterner& rules);
  // False where there is no such object. The namespace means something for namespaced kinds alone.
  bool remove(StorageKind kind, std::string_view namespace_name, std::string_view full_name,
              const StringTable& strings);

  // Each find gives kNoId or nullptr where there is no such object.
  VolumeId find_volume(StringId name) const { return id_of(volume_ids_, name); }
  ClaimId find_claim(StringId namespace_id, StringId name) const { return id_of(claim_ids_, key(namespace_id, name)); }
  const StorageClass* find_class(StringId name) const { return find(classes_, name); }
  const CsiNode* find_csi_node(StringId name) const { return find(csi_nodes_, name); }
  const CsiDriver* find_csi_driver(StringId name) const { return find(csi_drivers_, name); }

  const PersistentVolume& volume(VolumeId id) const { return volumes_[id]; }
  const PersistentVolumeClaim& claim(ClaimId id) const { return claims_[id]; }
  // The volumes of a class, smallest first, then in the order in which they came.
  const std::vector<VolumeId>& volumes_of_class(StringId storage_class) const;
  const std::vector<CsiStorageCapacity>& capacities() const { return capacities_; }
  const std::vector<VolumeAttachment>& attachments() const { return attachments_; }
  const std::unordered_map<StringId, CsiNode>& csi_nodes() const { return csi_nodes_; }

  // The volume is the claim's from now on, and both are bound.
  void bind(ClaimId claim, VolumeId volume);
  // A volume for the claim is to be made for this node.
  void select_node(ClaimId claim, StringId node_name);

 private:
  static std::uint64_t key(StringId namespace_id, StringId name) { return std::uint64_t{namespace_id} << 32 | name; }
  template <typename Ids, typename Key>
  static std::uint32_t id_of(const Ids& ids, Key wanted) {
    const auto found = ids.find(wanted);
    return found == ids.end() ? kNoId : found->second;
  }
  template <typename T>
  static const T* find(const std::unordered_map<StringId, T>& objects, StringId name) {
    const auto found = objects.find(name);
    return found == objects.end() ? nullptr : &found->second;
  }

  void put_volume(PersistentVolume volume);
  void put_claim(PersistentVolumeClaim claim);

  std::vector<PersistentVolume> volumes_;
  std::unordered_map<StringId, VolumeId> volume_ids_;
  std::unordered_map<StringId, std::vector<VolumeId>> by_class_;
  std::vector<PersistentVolumeClaim> claims_;
  std::unordered_map<std::uint64_t, ClaimId> claim_ids_;
  std::unordered_map<StringId, StorageClass> classes_;
  std::unordered_map<StringId, CsiNode> csi_nodes_;
  std::unordered_map<StringId, CsiDriver> csi_drivers_;
  std::vector<CsiStorageCapacity> capacities_;
  std::vector<VolumeAttachment> attachments_;
};

}  // namespace kubesched
