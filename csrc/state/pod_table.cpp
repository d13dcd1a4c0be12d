#include "state/pod_table.h"

namespace kubesched {

PodId PodTable::find(std::string_view key) const {
  const auto found = ids_.find(key);
  return found == ids_.end() ? kNoId : found->second;
}

const std::vector<PodId>& PodTable::on_node(std::uint32_t node_uid) const {
  static const std::vector<PodId> kNone;
  return node_uid < by_node_.size() ? by_node_[node_uid] : kNone;
}

PodId PodTable::add(std::string key, ShapeId shape, std::uint32_t node_uid, PodStatus status) {
  PodId id = static_cast<PodId>(records_.size());
  if (free_.empty()) {
    records_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  if (by_node_.size() <= node_uid) by_node_.resize(node_uid + 1);
  auto& pods = by_node_[node_uid];
  PodRecord& record = records_[id];
  record.key = std::make_shared<const std::string>(std::move(key));
  record.shape = shape;
  record.node_uid = node_uid;
  record.position = static_cast<std::uint32_t>(pods.size());
  record.status = status;
  record.arrival = arrivals_++;
  pods.push_back(id);
  ids_.emplace(*record.key, id);
  return id;
}

void PodTable::replace(PodId id, ShapeId shape, PodStatus status) {
  records_[id].shape = shape;
  records_[id].status = status;
}

void PodTable::remove(PodId id) {
  PodRecord& record = records_[id];
  auto& pods = by_node_[record.node_uid];
  pods[record.position] = pods.back();
  records_[pods.back()].position = record.position;
  pods.pop_back();
  ids_.erase(*record.key);
  record = PodRecord{};
  free_.push_back(id);
}

void PodTable::reserve(std::size_t count) {
  records_.reserve(records_.size() + count);
  ids_.reserve(ids_.size() + count);
}

}  // namespace kubesched
