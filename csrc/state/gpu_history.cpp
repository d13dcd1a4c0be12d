#include "state/gpu_history.h"

#include <numeric>

namespace kubesched {

void GpuHistory::add_node(std::int64_t milli_cpu, std::size_t num_cards, StringId model) {
  const Node& node = nodes_.emplace_back(Node{milli_cpu, std::vector<std::int32_t>(num_cards, kCardMilli), model});
  by_node_.push_back(typical_.fragmentation(node.milli_cpu_left, node.left, node.model));
}

void GpuHistory::place(NodeIndex index, std::int64_t milli_cpu, std::int32_t gpu_milli,
                       std::span<const CardIndex> cards) {
  Node& node = nodes_[index];
  node.milli_cpu_left -= milli_cpu;
  for (CardIndex card : cards) {
    if (card < node.left.size()) node.left[card] -= gpu_milli;
  }
  by_node_[index] = typical_.fragmentation(node.milli_cpu_left, node.left, node.model);
}

double GpuHistory::fragmentation() const { return std::accumulate(by_node_.begin(), by_node_.end(), 0.0); }

Fragments GpuHistory::fragments() const {
  Fragments sums{};
  for (const Node& node : nodes_) {
    const Fragments own = typical_.fragments(node.milli_cpu_left, node.left, node.model);
    for (std::size_t i = 0; i < kNumFragments; ++i) sums[i] += own[i];
  }
  return sums;
}

}  // namespace kubesched
