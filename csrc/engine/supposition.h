// Pods that come to one node and leave it in thought, taken back at the end.
#pragma once

#include <vector>

#include "state/cluster_state.h"

namespace kubesched {

class Supposition {
 public:
  Supposition(ClusterState& state, NodeIndex node) : state_(state), node_(node), ports_(state.nodes().ports(node)) {}
  Supposition(const Supposition&) = delete;
  Supposition& operator=(const Supposition&) = delete;
  ~Supposition() {
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step)
      state_.suppose(step->pod, step->shape, node_, -step->sign);
    if (state_.nodes().ports(node_) != ports_) state_.restore_ports(node_, std::move(ports_));
  }

  // A pod that is on no node comes.
  void add(ShapeId shape) { change(kNoId, shape, 1); }
  // A pod of the node leaves, or comes back.
  void remove(PodId pod) { change(pod, state_.pods()[pod].shape, -1); }
  void restore(PodId pod) { change(pod, state_.pods()[pod].shape, 1); }

 private:
  struct Step {
    PodId pod;
    ShapeId shape;
    std::int32_t sign;
  };

  void change(PodId pod, ShapeId shape, std::int32_t sign) {
    state_.suppose(pod, shape, node_, sign);
    steps_.push_back(Step{pod, shape, sign});
  }

  ClusterState& state_;
  NodeIndex node_;
  std::vector<HostPort> ports_;  // removing and adding a pod may change the set
  std::vector<Step> steps_;
};

}  // namespace kubesched
