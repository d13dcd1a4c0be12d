#include "queue/pod_object.h"

namespace kubesched {

namespace {

StringId read_name(Reader& reader, StringTable& strings) {
  const bool given = reader.boolean();
  const std::string_view name = reader.text();
  return given ? strings.intern(name) : kNoId;
}

PodVolume read_volume(Reader& reader, StringTable& strings) {
  PodVolume volume{};
  volume.claim = read_name(reader, strings);
  volume.ephemeral_claim = read_name(reader, strings);
  volume.migrated_driver = read_name(reader, strings);
  volume.csi_driver = read_name(reader, strings);
  volume.disk_kind = static_cast<VolumeDiskKind>(reader.u8());
  volume.disk = strings.intern(reader.text());
  volume.pool = strings.intern(reader.text());
  volume.monitors = reader.list([&] { return strings.intern(reader.text()); });
  volume.read_only = reader.boolean();
  return volume;
}

PodResourceClaim read_claim(Reader& reader, StringTable& strings) {
  PodResourceClaim claim{};
  claim.name = strings.intern(reader.text());
  claim.claim = strings.intern(reader.text());
  claim.source = static_cast<PodResourceClaim::Source>(reader.u8());
  return claim;
}

}  // namespace

PodObject read_pod_object(std::string_view record, std::shared_ptr<const PodShape> shape, StringTable& strings) {
  Reader reader(record);
  PodObject pod{};
  pod.key = reader.text();
  pod.uid = reader.text();
  pod.shape = std::move(shape);
  pod.node_name = strings.intern(reader.text());
  pod.assigned = pod.node_name != StringTable::kEmpty;
  pod.nominated = strings.intern(reader.text());
  pod.scheduling_gates = reader.list([&] { return std::string(reader.text()); });
  pod.volumes = reader.list([&] { return read_volume(reader, strings); });
  pod.claims = reader.list([&] { return read_claim(reader, strings); });
  pod.claim_statuses = reader.text();
  reader.finish();
  return pod;
}

}  // namespace kubesched
