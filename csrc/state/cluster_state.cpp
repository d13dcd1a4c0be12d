#include "state/cluster_state.h"

#include <algorithm>

namespace kubesched {

CountSource ClusterState::source() const {
  return CountSource{*strings_, *shapes_, *pods_, nodes_.labels(), nodes_.index_by_uid(), nodes_.size()};
}

ShapeId ClusterState::intern_shape(std::string_view record) {
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

NodeIndex ClusterState::add_node(std::string_view record) {
  const NodeSpec node = read_node_spec(record, strings_.edit(), resources_.edit());
  if (nodes_.find(node.name) != kNoId) {
    throw StateError("node names must be unique, got '" + (*strings_)[node.name] + "' twice");
  }
  const NodeIndex index = nodes_.add(node);
  pod_counts_.node_added();
  ++epoch_;
  return index;
}

NodeIndex ClusterState::update_node(std::string_view record) {
  const NodeSpec node = read_node_spec(record, strings_.edit(), resources_.edit());
  const NodeIndex index = nodes_.find(node.name);
  if (index == kNoId) throw StateError("node must be in the cluster, got '" + (*strings_)[node.name] + "'");
  count_pods_of(index, -1);
  nodes_.update(index, node);
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
  for (PodId pod : pods_->on_node(nodes_.uid(index))) keys.push_back(*(*pods_)[pod].key);
  std::sort(keys.begin(), keys.end());
  for (const std::string& key : keys) remove_pod(key);
  nodes_.remove(index);
  pod_counts_.node_removed(index);
  ++epoch_;
  return keys;
}

void ClusterState::require_new_pod(std::string_view key) const {
  if (pods_->find(key) != kNoId) throw StateError("pod names must be unique, got '" + std::string(key) + "' twice");
}

void ClusterState::place(std::string key, ShapeId shape, NodeIndex node) {
  const PodShape& pod = (*shapes_)[shape];
  if (!pod.claims.empty()) devices_.edit().reserve_for(pod, key, *strings_);
  pods_.edit().add(std::move(key), shape, nodes_.uid(node));
  nodes_.charge(node, (*shapes_)[shape], 1);
  count(shape, node, 1);
}

void ClusterState::remove_pod(std::string_view key) {
  const PodId id = pods_->find(key);
  if (id == kNoId) throw StateError("pod must be on a node, got '" + std::string(key) + "'");
  const PodRecord& pod = (*pods_)[id];
  const ShapeId shape = pod.shape;
  const NodeIndex node = nodes_.index_of_uid(pod.node_uid);
  if (!(*shapes_)[shape].claims.empty()) devices_.edit().release_from((*shapes_)[shape], key, *strings_);
  pods_.edit().remove(id);
  nodes_.charge(node, (*shapes_)[shape], -1);
  count(shape, node, -1);
}

void ClusterState::count(ShapeId shape, NodeIndex node, std::int32_t sign) {
  pod_counts_.change(shape, node, sign, source());
  term_counts_.change(shape, *shapes_, node, sign, nodes_.labels());
}

void ClusterState::count_pods_of(NodeIndex node, std::int32_t sign) {
  for (PodId pod : pods_->on_node(nodes_.uid(node))) count((*pods_)[pod].shape, node, sign);
}

}  // namespace kubesched
