// The cluster: nodes, the pods on them, and the counts that plugins read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/cow.h"
#include "state/allocation_memo.h"
#include "state/disruption_budgets.h"
#include "state/gpu_cards.h"
#include "state/gpu_score_memo.h"
#include "state/node_rules.h"
#include "state/node_table.h"
#include "state/nominations.h"
#include "state/owners.h"
#include "state/pod_counts.h"
#include "state/pod_table.h"
#include "state/priority_loads.h"
#include "state/shape_table.h"
#include "state/storage.h"
#include "state/term_counts.h"
#include "state/volume_use.h"

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
  // Counted when first asked for, and kept from then on.
  const PriorityLoads& priority_loads();
  const DisruptionBudgets& budgets() const { return *budgets_; }
  const Nominations& nominations() const { return *nominations_; }
  const Storage& storage() const { return *storage_; }

  const Devices& devices() const { return *devices_; }
  Devices& edit_devices() { return devices_.edit(); }
  AllocationMemo& allocation_memo() { return allocation_memo_; }

  const GpuCards& gpu_cards() const { return *gpu_cards_; }
  // The cards that the pod placed next gets.
  void reserve_cards(std::vector<CardIndex> cards) { gpu_cards_.edit().reserve(std::move(cards)); }
  GpuScoreMemo& gpu_score_memo() { return gpu_score_memo_; }

  // Changes with every node, namespace, service or controller event: what is derived from those must be made again.
  std::uint64_t epoch() const { return epoch_; }

  ShapeId intern_shape(std::string_view record);
  void put_namespace(std::string_view name, std::string_view labels_record);
  void put_owner(std::string_view record);
  void put_budget(std::string_view record) { budgets_.edit().put(record, strings_.edit()); }
  // StateError where there is no such budget.
  void remove_budget(std::string_view key);
  void put_storage(std::string_view record);
  // StateError where there is no such object.
  void remove_namespace(std::string_view name);
  void remove_owner(OwnerKind kind, std::string_view namespace_name, std::string_view name);
  void remove_storage(StorageKind kind, std::string_view namespace_name, std::string_view name);
  void remove_resource_slice(std::string_view name);
  void remove_device_class(std::string_view name);
  void remove_resource_claim(const std::string& key);

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
  void require_new_pod(const PodKey& key) const;
  // The pod is nominated nowhere afterwards. REQUIRES: the key is new.
  void place(const PodKey& key, ShapeId shape, NodeIndex node, PodStatus status = {});
  // Takes a pod off its node, or a pending one's nomination away. StateError where there is neither.
  void remove_pod(const PodKey& key);
  // All or, where there is neither for one or a name is there twice, none.
  void remove_pods(const PodKeys& keys);
  // The pod is now a victim of preemption that terminates; it keeps its room. REQUIRES: the pod is on a node.
  void evict(PodId pod) { terminate(pod, true); }
  // The pod is being deleted, for that reason or another; it keeps its room. REQUIRES: the pod is on a node.
  void terminate(PodId pod, bool is_preempted);
  // Replaces the pod's nomination. The node need not be there.
  void nominate(std::string key, ShapeId shape, std::string_view node_name);
  void clear_nomination(std::string_view key);
  // For filters alone: as if a pod came to a node (sign 1) or left it (sign -1). Must be taken back. `pod` is kNoId for
  // one that is on no node.
  void suppose(PodId pod, ShapeId shape, NodeIndex node, std::int32_t sign);
  const std::vector<SupposedPod>& supposed() const { return supposed_; }
  void restore_ports(NodeIndex node, std::vector<HostPort> ports) { nodes_.restore_ports(node, std::move(ports)); }
  void reserve_pods(std::size_t count) { pods_.edit().reserve(count); }
  // See PodTable.
  KeyBufferId hold_keys(std::shared_ptr<const PodKeys> keys) { return pods_.edit().hold(std::move(keys)); }
  void release_keys(KeyBufferId buffer) { pods_.edit().release(buffer); }

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

  // REQUIRES: rule is not kNoId.
  const NodeSet& rule_nodes(NodeRuleId rule) { return node_rules_.edit().nodes(rule, nodes_, *strings_, epoch_); }
  const VolumeUse& volume_use() const { return volume_use_; }
  // nullptr where no node limits the driver and nothing of it is attached.
  const DriverUse* driver_use(StringId driver) { return volume_use_.find_driver(driver, volume_source()); }
  // What a pod's reservation assumes; both hold until another object is put in place.
  void bind_claim(ClaimId claim, VolumeId volume);
  void select_node(ClaimId claim, NodeIndex node) { storage_.edit().select_node(claim, nodes_.name(node)); }

 private:
  CountSource source() const;
  VolumeUseSource volume_source() const;
  void count(ShapeId shape, NodeIndex node, std::int32_t sign);
  void count_load(const PodShape& pod, NodeIndex node, std::int64_t sign) {
    if (knows_priority_loads_) priority_loads_.edit().change(nodes_.uid(node), pod, sign);
  }
  void count_pods_of(NodeIndex node, std::int32_t sign);

  Cow<StringTable> strings_;
  Cow<ResourceTable> resources_;
  Cow<ShapeTable> shapes_;
  NodeTable nodes_;
  Cow<PodTable> pods_;
  Cow<Namespaces> namespaces_;
  Cow<Owners> owners_;
  Cow<DisruptionBudgets> budgets_;
  Cow<Nominations> nominations_;
  Cow<Storage> storage_;
  Cow<NodeRules> node_rules_;
  VolumeUse volume_use_;
  PodCounts pod_counts_;
  TermCounts term_counts_;
  Cow<Devices> devices_;
  AllocationMemo allocation_memo_;
  Cow<PriorityLoads> priority_loads_;
  bool knows_priority_loads_ = false;
  std::vector<SupposedPod> supposed_;  // what is counted for the first time meanwhile must count them, too
  Cow<GpuCards> gpu_cards_;
  GpuScoreMemo gpu_score_memo_;
  std::uint64_t epoch_ = 0;
};

}  // namespace kubesched
