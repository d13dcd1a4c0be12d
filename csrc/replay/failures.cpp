#include "replay/failures.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace kubesched {

namespace {

// Their verdicts on a node depend on the node, its pods and the pod alone (InterPodAffinity's: see
// looks_beyond_a_node).
const std::set<std::string> kLocalFilters = {"NodeUnschedulable", "NodeName",         "TaintToleration",
                                             "NodeAffinity",      "NodeResourcesFit", "InterPodAffinity"};

// The events of the plugins that reject the pod wake it, so these must stay known. Where a pod comes to a node that
// InterPodAffinity rejects, the node may then lack room, and NodeResourcesFit, which is asked first, rejects it
// instead: it must be among the plugins already. NodePorts is asked before NodeResourcesFit and is not dealt with.
bool are_local(const std::set<std::string>& rejectors) {
  if (rejectors.empty() || (rejectors.contains("InterPodAffinity") && !rejectors.contains("NodeResourcesFit"))) {
    return false;
  }
  return std::includes(kLocalFilters.begin(), kLocalFilters.end(), rejectors.begin(), rejectors.end());
}

constexpr std::string_view kHostname = "kubernetes.io/hostname";

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

bool Failures::hostnames_are_unique(const ClusterState& state) {
  if (epoch_of_hostnames_ == epoch_) return unique_hostnames_;
  epoch_of_hostnames_ = epoch_;
  const StringId key = state.strings().find(kHostname);
  const LabelColumn* column = key == kNoId ? nullptr : state.nodes().labels().find(key);
  std::unordered_set<std::int32_t> seen;
  unique_hostnames_ = true;
  for (std::size_t node = 0; column != nullptr && node < state.nodes().size() && unique_hostnames_; ++node) {
    const std::int32_t code = column->codes.data()[node];
    unique_hostnames_ = code == LabelColumn::kAbsent || seen.insert(code).second;
  }
  return unique_hostnames_;
}

// Whether pods on other nodes have a say in whether the shape fits on a node.
bool Failures::looks_beyond_a_node(ShapeId shape, ClusterState& state) {
  const PodShape& pod = state.shapes()[shape];
  if (!pod.host_ports.empty() || !pod.spread.empty() || !pod.required_affinity.empty() || !pod.claims.empty())
    return true;
  const StringId hostname = state.strings().find(kHostname);
  const auto is_near = [&](const AffinityTerm& term) { return term.topology_key == hostname; };
  const auto& own = pod.required_anti_affinity;
  const auto& matching = state.matching_terms(shape);
  const auto is_no_filter_or_near = [&](TermId id) {
    const CarriedTerm& carried = state.term_counts()[id];
    return carried.kind != TermKind::kRequiredAntiAffinity || is_near(carried.term);
  };
  if (own.empty() && matching.empty()) return false;
  return !hostnames_are_unique(state) || !std::all_of(own.begin(), own.end(), is_near) ||
         !std::all_of(matching.begin(), matching.end(), is_no_filter_or_near);
}

void Failures::note(ShapeId shape, std::uint32_t message, std::set<std::string> rejectors, ClusterState& state,
                    std::uint64_t version) {
  Failure& failure = by_shape_[shape];
  failure.is_local = are_local(rejectors) && !looks_beyond_a_node(shape, state);
  failure.message = message;
  failure.rejectors = std::move(rejectors);
  failure.epoch = epoch_;
  failure.version = version;
  failure.num_departures = departures_.size();
}

const Failure* Failures::find(ShapeId shape, const ClusterState& state, std::uint64_t version) {
  const auto found = by_shape_.find(shape);
  if (found == by_shape_.end() || found->second.epoch != epoch_) return nullptr;
  Failure& failure = found->second;
  if (failure.version == version) return &failure;
  if (!failure.is_local) return nullptr;
  const PodShape& pod = state.shapes()[shape];
  for (; failure.num_departures < departures_.size(); ++failure.num_departures) {
    const NodeIndex node = state.nodes().index_of_uid(departures_[failure.num_departures]);
    if (could_fit(pod, node, state)) return nullptr;
  }
  return &failure;
}

}  // namespace kubesched
