#include "state/device_layout.h"

#include <algorithm>
#include <unordered_set>

#include "state/node_selection.h"

namespace kubesched {

namespace {

constexpr NodeIndex kNotSeen = kNoId - 1;

StringId find_duplicate(const DevicePool& pool) {
  std::unordered_set<StringId> seen;
  for (const auto& slice : pool.slices) {
    for (const Device& device : slice->devices) {
      if (!seen.insert(device.name).second) return device.name;
    }
  }
  return StringTable::kEmpty;
}

}  // namespace

DeviceLayout::DeviceLayout(const NodeTable& nodes, const Devices& devices, const StringTable& strings)
    : pools_(nodes.size()), node_of_(devices.num_devices(), kNotSeen) {
  for (const auto& slice : devices.slices()) {
    if (slice->nodes == SliceNodes::kNone) continue;
    NodeIndex only = kMany;
    if (slice->nodes == SliceNodes::kName) {
      only = nodes.find(slice->node_name);
      if (only == kNoId) continue;
      add_slice(only, slice);
    } else {
      const NodeMask mask = slice->nodes == SliceNodes::kAll ? NodeMask(nodes.size(), true)
                                                             : select_any_term(nodes, slice->node_selector, strings);
      mask.for_each([&](std::size_t node) { add_slice(node, slice); });
    }
    for (const Device& device : slice->devices) {
      NodeIndex& node = node_of_[device.index];
      node = node == kNotSeen || node == only ? only : kMany;
    }
  }
  for (auto& pools : pools_) {
    for (DevicePool& pool : pools) {
      pool.is_incomplete = static_cast<std::int64_t>(pool.slices.size()) != pool.slices.front()->slices_in_pool;
      pool.duplicate_device = find_duplicate(pool);
    }
  }
}

void DeviceLayout::add_slice(std::size_t node, const std::shared_ptr<const ResourceSlice>& slice) {
  auto& pools = pools_[node];
  const auto pool = std::find_if(pools.begin(), pools.end(), [&](const DevicePool& other) {
    return other.driver == slice->driver && other.name == slice->pool;
  });
  if (pool == pools.end()) {
    pools.push_back(DevicePool{slice->driver, slice->pool, false, StringTable::kEmpty, {slice}});
    return;
  }
  const std::int64_t generation = pool->slices.front()->generation;
  if (slice->generation < generation) return;
  if (slice->generation > generation) pool->slices.clear();
  pool->slices.push_back(slice);
}

}  // namespace kubesched
