// A node as its manifest gives it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/labels.h"
#include "model/resources.h"
#include "model/taints.h"

namespace kubesched {

// One entry of status.images.
struct NodeImage {
  std::vector<StringId> names;
  std::int64_t size_bytes;
};

struct NodeSpec {
  StringId name;
  LabelSet labels;
  std::vector<Taint> taints;
  bool unschedulable;
  std::vector<ResourceAmount> allocatable;
  std::vector<NodeImage> images;
};

NodeSpec read_node_spec(std::string_view record, StringTable& strings, ResourceTable& resources);

}  // namespace kubesched
