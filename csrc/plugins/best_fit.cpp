#include "plugins/best_fit.h"

#include <algorithm>
#include <limits>

namespace kubesched {

std::int32_t best_fit_score(const GpuNodeView& node, std::int64_t milli_cpu, std::int64_t gpu_milli) {
  const double cpu = static_cast<double>(node.milli_cpu_left - milli_cpu) / kMostMilliCpu;
  const double gpu = static_cast<double>(node.total_left() - gpu_milli) / static_cast<double>(kMostGpuMilli);
  return static_cast<std::int32_t>(100.0 * (1 - (0.5 * cpu + 0.5 * gpu)));
}

void BestFit::add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight, std::int64_t* totals) const {
  const std::int64_t milli_cpu = milli_cpu_of(cycle);
  const std::int64_t gpu_milli = cycle.shape.gpu.total_milli();
  const auto& scores = gpu_scores(cycle, gpu_score_key(cycle, this), [&](NodeIndex node) {
    return best_fit_score(gpu_node_view(cycle.state, node), milli_cpu, gpu_milli);
  });
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  std::int64_t most = std::numeric_limits<std::int64_t>::min();
  feasible.for_each([&](std::size_t node) {
    least = std::min<std::int64_t>(least, scores[node]);
    most = std::max<std::int64_t>(most, scores[node]);
  });
  if (most == least) return;
  feasible.for_each(
      [&](std::size_t node) { totals[node] += weight * ((scores[node] - least) * kMaxNodeScore / (most - least)); });
}

}  // namespace kubesched
