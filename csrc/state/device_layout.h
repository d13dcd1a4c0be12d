// Which pools of devices each node reaches.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "state/devices.h"
#include "state/node_table.h"

namespace kubesched {

// The slices of one pool that a node reaches, of the newest generation among them.
struct DevicePool {
  StringId driver;
  StringId name;
  bool is_incomplete;
  StringId duplicate_device;  // StringTable::kEmpty where the pool is valid
  std::vector<std::shared_ptr<const ResourceSlice>> slices;
};

// Immutable. structured/internal/incubating/pools_incubating.go GatherPools (v1.34); upstream's pools come in random
// order, these in the order in which their slices were added.
class DeviceLayout {
 public:
  static constexpr NodeIndex kMany = kNoId;

  DeviceLayout(const NodeTable& nodes, const Devices& devices, const StringTable& strings);

  const std::vector<DevicePool>& pools(std::size_t node) const { return pools_[node]; }
  // The only node that reaches a device; kMany where that is not known to be a single one.
  NodeIndex node_of(DeviceIndex device) const { return device < node_of_.size() ? node_of_[device] : kMany; }

 private:
  void add_slice(std::size_t node, const std::shared_ptr<const ResourceSlice>& slice);

  std::vector<std::vector<DevicePool>> pools_;  // by node
  std::vector<NodeIndex> node_of_;              // by device
};

}  // namespace kubesched
