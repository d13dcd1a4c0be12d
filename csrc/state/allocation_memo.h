// Where claims of which specs could be allocated, kept up to date node by node.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "state/device_layout.h"

namespace kubesched {

// The outcome of an allocation for each node, as of one number of changes.
struct AllocationVerdicts {
  std::shared_ptr<const DeviceLayout> layout;
  std::uint64_t num_changes = 0;
  std::vector<std::uint8_t> outcomes;  // by node
};

// A copy starts empty: what is in here can be found again.
class AllocationMemo {
 public:
  AllocationMemo() = default;
  AllocationMemo(const AllocationMemo&) {}
  AllocationMemo& operator=(const AllocationMemo&) = delete;

  // The layout of the nodes and slices as they are.
  const std::shared_ptr<const DeviceLayout>& layout(const NodeTable& nodes, const Devices& devices,
                                                    const StringTable& strings, std::uint64_t epoch) {
    if (!layout_ || epoch_ != epoch || version_ != devices.version()) {
      layout_ = std::make_shared<const DeviceLayout>(nodes, devices, strings);
      epoch_ = epoch;
      version_ = devices.version();
      by_specs_.clear();
    }
    return layout_;
  }

  // What was found for claims of these specs, in this order; new where that was never asked.
  AllocationVerdicts& of(std::vector<ClaimSpecId> specs) {
    if (by_specs_.size() >= kMostEntries) by_specs_.clear();
    return by_specs_[std::move(specs)];
  }

 private:
  static constexpr std::size_t kMostEntries = 1024;

  std::shared_ptr<const DeviceLayout> layout_;
  std::uint64_t epoch_ = 0;
  std::uint64_t version_ = 0;
  std::map<std::vector<ClaimSpecId>, AllocationVerdicts> by_specs_;
};

}  // namespace kubesched
