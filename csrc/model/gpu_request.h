// Shared GPUs: what a pod asks of the cards of one node, and what cards a node has.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/reader.h"
#include "model/labels.h"
#include "model/resources.h"

namespace kubesched {

// The number of a card on its node.
using CardIndex = std::uint16_t;

// Room on cards is counted in thousandths of a card.
inline constexpr std::int32_t kCardMilli = 1000;
inline constexpr std::int64_t kMostCards = 256;  // of one node; more are not looked at

struct GpuRequest {
  std::int64_t num = 0;           // 0: no GPU
  std::int32_t milli = 0;         // of each card, 1..1000
  std::vector<StringId> models;   // one of these; empty: any
  std::vector<CardIndex> placed;  // the cards that a pod on its node holds; empty: not told

  bool accepts(StringId model) const;
  std::int64_t total_milli() const { return num * milli; }
};

// Reads what the pod's annotations say; without them the request comes from the resources koordinator.sh/gpu*, and
// without those from nvidia.com/gpu.
GpuRequest read_gpu_request(Reader& reader, StringTable& strings, const std::vector<ResourceAmount>& requests,
                            const ResourceTable& resources);

struct GpuNode {
  std::size_t num_cards;
  StringId model;  // StringTable::kEmpty where no label names it
};

// From alibabacloud.com/gpu-count, else koordinator.sh/gpu* (100 a card), else nvidia.com/gpu.
GpuNode gpu_node(const std::vector<ResourceAmount>& allocatable, const LabelSet& labels, const StringTable& strings,
                 const ResourceTable& resources);

// The cards that the request gets where nothing else decides: whole cards that are free, first ones first; a share the
// card with the least room that takes it; several shares are packed from the first card on. Empty where it does not
// fit. `left` is what each card has left.
std::vector<CardIndex> fit_cards(const GpuRequest& request, std::span<const std::int32_t> left);
bool fits_cards(const GpuRequest& request, std::span<const std::int32_t> left);

}  // namespace kubesched
