#pragma once

#include <map>
#include <vector>

#include "framework/plugin.h"
#include "framework/profile.h"

namespace kubesched {

// Affinity and anti-affinity to pods by topology domain, in both directions: the incoming pod's terms against pods
// on nodes, and their terms against it (plugins/interpodaffinity, v1.34).
class InterPodAffinity final : public Plugin {
 public:
  InterPodAffinity(std::size_t slot, const ProfileSpec& spec);
  std::string_view name() const override { return "InterPodAffinity"; }
  PreFilterResult pre_filter(Cycle& cycle) const override;
  void filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const override;
  bool filter_is_monotone(const Cycle& cycle) const override { return cycle.shape.required_affinity.empty(); }
  bool pre_score(Cycle& cycle, const NodeMask& feasible) const override;
  void add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight, std::int64_t* totals) const override;
  bool plan_filter(Cycle& cycle, RankingPlan& plan) const override;
  bool plan_score(Cycle& cycle, std::int64_t weight, RankingPlan& plan) const override;
  void filter_cells(Cycle& cycle, const CellDomains& cells, std::uint8_t* open) const override;
  void score_cells(Cycle& cycle, const CellDomains& cells, const std::uint8_t* open, std::int64_t weight,
                   std::int64_t* totals) const override;

 private:
  // A term of the shape, tied to its counts.
  struct Term {
    RuleId rule;
    StringId topology_key;
    std::int64_t weight;  // of a preferred term, negative for anti-affinity; else 0
  };
  struct Resolved final : Memo {
    std::vector<Term> affinity;  // one for each topology key; all count the pods that match every term
    bool matches_itself = false;
    std::vector<Term> anti_affinity;
    std::vector<Term> preferred;
    std::size_t bytes() const override {
      return sizeof *this + (affinity.size() + anti_affinity.size() + preferred.size()) * sizeof(Term);
    }
  };
  // Sums by code of each topology key that has any.
  using Scores = std::map<StringId, std::vector<std::int64_t>>;

  // The first pod of a group that wants to be together may go anywhere its topology keys exist.
  static bool is_first_of_group(Cycle& cycle, const Resolved& resolved);
  static bool is_by_node(const Cycle& cycle, StringId topology_key);
  // The pod has terms, or one that a pod on a node has or had matches it.
  static bool is_concerned(Cycle& cycle);
  const Resolved& resolve(Cycle& cycle) const;
  std::unique_ptr<Resolved> make_resolved(Cycle& cycle) const;
  bool has_required_anti_affinity_against(Cycle& cycle) const;
  void filter_affinity(Cycle& cycle, const Resolved& resolved, NodeMask& nodes, Diagnosis* diagnosis) const;
  void filter_anti_affinity(Cycle& cycle, const Resolved& resolved, NodeMask& nodes, Diagnosis* diagnosis) const;
  void filter_existing(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const;
  std::int64_t existing_weight(const CarriedTerm& term) const;
  Scores topology_scores(Cycle& cycle) const;

  std::int64_t hard_weight_;
  bool ignore_preferred_of_existing_;
};

}  // namespace kubesched
