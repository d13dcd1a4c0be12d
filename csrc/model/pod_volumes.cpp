#include "model/pod_volumes.h"

namespace kubesched {

PodVolumes read_pod_volumes(Reader& reader, StringTable& strings) {
  const auto text = [&] { return strings.intern(reader.text()); };
  PodVolumes volumes;
  volumes.claims = reader.list([&] {
    const StringId name = text();
    return PodClaim{name, reader.boolean()};
  });
  volumes.disks = reader.list([&] {
    InlineDisk disk{};
    disk.kind = static_cast<DiskKind>(reader.u8());
    disk.read_only = reader.boolean();
    disk.id = text();
    disk.pool = text();
    disk.monitors = reader.list(text);
    return disk;
  });
  volumes.in_tree = reader.list([&] {
    InlineInTreeVolume volume{};
    volume.volume = text();
    volume.plugin = text();
    volume.driver = text();
    volume.handle = text();
    volume.error = text();
    return volume;
  });
  volumes.pod_name = text();
  volumes.pod_uid = text();
  return volumes;
}

}  // namespace kubesched
