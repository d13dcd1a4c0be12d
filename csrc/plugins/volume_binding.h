#pragma once

#include <string>
#include <vector>

#include "framework/plugin.h"

namespace kubesched {

// Rejects nodes from which the pod's volumes cannot be reached, or where its unbound claims can get none: neither one
// that is there nor one made for the node (plugins/volumebinding, v1.34). Where the pod is assumed on a node, its
// claims are bound, or told for which node their volumes are to be made. It scores only with the feature gate
// StorageCapacityScoring, which is off.
class VolumeBinding final : public Plugin {
 public:
  VolumeBinding(std::size_t slot, StringTable& strings)
      : Plugin(slot), no_provisioner_(strings.intern("kubernetes.io/no-provisioner")) {}
  std::string_view name() const override { return "VolumeBinding"; }
  PreFilterResult pre_filter(Cycle& cycle) const override;
  void filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const override;
  bool filter_is_monotone(const Cycle&) const override { return true; }
  void reserve(Cycle& cycle, std::string_view key, NodeIndex node) const override;
  bool plan_filter(Cycle& cycle, RankingPlan& plan) const override;
  bool plan_score(Cycle& cycle, std::int64_t weight, RankingPlan& plan) const override;

 private:
  // The pod's claims by what is to be done about them.
  struct Claims {
    std::vector<ClaimId> bound;
    std::vector<ClaimId> with_node;  // their volumes are to be made for a node that is chosen already
    std::vector<ClaimId> to_match;
    bool has_immediate = false;  // unbound, and not for the scheduler to bind
  };

  // Nodes by what is wrong with them.
  struct Verdicts {
    explicit Verdicts(std::size_t n) : conflict(n), no_volume(n), no_space(n), no_object(n), broken(n) {}
    NodeMask conflict;
    NodeMask no_volume;
    NodeMask no_space;
    NodeMask no_object;
    NodeMask broken;  // upstream fails there, for the reason `error`
    std::string error;
  };

  static Claims sort_claims(const Cycle& cycle);
  static void check_bound(Cycle& cycle, const Claims& claims, const NodeMask& nodes, Verdicts& verdicts);
  void check_unbound(Cycle& cycle, const Claims& claims, const NodeMask& nodes, Verdicts& verdicts) const;
  // Can volumes be made for the claim on the `pending` nodes? Takes those where not out of `open`.
  void check_provision(Cycle& cycle, ClaimId claim, NodeMask pending, NodeMask& open, Verdicts& verdicts) const;
  static void explain(const Verdicts& verdicts, NodeMask& nodes, Diagnosis& diagnosis);

  StringId no_provisioner_;
};

}  // namespace kubesched
