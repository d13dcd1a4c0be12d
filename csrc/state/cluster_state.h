// The cluster: nodes, the pods on them, and the counts that plugins read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/cow.h"
#include "state/allocation_memo.h"
#include "state/node_table.h"
#include "state/owners.h"
#include "state/pod_counts.h"
#include "state/pod_table.h"
#include "state/shape_table.h"
#include "state/term_counts.h"

namespace kubesched {

// A copy is an independent cluster that shares what neither has changed since. Not thread-safe per instance.
//
// Events and what they touch:
//   place / remove pod   one row of the columns, one domain of each rule and term that the pod's shape matches
//   update node          its row; its pods leave the counts and come back
//   remove node          its pods go; rows behind it move up (a memmove of each column)
class ClusterState {
 public:
  const StringTable& strings() const { return *strings_; }
  StringTable& edit_strings() { return strings_.edit(); }
  const ResourceTable& resources() const { return *resources_; }
  const ShapeTable& shapes() const { return *shapes_; }
  const NodeTable& nodes() const { return nodes_; }
  const PodTable& pods() const { return *pods_; }
  const Namespaces& namespaces() const { return *namespaces_; }
  const Owners& owners() const { return *owners_; }

  const Devices& devices() const { return *devices_; }
  Devices& edit_devices() { return devices_.edit(); }
  AllocationMemo& allocation_memo() { return allocation_memo_; }

  // Changes with every node, namespace, service or controller event: what is derived from those must be made again.
  std::uint64_t epoch() const { return epoch_; }

  ShapeId intern_shape(std::string_view record);
  void put_namespace(std::string_view name, std::string_view labels_record);
  void put_owner(std::string_view record);

  void put_resource_slice(std::string_view record) { devices_.edit().put_slice(record, strings_.edit()); }
  void put_device_class(std::string_view record) { devices_.edit().put_class(record, strings_.edit()); }
  void put_resource_claim(std::string_view record) { devices_.edit().put_claim(record, strings_.edit()); }

  // StateError for a node that is there twice or not at all; the state is then unchanged.
  NodeIndex add_node(std::string_view record);
  NodeIndex update_node(std::string_view record);
  // The keys of the pods that went with it, sorted.
  std::vector<std::string> remove_node(std::string_view name);

  // A scheduling cycle starts.
  void begin_cycle() { nodes_.snapshot(); }

  // StateError where the key is there already.
  void require_new_pod(std::string_view key) const;
  // REQUIRES: the key is new.
  void place(std::string key, ShapeId shape, NodeIndex node);
  // StateError where there is no such pod.
  void remove_pod(std::string_view key);
  void reserve_pods(std::size_t count) { pods_.edit().reserve(count); }

  RuleId count_rule(const PodRule& rule) { return pod_counts_.intern_rule(rule, source()); }
  MaskId count_mask(const NodeMask& mask) { return pod_counts_.intern_mask(mask); }
  const DomainCounts& count_domains(RuleId rule, StringId topology_key, MaskId mask) {
    return pod_counts_.by_domain(rule, topology_key, mask, source());
  }
  const PodCounts& pod_counts() const { return pod_counts_; }
  const std::vector<TermId>& matching_terms(ShapeId shape) {
    return term_counts_.matching_terms(shape, *shapes_, *namespaces_, *strings_);
  }
  const TermCounts& term_counts() const { return term_counts_; }

 private:
  CountSource source() const;
  void count(ShapeId shape, NodeIndex node, std::int32_t sign);
  void count_pods_of(NodeIndex node, std::int32_t sign);

  Cow<StringTable> strings_;
  Cow<ResourceTable> resources_;
  Cow<ShapeTable> shapes_;
  NodeTable nodes_;
  Cow<PodTable> pods_;
  Cow<Namespaces> namespaces_;
  Cow<Owners> owners_;
  PodCounts pod_counts_;
  TermCounts term_counts_;
  Cow<Devices> devices_;
  AllocationMemo allocation_memo_;
  std::uint64_t epoch_ = 0;
};

}  // namespace kubesched
