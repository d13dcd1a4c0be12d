// Integer names for interned things. All count from 0.
#pragma once

#include <cstdint>

namespace kubesched {

using StringId = std::uint32_t;    // position in a StringTable
using ShapeId = std::uint32_t;     // position in a ShapeTable
using NodeIndex = std::uint32_t;   // position of a node in node order
using PodId = std::uint32_t;       // slot in a PodTable
using ResourceId = std::uint32_t;  // position in a ResourceTable

inline constexpr std::uint32_t kNoId = 0xffffffffU;

}  // namespace kubesched
