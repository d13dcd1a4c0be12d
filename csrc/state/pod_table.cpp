#include "state/pod_table.h"

namespace kubesched {

PodId PodTable::find(const PodKey& key) const {
  return index_.find(key.hash, [&](PodId id) { return records_[id].key == key.text; });
}

const std::vector<PodId>& PodTable::on_node(std::uint32_t node_uid) const {
  static const std::vector<PodId> kNone;
  return node_uid < by_node_.size() ? by_node_[node_uid] : kNone;
}

PodId PodTable::add(const PodKey& key, ShapeId shape, std::uint32_t node_uid, PodStatus status) {
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
  record.buffer = key.buffer;
  if (key.buffer == kNoId) {
    record.key = buffers_.copy(key.text, record.buffer);
  } else {
    record.key = key.text;
    buffers_.keep(key.buffer);
  }
  record.shape = shape;
  record.node_uid = node_uid;
  record.position = static_cast<std::uint32_t>(pods.size());
  record.status = status;
  record.arrival = arrivals_++;
  pods.push_back(id);
  index_.insert(key.hash, id);
  return id;
}

void PodTable::replace(PodId id, ShapeId shape, PodStatus status) {
  records_[id].shape = shape;
  records_[id].status = status;
}

void PodTable::remove(PodId id, std::uint32_t key_hash) {
  PodRecord& record = records_[id];
  auto& pods = by_node_[record.node_uid];
  pods[record.position] = pods.back();
  records_[pods.back()].position = record.position;
  pods.pop_back();
  index_.erase(key_hash, id);
  buffers_.release(record.buffer);
  record = PodRecord{};
  free_.push_back(id);
}

void PodTable::reserve(std::size_t count) {
  records_.reserve(records_.size() + count);
  index_.reserve(index_.size() + count);
}

}  // namespace kubesched
