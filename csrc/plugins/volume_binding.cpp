#include "plugins/volume_binding.h"

#include <array>
#include <map>

#include "plugins/volume_matching.h"
#include "plugins/volume_reasons.h"

namespace kubesched {

namespace {

constexpr std::array<const char*, 4> kReasons{
    "node(s) didn't match PersistentVolume's node affinity",
    "node(s) didn't find available persistent volumes to bind",
    "node(s) did not have enough free storage",
    "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)",
};

void remove_from(NodeMask& mask, const NodeMask& gone) {
  for (std::size_t w = 0; w < mask.num_words(); ++w) mask.words()[w] &= ~gone.words()[w];
}

// Moves the nodes of `from` that the rule does not allow to `to`.
void move_not_allowed(ClusterState& state, NodeRuleId rule, NodeMask& from, NodeMask& to) {
  if (rule == kNoId) return;
  NodeMask before = from;
  state.rule_nodes(rule).intersect(from);
  remove_from(before, from);
  to |= before;
}

bool is_bound(const PersistentVolumeClaim& claim) {
  return claim.volume_name != StringTable::kEmpty && claim.bind_completed;
}

// Upstream's text where the claim cannot be used; empty where it can.
std::string claim_fault(const Cycle& cycle, const PodClaim& wanted) {
  const StringTable& strings = cycle.state.strings();
  const ClaimId id = cycle.state.storage().find_claim(cycle.shape.namespace_id, wanted.name);
  const std::string& name = strings[wanted.name];
  const std::string quoted = "persistentvolumeclaim \"" + name + "\"";
  if (id == kNoId && wanted.ephemeral) return "waiting for ephemeral volume controller to create the " + quoted;
  if (id == kNoId) return claim_not_found(name);
  const PersistentVolumeClaim& claim = cycle.state.storage().claim(id);
  if (claim.lost) {
    return quoted + " bound to non-existent persistentvolume \"" + strings[claim.volume_name] + "\"";
  }
  if (claim.terminating) return quoted + " is being deleted";
  if (wanted.ephemeral && !is_claim_of_pod(claim, cycle.shape.volumes)) return not_created_for_pod(cycle, wanted);
  return "";
}

// The nodes whose CSINode says that the plugin was moved to CSI.
NodeMask migrated_nodes(const ClusterState& state, StringId plugin) {
  NodeMask migrated(state.nodes().size());
  for (const auto& [name, csi_node] : state.storage().csi_nodes()) {
    const NodeIndex node = state.nodes().find(name);
    if (node != kNoId && is_migrated(csi_node, plugin)) migrated.set(node);
  }
  return migrated;
}

}  // namespace

VolumeBinding::Claims VolumeBinding::sort_claims(const Cycle& cycle) {
  const Storage& storage = cycle.state.storage();
  Claims claims;
  for (const PodClaim& wanted : cycle.shape.volumes.claims) {
    const ClaimId id = storage.find_claim(cycle.shape.namespace_id, wanted.name);
    if (id == kNoId) continue;
    const PersistentVolumeClaim& claim = storage.claim(id);
    const StorageClass* storage_class = storage.find_class(claim.storage_class);
    if (is_bound(claim)) {
      claims.bound.push_back(id);
    } else if (claim.volume_name != StringTable::kEmpty || storage_class == nullptr ||
               !storage_class->waits_for_consumer) {
      claims.has_immediate = true;
    } else if (claim.has_selected_node) {
      claims.with_node.push_back(id);
    } else {
      claims.to_match.push_back(id);
    }
  }
  return claims;
}

PreFilterResult VolumeBinding::pre_filter(Cycle& cycle) const {
  if (cycle.shape.volumes.claims.empty()) return {Status{Code::kSkip, {}}, std::nullopt};
  for (const PodClaim& wanted : cycle.shape.volumes.claims) {
    std::string fault = claim_fault(cycle, wanted);
    if (!fault.empty()) return {unresolvable(std::move(fault)), std::nullopt};
  }
  if (sort_claims(cycle).has_immediate) {
    return {unresolvable("pod has unbound immediate PersistentVolumeClaims"), std::nullopt};
  }
  return {};
}

void VolumeBinding::check_bound(Cycle& cycle, const Claims& claims, const NodeMask& nodes, Verdicts& verdicts) {
  const Storage& storage = cycle.state.storage();
  NodeMask open = nodes;
  for (ClaimId claim : claims.bound) {
    const VolumeId id = storage.find_volume(storage.claim(claim).volume_name);
    if (id == kNoId) {
      verdicts.no_object = open;
      return;
    }
    const PersistentVolume& volume = storage.volume(id);
    NodeMask migrated(nodes.size());
    if (volume.plugin != StringTable::kEmpty) {
      migrated = migrated_nodes(cycle.state, volume.plugin);
      migrated &= open;
    }
    if (!migrated.any()) {
      move_not_allowed(cycle.state, volume.affinity, open, verdicts.conflict);
      continue;
    }
    remove_from(open, migrated);
    move_not_allowed(cycle.state, volume.affinity, open, verdicts.conflict);
    if (volume.error != StringTable::kEmpty) {
      verdicts.broken |= migrated;
      verdicts.error = "could not translate pv: " + cycle.state.strings()[volume.error];
      continue;
    }
    move_not_allowed(cycle.state, volume.csi_affinity, migrated, verdicts.conflict);
    open |= migrated;
  }
}

void VolumeBinding::check_unbound(Cycle& cycle, const Claims& claims, const NodeMask& nodes, Verdicts& verdicts) const {
  const Storage& storage = cycle.state.storage();
  NodeMask open = nodes;
  for (ClaimId claim : claims.with_node) {
    NodeMask chosen(nodes.size());
    const NodeIndex node = cycle.state.nodes().find(storage.claim(claim).selected_node);
    if (node != kNoId && open.test(node)) chosen.set(node);
    remove_from(open, chosen);
    verdicts.no_volume |= open;
    open = std::move(chosen);
  }
  VolumeMatching matching(cycle.state, claims.to_match);
  const std::vector<NodeMask> found = matching.nodes_with_volume(open);
  for (ClaimId claim : claims.with_node) check_provision(cycle, claim, open, open, verdicts);
  for (std::size_t i = 0; i < found.size(); ++i) {
    NodeMask pending = open;
    remove_from(pending, found[i]);
    if (pending.any()) check_provision(cycle, matching.claims()[i], std::move(pending), open, verdicts);
  }
}

void VolumeBinding::check_provision(Cycle& cycle, ClaimId claim_id, NodeMask pending, NodeMask& open,
                                    Verdicts& verdicts) const {
  const Storage& storage = cycle.state.storage();
  const PersistentVolumeClaim& claim = storage.claim(claim_id);
  const StorageClass& storage_class = *storage.find_class(claim.storage_class);
  if (storage_class.provisioner == no_provisioner_) {
    verdicts.no_volume |= pending;
    remove_from(open, pending);
    return;
  }
  NodeMask failed(pending.size());
  move_not_allowed(cycle.state, storage_class.topologies, pending, failed);
  verdicts.no_volume |= failed;
  remove_from(open, failed);
  const CsiDriver* driver = storage.find_csi_driver(storage_class.provisioner);
  if (!claim.has_request || driver == nullptr || !driver->tracks_capacity) return;
  NodeMask enough(pending.size());
  for (const CsiStorageCapacity& capacity : storage.capacities()) {
    if (capacity.storage_class != storage_class.name || capacity.limit_bytes < 0 ||
        capacity.limit_bytes < claim.request_bytes) {
      continue;
    }
    if (capacity.topology == kNoId) return;
    cycle.state.rule_nodes(capacity.topology).unite(enough, pending);
  }
  remove_from(pending, enough);
  verdicts.no_space |= pending;
  remove_from(open, pending);
}

void VolumeBinding::filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const {
  if (cycle.shape.volumes.claims.empty()) return;
  const Claims claims = sort_claims(cycle);
  Verdicts verdicts(nodes.size());
  check_bound(cycle, claims, nodes, verdicts);
  if (!claims.with_node.empty() || !claims.to_match.empty()) check_unbound(cycle, claims, nodes, verdicts);
  if (diagnosis != nullptr) {
    explain(verdicts, nodes, *diagnosis);
    return;
  }
  for (const NodeMask* mask :
       {&verdicts.conflict, &verdicts.no_volume, &verdicts.no_space, &verdicts.no_object, &verdicts.broken}) {
    remove_from(nodes, *mask);
  }
}

void VolumeBinding::explain(const Verdicts& verdicts, NodeMask& nodes, Diagnosis& diagnosis) {
  reject_nodes(nodes, verdicts.broken, Code::kError, {verdicts.error}, &diagnosis);
  const std::array<const NodeMask*, kReasons.size()> masks{&verdicts.conflict, &verdicts.no_volume, &verdicts.no_space,
                                                           &verdicts.no_object};
  std::map<std::array<bool, kReasons.size()>, ReasonSetId> reason_sets;
  nodes.filter([&](std::size_t node) {
    std::array<bool, kReasons.size()> wrong{};
    std::vector<std::string> reasons;
    for (std::size_t i = 0; i < masks.size(); ++i) {
      wrong[i] = masks[i]->test(node);
      if (wrong[i]) reasons.emplace_back(kReasons[i]);
    }
    if (reasons.empty()) return true;
    const auto [slot, added] = reason_sets.try_emplace(wrong, 0);
    if (added) slot->second = diagnosis.add_reasons(std::move(reasons));
    diagnosis.reject(node, Code::kUnschedulableAndUnresolvable, slot->second);
    return false;
  });
}

void VolumeBinding::reserve(Cycle& cycle, std::string_view, NodeIndex node) const {
  if (cycle.shape.volumes.claims.empty()) return;
  const Claims claims = sort_claims(cycle);
  if (claims.to_match.empty()) return;
  VolumeMatching matching(cycle.state, claims.to_match);
  const std::vector<VolumeId> volumes = matching.volumes_on(node);
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    const ClaimId claim = matching.claims()[i];
    if (volumes[i] == kNoId) {
      cycle.state.select_node(claim, node);
    } else {
      cycle.state.bind_claim(claim, volumes[i]);
    }
  }
}

bool VolumeBinding::plan_filter(Cycle& cycle, RankingPlan&) const { return cycle.shape.volumes.empty(); }

bool VolumeBinding::plan_score(Cycle& cycle, std::int64_t, RankingPlan&) const { return cycle.shape.volumes.empty(); }

}  // namespace kubesched
