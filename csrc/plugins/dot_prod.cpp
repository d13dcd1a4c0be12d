#include "plugins/dot_prod.h"

namespace kubesched {

std::int32_t dot_prod_score(const GpuNodeView& node, std::int64_t milli_cpu, std::int64_t gpu_milli) {
  constexpr auto kMostGpu = static_cast<double>(kMostGpuMilli);
  const double cpu =
      (static_cast<double>(node.milli_cpu_left) / kMostMilliCpu) * (static_cast<double>(milli_cpu) / kMostMilliCpu);
  const double gpu = (static_cast<double>(node.total_left()) / kMostGpu) * (static_cast<double>(gpu_milli) / kMostGpu);
  return static_cast<std::int32_t>(100.0 * (1 - (cpu + gpu) / 2));
}

void DotProd::add_score(Cycle& cycle, const NodeMask&, std::int64_t weight, std::int64_t* totals) const {
  const std::int64_t milli_cpu = milli_cpu_of(cycle);
  const std::int64_t gpu_milli = cycle.shape.gpu.total_milli();
  const auto& scores = gpu_scores(cycle, gpu_score_key(cycle, this), [&](NodeIndex node) {
    return dot_prod_score(gpu_node_view(cycle.state, node), milli_cpu, gpu_milli);
  });
  add_weighted(scores, weight, totals);
}

}  // namespace kubesched
