#include "plugins/volume_zone.h"

#include "plugins/volume_reasons.h"

namespace kubesched {

namespace {

// Success where the claim may still wait for its volume.
Status check_unbound(const PersistentVolumeClaim& claim, const Storage& storage, const StringTable& strings) {
  if (claim.storage_class == StringTable::kEmpty) {
    return unresolvable("PersistentVolumeClaim had no pv name and storageClass name");
  }
  const StorageClass* storage_class = storage.find_class(claim.storage_class);
  if (storage_class == nullptr) {
    return unresolvable("storageclass.storage.k8s.io \"" + strings[claim.storage_class] + "\" not found");
  }
  return storage_class->waits_for_consumer ? Status{} : unresolvable("PersistentVolume had no name");
}

}  // namespace

Status VolumeZone::find_rules(const Cycle& cycle, std::vector<NodeRuleId>& rules) const {
  const Storage& storage = cycle.state.storage();
  const StringTable& strings = cycle.state.strings();
  for (const PodClaim& wanted : cycle.shape.volumes.claims) {
    if (wanted.ephemeral) continue;
    const ClaimId id = storage.find_claim(cycle.shape.namespace_id, wanted.name);
    if (id == kNoId) return unresolvable(claim_not_found(strings[wanted.name]));
    const PersistentVolumeClaim& claim = storage.claim(id);
    if (claim.volume_name == StringTable::kEmpty) {
      Status status = check_unbound(claim, storage, strings);
      if (status.code != Code::kSuccess) return status;
      continue;
    }
    const VolumeId volume = storage.find_volume(claim.volume_name);
    if (volume == kNoId) return unresolvable("persistentvolume \"" + strings[claim.volume_name] + "\" not found");
    if (storage.volume(volume).zones != kNoId) rules.push_back(storage.volume(volume).zones);
  }
  return {};
}

PreFilterResult VolumeZone::pre_filter(Cycle& cycle) const {
  std::vector<NodeRuleId> rules;
  Status status = find_rules(cycle, rules);
  if (status.code == Code::kSuccess && rules.empty()) status.code = Code::kSkip;
  return {std::move(status), std::nullopt};
}

void VolumeZone::filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const {
  if (cycle.shape.volumes.claims.empty()) return;
  std::vector<NodeRuleId> rules;
  Status status = find_rules(cycle, rules);
  if (status.code != Code::kSuccess) {
    reject_all(nodes, std::move(status), diagnosis);
    return;
  }
  NodeMask rejected(nodes.size());
  for (NodeRuleId rule : rules) {
    NodeMask allowed = nodes;
    cycle.state.rule_nodes(rule).intersect(allowed);
    for (std::size_t w = 0; w < nodes.num_words(); ++w) rejected.words()[w] |= nodes.words()[w] & ~allowed.words()[w];
  }
  if (!rules.empty()) {
    reject_nodes(nodes, rejected, Code::kUnschedulableAndUnresolvable, {"node(s) had no available volume zone"},
                 diagnosis);
  }
}

bool VolumeZone::plan_filter(Cycle& cycle, RankingPlan&) const { return cycle.shape.volumes.empty(); }

}  // namespace kubesched
