#include "model/resources.h"

namespace kubesched {

std::int64_t amount_of(const std::vector<ResourceAmount>& amounts, ResourceId resource) {
  for (const ResourceAmount& amount : amounts) {
    if (amount.resource == resource) return amount.amount;
  }
  return 0;
}

ResourceTable::ResourceTable() : names_{"cpu", "memory", "ephemeral-storage", "pods"} {}

ResourceId ResourceTable::find(std::string_view name) const {
  for (ResourceId id = 0; id < names_.size(); ++id) {
    if (names_[id] == name) return id;
  }
  return kNoId;
}

ResourceId ResourceTable::intern(std::string_view name) {
  const ResourceId found = find(name);
  if (found != kNoId) return found;
  names_.emplace_back(name);
  return static_cast<ResourceId>(names_.size() - 1);
}

std::vector<ResourceAmount> read_resources(Reader& reader, ResourceTable& resources) {
  return reader.list([&] {
    const ResourceId resource = resources.intern(reader.text());
    return ResourceAmount{resource, reader.i64()};
  });
}

bool is_extended_resource(std::string_view name) {
  return name.find('/') != std::string_view::npos && name.find("kubernetes.io/") == std::string_view::npos &&
         !name.starts_with("requests.");
}

}  // namespace kubesched
