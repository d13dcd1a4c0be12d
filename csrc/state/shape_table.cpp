#include "state/shape_table.h"

namespace kubesched {

ShapeId ShapeTable::find(std::string_view record) const {
  const auto found = ids_.find(record);
  return found == ids_.end() ? kNoId : found->second;
}

ShapeId ShapeTable::intern(std::string_view record, StringTable& strings, ResourceTable& resources) {
  const ShapeId known = find(record);
  if (known != kNoId) return known;
  auto shape = std::make_shared<const PodShape>(read_pod_shape(record, strings, resources));
  const auto id = static_cast<ShapeId>(shapes_.size());
  shapes_.push_back(std::move(shape));
  records_.push_back(std::make_shared<const std::string>(record));
  ids_.emplace(*records_.back(), id);
  return id;
}

ShapeId ShapeTable::terminating(ShapeId shape) {
  if (shapes_[shape]->terminating) return shape;
  const auto [slot, added] = terminating_.try_emplace(shape, static_cast<ShapeId>(shapes_.size()));
  if (added) {
    auto changed = std::make_shared<PodShape>(*shapes_[shape]);
    changed->terminating = true;
    shapes_.push_back(std::move(changed));
    records_.push_back(nullptr);
  }
  return slot->second;
}

}  // namespace kubesched
