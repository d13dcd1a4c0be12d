#include "state/storage.h"

#include <algorithm>
#include <utility>

namespace kubesched {

namespace {

template <typename T, typename Same>
void put_in_list(std::vector<T>& objects, T object, Same&& same) {
  const auto found = std::find_if(objects.begin(), objects.end(), same);
  if (found == objects.end()) {
    objects.push_back(std::move(object));
  } else {
    *found = std::move(object);
  }
}

}  // namespace

void Storage::put(std::string_view record, StringTable& strings, NodeRuleInterner& rules) {
  Reader reader(record);
  switch (static_cast<StorageKind>(reader.u8())) {
    case StorageKind::kPersistentVolume:
      put_volume(read_persistent_volume(reader, strings, rules));
      break;
    case StorageKind::kPersistentVolumeClaim:
      put_claim(read_persistent_volume_claim(reader, strings));
      break;
    case StorageKind::kStorageClass: {
      const StorageClass storage_class = read_storage_class(reader, strings, rules);
      classes_[storage_class.name] = storage_class;
      break;
    }
    case StorageKind::kCsiNode: {
      CsiNode node = read_csi_node(reader, strings);
      const StringId name = node.name;
      csi_nodes_[name] = std::move(node);
      break;
    }
    case StorageKind::kCsiDriver: {
      const CsiDriver driver = read_csi_driver(reader, strings);
      csi_drivers_[driver.name] = driver;
      break;
    }
    case StorageKind::kCsiStorageCapacity: {
      const CsiStorageCapacity capacity = read_csi_storage_capacity(reader, strings, rules);
      put_in_list(capacities_, capacity, [&](const CsiStorageCapacity& other) { return other.key == capacity.key; });
      break;
    }
    case StorageKind::kVolumeAttachment: {
      const VolumeAttachment attachment = read_volume_attachment(reader, strings);
      put_in_list(attachments_, attachment,
                  [&](const VolumeAttachment& other) { return other.name == attachment.name; });
      break;
    }
  }
  reader.finish();
}

bool Storage::remove(StorageKind kind, std::string_view namespace_name, std::string_view full_name,
                     const StringTable& strings) {
  const StringId name = strings.find(full_name);
  switch (kind) {
    case StorageKind::kPersistentVolume: {
      const VolumeId id = find_volume(name);
      if (id == kNoId) return false;
      std::erase(by_class_[volumes_[id].storage_class], id);
      return volume_ids_.erase(name) > 0;
    }
    case StorageKind::kPersistentVolumeClaim:
      return claim_ids_.erase(key(strings.find(namespace_name), name)) > 0;
    case StorageKind::kStorageClass:
      return classes_.erase(name) > 0;
    case StorageKind::kCsiNode:
      return csi_nodes_.erase(name) > 0;
    case StorageKind::kCsiDriver:
      return csi_drivers_.erase(name) > 0;
    case StorageKind::kCsiStorageCapacity: {
      const std::string wanted = std::string(namespace_name).append("/").append(full_name);
      return std::erase_if(capacities_, [&](const CsiStorageCapacity& one) { return strings[one.key] == wanted; }) > 0;
    }
    case StorageKind::kVolumeAttachment:
      return std::erase_if(attachments_, [&](const VolumeAttachment& one) { return one.name == name; }) > 0;
  }
  return false;
}

void Storage::put_volume(PersistentVolume volume) {
  const auto [slot, added] = volume_ids_.try_emplace(volume.name, static_cast<VolumeId>(volumes_.size()));
  const VolumeId id = slot->second;
  if (added) {
    volumes_.push_back(std::move(volume));
  } else {
    std::erase(by_class_[volumes_[id].storage_class], id);
    volumes_[id] = std::move(volume);
  }
  auto& listed = by_class_[volumes_[id].storage_class];
  const auto rank = [&](VolumeId one) { return std::pair(volumes_[one].capacity_bytes, one); };
  listed.insert(std::lower_bound(listed.begin(), listed.end(), id,
                                 [&](VolumeId one, VolumeId other) { return rank(one) < rank(other); }),
                id);
}

void Storage::put_claim(PersistentVolumeClaim claim) {
  const std::uint64_t name = key(claim.namespace_id, claim.name);
  const auto [slot, added] = claim_ids_.try_emplace(name, static_cast<ClaimId>(claims_.size()));
  if (added) {
    claims_.push_back(std::move(claim));
  } else {
    claims_[slot->second] = std::move(claim);
  }
}

const std::vector<VolumeId>& Storage::volumes_of_class(StringId storage_class) const {
  static const std::vector<VolumeId> kNone;
  const auto found = by_class_.find(storage_class);
  return found == by_class_.end() ? kNone : found->second;
}

void Storage::bind(ClaimId claim_id, VolumeId volume_id) {
  PersistentVolumeClaim& claim = claims_[claim_id];
  PersistentVolume& volume = volumes_[volume_id];
  volume.has_claim_ref = true;
  volume.claim_namespace = claim.namespace_id;
  volume.claim_name = claim.name;
  volume.claim_uid = claim.uid;
  volume.available = false;
  claim.volume_name = volume.name;
  claim.bind_completed = true;
}

void Storage::select_node(ClaimId claim, StringId node_name) {
  claims_[claim].has_selected_node = true;
  claims_[claim].selected_node = node_name;
}

}  // namespace kubesched
