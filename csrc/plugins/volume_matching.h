// Which existing volumes unbound claims of one pod would get on which node.
#pragma once

#include <vector>

#include "state/cluster_state.h"

namespace kubesched {

// The volumes that a claim could get, were it not for the node.
struct MatchingVolumes {
  std::vector<VolumeId> prebound;  // reserved for the claim: it takes these and no other
  std::vector<VolumeId> others;    // smallest first
};

// component-helpers/storage/volume FindMatchingVolume (v1.34), for any node. Among volumes of one size upstream takes
// any; here it is the one that came first.
MatchingVolumes find_matching_volumes(const PersistentVolumeClaim& claim, const Storage& storage,
                                      const StringTable& strings);

// Claims of one pod, in the order in which they choose; a volume goes to one of them only.
class VolumeMatching {
 public:
  // Sorts the claims by the size that they ask for.
  VolumeMatching(ClusterState& state, std::vector<ClaimId> claims);

  const std::vector<ClaimId>& claims() const { return claims_; }
  // For each claim, the nodes of `within` on which it gets a volume.
  std::vector<NodeMask> nodes_with_volume(const NodeMask& within);
  // For each claim the volume that it gets on one node; kNoId where there is none.
  std::vector<VolumeId> volumes_on(std::size_t node);

 private:
  // Marks where the claim gets one of the prebound volumes; takes nodes that are decided out of `open`.
  void take_prebound(std::size_t claim, NodeMask& open, NodeMask& found);
  // Gives the volume to the claim on the open nodes that it allows; returns how many those are.
  std::size_t take(VolumeId volume, NodeMask& open, NodeMask& found);
  bool allows(VolumeId volume, std::size_t node);
  bool is_taken(VolumeId volume, std::size_t node) const;

  ClusterState& state_;
  std::vector<ClaimId> claims_;
  std::vector<MatchingVolumes> matching_;
  std::vector<std::vector<VolumeId>> taken_;  // by node; empty for a single claim
};

}  // namespace kubesched
