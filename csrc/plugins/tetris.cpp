#include "plugins/tetris.h"

#include <array>

namespace kubesched {

std::int32_t tetris_score(std::span<const double> free, std::span<const double> wanted) {
  double product = 0;
  for (std::size_t i = 0; i < free.size(); ++i) product += free[i] * wanted[i];
  return free.empty() ? 0 : static_cast<std::int32_t>(100.0 * (product / static_cast<double>(free.size())));
}

void Tetris::add_score(Cycle& cycle, const NodeMask&, std::int64_t weight, std::int64_t* totals) const {
  const NodeTable& nodes = cycle.state.nodes();
  const std::int64_t memory = cycle.shape.request(ResourceTable::kMemory);
  const auto& scores = gpu_scores(cycle, gpu_score_key(cycle, this, memory), [&](NodeIndex node) {
    std::array<double, 3> free{};
    std::array<double, 3> wanted{};
    std::size_t count = 0;
    const auto add = [&](std::int64_t all, std::int64_t left, std::int64_t request) {
      if (all <= 0) return;
      free[count] = static_cast<double>(left) / static_cast<double>(all);
      wanted[count++] = static_cast<double>(request) / static_cast<double>(all);
    };
    for (const ResourceId resource : {ResourceTable::kCpu, ResourceTable::kMemory}) {
      const std::int64_t all = nodes.allocatable(resource)[node];
      add(all, all - nodes.requested(resource)[node], cycle.shape.request(resource));
    }
    const GpuNodeView view = gpu_node_view(cycle.state, node);
    add(static_cast<std::int64_t>(view.left.size()) * kCardMilli, view.total_left(), cycle.shape.gpu.total_milli());
    return tetris_score(std::span<const double>(free).first(count), std::span<const double>(wanted).first(count));
  });
  add_weighted(scores, weight, totals);
}

}  // namespace kubesched
