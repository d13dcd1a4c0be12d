// A pod that came to a node (sign 1) or left it (sign -1) in thought alone.
#pragma once

#include <cstdint>

#include "base/ids.h"

namespace kubesched {

struct SupposedPod {
  ShapeId shape;
  NodeIndex node;
  std::int32_t sign;
};

}  // namespace kubesched
