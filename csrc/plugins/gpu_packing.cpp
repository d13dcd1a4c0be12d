#include "plugins/gpu_packing.h"

#include <algorithm>
#include <array>

namespace kubesched {

namespace {

constexpr std::int64_t kFreeNode = 100 / 3;  // the most for a node without pods on its cards
constexpr std::int64_t kFreeCard = 100 / 2;  // the most where a free card is taken

}  // namespace

std::int32_t gpu_packing_score(const GpuNodeView& node, const GpuRequest& request) {
  const std::int64_t num_free = node.num_free();
  if (num_free == static_cast<std::int64_t>(node.left.size())) {
    return static_cast<std::int32_t>(std::max(kFreeNode - num_free, num_free));
  }
  std::array<std::int32_t, kMostCards> fitting;
  const auto end = std::copy_if(node.left.begin(), node.left.end(), fitting.begin(),
                                [&](std::int32_t room) { return room >= request.milli; });
  std::sort(fitting.begin(), end);
  const auto num_taken = std::min<std::int64_t>(request.num, end - fitting.begin());
  std::int64_t free_taken = 0;
  std::int64_t percent_left = 0;
  for (std::int64_t i = 0; i < num_taken; ++i) {
    const std::int32_t room = fitting[static_cast<std::size_t>(i)];
    free_taken += room == kCardMilli;
    percent_left += room * 100 / kCardMilli;
  }
  if (free_taken > 0) return static_cast<std::int32_t>(std::max(kFreeCard - free_taken, kFreeNode));
  return static_cast<std::int32_t>(std::max(Plugin::kMaxNodeScore - percent_left / 10, kFreeCard));
}

void GpuPacking::add_score(Cycle& cycle, const NodeMask&, std::int64_t weight, std::int64_t* totals) const {
  const GpuRequest& request = cycle.shape.gpu;
  if (request.num == 0) return;
  const auto& scores = gpu_scores(cycle, gpu_score_key(cycle, this), [&](NodeIndex node) {
    return gpu_packing_score(gpu_node_view(cycle.state, node), request);
  });
  add_weighted(scores, weight, totals);
}

}  // namespace kubesched
