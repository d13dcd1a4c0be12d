// Devices, device classes and claims (resource.k8s.io/v1), and which devices are taken.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/pod_shape.h"
#include "model/resource_slice.h"
#include "state/device_verdicts.h"

namespace kubesched {

struct DeviceClass {
  StringId name;
  std::vector<ExpressionId> selectors;
};

struct AllocatedDevice {
  DeviceIndex device;
  bool admin_access;  // does not take the device
};

struct Allocation {
  std::vector<AllocatedDevice> devices;
  bool has_node_selector = false;
  std::vector<NodeSelectorTerm> node_selector;
};

struct ResourceClaim {
  ClaimSpecId spec = 0;
  bool being_deleted = false;
  std::string controller_uid;
  std::shared_ptr<const Allocation> allocation;  // nullptr while not allocated
  std::vector<std::string> reserved_for;         // names of pods; other consumers as "resource/name"
};

// Not thread-safe. A copy is independent.
// INVARIANT: num_allocations_[d] counts the claims whose allocation takes device d.
class Devices {
 public:
  void put_slice(std::string_view record, StringTable& strings);
  void put_class(std::string_view record, StringTable& strings);
  void put_claim(std::string_view record, StringTable& strings);
  // Each gives false where there is no such object. What is allocated of a slice stays so.
  bool remove_slice(StringId name);
  bool remove_class(StringId name);
  bool remove_claim(const std::string& key);

  DeviceVerdicts& verdicts() { return verdicts_; }
  const DeviceVerdicts& verdicts() const { return verdicts_; }
  const std::vector<std::shared_ptr<const ResourceSlice>>& slices() const { return slices_; }
  const DeviceClass* find_class(StringId name) const;
  // `key` is "namespace/name"; nullptr where there is no such claim.
  const ResourceClaim* find_claim(const std::string& key) const;
  const ClaimSpec& spec(ClaimSpecId id) const { return *specs_[id]; }

  bool is_allocated(DeviceIndex device) const { return num_allocations_[device] > 0; }
  std::size_t num_devices() const { return num_allocations_.size(); }
  std::string device_name(DeviceIndex device) const { return device_names_[device]; }

  // Changes with every slice and class.
  std::uint64_t version() const { return version_; }
  // Every device taken or given back since the beginning has a number; those from `since` on.
  std::uint64_t num_changes() const { return first_change_ + changes_.size(); }
  // nullptr where that is too long ago.
  const DeviceIndex* changed_since(std::uint64_t since, std::size_t& count) const;

  // REQUIRES: the claim is there.
  void allocate(const std::string& key, Allocation allocation);
  // Nobody has the claim any more, and nothing is allocated for it. REQUIRES: the claim is there.
  void deallocate(const std::string& key);
  // The pod was put on a node: its claims that are allocated are reserved for it.
  void reserve_for(const PodShape& pod, std::string_view pod_key, const StringTable& strings);
  // The pod is gone: its claims are no longer reserved for it; one that nobody uses any more loses its allocation
  // (controller/resourceclaim/controller.go syncClaim, v1.34).
  void release_from(const PodShape& pod, std::string_view pod_key, const StringTable& strings);

 private:
  DeviceIndex intern_device(std::string_view driver, std::string_view pool, std::string_view name);
  void take(const Allocation* allocation, std::int32_t sign);

  DeviceVerdicts verdicts_;
  std::vector<std::shared_ptr<const ResourceSlice>> slices_;
  std::unordered_map<StringId, std::size_t> slice_ids_;
  std::unordered_map<StringId, DeviceClass> classes_;
  std::unordered_map<std::string, ResourceClaim> claims_;
  std::vector<std::shared_ptr<const ClaimSpec>> specs_;
  std::unordered_map<std::string, ClaimSpecId> spec_ids_;
  std::unordered_map<std::string, DeviceIndex> device_ids_;
  std::vector<std::string> device_names_;  // "driver/pool/device"
  std::vector<std::int32_t> num_allocations_;
  std::vector<DeviceIndex> changes_;
  std::uint64_t first_change_ = 0;
  std::uint64_t version_ = 0;
};

// "namespace/name" of a claim that a pod names.
std::string claim_key(const PodShape& pod, const DeviceClaim& claim, const StringTable& strings);

}  // namespace kubesched
