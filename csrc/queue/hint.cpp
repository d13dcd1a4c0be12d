#include "queue/hint.h"

namespace kubesched {

namespace {

EventTable make_table() {
  EventTable table;
  add_node_hints(table);
  add_pod_hints(table);
  add_volume_hints(table);
  add_claim_hints(table);
  return table;
}

}  // namespace

std::vector<EventWithHint> native_events(const std::string& plugin) {
  static const EventTable kTable = make_table();
  const auto found = kTable.find(plugin);
  return found == kTable.end() ? all_events() : found->second;
}

std::vector<EventWithHint> all_events() {
  std::vector<EventWithHint> events;
  for (EventResource resource :
       {EventResource::kPod, EventResource::kNode, EventResource::kPersistentVolume,
        EventResource::kPersistentVolumeClaim, EventResource::kCsiNode, EventResource::kCsiDriver,
        EventResource::kCsiStorageCapacity, EventResource::kStorageClass, EventResource::kResourceClaim,
        EventResource::kDeviceClass}) {
    events.push_back({{resource, action::kAll}, {}});
  }
  return events;
}

}  // namespace kubesched
