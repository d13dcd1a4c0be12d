#include "state/node_table.h"

#include <algorithm>

namespace kubesched {

namespace {

template <typename T>
void push(Column<T>& column, T value) {
  column.push_back(value);
}

}  // namespace

NodeIndex NodeTable::find(StringId name) const {
  const auto found = index_by_name_->find(name);
  return found == index_by_name_->end() ? kNoId : found->second;
}

const Column<std::int64_t>& NodeTable::allocatable(ResourceId resource) const {
  return resource < allocatable_.size() ? allocatable_[resource] : zeros_;
}

const Column<std::int64_t>& NodeTable::requested(ResourceId resource) const {
  return resource < requested_.size() ? requested_[resource] : zeros_;
}

void NodeTable::ensure_resource(ResourceId resource) {
  while (allocatable_.size() <= resource) {
    allocatable_.emplace_back(size(), 0);
    requested_.emplace_back(size(), 0);
  }
}

std::uint32_t NodeTable::intern_taints(const std::vector<Taint>& taints) {
  const auto found = std::find(taint_sets_->begin(), taint_sets_->end(), taints);
  if (found != taint_sets_->end()) return static_cast<std::uint32_t>(found - taint_sets_->begin());
  taint_sets_.edit().push_back(taints);
  return static_cast<std::uint32_t>(taint_sets_->size() - 1);
}

NodeIndex NodeTable::add(const NodeSpec& node) {
  const auto index = static_cast<NodeIndex>(size());
  ensure_resource(ResourceTable::kPods);
  push(names_, node.name);
  push(uids_, static_cast<std::uint32_t>(index_by_uid_->size()));
  index_by_uid_.edit().push_back(index);
  index_by_name_.edit()[node.name] = index;
  for (auto& column : allocatable_) column.push_back(0);
  for (auto& column : requested_) column.push_back(0);
  zeros_.push_back(0);
  non_zero_milli_cpu_.push_back(0);
  non_zero_memory_bytes_.push_back(0);
  num_pods_.push_back(0);
  push(unschedulable_, static_cast<std::uint8_t>(node.unschedulable));
  tiles_.push_back();
  taint_set_.push_back(intern_taints(node.taints));
  labels_.push_back(node.labels);
  images_.push_back(node.images);
  ports_.edit().emplace_back();
  set_allocatable(index, node);
  return index;
}

void NodeTable::update(NodeIndex index, const NodeSpec& node) {
  unschedulable_.set(index, static_cast<std::uint8_t>(node.unschedulable));
  taint_set_.set(index, intern_taints(node.taints));
  labels_.replace(index, node.labels);
  images_.replace(index, node.images);
  set_allocatable(index, node);
}

void NodeTable::set_allocatable(NodeIndex index, const NodeSpec& node) {
  for (auto& column : allocatable_) {
    if (column[index] != 0) column.set(index, 0);
  }
  for (const ResourceAmount& amount : node.allocatable) {
    ensure_resource(amount.resource);
    allocatable_[amount.resource].set(index, amount.amount);
  }
  refresh_tile(index);
}

void NodeTable::remove(NodeIndex index) {
  auto& by_name = index_by_name_.edit();
  auto& by_uid = index_by_uid_.edit();
  by_name.erase(names_[index]);
  by_uid[uids_[index]] = kNoId;
  names_.erase(index);
  uids_.erase(index);
  for (std::size_t i = index; i < names_.size(); ++i) {
    by_name[names_[i]] = static_cast<NodeIndex>(i);
    by_uid[uids_[i]] = static_cast<NodeIndex>(i);
  }
  for (auto& column : allocatable_) column.erase(index);
  for (auto& column : requested_) column.erase(index);
  zeros_.erase(index);
  non_zero_milli_cpu_.erase(index);
  non_zero_memory_bytes_.erase(index);
  num_pods_.erase(index);
  unschedulable_.erase(index);
  tiles_.erase(index);
  log_.clear();
  taint_set_.erase(index);
  labels_.erase(index);
  images_.erase(index);
  auto& ports = ports_.edit();
  ports.erase(ports.begin() + static_cast<std::ptrdiff_t>(index));
}

void NodeTable::charge(NodeIndex index, const PodShape& pod, std::int64_t sign) {
  suppose(index, pod, sign);
  images_.touch(index);
  refresh_tile(index);
  log_.push_back(index, tiles_.data()[index / NodeTile::kNodes], size());
}

void NodeTable::suppose(NodeIndex index, const PodShape& pod, std::int64_t sign) {
  for (const ResourceAmount& request : pod.requests) {
    ensure_resource(request.resource);
    requested_[request.resource].edit()[index] += sign * request.amount;
  }
  non_zero_milli_cpu_.edit()[index] += sign * pod.non_zero_milli_cpu;
  non_zero_memory_bytes_.edit()[index] += sign * pod.non_zero_memory_bytes;
  num_pods_.edit()[index] += sign;
  if (!pod.host_ports.empty()) charge_ports(index, pod, sign);
}

void NodeTable::charge_ports(NodeIndex index, const PodShape& pod, std::int64_t sign) {
  auto& used = ports_.edit()[index];
  for (const HostPort& port : pod.host_ports) {
    const auto found = std::find(used.begin(), used.end(), port);
    if (sign > 0 && found == used.end()) used.push_back(port);
    if (sign < 0 && found != used.end()) used.erase(found);
  }
}

void NodeTable::refresh_tile(NodeIndex index) {
  const auto amounts = [&](ResourceId resource, const Column<std::int64_t>& non_zero) {
    return NodeAmounts{allocatable_[resource][index], requested_[resource][index], non_zero[index]};
  };
  tiles_.set(index, amounts(ResourceTable::kCpu, non_zero_milli_cpu_),
             amounts(ResourceTable::kMemory, non_zero_memory_bytes_),
             num_pods_[index] >= allocatable_[ResourceTable::kPods][index]);
}

}  // namespace kubesched
