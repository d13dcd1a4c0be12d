#include "engine/room_search.h"

#include <algorithm>

namespace kubesched {

RoomSearch::RoomSearch(Cycle& cycle, const Profile& profile, const FilterRun& run) : cycle_(cycle) {
  if (run.is_rejected()) return;
  const auto& filters = profile.filter();
  const auto fit =
      std::find_if(filters.begin(), filters.end(), [&](const Plugin* plugin) { return plugin->filters_by_room(); });
  if (fit == filters.end()) return;
  covered_ = run.lacking_room_alone();
  wanted_ = (*fit)->room_wanted(cycle);
  knows_sums_ = std::all_of(wanted_.begin(), wanted_.end(), [](const ResourceAmount& request) {
    return request.resource == ResourceTable::kCpu || request.resource == ResourceTable::kMemory;
  });
  free_.resize(wanted_.size());
  if (cycle.state.nominations().empty()) return;
  run.nodes_with_nominated().for_each([&](std::size_t i) {
    const auto node = static_cast<NodeIndex>(i);
    Nominated& taken = nominated_[node];
    taken.amounts.resize(wanted_.size());
    for (ShapeId shape : run.nominated_at(node)) {
      ++taken.num_pods;
      for (std::size_t r = 0; r < wanted_.size(); ++r) {
        taken.amounts[r] += cycle.state.shapes()[shape].request(wanted_[r].resource);
      }
    }
  });
}

std::int64_t RoomSearch::free_pods(NodeIndex node) const {
  const NodeTable& nodes = cycle_.state.nodes();
  const auto nominated = nominated_.find(node);
  const std::int64_t taken = nominated == nominated_.end() ? 0 : nominated->second.num_pods;
  return nodes.allocatable(ResourceTable::kPods)[node] - nodes.num_pods()[node] - taken;
}

std::int64_t RoomSearch::free(std::size_t i, NodeIndex node) const {
  const NodeTable& nodes = cycle_.state.nodes();
  const ResourceId resource = wanted_[i].resource;
  const auto nominated = nominated_.find(node);
  const std::int64_t taken = nominated == nominated_.end() ? 0 : nominated->second.amounts[i];
  return nodes.allocatable(resource)[node] - nodes.requested(resource)[node] - taken;
}

std::optional<std::int64_t> RoomSearch::least_highest_priority(NodeIndex node) const {
  const ClusterState& state = cycle_.state;
  const NodeTable& nodes = state.nodes();
  std::int64_t lacking_pods = 1 - free_pods(node);
  std::int64_t lacking_cpu = 0;
  std::int64_t lacking_memory = 0;
  std::optional<std::int64_t> least;
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    const std::int64_t lacking = wanted_[i].amount - free(i, node);
    if (wanted_[i].resource == ResourceTable::kCpu) {
      lacking_cpu = lacking;
    } else if (wanted_[i].resource == ResourceTable::kMemory) {
      lacking_memory = lacking;
    }
  }
  for (const PriorityLoad& load : cycle_.state.priority_loads().on_node(nodes.uid(node))) {
    if (load.priority >= cycle_.shape.priority) break;
    least = load.priority;
    if (!knows_sums_) continue;
    lacking_pods -= load.num_pods;
    lacking_cpu -= load.milli_cpu;
    lacking_memory -= load.memory_bytes;
    if (lacking_pods <= 0 && lacking_cpu <= 0 && lacking_memory <= 0) return least;
  }
  if (knows_sums_ || !least) return std::nullopt;
  // Other resources: whether there is room is told by the pods themselves.
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    std::int64_t lacking = wanted_[i].amount - free(i, node);
    for (PodId id : state.pods().on_node(nodes.uid(node))) {
      const PodShape& pod = state.shapes()[state.pods()[id].shape];
      if (pod.priority < cycle_.shape.priority) lacking -= pod.request(wanted_[i].resource);
    }
    if (lacking > 0) return std::nullopt;
  }
  for (const PriorityLoad& load : cycle_.state.priority_loads().on_node(nodes.uid(node))) {
    if (load.priority < cycle_.shape.priority) lacking_pods -= load.num_pods;
  }
  if (lacking_pods > 0) return std::nullopt;
  return cycle_.state.priority_loads().on_node(nodes.uid(node)).front().priority;
}

void RoomSearch::reprieve(NodeIndex node, std::span<const PodId> lower, const std::vector<bool>& violating,
                          std::vector<bool>& stays) {
  const ClusterState& state = cycle_.state;
  std::int64_t pods_left = free_pods(node) + static_cast<std::int64_t>(lower.size()) - 1;
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    free_[i] = free(i, node) - wanted_[i].amount;
    for (PodId id : lower) free_[i] += state.shapes()[state.pods()[id].shape].request(wanted_[i].resource);
  }
  for (const bool round : {true, false}) {
    for (std::size_t p = 0; p < lower.size(); ++p) {
      if (violating[p] != round) continue;
      const PodShape& pod = state.shapes()[state.pods()[lower[p]].shape];
      bool fits = pods_left >= 1;
      for (std::size_t i = 0; i < wanted_.size() && fits; ++i) fits = pod.request(wanted_[i].resource) <= free_[i];
      stays[p] = fits;
      if (!fits) continue;
      --pods_left;
      for (std::size_t i = 0; i < wanted_.size(); ++i) free_[i] -= pod.request(wanted_[i].resource);
    }
  }
}

}  // namespace kubesched
