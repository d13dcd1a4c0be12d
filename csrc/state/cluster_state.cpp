#include "state/cluster_state.h"

#include <algorithm>

namespace kubesched {

namespace {

void require_removed(bool was_there, std::string_view name) {
  if (!was_there) throw StateError("object must be in the cluster, got '" + std::string(name) + "'");
}

}  // namespace

CountSource ClusterState::source() const {
  return CountSource{*strings_, *shapes_, *pods_, nodes_.labels(), nodes_.index_by_uid(), nodes_.size(), supposed_};
}

VolumeUseSource ClusterState::volume_source() const {
  return VolumeUseSource{*storage_, *strings_, *shapes_, *pods_, nodes_, supposed_};
}

ShapeId ClusterState::intern_shape(std::string_view record) {
  const ShapeId known = shapes_->find(record);
  if (known != kNoId) return known;
  return shapes_.edit().intern(record, strings_.edit(), resources_.edit());
}

void ClusterState::put_namespace(std::string_view name, std::string_view labels_record) {
  Reader reader(labels_record);
  LabelSet labels = read_labels(reader, strings_.edit());
  reader.finish();
  namespaces_.edit()[strings_.edit().intern(name)] = std::move(labels);
  term_counts_.forget_matches();
  ++epoch_;
}

void ClusterState::put_owner(std::string_view record) {
  owners_.edit().put(record, strings_.edit());
  ++epoch_;
}

void ClusterState::put_storage(std::string_view record) {
  storage_.edit().put(record, strings_.edit(), node_rules_.edit());
  volume_use_.forget_attached();
}

void ClusterState::remove_namespace(std::string_view name) {
  require_removed(namespaces_.edit().erase(strings_->find(name)) > 0, name);
  term_counts_.forget_matches();
  ++epoch_;
}

void ClusterState::remove_owner(OwnerKind kind, std::string_view namespace_name, std::string_view name) {
  require_removed(owners_.edit().remove(kind, strings_->find(namespace_name), strings_->find(name)), name);
  ++epoch_;
}

void ClusterState::remove_storage(StorageKind kind, std::string_view namespace_name, std::string_view name) {
  require_removed(storage_.edit().remove(kind, namespace_name, name, *strings_), name);
  volume_use_.forget_attached();
}

void ClusterState::remove_resource_slice(std::string_view name) {
  require_removed(devices_.edit().remove_slice(strings_->find(name)), name);
}

void ClusterState::remove_device_class(std::string_view name) {
  require_removed(devices_.edit().remove_class(strings_->find(name)), name);
}

void ClusterState::remove_resource_claim(const std::string& key) {
  require_removed(devices_.edit().remove_claim(key), key);
}

void ClusterState::bind_claim(ClaimId claim, VolumeId volume) {
  const PersistentVolumeClaim& before = storage_->claim(claim);
  // Pods that have the claim already are counted by it, and from now on by the volume.
  if (volume_use_.num_claim_uses(before.namespace_id, before.name) > 0 ||
      before.controller_uid != StringTable::kEmpty) {
    volume_use_.forget_attached();
  }
  storage_.edit().bind(claim, volume);
}

NodeIndex ClusterState::add_node(std::string_view record) {
  const NodeSpec node = read_node_spec(record, strings_.edit(), resources_.edit());
  if (nodes_.find(node.name) != kNoId) {
    throw StateError("node names must be unique, got '" + (*strings_)[node.name] + "' twice");
  }
  const NodeIndex index = nodes_.add(node);
  gpu_cards_.edit().add_node(gpu_node(node.allocatable, node.labels, *strings_, *resources_));
  pod_counts_.node_added();
  if (storage_->find_csi_node(node.name) != nullptr) volume_use_.forget_attached();
  ++epoch_;
  return index;
}

NodeIndex ClusterState::update_node(std::string_view record) {
  const NodeSpec node = read_node_spec(record, strings_.edit(), resources_.edit());
  const NodeIndex index = nodes_.find(node.name);
  if (index == kNoId) throw StateError("node must be in the cluster, got '" + (*strings_)[node.name] + "'");
  count_pods_of(index, -1);
  nodes_.update(index, node);
  gpu_cards_.edit().update_node(index, gpu_node(node.allocatable, node.labels, *strings_, *resources_));
  pod_counts_.node_changed();
  count_pods_of(index, 1);
  ++epoch_;
  return index;
}

std::vector<std::string> ClusterState::remove_node(std::string_view name) {
  const StringId id = strings_->find(name);
  const NodeIndex index = id == kNoId ? kNoId : nodes_.find(id);
  if (index == kNoId) throw StateError("node must be in the cluster, got '" + std::string(name) + "'");
  std::vector<std::string> keys;
  for (PodId pod : pods_->on_node(nodes_.uid(index))) keys.emplace_back((*pods_)[pod].key);
  std::sort(keys.begin(), keys.end());
  for (const std::string& key : keys) remove_pod(key);
  nodes_.remove(index);
  gpu_cards_.edit().remove_node(index);
  pod_counts_.node_removed(index);
  ++epoch_;
  return keys;
}

void ClusterState::require_new_pod(const PodKey& key) const {
  if (pods_->find(key) != kNoId)
    throw StateError("pod names must be unique, got '" + std::string(key.text) + "' twice");
}

void ClusterState::remove_budget(std::string_view key) {
  if (!budgets_->contains(key)) {
    throw StateError("pod disruption budget must be in the cluster, got '" + std::string(key) + "'");
  }
  budgets_.edit().remove(key);
}

void ClusterState::place(const PodKey& key, ShapeId shape, NodeIndex node, PodStatus status) {
  if (!nominations_->empty()) clear_nomination(key.text);
  const PodShape& pod = (*shapes_)[shape];
  if (!pod.claims.empty()) devices_.edit().reserve_for(pod, key.text, *strings_);
  const PodId id = pods_.edit().add(key, shape, nodes_.uid(node), status);
  if (pod.gpu.num > 0) gpu_cards_.edit().place(id, pod.gpu, node);
  nodes_.charge(node, pod, 1);
  count_load(pod, node, 1);
  volume_use_.change(pod, node, 1, volume_source());
  count(shape, node, 1);
}

void ClusterState::remove_pods(const PodKeys& keys) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (pods_->find(PodKey{keys[i], keys.hash(i), kNoId}) == kNoId && nominations_->find(keys[i]) == nullptr) {
      throw StateError("pod must be on a node, got '" + std::string(keys[i]) + "'");
    }
  }
  if (keys.first_duplicate()) {
    throw StateError("pod names must be unique, got '" + std::string(keys[*keys.first_duplicate()]) + "' twice");
  }
  for (std::size_t i = 0; i < keys.size(); ++i) remove_pod(PodKey{keys[i], keys.hash(i), kNoId});
}

