#include "plugins/node_volume_limits.h"

#include <algorithm>

#include "plugins/volume_reasons.h"

namespace kubesched {

namespace {

// The claims of a pod to be scheduled must be there and, for ephemeral volumes, its own.
Status check_claims(const Cycle& cycle) {
  const Storage& storage = cycle.state.storage();
  const StringTable& strings = cycle.state.strings();
  const std::string& pod_namespace = strings[cycle.shape.namespace_id];
  for (const PodClaim& wanted : cycle.shape.volumes.claims) {
    const ClaimId id = storage.find_claim(cycle.shape.namespace_id, wanted.name);
    const std::string& name = strings[wanted.name];
    if (id == kNoId) {
      return unresolvable("looking up PVC " + pod_namespace + "/" + name + ": " + claim_not_found(name));
    }
    if (wanted.ephemeral && !is_claim_of_pod(storage.claim(id), cycle.shape.volumes)) {
      return Status{Code::kError, {not_created_for_pod(cycle, wanted)}};
    }
  }
  return {};
}

// How many of the volumes come new to a node.
std::int64_t count_new(const Cycle& cycle, const std::vector<CsiVolume>& volumes, StringId driver, std::size_t node) {
  const std::uint32_t uid = cycle.state.nodes().uid(node);
  const CsiNode* csi_node = cycle.state.storage().find_csi_node(cycle.state.nodes().name(node));
  return std::count_if(volumes.begin(), volumes.end(), [&](const CsiVolume& volume) {
    if (volume.driver != driver || cycle.state.volume_use().is_attached(uid, volume)) return false;
    return volume.annotation == kNoId || (csi_node != nullptr && is_migrated(*csi_node, volume.annotation));
  });
}

}  // namespace

PreFilterResult NodeVolumeLimits::pre_filter(Cycle& cycle) const {
  const bool skip = cycle.shape.volumes.claims.empty() && cycle.shape.volumes.in_tree.empty();
  return {Status{skip ? Code::kSkip : Code::kSuccess, {}}, std::nullopt};
}

void NodeVolumeLimits::reject_untranslatable(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const {
  const StringTable& strings = cycle.state.strings();
  for (const InlineInTreeVolume& volume : cycle.shape.volumes.in_tree) {
    if (volume.error == StringTable::kEmpty) continue;
    NodeMask rejected(nodes.size());
    for (const auto& [name, csi_node] : cycle.state.storage().csi_nodes()) {
      const NodeIndex node = cycle.state.nodes().find(name);
      if (node != kNoId) rejected.set(node);
    }
    reject_nodes(nodes, rejected, Code::kError,
                 {"converting volume(" + strings[volume.volume] + ") from inline to csi: " + strings[volume.error]},
                 diagnosis);
  }
}

void NodeVolumeLimits::filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const {
  const PodVolumes& pod = cycle.shape.volumes;
  if (pod.claims.empty() && pod.in_tree.empty()) return;
  Status status = check_claims(cycle);
  if (status.code != Code::kSuccess) {
    reject_all(nodes, std::move(status), diagnosis);
    return;
  }
  reject_untranslatable(cycle, nodes, diagnosis);
  const std::vector<CsiVolume> volumes = csi_volumes(cycle.shape, cycle.state.storage(), cycle.state.strings());
  const NodeTable& table = cycle.state.nodes();
  NodeMask rejected(nodes.size());
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    const StringId driver = volumes[i].driver;
    const auto of_driver = [&](const CsiVolume& volume) { return volume.driver == driver; };
    if (std::any_of(volumes.begin(), volumes.begin() + static_cast<std::ptrdiff_t>(i), of_driver)) continue;
    const DriverUse* use = cycle.state.driver_use(driver);
    if (use == nullptr) continue;
    const std::int64_t most_new = std::count_if(volumes.begin(), volumes.end(), of_driver);
    nodes.for_each([&](std::size_t node) {
      const std::uint32_t uid = table.uid(node);
      const std::int64_t limit = use->limit(uid);
      if (limit == DriverUse::kNoLimit || use->count(uid) + most_new <= limit) return;
      const std::int64_t num_new = count_new(cycle, volumes, driver, node);
      if (num_new > 0 && use->count(uid) + num_new > limit) rejected.set(node);
    });
  }
  reject_nodes(nodes, rejected, Code::kUnschedulable, {"node(s) exceed max volume count"}, diagnosis);
}

bool NodeVolumeLimits::plan_filter(Cycle& cycle, RankingPlan&) const { return cycle.shape.volumes.empty(); }

}  // namespace kubesched
