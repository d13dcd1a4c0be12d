// Amounts of resources, by interned resource name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/reader.h"
#include "base/string_table.h"

namespace kubesched {

// milli-CPU, bytes or counts of one resource.
struct ResourceAmount {
  ResourceId resource;
  std::int64_t amount;
};

// The amount of one resource; 0 where the list lacks it.
std::int64_t amount_of(const std::vector<ResourceAmount>& amounts, ResourceId resource);

// Resource names in the order they were met; the four that every node has come first.
class ResourceTable {
 public:
  static constexpr ResourceId kCpu = 0;
  static constexpr ResourceId kMemory = 1;
  static constexpr ResourceId kEphemeralStorage = 2;
  static constexpr ResourceId kPods = 3;

  ResourceTable();
  ResourceId intern(std::string_view name);
  // kNoId where the name was never met.
  ResourceId find(std::string_view name) const;
  const std::string& name(ResourceId id) const { return names_[id]; }
  std::size_t size() const { return names_.size(); }

 private:
  std::vector<std::string> names_;
};

std::vector<ResourceAmount> read_resources(Reader& reader, ResourceTable& resources);

// A name with a domain that is not Kubernetes' own (apis/core/v1/helper IsExtendedResourceName).
bool is_extended_resource(std::string_view name);

}  // namespace kubesched