void ClusterState::remove_pod(const PodKey& pod_key) {
  const std::string_view key = pod_key.text;
  const PodId id = pods_->find(pod_key);
  if (id == kNoId && nominations_->find(key) != nullptr) return clear_nomination(key);
  if (id == kNoId) throw StateError("pod must be on a node, got '" + std::string(key) + "'");
  const PodRecord& pod = (*pods_)[id];
  const ShapeId shape = pod.shape;
  const NodeIndex node = nodes_.index_of_uid(pod.node_uid);
  if (!(*shapes_)[shape].claims.empty()) devices_.edit().release_from((*shapes_)[shape], key, *strings_);
  const GpuRequest& gpu = (*shapes_)[shape].gpu;
  if (gpu.num > 0) gpu_cards_.edit().remove(id, gpu, node);
  pods_.edit().remove(id, pod_key.hash);
  nodes_.charge(node, (*shapes_)[shape], -1);
  count_load((*shapes_)[shape], node, -1);
  volume_use_.change((*shapes_)[shape], node, -1, volume_source());
  count(shape, node, -1);
}

void ClusterState::terminate(PodId pod, bool is_preempted) {
  const ShapeId before = (*pods_)[pod].shape;
  const ShapeId after = shapes_.edit().terminating(before);
  const NodeIndex node = nodes_.index_of_uid((*pods_)[pod].node_uid);
  PodStatus status = (*pods_)[pod].status;
  status.preempted = status.preempted || is_preempted;
  count(before, node, -1);
  pods_.edit().replace(pod, after, status);
  count(after, node, 1);
}

const PriorityLoads& ClusterState::priority_loads() {
  if (!knows_priority_loads_) {
    PriorityLoads loads;
    pods_->for_each([&](const PodRecord& pod) { loads.change(pod.node_uid, (*shapes_)[pod.shape], 1); });
    priority_loads_ = Cow<PriorityLoads>(std::move(loads));
    knows_priority_loads_ = true;
  }
  return *priority_loads_;
}

void ClusterState::nominate(std::string key, ShapeId shape, std::string_view node_name) {
  nominations_.edit().put(std::move(key), shape, strings_.edit().intern(node_name));
}

void ClusterState::clear_nomination(std::string_view key) {
  if (nominations_->find(key) != nullptr) nominations_.edit().remove(key);
}

void ClusterState::suppose(PodId pod, ShapeId shape, NodeIndex node, std::int32_t sign) {
  const GpuRequest& gpu = (*shapes_)[shape].gpu;
  if (gpu.num > 0) gpu_cards_.edit().suppose(pod, gpu, node, sign);
  nodes_.suppose(node, (*shapes_)[shape], sign);
  volume_use_.change((*shapes_)[shape], node, sign, volume_source());
  count(shape, node, sign);
  const bool takes_back = !supposed_.empty() && supposed_.back().shape == shape && supposed_.back().node == node &&
                          supposed_.back().sign == -sign;
  if (takes_back) {
    supposed_.pop_back();
  } else {
    supposed_.push_back(SupposedPod{shape, node, sign});
  }
}

void ClusterState::count(ShapeId shape, NodeIndex node, std::int32_t sign) {
  pod_counts_.change(shape, node, sign, source());
  term_counts_.change(shape, *shapes_, node, sign, nodes_.labels());
}

void ClusterState::count_pods_of(NodeIndex node, std::int32_t sign) {
  for (PodId pod : pods_->on_node(nodes_.uid(node))) count((*pods_)[pod].shape, node, sign);
}

}  // namespace kubesched
