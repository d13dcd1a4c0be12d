// How fragmented the GPUs of a cluster are while pods come one after another and stay.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/typical_pods.h"
#include "state/gpu_cards.h"

namespace kubesched {

class GpuHistory {
 public:
  explicit GpuHistory(TypicalPods typical) : typical_(std::move(typical)) {}

  void add_node(std::int64_t milli_cpu, std::size_t num_cards, StringId model);
  // REQUIRES: the node is there. Takes `gpu_milli` of each of the cards.
  void place(NodeIndex node, std::int64_t milli_cpu, std::int32_t gpu_milli, std::span<const CardIndex> cards);

  // Of all nodes, in thousandths of a card, summed in their order.
  double fragmentation() const;
  Fragments fragments() const;

 private:
  struct Node {
    std::int64_t milli_cpu_left;
    std::vector<std::int32_t> left;
    StringId model;
  };

  TypicalPods typical_;
  std::vector<Node> nodes_;
  std::vector<double> by_node_;
};

}  // namespace kubesched
