#include "plugins/volume_matching.h"

#include <algorithm>

namespace kubesched {

namespace {

bool is_reserved_for(const PersistentVolume& volume, const PersistentVolumeClaim& claim) {
  return volume.has_claim_ref && volume.claim_namespace == claim.namespace_id && volume.claim_name == claim.name &&
         (volume.claim_uid == StringTable::kEmpty || volume.claim_uid == claim.uid);
}

bool suits(const PersistentVolume& volume, const PersistentVolumeClaim& claim) {
  return volume.capacity_bytes >= claim.request_bytes && volume.traits.volume_mode == claim.traits.volume_mode &&
         volume.traits.attributes_class == claim.traits.attributes_class && !volume.terminating;
}

bool is_free_for(const PersistentVolume& volume, const PersistentVolumeClaim& claim, const StringTable& strings) {
  return volume.available && (claim.traits.access_modes & ~volume.traits.access_modes) == 0 &&
         claim.selector.matches(volume.labels, strings);
}

}  // namespace

MatchingVolumes find_matching_volumes(const PersistentVolumeClaim& claim, const Storage& storage,
                                      const StringTable& strings) {
  MatchingVolumes matching;
  for (VolumeId id : storage.volumes_of_class(claim.storage_class)) {
    const PersistentVolume& volume = storage.volume(id);
    if (!suits(volume, claim)) continue;
    if (is_reserved_for(volume, claim)) {
      matching.prebound.push_back(id);
    } else if (!volume.has_claim_ref && is_free_for(volume, claim, strings)) {
      matching.others.push_back(id);
    }
  }
  return matching;
}

VolumeMatching::VolumeMatching(ClusterState& state, std::vector<ClaimId> claims)
    : state_(state), claims_(std::move(claims)) {
  const Storage& storage = state.storage();
  std::stable_sort(claims_.begin(), claims_.end(), [&](ClaimId a, ClaimId b) {
    return storage.claim(a).request_bytes < storage.claim(b).request_bytes;
  });
  for (ClaimId claim : claims_) {
    matching_.push_back(find_matching_volumes(storage.claim(claim), storage, state.strings()));
  }
}

bool VolumeMatching::allows(VolumeId volume, std::size_t node) {
  const NodeRuleId rule = state_.storage().volume(volume).affinity;
  return rule == kNoId || state_.rule_nodes(rule).test(node);
}

bool VolumeMatching::is_taken(VolumeId volume, std::size_t node) const {
  return !taken_.empty() && std::find(taken_[node].begin(), taken_[node].end(), volume) != taken_[node].end();
}

std::size_t VolumeMatching::take(VolumeId volume, NodeMask& open, NodeMask& found) {
  std::size_t num_taken = 0;
  const auto take_on = [&](std::size_t node) {
    if (is_taken(volume, node)) return;
    ++num_taken;
    found.set(node);
    open.reset(node);
    if (!taken_.empty()) taken_[node].push_back(volume);
  };
  const NodeRuleId rule = state_.storage().volume(volume).affinity;
  if (rule == kNoId) {
    open.for_each(take_on);
  } else {
    state_.rule_nodes(rule).for_each(open, take_on);
  }
  return num_taken;
}

void VolumeMatching::take_prebound(std::size_t claim, NodeMask& open, NodeMask& found) {
  for (VolumeId volume : matching_[claim].prebound) {
    NodeMask decided = open;  // where it is the claim's to take, it is that one or none
    decided.filter([&](std::size_t node) { return !is_taken(volume, node); });
    NodeMask free = decided;
    take(volume, free, found);
    open.filter([&](std::size_t node) { return !decided.test(node); });
  }
}

std::vector<NodeMask> VolumeMatching::nodes_with_volume(const NodeMask& within) {
  taken_.assign(claims_.size() > 1 ? within.size() : 0, {});
  std::vector<NodeMask> found;
  for (std::size_t claim = 0; claim < claims_.size(); ++claim) {
    found.emplace_back(within.size());
    NodeMask open = within;
    take_prebound(claim, open, found.back());
    std::size_t num_open = open.count();
    for (VolumeId volume : matching_[claim].others) {
      if (num_open == 0) break;
      num_open -= take(volume, open, found.back());
    }
  }
  return found;
}

std::vector<VolumeId> VolumeMatching::volumes_on(std::size_t node) {
  std::vector<VolumeId> chosen;
  const auto is_chosen = [&](VolumeId volume) {
    return std::find(chosen.begin(), chosen.end(), volume) != chosen.end();
  };
  for (const MatchingVolumes& matching : matching_) {
    const auto prebound = std::find_if_not(matching.prebound.begin(), matching.prebound.end(), is_chosen);
    if (prebound != matching.prebound.end()) {
      chosen.push_back(allows(*prebound, node) ? *prebound : kNoId);
      continue;
    }
    const auto other = std::find_if(matching.others.begin(), matching.others.end(),
                                    [&](VolumeId volume) { return !is_chosen(volume) && allows(volume, node); });
    chosen.push_back(other == matching.others.end() ? kNoId : *other);
  }
  return chosen;
}

}  // namespace kubesched
