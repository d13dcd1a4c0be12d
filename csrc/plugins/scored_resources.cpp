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

bool kernels_are_exact(const Cycle& cycle) {
  constexpr std::int64_t kLimit = NodeTiles::kExactLimit;
  return cycle.state.nodes().tiles().are_exact() && cycle.shape.scored_request(ResourceTable::kCpu) < kLimit &&
         cycle.shape.scored_request(ResourceTable::kMemory) < kLimit &&
         cycle.shape.request(ResourceTable::kCpu) < kLimit && cycle.shape.request(ResourceTable::kMemory) < kLimit;
}

void ask_least_allocated(const PodShape& pod, std::int32_t weight, LocalRequest& request) {
  request.least_weight = weight;
  request.cpu_hundredfold = 100.0 * static_cast<double>(pod.scored_request(ResourceTable::kCpu));
  request.memory_hundredfold = 100.0 * static_cast<double>(pod.scored_request(ResourceTable::kMemory));
}

void ask_balanced(const PodShape& pod, std::int32_t weight, LocalRequest& request) {
  request.balanced_weight = weight;
  request.cpu = static_cast<double>(pod.request(ResourceTable::kCpu));
  request.memory = static_cast<double>(pod.request(ResourceTable::kMemory));
}

void add_kernel_scores(Cycle& cycle, std::size_t slot, const LocalRequest& request, std::int64_t weight,
                       std::int64_t* totals) {
  constexpr std::size_t kPassWorthNodes = 16;  // a node alone costs about as much as this many in one pass
  const NodeTable& nodes = cycle.state.nodes();
  const NodeLog& log = nodes.log();
  const NodeTile* tiles = nodes.tiles().data();
  auto& scores =
      cycle.memo.get<KernelScores>(slot, cycle.state.epoch(), [] { return std::make_unique<KernelScores>(); });
  const std::size_t num_scores = nodes.tiles().num_tiles() * NodeTile::kNodes;
  const bool follows = scores.by_node.size() == num_scores && scores.as_of >= log.begin() &&
                       log.end() - scores.as_of < nodes.size() / kPassWorthNodes;
  if (follows) {
    for (std::uint64_t change = scores.as_of; change < log.end(); ++change) {
      const std::size_t tile = log.node(change) / NodeTile::kNodes;
      cycle.kernels.score_tiles(tiles + tile, request, 1, &scores.by_node[tile * NodeTile::kNodes]);
    }
  } else {
    scores.by_node.resize(num_scores);
    cycle.kernels.score_tiles(tiles, request, nodes.tiles().num_tiles(), scores.by_node.data());
  }
  scores.as_of = log.end();
  cycle.kernels.add_weighted(scores.by_node.data(), weight, nodes.size(), totals);
}

}  // namespace kubesched
