#include "plugins/gpu_policy.h"

namespace kubesched {

GpuScoreMemo::Key gpu_score_key(const Cycle& cycle, const void* plugin, std::int64_t more) {
  const GpuRequest& gpu = cycle.shape.gpu;
  GpuScoreMemo::Key key{static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(plugin)), milli_cpu_of(cycle),
                        gpu.num, gpu.milli, more};
  key.insert(key.end(), gpu.models.begin(), gpu.models.end());
  return key;
}

void add_weighted(const std::vector<std::int32_t>& scores, std::int64_t weight, std::int64_t* totals) {
  for (std::size_t node = 0; node < scores.size(); ++node) totals[node] += weight * scores[node];
}

}  // namespace kubesched
