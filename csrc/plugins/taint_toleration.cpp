#include "plugins/taint_toleration.h"

#include <algorithm>

namespace kubesched {

namespace {

std::string untolerated_reason(const Taint& taint, const StringTable& strings) {
  return "node(s) had untolerated taint {" + strings[taint.key] + ": " + strings[taint.value] + "}";
}

std::vector<std::int64_t> count_by_node(const Cycle& cycle) {
  const NodeTable& nodes = cycle.state.nodes();
  std::vector<std::int64_t> by_set;
  for (const auto& taints : nodes.taint_sets()) by_set.push_back(count_untolerated(taints, cycle.shape.tolerations));
  std::vector<std::int64_t> counts(nodes.size());
  for (std::size_t node = 0; node < counts.size(); ++node) counts[node] = by_set[nodes.taint_set()[node]];
  return counts;
}

}  // namespace

std::int64_t count_untolerated(const std::vector<Taint>& taints, const std::vector<Toleration>& tolerations) {
  return std::count_if(taints.begin(), taints.end(), [&](const Taint& taint) {
    return taint.effect == TaintEffect::kPreferNoSchedule && !any_tolerates(tolerations, taint);
  });
}

void TaintToleration::filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const {
  const NodeTable& table = cycle.state.nodes();
  std::vector<std::uint8_t> rejects;  // by taint set
  std::vector<ReasonSetId> reasons;
  for (const auto& taints : table.taint_sets()) {
    const Taint* taint = find_untolerated(taints, cycle.shape.tolerations);
    rejects.push_back(taint == nullptr ? 0 : 1);
    if (diagnosis == nullptr) continue;
    reasons.push_back(taint == nullptr ? 0
                                       : diagnosis->add_reasons({untolerated_reason(*taint, cycle.state.strings())}));
  }
  const std::uint32_t* taint_set = table.taint_set().data();
  nodes.filter([&](std::size_t node) {
    if (rejects[taint_set[node]] == 0) return true;
    if (diagnosis != nullptr) diagnosis->reject(node, Code::kUnschedulableAndUnresolvable, reasons[taint_set[node]]);
    return false;
  });
}

const RawScores& TaintToleration::raw_scores(Cycle& cycle) const {
  return cycle.memo.get<RawScores>(slot(), cycle.state.epoch(),
                                   [&] { return std::make_unique<RawScores>(count_by_node(cycle)); });
}

std::optional<std::int64_t> TaintToleration::uniform_score(Cycle& cycle) const {
  if (raw_scores(cycle).all_zero) return kMaxNodeScore;
  return std::nullopt;
}

void TaintToleration::add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight,
                                std::int64_t* totals) const {
  const RawScores& raw = raw_scores(cycle);
  if (raw.all_zero) {
    for (std::size_t node = 0; node < feasible.size(); ++node) totals[node] += weight * kMaxNodeScore;
  } else {
    add_normalized(raw.by_node, feasible, true, weight, totals);
  }
}

bool TaintToleration::plan_filter(Cycle& cycle, RankingPlan& plan) const {
  for (const auto& taints : cycle.state.nodes().taint_sets()) {
    plan.static_key.push_back(find_untolerated(taints, cycle.shape.tolerations) == nullptr ? 'p' : 'r');
  }
  return true;
}

bool TaintToleration::plan_score(Cycle& cycle, std::int64_t weight, RankingPlan& plan) const {
  bool is_uniform = true;
  for (const auto& taints : cycle.state.nodes().taint_sets()) {
    const std::int64_t count = count_untolerated(taints, cycle.shape.tolerations);
    is_uniform = is_uniform && count == 0;
    append_id(plan.static_key, static_cast<std::uint32_t>(count));
  }
  if (!is_uniform) plan.static_scorers.push_back(PlannedScorer{this, weight});
  return true;
}

StaticScores TaintToleration::static_scores(Cycle& cycle) const {
  return StaticScores{count_by_node(cycle), Normalization::kHighestReversed};
}

}  // namespace kubesched
