#include "replay/failures.h"

#include <algorithm>
#include <utility>

namespace kubesched {

namespace {

// Their verdicts on a node depend on the node, its pods and the pod alone.
const std::set<std::string> kLocalFilters = {"NodeUnschedulable", "NodeName",  "TaintToleration",
                                             "NodeAffinity",      "NodePorts", "NodeResourcesFit"};

bool looks_beyond_a_node(ShapeId shape, const PodShape& pod, ClusterState& state) {
  return !pod.spread.empty() || !pod.required_affinity.empty() || !pod.required_anti_affinity.empty() ||
         !pod.claims.empty() || !state.matching_terms(shape).empty();
}

// Would the pod's requests fit if all pods of lower priority left the node?
bool could_fit(const PodShape& pod, NodeIndex node, const ClusterState& state) {
  const NodeTable& nodes = state.nodes();
  const std::vector<PodId>& there = state.pods().on_node(nodes.uid(node));
  return std::all_of(pod.requests.begin(), pod.requests.end(), [&](const ResourceAmount& request) {
    const Column<std::int64_t>& allocatable = nodes.allocatable(request.resource);
    std::int64_t free = node < allocatable.size() ? allocatable.data()[node] : 0;
    for (const PodId id : there) {
      const PodShape& other = state.shapes()[state.pods()[id].shape];
      if (other.priority >= pod.priority) free -= other.request(request.resource);
    }
    return request.amount <= free;
  });
}

}  // namespace

void Failures::note(ShapeId shape, std::uint32_t message, std::set<std::string> rejectors, ClusterState& state) {
  Failure& failure = by_shape_[shape];
  failure.is_local = !rejectors.empty() &&
                     std::includes(kLocalFilters.begin(), kLocalFilters.end(), rejectors.begin(), rejectors.end()) &&
                     !looks_beyond_a_node(shape, state.shapes()[shape], state);
  failure.message = message;
  failure.rejectors = std::move(rejectors);
  failure.epoch = epoch_;
  failure.num_departures = departures_.size();
}

const Failure* Failures::find(ShapeId shape, const ClusterState& state) {
  const auto found = by_shape_.find(shape);
  if (found == by_shape_.end() || found->second.epoch != epoch_) return nullptr;
  Failure& failure = found->second;
  if (failure.num_departures == departures_.size() && failure.is_local) return &failure;
  if (!failure.is_local) return nullptr;
  const PodShape& pod = state.shapes()[shape];
  for (; failure.num_departures < departures_.size(); ++failure.num_departures) {
    const NodeIndex node = state.nodes().index_of_uid(departures_[failure.num_departures]);
    if (could_fit(pod, node, state)) return nullptr;
  }
  return &failure;
}

}  // namespace kubesched
