#include "model/gpu_request.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace kubesched {

namespace {

constexpr std::int64_t kPercentPerCard = 100;
constexpr std::array<std::string_view, 3> kPercents = {"koordinator.sh/gpu", "koordinator.sh/gpu-core",
                                                       "koordinator.sh/gpu-memory-ratio"};
constexpr const char* kShared = "koordinator.sh/gpu.shared";
constexpr const char* kWhole = "nvidia.com/gpu";
constexpr const char* kCount = "alibabacloud.com/gpu-count";
constexpr std::array<std::string_view, 3> kModelLabels = {"alibabacloud.com/gpu-card-model",
                                                          "node.koordinator.sh/gpu-model", "nvidia.com/gpu.product"};

std::int64_t amount(const std::vector<ResourceAmount>& amounts, std::string_view name, const ResourceTable& resources) {
  const ResourceId id = resources.find(name);
  return id == kNoId ? 0 : amount_of(amounts, id);
}

// Core and memory of a card are one quantity here: the larger share counts.
std::int64_t largest_percent(const std::vector<ResourceAmount>& amounts, const ResourceTable& resources) {
  std::int64_t largest = 0;
  for (std::string_view name : kPercents) largest = std::max(largest, amount(amounts, name, resources));
  return largest;
}

GpuRequest request_of_resources(const std::vector<ResourceAmount>& requests, const ResourceTable& resources) {
  GpuRequest request;
  const std::int64_t percent = largest_percent(requests, resources);
  const std::int64_t shared = amount(requests, kShared, resources);
  if (percent == 0) {
    request.num = amount(requests, kWhole, resources);
    request.milli = request.num > 0 ? kCardMilli : 0;
  } else if (shared > 0 && percent <= shared * kPercentPerCard) {
    request.num = shared;
    request.milli =
        static_cast<std::int32_t>((percent * kCardMilli + shared * kPercentPerCard - 1) / (shared * kPercentPerCard));
  } else if (percent <= kPercentPerCard) {
    request.num = 1;
    request.milli = static_cast<std::int32_t>(percent * kCardMilli / kPercentPerCard);
  } else {
    request.num = (percent + kPercentPerCard - 1) / kPercentPerCard;
    request.milli = kCardMilli;
  }
  return request;
}

}  // namespace

bool GpuRequest::accepts(StringId model) const {
  return models.empty() || std::find(models.begin(), models.end(), model) != models.end();
}

GpuRequest read_gpu_request(Reader& reader, StringTable& strings, const std::vector<ResourceAmount>& requests,
                            const ResourceTable& resources) {
  if (!reader.boolean()) return request_of_resources(requests, resources);
  GpuRequest request;
  request.num = reader.i64();
  request.milli = static_cast<std::int32_t>(reader.i64());
  request.models = reader.list([&] { return strings.intern(reader.text()); });
  request.placed = reader.list([&] { return static_cast<CardIndex>(reader.u32()); });
  if (request.num == 0) {  // the annotations tell models or cards alone
    GpuRequest asked = request_of_resources(requests, resources);
    request.num = asked.num;
    request.milli = asked.milli;
  }
  return request;
}

GpuNode gpu_node(const std::vector<ResourceAmount>& allocatable, const LabelSet& labels, const StringTable& strings,
                 const ResourceTable& resources) {
  std::int64_t count = amount(allocatable, kCount, resources);
  if (count == 0) count = largest_percent(allocatable, resources) / kPercentPerCard;
  if (count == 0) count = amount(allocatable, kWhole, resources);
  GpuNode node{static_cast<std::size_t>(std::clamp<std::int64_t>(count, 0, kMostCards)), StringTable::kEmpty};
  for (std::string_view label : kModelLabels) {
    const StringId key = strings.find(label);
    const StringId value = key == kNoId ? kNoId : labels.value_of(key);
    if (value != kNoId) return GpuNode{node.num_cards, value};
  }
  return node;
}

std::vector<CardIndex> fit_cards(const GpuRequest& request, std::span<const std::int32_t> left) {
  std::vector<CardIndex> cards;
  if (request.num == 1 && request.milli < kCardMilli) {
    std::size_t best = left.size();
    for (std::size_t card = 0; card < left.size(); ++card) {
      if (left[card] >= request.milli && (best == left.size() || left[card] < left[best])) best = card;
    }
    if (best < left.size()) cards.push_back(static_cast<CardIndex>(best));
    return cards;
  }
  for (std::size_t card = 0; card < left.size(); ++card) {
    for (std::int32_t room = left[card]; room >= request.milli; room -= request.milli) {
      if (static_cast<std::int64_t>(cards.size()) == request.num) return cards;
      cards.push_back(static_cast<CardIndex>(card));
    }
  }
  if (static_cast<std::int64_t>(cards.size()) != request.num) cards.clear();
  return cards;
}

bool fits_cards(const GpuRequest& request, std::span<const std::int32_t> left) {
  if (request.num == 0) return true;
  std::int64_t found = 0;
  for (std::int32_t room : left) {
    if (room >= request.milli) found += request.milli == kCardMilli ? 1 : room / request.milli;
    if (found >= request.num) return true;
  }
  return false;
}

}  // namespace kubesched
