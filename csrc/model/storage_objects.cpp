#include "model/storage_objects.h"

namespace kubesched {

namespace {

VolumeTraits read_traits(Reader& reader, StringTable& strings) {
  VolumeTraits traits{};
  traits.access_modes = reader.u8();
  traits.volume_mode = reader.u8();
  traits.attributes_class = strings.intern(reader.text());
  return traits;
}

}  // namespace

PersistentVolume read_persistent_volume(Reader& reader, StringTable& strings, NodeRuleInterner& rules) {
  const auto text = [&] { return strings.intern(reader.text()); };
  PersistentVolume volume{};
  volume.name = text();
  volume.storage_class = text();
  volume.capacity_bytes = reader.i64();
  volume.traits = read_traits(reader, strings);
  volume.has_claim_ref = reader.boolean();
  volume.claim_namespace = text();
  volume.claim_name = text();
  volume.claim_uid = text();
  volume.available = reader.boolean();
  volume.terminating = reader.boolean();
  volume.labels = read_labels(reader, strings);
  volume.affinity = rules.intern(reader.text(), strings);
  volume.zones = rules.intern(reader.text(), strings);
  volume.plugin = text();
  volume.driver = text();
  volume.handle = text();
  volume.error = text();
  volume.csi_affinity = rules.intern(reader.text(), strings);
  return volume;
}

PersistentVolumeClaim read_persistent_volume_claim(Reader& reader, StringTable& strings) {
  const auto text = [&] { return strings.intern(reader.text()); };
  PersistentVolumeClaim claim{};
  claim.namespace_id = text();
  claim.name = text();
  claim.uid = text();
  claim.storage_class = text();
  claim.volume_name = text();
  claim.bind_completed = reader.boolean();
  claim.has_selected_node = reader.boolean();
  claim.selected_node = text();
  claim.traits = read_traits(reader, strings);
  claim.has_request = reader.boolean();
  claim.request_bytes = reader.i64();
  claim.selector = read_selector(reader, strings);
  claim.lost = reader.boolean();
  claim.terminating = reader.boolean();
  claim.controller_uid = text();
  claim.controller_pod = text();
  return claim;
}

StorageClass read_storage_class(Reader& reader, StringTable& strings, NodeRuleInterner& rules) {
  const auto text = [&] { return strings.intern(reader.text()); };
  StorageClass storage_class{};
  storage_class.name = text();
  storage_class.provisioner = text();
  storage_class.waits_for_consumer = reader.boolean();
  storage_class.plugin = text();
  storage_class.driver = text();
  storage_class.topologies = rules.intern(reader.text(), strings);
  return storage_class;
}

CsiNode read_csi_node(Reader& reader, StringTable& strings) {
  CsiNode node{};
  node.name = strings.intern(reader.text());
  node.limits = reader.list([&] {
    const StringId driver = strings.intern(reader.text());
    return DriverLimit{driver, reader.i64()};
  });
  node.migrated_plugins = reader.list([&] { return strings.intern(reader.text()); });
  return node;
}

CsiDriver read_csi_driver(Reader& reader, StringTable& strings) {
  const StringId name = strings.intern(reader.text());
  return CsiDriver{name, reader.boolean()};
}

CsiStorageCapacity read_csi_storage_capacity(Reader& reader, StringTable& strings, NodeRuleInterner& rules) {
  CsiStorageCapacity capacity{};
  capacity.key = strings.intern(reader.text());
  capacity.storage_class = strings.intern(reader.text());
  capacity.limit_bytes = reader.i64();
  capacity.topology = rules.intern(reader.text(), strings);
  return capacity;
}

VolumeAttachment read_volume_attachment(Reader& reader, StringTable& strings) {
  const auto text = [&] { return strings.intern(reader.text()); };
  VolumeAttachment attachment{};
  attachment.name = text();
  attachment.attacher = text();
  attachment.node_name = text();
  attachment.volume_name = text();
  return attachment;
}

}  // namespace kubesched
