#include "state/devices.h"

#include <algorithm>

namespace kubesched {

namespace {

constexpr std::size_t kMostChanges = 65536;

std::string_view name_of(std::string_view key) { return key.substr(key.find('/') + 1); }

}  // namespace

std::string claim_key(const PodShape& pod, const DeviceClaim& claim, const StringTable& strings) {
  return strings[pod.namespace_id] + "/" + strings[claim.claim_name];
}

DeviceIndex Devices::intern_device(std::string_view driver, std::string_view pool, std::string_view name) {
  std::string full = std::string(driver).append("/").append(pool).append("/").append(name);
  const auto [entry, is_new] = device_ids_.try_emplace(full, static_cast<DeviceIndex>(device_names_.size()));
  if (is_new) {
    device_names_.push_back(std::move(full));
    num_allocations_.push_back(0);
  }
  return entry->second;
}

void Devices::put_slice(std::string_view record, StringTable& strings) {
  Reader reader(record);
  auto slice = std::make_shared<ResourceSlice>();
  slice->name = strings.intern(reader.text());
  const std::string_view driver = reader.text();
  const std::string_view pool = reader.text();
  slice->driver = strings.intern(driver);
  slice->pool = strings.intern(pool);
  slice->generation = reader.i64();
  slice->slices_in_pool = reader.i64();
  slice->nodes = static_cast<SliceNodes>(reader.u8());
  slice->node_name = strings.intern(reader.text());
  slice->node_selector = read_node_selector_terms(reader, strings);
  slice->devices = reader.list([&] {
    Device device{};
    const std::string_view name = reader.text();
    device.index = intern_device(driver, pool, name);
    device.name = strings.intern(name);
    device.content = verdicts_.intern_content(reader.text());
    device.has_binding_conditions = reader.boolean();
    device.consumes_counters = reader.boolean();
    device.attributes = reader.list([&] {
      const StringId attribute = strings.intern(reader.text());
      return DeviceAttribute{attribute, strings.intern(reader.text())};
    });
    return device;
  });
  reader.finish();
  const auto [entry, is_new] = slice_ids_.try_emplace(slice->name, slices_.size());
  if (is_new) {
    slices_.push_back(std::move(slice));
  } else {
    slices_[entry->second] = std::move(slice);
  }
  ++version_;
}

void Devices::put_class(std::string_view record, StringTable& strings) {
  Reader reader(record);
  DeviceClass device_class;
  device_class.name = strings.intern(reader.text());
  device_class.selectors = reader.list([&] { return verdicts_.intern_expression(reader.text()); });
  reader.finish();
  classes_[device_class.name] = std::move(device_class);
  ++version_;
}

void Devices::put_claim(std::string_view record, StringTable& strings) {
  Reader reader(record);
  const std::string key(reader.text());
  ResourceClaim claim;
  claim.being_deleted = reader.boolean();
  claim.controller_uid = reader.text();
  const std::string spec(reader.text());
  const auto [entry, is_new] = spec_ids_.try_emplace(spec, static_cast<ClaimSpecId>(specs_.size()));
  if (is_new) {
    specs_.push_back(std::make_shared<const ClaimSpec>(
        read_claim_spec(spec, strings, [&](std::string_view text) { return verdicts_.intern_expression(text); })));
  }
  claim.spec = entry->second;
  if (reader.boolean()) {
    Allocation allocation;
    allocation.devices = reader.list([&] {
      const std::string_view driver = reader.text();
      const std::string_view pool = reader.text();
      const DeviceIndex device = intern_device(driver, pool, reader.text());
      return AllocatedDevice{device, reader.boolean()};
    });
    allocation.has_node_selector = reader.boolean();
    allocation.node_selector = read_node_selector_terms(reader, strings);
    claim.allocation = std::make_shared<const Allocation>(std::move(allocation));
  }
  claim.reserved_for = reader.list([&] { return std::string(reader.text()); });
  reader.finish();
  ResourceClaim& there = claims_[key];
  take(there.allocation.get(), -1);
  take(claim.allocation.get(), 1);
  there = std::move(claim);
}

bool Devices::remove_slice(StringId name) {
  const auto found = slice_ids_.find(name);
  if (found == slice_ids_.end()) return false;
  const std::size_t position = found->second;
  slices_.erase(slices_.begin() + static_cast<std::ptrdiff_t>(position));
  slice_ids_.erase(found);
  for (auto& [other, at] : slice_ids_) {
    if (at > position) --at;
  }
  ++version_;
  return true;
}

bool Devices::remove_class(StringId name) {
  ++version_;
  return classes_.erase(name) > 0;
}

bool Devices::remove_claim(const std::string& key) {
  const auto found = claims_.find(key);
  if (found == claims_.end()) return false;
  take(found->second.allocation.get(), -1);
  claims_.erase(found);
  return true;
}

const DeviceClass* Devices::find_class(StringId name) const {
  const auto found = classes_.find(name);
  return found == classes_.end() ? nullptr : &found->second;
}

const ResourceClaim* Devices::find_claim(const std::string& key) const {
  const auto found = claims_.find(key);
  return found == claims_.end() ? nullptr : &found->second;
}

const DeviceIndex* Devices::changed_since(std::uint64_t since, std::size_t& count) const {
  if (since < first_change_) return nullptr;
  count = static_cast<std::size_t>(num_changes() - since);
  return changes_.data() + (since - first_change_);
}

void Devices::take(const Allocation* allocation, std::int32_t sign) {
  if (allocation == nullptr) return;
  for (const AllocatedDevice& allocated : allocation->devices) {
    if (allocated.admin_access) continue;
    num_allocations_[allocated.device] += sign;
    if (changes_.size() == kMostChanges) {
      first_change_ += changes_.size();
      changes_.clear();
    }
    changes_.push_back(allocated.device);
  }
}

void Devices::allocate(const std::string& key, Allocation allocation) {
  ResourceClaim& claim = claims_.at(key);
  take(claim.allocation.get(), -1);
  claim.allocation = std::make_shared<const Allocation>(std::move(allocation));
  take(claim.allocation.get(), 1);
}

void Devices::deallocate(const std::string& key) {
  ResourceClaim& claim = claims_.at(key);
  take(claim.allocation.get(), -1);
  claim.allocation = nullptr;
  claim.reserved_for.clear();
}

void Devices::reserve_for(const PodShape& pod, std::string_view pod_key, const StringTable& strings) {
  for (const DeviceClaim& wanted : pod.claims) {
    const auto found = claims_.find(claim_key(pod, wanted, strings));
    if (found == claims_.end() || !found->second.allocation) continue;
    auto& names = found->second.reserved_for;
    if (std::find(names.begin(), names.end(), name_of(pod_key)) == names.end()) names.emplace_back(name_of(pod_key));
  }
}

void Devices::release_from(const PodShape& pod, std::string_view pod_key, const StringTable& strings) {
  for (const DeviceClaim& wanted : pod.claims) {
    const auto found = claims_.find(claim_key(pod, wanted, strings));
    if (found == claims_.end()) continue;
    ResourceClaim& claim = found->second;
    if (std::erase(claim.reserved_for, std::string(name_of(pod_key))) == 0 || !claim.reserved_for.empty()) continue;
    take(claim.allocation.get(), -1);
    claim.allocation = nullptr;
  }
}

}  // namespace kubesched
