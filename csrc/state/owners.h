// Services and workload controllers: what PodTopologySpread's default constraints select by.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "model/pod_shape.h"

namespace kubesched {

enum class OwnerKind : std::uint8_t { kService, kReplicationController, kReplicaSet, kStatefulSet };

// plugins/helper/spread.go DefaultSelector (v1.34).
class Owners {
 public:
  // Adds or replaces one object from its record; returns its kind.
  void put(std::string_view record, StringTable& strings);

  // False where there is no such object.
  bool remove(OwnerKind kind, StringId namespace_id, StringId name) {
    return selectors_.erase(Name{kind, namespace_id, name}) > 0;
  }

  // The selector that the pod's services and its controller add up to; is_everything() where there is none.
  Selector default_selector(const PodShape& pod, const StringTable& strings) const;

 private:
  struct Name {
    OwnerKind kind;
    StringId namespace_id;
    StringId name;
    auto operator<=>(const Name&) const = default;
  };

  std::map<Name, Selector> selectors_;
};

}  // namespace kubesched
