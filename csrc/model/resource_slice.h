// The devices of one ResourceSlice.
#pragma once

#include <cstdint>
#include <vector>

#include "model/claim_spec.h"
#include "model/node_selector.h"

namespace kubesched {

struct DeviceAttribute {
  StringId name;   // as given: "domain/name", or "name" in the driver's own domain
  StringId value;  // type and value: equal ids are equal values
};

struct Device {
  DeviceIndex index;
  StringId name;
  ContentId content;
  bool has_binding_conditions;
  bool consumes_counters;
  std::vector<DeviceAttribute> attributes;
};

enum class SliceNodes : std::uint8_t { kNone, kName, kAll, kSelector };

// Immutable.
struct ResourceSlice {
  StringId name;
  StringId driver;
  StringId pool;
  std::int64_t generation;
  std::int64_t slices_in_pool;
  SliceNodes nodes;
  StringId node_name;
  std::vector<NodeSelectorTerm> node_selector;
  std::vector<Device> devices;
};

}  // namespace kubesched
