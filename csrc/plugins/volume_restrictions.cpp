#include "plugins/volume_restrictions.h"

#include <algorithm>
#include <vector>

#include "plugins/volume_reasons.h"

namespace kubesched {

namespace {

bool share_a_monitor(const InlineDisk& a, const InlineDisk& b) {
  return std::any_of(a.monitors.begin(), a.monitors.end(), [&](StringId monitor) {
    return std::find(b.monitors.begin(), b.monitors.end(), monitor) != b.monitors.end();
  });
}

// Two pods cannot have these on one node. A disk of EBS is never shared, others where both only read.
bool conflict(const InlineDisk& wanted, const InlineDisk& used) {
  if (wanted.kind != used.kind || wanted.id != used.id) return false;
  if (wanted.kind == DiskKind::kAwsElasticBlockStore) return true;
  if (wanted.read_only && used.read_only) return false;
  return wanted.kind != DiskKind::kRbd || (wanted.pool == used.pool && share_a_monitor(wanted, used));
}

bool has_conflict(const PodVolumes& pod, const std::vector<DiskUse>& uses) {
  return std::any_of(uses.begin(), uses.end(), [&](const DiskUse& use) {
    return std::any_of(pod.disks.begin(), pod.disks.end(),
                       [&](const InlineDisk& wanted) { return conflict(wanted, use.disk); });
  });
}

// The pod's claims, each once, of which the cluster may use but one pod.
std::vector<StringId> exclusive_claims(const Cycle& cycle) {
  const Storage& storage = cycle.state.storage();
  std::vector<StringId> names;
  for (const PodClaim& wanted : cycle.shape.volumes.claims) {
    if (wanted.ephemeral) continue;
    const ClaimId id = storage.find_claim(cycle.shape.namespace_id, wanted.name);
    if (id == kNoId || (storage.claim(id).traits.access_modes & kReadWriteOncePod) == 0) continue;
    if (std::find(names.begin(), names.end(), wanted.name) == names.end()) names.push_back(wanted.name);
  }
  return names;
}

// Upstream counts a claim in use once, however many pods use it; then it adds or takes off each mention by a pod that
// comes or goes in thought, and looks at the name alone.
bool is_taken_by_one_pod(const Cycle& cycle) {
  std::int64_t conflicts = 0;
  for (StringId name : exclusive_claims(cycle)) {
    std::int64_t uses = cycle.state.volume_use().num_claim_uses(cycle.shape.namespace_id, name);
    for (const SupposedPod& pod : cycle.state.supposed()) {
      const PodShape& shape = cycle.state.shapes()[pod.shape];
      const auto mentions =
          std::count_if(shape.volumes.claims.begin(), shape.volumes.claims.end(),
                        [&](const PodClaim& claim) { return !claim.ephemeral && claim.name == name; });
      conflicts += pod.sign * mentions;
      if (shape.namespace_id == cycle.shape.namespace_id) uses -= pod.sign * mentions;
    }
    if (uses > 0) ++conflicts;
  }
  return conflicts > 0;
}

}  // namespace

PreFilterResult VolumeRestrictions::pre_filter(Cycle& cycle) const {
  const PodVolumes& pod = cycle.shape.volumes;
  for (const PodClaim& wanted : pod.claims) {
    if (!wanted.ephemeral && cycle.state.storage().find_claim(cycle.shape.namespace_id, wanted.name) == kNoId) {
      return {unresolvable(claim_not_found(cycle.state.strings()[wanted.name])), std::nullopt};
    }
  }
  const bool skip = pod.disks.empty() && !is_taken_by_one_pod(cycle);
  return {Status{skip ? Code::kSkip : Code::kSuccess, {}}, std::nullopt};
}

void VolumeRestrictions::filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const {
  const PodVolumes& pod = cycle.shape.volumes;
  if (!pod.disks.empty()) {
    NodeMask rejected(nodes.size());
    for (const auto& [uid, uses] : cycle.state.volume_use().disks()) {
      if (has_conflict(pod, uses)) rejected.set(cycle.state.nodes().index_of_uid(uid));
    }
    reject_nodes(nodes, rejected, Code::kUnschedulable, {"node(s) had no available disk"}, diagnosis);
  }
  if (!pod.claims.empty() && is_taken_by_one_pod(cycle)) {
    reject_all(nodes,
               Status{Code::kUnschedulable,
                      {"node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already"
                       " in-use by another pod"}},
               diagnosis);
  }
}

bool VolumeRestrictions::plan_filter(Cycle& cycle, RankingPlan&) const { return cycle.shape.volumes.empty(); }

}  // namespace kubesched
