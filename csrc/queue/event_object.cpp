#include "queue/event_object.h"

namespace kubesched {

namespace {

ClaimReference read_claim_reference(Reader& reader, StringTable& strings) {
  const StringId namespace_id = strings.intern(reader.text());
  return {namespace_id, strings.intern(reader.text())};
}

StorageClassObject read_storage_class(Reader& reader) {
  std::string topologies(reader.text());
  return {std::move(topologies), reader.boolean()};
}

CsiNodeObject read_csi_node(Reader& reader, StringTable& strings) {
  CsiNodeObject node;
  node.drivers = reader.list([&] {
    const StringId name = strings.intern(reader.text());
    return CsiNodeObject::Driver{name, reader.i64()};
  });
  node.migrated_plugins = reader.text();
  return node;
}

CsiDriverObject read_csi_driver(Reader& reader, StringTable& strings) {
  const StringId name = strings.intern(reader.text());
  return {name, reader.boolean()};
}

CsiStorageCapacityObject read_capacity(Reader& reader) {
  const bool limited = reader.boolean();
  const std::int64_t bytes = reader.i64();
  return {limited ? std::optional(bytes) : std::nullopt};
}

ResourceClaimObject read_resource_claim(Reader& reader) {
  ResourceClaimObject claim;
  claim.key = reader.text();
  claim.name = reader.text();
  claim.uid = reader.text();
  claim.controller_uid = reader.text();
  claim.terminating = reader.boolean();
  claim.allocated = reader.boolean();
  claim.status = reader.text();
  return claim;
}

EventPayload read_payload(std::uint8_t kind, Reader& reader, StringTable& strings) {
  switch (kind) {
    case 0:
      return OtherObject{};
    case 3:
      return read_claim_reference(reader, strings);
    case 4:
      return VolumeObject{std::string(reader.text())};
    case 5:
      return read_storage_class(reader);
    case 6:
      return read_csi_node(reader, strings);
    case 7:
      return read_csi_driver(reader, strings);
    case 8:
      return read_capacity(reader);
    case 9:
      return VolumeAttachmentObject{strings.intern(reader.text())};
    case 10:
      return read_resource_claim(reader);
    default:
      break;
  }
  throw InternalError("invariant broke: an event object is of a known kind");
}

}  // namespace

EventPayload read_event_payload(std::uint8_t kind, std::string_view record, StringTable& strings) {
  Reader reader(record);
  EventPayload payload = read_payload(kind, reader, strings);
  reader.finish();
  return payload;
}

NodeObject read_node_object(std::string_view node_record, std::string_view rest, StringTable& strings,
                            ResourceTable& resources) {
  NodeObject node{read_node_spec(node_record, strings, resources), {}, {}};
  Reader reader(rest);
  node.conditions = reader.text();
  node.annotations = reader.text();
  reader.finish();
  return node;
}

}  // namespace kubesched
