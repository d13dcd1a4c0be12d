// What attempts of each shape came to, so that an attempt that must fail again need not look at every node.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "state/cluster_state.h"

namespace kubesched {

// An attempt that failed and nominated no node.
struct Failure {
  std::uint32_t message = 0;
  std::set<std::string> rejectors;

 private:
  friend class Failures;
  std::uint64_t epoch = 0;
  std::uint64_t version = 0;       // of the cluster
  std::size_t num_departures = 0;  // that it has taken into account
  bool is_local = false;           // each node is rejected for what is on that node alone
};

// While nothing changes, what failed fails again. Pods that come to nodes help nobody else to fit. A pod or nomination
// that leaves a node helps a shape at most on that node, and only if the shape would fit there without the pods of
// lower priority - provided that no filter that looks beyond a node has a say. So after a failure only the nodes that
// pods have left since are looked at; where none can help, the same pod fails the same way. The message stays as it
// was, though counts in it may have shifted.
class Failures {
 public:
  // Nodes have changed: all is void.
  void forget() { ++epoch_; }
  void note_departure(std::uint32_t node_uid) { departures_.push_back(node_uid); }
  // `version` changes with the cluster.
  void note(ShapeId shape, std::uint32_t message, std::set<std::string> rejectors, ClusterState& state,
            std::uint64_t version);
  // nullptr where an attempt might succeed.
  const Failure* find(ShapeId shape, const ClusterState& state, std::uint64_t version);

 private:
  bool looks_beyond_a_node(ShapeId shape, ClusterState& state);
  bool hostnames_are_unique(const ClusterState& state);

  std::uint64_t epoch_ = 1;
  std::uint64_t epoch_of_hostnames_ = 0;  // when they were looked at
  bool unique_hostnames_ = false;
  std::vector<std::uint32_t> departures_;  // uids of nodes, in the order in which pods left them
  std::unordered_map<ShapeId, Failure> by_shape_;
};

}  // namespace kubesched
