// Interned pod shapes: equal records, one shape.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/pod_shape.h"

namespace kubesched {

// Append-only. A copy shares the shapes and may then grow on its own.
class ShapeTable {
 public:
  // kNoId where the record was never met.
  ShapeId find(std::string_view record) const;
  ShapeId intern(std::string_view record, StringTable& strings, ResourceTable& resources);
  // The shape of the same pod once it is being deleted.
  ShapeId terminating(ShapeId shape);
  const PodShape& operator[](ShapeId id) const { return *shapes_[id]; }
  std::size_t size() const { return shapes_.size(); }

 private:
  std::vector<std::shared_ptr<const PodShape>> shapes_;
  std::vector<std::shared_ptr<const std::string>> records_;
  std::unordered_map<std::string_view, ShapeId> ids_;  // keys view into records_
  std::unordered_map<ShapeId, ShapeId> terminating_;
};

}  // namespace kubesched
