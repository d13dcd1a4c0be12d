#include "state/volume_use.h"

#include <algorithm>

namespace kubesched {

namespace {

// The one plugin whose volumes count only where the node's CSINode says that it was moved.
constexpr const char* kPortworx = "kubernetes.io/portworx-volume";

StringId annotation_for(StringId plugin, const StringTable& strings) {
  return strings[plugin] == kPortworx ? plugin : kNoId;
}

void add_class_volume(const PersistentVolumeClaim& claim, ClaimId id, const Storage& storage,
                      const StringTable& strings, std::vector<CsiVolume>& volumes) {
  const StorageClass* storage_class = storage.find_class(claim.storage_class);
  if (storage_class == nullptr || storage_class->driver == StringTable::kEmpty) return;
  volumes.push_back(CsiVolume{storage_class->driver, kNoId, id, annotation_for(storage_class->plugin, strings)});
}

void add_claim_volume(const PersistentVolumeClaim& claim, ClaimId id, const Storage& storage,
                      const StringTable& strings, std::vector<CsiVolume>& volumes) {
  const VolumeId volume_id = claim.volume_name == StringTable::kEmpty ? kNoId : storage.find_volume(claim.volume_name);
  if (volume_id == kNoId) {
    add_class_volume(claim, id, storage, strings, volumes);
    return;
  }
  const PersistentVolume& volume = storage.volume(volume_id);
  if (volume.driver == StringTable::kEmpty || volume.handle == StringTable::kEmpty) return;
  volumes.push_back(CsiVolume{volume.driver, volume.handle, kNoId, annotation_for(volume.plugin, strings)});
}

std::uint64_t claim_key(StringId namespace_id, StringId name) { return std::uint64_t{namespace_id} << 32 | name; }

}  // namespace

bool is_claim_of_pod(const PersistentVolumeClaim& claim, const PodVolumes& pod) {
  if (pod.pod_uid != StringTable::kEmpty) return claim.controller_uid == pod.pod_uid;
  return claim.controller_pod != StringTable::kEmpty && claim.controller_pod == pod.pod_name;
}

bool is_migrated(const CsiNode& node, StringId plugin) {
  return std::find(node.migrated_plugins.begin(), node.migrated_plugins.end(), plugin) != node.migrated_plugins.end();
}

std::vector<CsiVolume> csi_volumes(const PodShape& pod, const Storage& storage, const StringTable& strings) {
  std::vector<CsiVolume> volumes;
  for (const PodClaim& wanted : pod.volumes.claims) {
    const ClaimId id = storage.find_claim(pod.namespace_id, wanted.name);
    if (id == kNoId) continue;
    const PersistentVolumeClaim& claim = storage.claim(id);
    if (wanted.ephemeral && !is_claim_of_pod(claim, pod.volumes)) continue;
    add_claim_volume(claim, id, storage, strings, volumes);
  }
  for (const InlineInTreeVolume& volume : pod.volumes.in_tree) {
    if (volume.error != StringTable::kEmpty) continue;
    volumes.push_back(CsiVolume{volume.driver, volume.handle, kNoId, annotation_for(volume.plugin, strings)});
  }
  // A volume that the pod names twice counts once.
  for (auto volume = volumes.begin(); volume != volumes.end();) {
    const bool again = std::any_of(volumes.begin(), volume, [&](const CsiVolume& other) { return other.is(*volume); });
    volume = again ? volumes.erase(volume) : volume + 1;
  }
  return volumes;
}

void VolumeUse::change(const PodShape& pod, NodeIndex node, std::int32_t sign, const VolumeUseSource& source) {
  if (pod.volumes.empty()) return;
  for (const PodClaim& claim : pod.volumes.claims) {
    if (claim.ephemeral) continue;
    const auto slot = claim_uses_.edit().try_emplace(claim_key(pod.namespace_id, claim.name), 0).first;
    slot->second += sign;
    if (slot->second == 0) claim_uses_.edit().erase(slot);
  }
  if (!pod.volumes.disks.empty()) change_disks(pod, source.nodes.uid(node), sign);
  if (attached_known_) change_attached(pod, node, sign, source);
}

void VolumeUse::change_disks(const PodShape& pod, std::uint32_t uid, std::int32_t sign) {
  auto& by_node = disks_.edit();
  auto& uses = by_node[uid];
  for (const InlineDisk& disk : pod.volumes.disks) {
    const auto found = std::find_if(uses.begin(), uses.end(), [&](const DiskUse& use) { return use.disk == disk; });
    if (found == uses.end()) {
      uses.push_back(DiskUse{disk, sign});
    } else if ((found->pods += sign) == 0) {
      uses.erase(found);
    }
  }
  if (uses.empty()) by_node.erase(uid);
}

std::int32_t VolumeUse::num_claim_uses(StringId namespace_id, StringId name) const {
  const auto found = claim_uses_->find(claim_key(namespace_id, name));
  return found == claim_uses_->end() ? 0 : found->second;
}

VolumeUse::Attached& VolumeUse::attached(std::uint32_t uid, const CsiVolume& volume) {
  auto& listed = attached_.edit()[uid];
  const auto found =
      std::find_if(listed.begin(), listed.end(), [&](const Attached& other) { return other.volume.is(volume); });
  if (found != listed.end()) return *found;
  listed.push_back(Attached{volume});
  return listed.back();
}

void VolumeUse::count(StringId driver, std::uint32_t uid, std::int64_t change) {
  auto& counts = drivers_.edit()[driver].counts;
  if (counts.size() <= uid) counts.resize(uid + 1, 0);
  counts[uid] += change;
}

void VolumeUse::change_attached(const PodShape& pod, NodeIndex node, std::int32_t sign, const VolumeUseSource& source) {
  const CsiNode* csi_node = source.storage.find_csi_node(source.nodes.name(node));
  if (csi_node == nullptr) return;  // it limits nothing
  const std::uint32_t uid = source.nodes.uid(node);
  for (const CsiVolume& volume : csi_volumes(pod, source.storage, source.strings)) {
    if (volume.annotation != kNoId && !is_migrated(*csi_node, volume.annotation)) continue;
    Attached& entry = attached(uid, volume);
    const bool counted = entry.pods > 0 || entry.has_attachment;
    entry.pods += sign;
    const bool counts = entry.pods > 0 || entry.has_attachment;
    if (counted != counts) count(volume.driver, uid, counts ? 1 : -1);
    if (!counts) {
      std::erase_if(attached_.edit()[uid], [](const Attached& one) { return one.pods == 0 && !one.has_attachment; });
    }
  }
}

void VolumeUse::count_attached(const VolumeUseSource& source) {
  attached_ = {};
  drivers_ = {};
  auto& drivers = drivers_.edit();
  for (std::size_t node = 0; node < source.nodes.size(); ++node) {
    const CsiNode* csi_node = source.storage.find_csi_node(source.nodes.name(node));
    if (csi_node == nullptr) continue;
    const std::uint32_t uid = source.nodes.uid(node);
    for (const DriverLimit& limit : csi_node->limits) {
      auto& limits = drivers[limit.driver].limits;
      if (limits.size() <= uid) limits.resize(uid + 1, DriverUse::kNoLimit);
      limits[uid] = limit.count;
    }
  }
  source.pods.for_each([&](const PodRecord& pod) {
    const PodShape& shape = source.shapes[pod.shape];
    if (!shape.volumes.empty()) change_attached(shape, source.nodes.index_of_uid(pod.node_uid), 1, source);
  });
  for (const SupposedPod& pod : source.supposed) {
    if (!source.shapes[pod.shape].volumes.empty())
      change_attached(source.shapes[pod.shape], pod.node, pod.sign, source);
  }
  count_attachments(source);
  attached_known_ = true;
}

void VolumeUse::count_attachments(const VolumeUseSource& source) {
  for (const VolumeAttachment& attachment : source.storage.attachments()) {
    const NodeIndex node = source.nodes.find(attachment.node_name);
    const VolumeId id = source.storage.find_volume(attachment.volume_name);
    if (node == kNoId || id == kNoId || attachment.attacher == StringTable::kEmpty) continue;
    const PersistentVolume& volume = source.storage.volume(id);
    if (volume.plugin != StringTable::kEmpty || volume.driver == StringTable::kEmpty) continue;
    const std::uint32_t uid = source.nodes.uid(node);
    Attached& entry = attached(uid, CsiVolume{attachment.attacher, volume.handle, kNoId});
    if (entry.pods == 0 && !entry.has_attachment) count(attachment.attacher, uid, 1);
    entry.has_attachment = true;
  }
}

const DriverUse* VolumeUse::find_driver(StringId driver, const VolumeUseSource& source) {
  if (!attached_known_) count_attached(source);
  const auto found = drivers_->find(driver);
  return found == drivers_->end() ? nullptr : &found->second;
}

bool VolumeUse::is_attached(std::uint32_t uid, const CsiVolume& volume) const {
  const auto found = attached_->find(uid);
  if (found == attached_->end()) return false;
  return std::any_of(found->second.begin(), found->second.end(),
                     [&](const Attached& one) { return one.pods > 0 && one.volume.is(volume); });
}

}  // namespace kubesched
