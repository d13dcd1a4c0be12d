// Nodes that come, go, change and are drained, and what the queue is told of all that.
#include <algorithm>
#include <utility>

#include "queue/property_changes.h"
#include "replay/replay.h"

namespace kubesched {

std::string Replay::uid_of(std::uint32_t pod) const {
  std::string uid(trace_.pods.key(pod));
  if (ledger_[pod].generation > 0) uid.append("#").append(std::to_string(ledger_[pod].generation));
  return uid;
}

std::shared_ptr<PodObject> Replay::pod_object(std::uint32_t pod, std::uint32_t node) const {
  auto object = std::make_shared<PodObject>(template_of(pod).prototype);
  object->key = trace_.pods.key(pod);
  object->uid = uid_of(pod);
  object->number = pod;
  object->assigned = node != kNoId;
  object->node_name = node == kNoId ? StringTable::kEmpty : queue_names_[node];
  return object;
}

void Replay::tell(const ClusterEvent& event, EventObjectPtr before, EventObjectPtr after, std::int64_t max_priority) {
  if (queue_->hears()) queue_->move_all_to_active_or_backoff(event, before, after, max_priority, now_ns_);
}

void Replay::tell_pod(const ClusterEvent& event, std::uint32_t pod, std::uint32_t node) {
  if (!queue_->hears()) return;
  auto object = std::make_shared<EventObject>(EventObject{pod_object(pod, node), nullptr});
  const bool is_gone = (event.action_bits & action::kDelete) != 0;
  tell(event, is_gone ? object : nullptr, is_gone ? nullptr : object);
}

NodeIndex Replay::index_of(std::uint32_t node) const {
  return version_of_node_[node] == kNoId ? kNoId : engine_.state().nodes().find(engine_names_[node]);
}

void Replay::change_node(const NodeEvent& event) {
  const bool is_there = version_of_node_[event.node] != kNoId;
  if (!is_there && event.change != NodeChange::kAdd) {
    ++num_ignored_node_events_;
    return;
  }
  ++version_;
  failures_.forget();
  switch (event.change) {
    case NodeChange::kAdd:
      return is_there ? update_node(event) : add_node(event);
    case NodeChange::kRemove:
      return remove_node(event);
    case NodeChange::kUpdate:
      return update_node(event);
    case NodeChange::kDrain:
      return drain_node(event);
  }
}

void Replay::keep_version(std::uint32_t node, std::uint32_t version) {
  version_of_node_[node] = version;
  const std::uint32_t uid = engine_.state().nodes().uid(index_of(node));
  if (pool_of_uid_.size() <= uid) pool_of_uid_.resize(uid + 1, -1);
  pool_of_uid_[uid] = trace_.node_versions[version].pool;
}

void Replay::add_node(const NodeEvent& event) {
  const NodeVersion& version = trace_.node_versions[event.version];
  engine_.state().add_node(version.record);
  keep_version(event.node, event.version);
  images_.reset(event.node, version.images);
  log_.add(now_ns_, LogKind::kNodeAdded, kNoId, event.node);
  tell({EventResource::kNode, action::kAdd}, nullptr, version.object);
}

void Replay::update_node(const NodeEvent& event) {
  const EventObjectPtr before = trace_.node_versions[version_of_node_[event.node]].object;
  const NodeVersion& version = trace_.node_versions[event.version];
  engine_.state().update_node(version.record);
  keep_version(event.node, event.version);
  log_.add(now_ns_, LogKind::kNodeUpdated, kNoId, event.node);
  for (const ClusterEvent& change : node_changes(*before->get<NodeObject>(), *version.object->get<NodeObject>())) {
    tell(change, before, version.object);
  }
}

void Replay::remove_node(const NodeEvent& event) {
  const EventObjectPtr before = trace_.node_versions[version_of_node_[event.node]].object;
  const std::vector<std::string> keys = engine_.state().remove_node(trace_.node_names[event.node]);
  version_of_node_[event.node] = kNoId;
  log_.add(now_ns_, LogKind::kNodeRemoved, kNoId, event.node);
  tell({EventResource::kNode, action::kDelete}, before, nullptr);
  for (const std::string& key : keys) lose(ledger_.find(key));
}

void Replay::drain_node(const NodeEvent& event) {
  update_node(event);
  log_.add(now_ns_, LogKind::kNodeDrained, kNoId, event.node);
  ClusterState& state = engine_.state();
  const std::vector<PodId> there = state.pods().on_node(state.nodes().uid(index_of(event.node)));
  std::vector<std::uint32_t> pods;
  for (const PodId id : there) pods.push_back(ledger_.find(state.pods()[id].key));
  std::sort(pods.begin(), pods.end());
  for (const std::uint32_t pod : pods) {
    check(pod != kNoId, "a pod of the cluster is a pod of the replay");
    if (options_.is_recorded || !template_of(pod).is_drained) continue;
    if (ledger_[pod].state == PodState::kTerminating || !ledger_[pod].is_on_node()) continue;
    state.terminate(state.pods().find(trace_.pods.key(pod)), false);
    ++version_;
    terminate(pod, PodOutcome::kDrained);
  }
}

}  // namespace kubesched
