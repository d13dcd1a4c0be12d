// What the GPU policies share: a node as they see it, and scores that are kept until a node changes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>

#include "framework/plugin.h"

namespace kubesched {

struct GpuNodeView {
  std::int64_t milli_cpu_left;
  std::span<const std::int32_t> left;  // thousandths by card
  StringId model;

  std::int64_t total_left() const { return std::accumulate(left.begin(), left.end(), std::int64_t{0}); }
  std::int64_t num_free() const { return std::count(left.begin(), left.end(), kCardMilli); }
};

inline GpuNodeView gpu_node_view(const ClusterState& state, NodeIndex node) {
  const NodeTable& nodes = state.nodes();
  return GpuNodeView{nodes.allocatable(ResourceTable::kCpu)[node] - nodes.requested(ResourceTable::kCpu)[node],
                     state.gpu_cards().left(node), state.gpu_cards().model(node)};
}

inline std::int64_t milli_cpu_of(const Cycle& cycle) { return cycle.shape.request(ResourceTable::kCpu); }

// What all pods that a policy scores alike have in common. `plugin` tells the policies of all profiles apart.
GpuScoreMemo::Key gpu_score_key(const Cycle& cycle, const void* plugin, std::int64_t more = 0);

// Calls renew(node) for each node that changed since `known` was right, for all where that is too long ago.
template <typename F>
void renew_changed(const Cycle& cycle, GpuNodeScores& known, std::size_t size_known, F&& renew) {
  const NodeTable& nodes = cycle.state.nodes();
  const NodeLog& log = nodes.log();
  if (known.epoch == cycle.state.epoch() && size_known == nodes.size() && known.num_changes >= log.begin()) {
    for (std::uint64_t change = known.num_changes; change < log.end(); ++change) renew(log.node(change));
  } else {
    for (NodeIndex node = 0; node < nodes.size(); ++node) renew(node);
  }
  known.epoch = cycle.state.epoch();
  known.num_changes = log.end();
}

// The scores of all nodes for the pods of `key`, by score_node(node) where they are not known.
template <typename F>
const std::vector<std::int32_t>& gpu_scores(Cycle& cycle, const GpuScoreMemo::Key& key, F&& score_node) {
  GpuNodeScores& known = cycle.state.gpu_score_memo().of(key);
  const std::size_t size_known = known.scores.size();
  known.scores.resize(cycle.state.nodes().size());
  renew_changed(cycle, known, size_known, [&](NodeIndex node) { known.scores[node] = score_node(node); });
  return known.scores;
}

void add_weighted(const std::vector<std::int32_t>& scores, std::int64_t weight, std::int64_t* totals);

// Sizes that the policies measure against, whatever the nodes are.
inline constexpr double kMostMilliCpu = 128000;
inline constexpr std::int64_t kMostGpuMilli = 8000;

}  // namespace kubesched
