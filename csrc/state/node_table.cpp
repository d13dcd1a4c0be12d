#include "state/node_table.h"

#include <algorithm>
#include <cmath>

namespace kubesched {

namespace {

// A hundred times this is below 2^53, where doubles still hold every integer.
constexpr std::int64_t kExactLimit = std::int64_t{1} << 46;

template <typename T>
void push(Column<T>& column, T value) {
  column.push_back(value);
}

void push_zero(ScoreColumns& columns) {
  columns.allocatable.push_back(0);
  columns.inverse.push_back(0);
  columns.requested.push_back(0);
  columns.non_zero.push_back(0);
}

void erase(ScoreColumns& columns, NodeIndex index) {
  columns.allocatable.erase(index);
  columns.inverse.erase(index);
  columns.requested.erase(index);
  columns.non_zero.erase(index);
}

void refresh(ScoreColumns& columns, NodeIndex index, std::int64_t allocatable, std::int64_t requested,
             std::int64_t non_zero) {
  const auto all = static_cast<double>(allocatable);
  columns.allocatable.set(index, all);
  columns.inverse.set(index, allocatable == 0 ? 0.0 : 1.0 / all);
  columns.requested.set(index, static_cast<double>(requested));
  columns.non_zero.set(index, static_cast<double>(non_zero));
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
  push_zero(cpu_columns_);
  push_zero(memory_columns_);
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
  refresh_score_columns(index);
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
  erase(cpu_columns_, index);
  erase(memory_columns_, index);
  taint_set_.erase(index);
  labels_.erase(index);
  images_.erase(index);
  auto& ports = ports_.edit();
  ports.erase(ports.begin() + static_cast<std::ptrdiff_t>(index));
}

std::optional<std::span<const NodeIndex>> NodeTable::changed_since(std::uint64_t since) const {
  if (since < first_change_) return std::nullopt;
  return std::span<const NodeIndex>(changes_).subspan(static_cast<std::size_t>(since - first_change_));
}

void NodeTable::log_change(NodeIndex index) {
  const std::size_t keep = size() / 4 + 64;
  if (changes_.size() >= 4 * keep) {
    const auto drop = static_cast<std::ptrdiff_t>(changes_.size() - keep);
    changes_.erase(changes_.begin(), changes_.begin() + drop);
    first_change_ += static_cast<std::uint64_t>(drop);
  }
  changes_.push_back(index);
}

void NodeTable::charge(NodeIndex index, const PodShape& pod, std::int64_t sign) {
  suppose(index, pod, sign);
  images_.touch(index);
  log_change(index);
  refresh_score_columns(index);
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

void NodeTable::refresh_score_columns(NodeIndex index) {
  const std::int64_t cpu = allocatable_[ResourceTable::kCpu][index];
  const std::int64_t cpu_requested = requested_[ResourceTable::kCpu][index];
  const std::int64_t memory = allocatable_[ResourceTable::kMemory][index];
  const std::int64_t memory_requested = requested_[ResourceTable::kMemory][index];
  refresh(cpu_columns_, index, cpu, cpu_requested, non_zero_milli_cpu_[index]);
  refresh(memory_columns_, index, memory, memory_requested, non_zero_memory_bytes_[index]);
  if (cpu >= kExactLimit || memory >= kExactLimit || non_zero_milli_cpu_[index] >= kExactLimit ||
      non_zero_memory_bytes_[index] >= kExactLimit || cpu_requested >= kExactLimit || memory_requested >= kExactLimit) {
    doubles_are_exact_ = false;
  }
}

}  // namespace kubesched
