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

bool kernels_are_exact(const Cycle& cycle) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 45;
  return cycle.state.nodes().doubles_are_exact() && cycle.shape.scored_request(ResourceTable::kCpu) < kLimit &&
         cycle.shape.scored_request(ResourceTable::kMemory) < kLimit &&
         cycle.shape.request(ResourceTable::kCpu) < kLimit && cycle.shape.request(ResourceTable::kMemory) < kLimit;
}

void add_kernel_scores(Cycle& cycle, std::size_t slot, ScoreKernel kernel, CountedAs counted_as, std::int64_t weight,
                       std::int64_t* totals) {
  constexpr std::size_t kPassWorthNodes = 16;  // a node alone costs about as much as this many in one pass
  const NodeTable& nodes = cycle.state.nodes();
  const FitColumns cpu = fit_columns(nodes.cpu_columns(), counted_as);
  const FitColumns memory = fit_columns(nodes.memory_columns(), counted_as);
  const auto request = [&](ResourceId resource) {
    return static_cast<double>(counted_as == CountedAs::kRequested ? cycle.shape.request(resource)
                                                                   : cycle.shape.scored_request(resource));
  };
  const double pod_cpu = request(ResourceTable::kCpu);
  const double pod_memory = request(ResourceTable::kMemory);
  auto& scores =
      cycle.memo.get<KernelScores>(slot, cycle.state.epoch(), [] { return std::make_unique<KernelScores>(); });
  const auto changed = nodes.changed_since(scores.as_of);
  if (scores.by_node.size() == nodes.size() && changed && changed->size() < nodes.size() / kPassWorthNodes) {
    for (NodeIndex node : *changed) {
      kernel(cpu.from(node), memory.from(node), pod_cpu, pod_memory, 1, &scores.by_node[node]);
    }
  } else {
    scores.by_node.resize(nodes.size());
    kernel(cpu, memory, pod_cpu, pod_memory, nodes.size(), scores.by_node.data());
  }
  scores.as_of = nodes.num_changes();
  cycle.kernels.add_weighted(scores.by_node.data(), weight, nodes.size(), totals);
}

}  // namespace kubesched
