#pragma once

#include <vector>

#include "framework/plugin.h"
#include "framework/profile.h"

namespace kubesched {

// Spreads matching pods over topology domains (plugins/podtopologyspread, v1.34): DoNotSchedule constraints filter,
// ScheduleAnyway constraints score. Pods without constraints get the profile's defaults, whose selector comes from
// the pod's services and controller.
class PodTopologySpread final : public Plugin {
 public:
  PodTopologySpread(std::size_t slot, const ProfileSpec& spec, StringTable& strings);
  std::string_view name() const override { return "PodTopologySpread"; }
  PreFilterResult pre_filter(Cycle& cycle) const override;
  void filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const override;
  bool filter_is_monotone(const Cycle& cycle) const override { return cycle.shape.spread.empty(); }
  bool pre_score(Cycle& cycle, const NodeMask& feasible) const override;
  void add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight, std::int64_t* totals) const override;
  bool plan_filter(Cycle& cycle, RankingPlan& plan) const override;
  bool plan_score(Cycle& cycle, std::int64_t weight, RankingPlan& plan) const override;
  void filter_cells(Cycle& cycle, const CellDomains& cells, std::uint8_t* open) const override;
  void score_cells(Cycle& cycle, const CellDomains& cells, const std::uint8_t* open, std::int64_t weight,
                   std::int64_t* totals) const override;

 private:
  // A constraint of one shape, tied to its counts.
  struct Constraint {
    RuleId rule;
    StringId topology_key;
    MaskId mask;
    std::int64_t max_skew;
    std::int64_t min_domains;
    bool matches_itself;
  };
  struct Resolved final : Memo {
    std::vector<Constraint> hard;
    std::vector<Constraint> soft;
    NodeMask scored;  // nodes that the soft constraints score
    bool requires_all_keys = true;
    std::size_t bytes() const override { return sizeof *this + scored.num_words() * sizeof(std::uint64_t); }
  };

  // The most matching pods that a domain may have for one more to be let in.
  static std::int64_t most_pods(const Constraint& constraint, const DomainCounts& counts);
  const Resolved& resolve(Cycle& cycle) const;
  std::unique_ptr<Resolved> make_resolved(Cycle& cycle) const;
  std::vector<SpreadConstraint> constraints_of(const Cycle& cycle) const;
  Constraint tie(Cycle& cycle, const SpreadConstraint& constraint, NodeMask included) const;
  std::vector<std::int64_t> raw_scores(Cycle& cycle, const Resolved& resolved, const NodeMask& scored) const;
  double topology_weight(Cycle& cycle, const Constraint& constraint, const NodeMask& scored) const;

  bool system_defaulting_;
  std::vector<SpreadConstraint> defaults_;
  StringId hostname_;
};

}  // namespace kubesched
