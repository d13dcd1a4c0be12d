#include "plugins/gpu_clustering.h"

#include <algorithm>
#include <bit>

namespace kubesched {

std::uint64_t gpu_kind(const GpuRequest& request) {
  constexpr std::int64_t kMostKinds = 63;
  if (request.num == 0) return 0;
  const bool is_share = request.milli < kCardMilli;
  return std::uint64_t{1} << (is_share ? 0 : std::min(request.num, kMostKinds));
}

std::int32_t gpu_clustering_score(const GpuNodeView& node, std::uint64_t kind, std::uint64_t kinds) {
  const std::int64_t base = std::max<std::int64_t>(25 * (kMostGpuMilli - node.total_left()) / kMostGpuMilli, 0);
  std::int64_t bonus = 0;
  if (kinds == 0) {
    bonus = 25;
  } else if ((kinds & kind) != 0) {
    bonus = std::popcount(kinds) == 1 ? 75 : 50;
  }
  return static_cast<std::int32_t>(base + bonus);
}

void GpuClustering::add_score(Cycle& cycle, const NodeMask&, std::int64_t weight, std::int64_t* totals) const {
  const std::uint64_t kind = gpu_kind(cycle.shape.gpu);
  if (kind == 0) return;
  const ClusterState& state = cycle.state;
  const auto& scores = gpu_scores(cycle, gpu_score_key(cycle, this), [&](NodeIndex node) {
    std::uint64_t kinds = 0;
    for (PodId pod : state.pods().on_node(state.nodes().uid(node))) {
      kinds |= gpu_kind(state.shapes()[state.pods()[pod].shape].gpu);
    }
    return gpu_clustering_score(gpu_node_view(state, node), kind, kinds);
  });
  add_weighted(scores, weight, totals);
}

}  // namespace kubesched
