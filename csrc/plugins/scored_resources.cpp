#include "plugins/scored_resources.h"

namespace kubesched {

std::vector<ScoredResource> scored_resources(const Cycle& cycle, const std::vector<std::string>& names,
                                             const std::vector<std::int64_t>& weights, CountedAs counted_as) {
  const NodeTable& nodes = cycle.state.nodes();
  const PodShape& pod = cycle.shape;
  const bool non_zero = counted_as == CountedAs::kNonZeroRequested;
  std::vector<ScoredResource> scored;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const ResourceId resource = cycle.state.resources().find(names[i]);
    if (resource == kNoId || resource == ResourceTable::kPods) continue;
    ScoredResource entry{nodes.allocatable(resource).data(), nodes.requested(resource).data(),
                         non_zero ? pod.scored_request(resource) : pod.request(resource), weights[i]};
    if (resource == ResourceTable::kCpu && non_zero) {
      entry.requested = nodes.non_zero_milli_cpu().data();
    } else if (resource == ResourceTable::kMemory && non_zero) {
      entry.requested = nodes.non_zero_memory_bytes().data();
    }
    const bool native = resource <= ResourceTable::kEphemeralStorage;
    if (native || entry.pod_request != 0) scored.push_back(entry);
  }
  return scored;
}

FitColumns fit_columns(const ScoreColumns& columns, CountedAs counted_as) {
  const Column<double>& used = counted_as == CountedAs::kRequested ? columns.requested : columns.non_zero;
  return FitColumns{columns.allocatable.data(), columns.inverse.data(), used.data()};
}

bool kernels_are_exact(const Cycle& cycle, std::int64_t weight) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 45;
  return weight <= kMaxKernelWeight && cycle.state.nodes().doubles_are_exact() &&
         cycle.shape.scored_request(ResourceTable::kCpu) < kLimit &&
         cycle.shape.scored_request(ResourceTable::kMemory) < kLimit &&
         cycle.shape.request(ResourceTable::kCpu) < kLimit && cycle.shape.request(ResourceTable::kMemory) < kLimit;
}

}  // namespace kubesched
