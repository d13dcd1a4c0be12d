// The nodes in their order, one column per quantity.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/column.h"
#include "base/cow.h"
#include "model/node_spec.h"
#include "model/pod_shape.h"
#include "state/image_index.h"
#include "state/label_index.h"
#include "state/node_tiles.h"

namespace kubesched {

// Not thread-safe; copies share their columns until one writes.
// INVARIANT: requested(r)[i], non_zero and num_pods sum what was charged to node i.
class NodeTable {
 public:
  std::size_t size() const { return names_.size(); }
  StringId name(std::size_t node) const { return names_[node]; }
  // kNoId where there is no such node.
  NodeIndex find(StringId name) const;
  // A number that stays with the node while its index changes.
  std::uint32_t uid(std::size_t node) const { return uids_[node]; }
  NodeIndex index_of_uid(std::uint32_t uid) const { return (*index_by_uid_)[uid]; }
  const std::vector<NodeIndex>& index_by_uid() const { return *index_by_uid_; }

  // int64 by node, in milli-CPU, bytes or counts; zeros for a resource that no node has.
  const Column<std::int64_t>& allocatable(ResourceId resource) const;
  const Column<std::int64_t>& requested(ResourceId resource) const;
  const Column<std::int64_t>& non_zero_milli_cpu() const { return non_zero_milli_cpu_; }
  const Column<std::int64_t>& non_zero_memory_bytes() const { return non_zero_memory_bytes_; }
  const Column<std::int64_t>& num_pods() const { return num_pods_; }
  const Column<std::uint8_t>& unschedulable() const { return unschedulable_; }
  const NodeTiles& tiles() const { return tiles_; }

  const Column<std::uint32_t>& taint_set() const { return taint_set_; }
  const std::vector<std::vector<Taint>>& taint_sets() const { return *taint_sets_; }
  const std::vector<Taint>& taints(std::size_t node) const { return (*taint_sets_)[taint_set_[node]]; }
  const LabelIndex& labels() const { return labels_; }
  const ImageIndex& images() const { return images_; }
  // Host ports in use. A set, as upstream's: a pod that leaves frees its ports even where another pod has them, too.
  const std::vector<HostPort>& ports(std::size_t node) const { return (*ports_)[node]; }

  // Every charge() since the table was made.
  const NodeLog& log() const { return log_; }

  NodeIndex add(const NodeSpec& node);
  void update(NodeIndex index, const NodeSpec& node);
  void remove(NodeIndex index);
  // Charges a pod to a node, or with sign -1 takes it off again.
  void charge(NodeIndex index, const PodShape& pod, std::int64_t sign);
  // What filters read as charge() would leave it, to be taken back before a score is asked for.
  void suppose(NodeIndex index, const PodShape& pod, std::int64_t sign);
  void restore_ports(NodeIndex index, std::vector<HostPort> ports) { ports_.edit()[index] = std::move(ports); }
  // A scheduling cycle starts (see ImageIndex).
  void snapshot() { images_.snapshot(); }

 private:
  void set_allocatable(NodeIndex index, const NodeSpec& node);
  void refresh_tile(NodeIndex index);
  void charge_ports(NodeIndex index, const PodShape& pod, std::int64_t sign);
  std::uint32_t intern_taints(const std::vector<Taint>& taints);
  void ensure_resource(ResourceId resource);

  Column<StringId> names_;
  Column<std::uint32_t> uids_;
  Cow<std::vector<NodeIndex>> index_by_uid_;
  Cow<std::unordered_map<StringId, NodeIndex>> index_by_name_;
  std::vector<Column<std::int64_t>> allocatable_;
  std::vector<Column<std::int64_t>> requested_;
  Column<std::int64_t> zeros_;
  Column<std::int64_t> non_zero_milli_cpu_;
  Column<std::int64_t> non_zero_memory_bytes_;
  Column<std::int64_t> num_pods_;
  Column<std::uint8_t> unschedulable_;
  NodeTiles tiles_;
  Column<std::uint32_t> taint_set_;
  Cow<std::vector<std::vector<Taint>>> taint_sets_;
  LabelIndex labels_;
  ImageIndex images_;
  Cow<std::vector<std::vector<HostPort>>> ports_;
  NodeLog log_;
};

}  // namespace kubesched
