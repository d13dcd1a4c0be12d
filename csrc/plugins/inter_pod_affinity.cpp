#include "plugins/inter_pod_affinity.h"

#include <algorithm>
#include <limits>

namespace kubesched {

namespace {

bool prefers_pods(const PodShape& pod) {
  return !pod.preferred_affinity.empty() || !pod.preferred_anti_affinity.empty();
}

// Rejects the nodes in a domain that holds a counted pod.
void reject_domains(const LabelColumn* column, const std::vector<std::int64_t>& pods_by_code, NodeMask& nodes,
                    Diagnosis* diagnosis, ReasonSetId reasons) {
  if (column == nullptr) return;
  nodes.filter([&](std::size_t node) {
    const std::int32_t code = column->codes[node];
    if (code == LabelColumn::kAbsent || static_cast<std::size_t>(code) >= pods_by_code.size() ||
        pods_by_code[static_cast<std::size_t>(code)] <= 0) {
      return true;
    }
    if (diagnosis != nullptr) diagnosis->reject(node, Code::kUnschedulable, reasons);
    return false;
  });
}

// scoring.go NormalizeScore (v1.34). REQUIRES: lowest < highest.
std::int64_t affinity_score(std::int64_t raw, std::int64_t lowest, std::int64_t highest) {
  const double share = static_cast<double>(raw - lowest) / static_cast<double>(highest - lowest);
  return static_cast<std::int64_t>(static_cast<double>(Plugin::kMaxNodeScore) * share);
}

void add_weighted(std::vector<std::int64_t>& sums, const std::vector<std::int64_t>& pods, std::int64_t weight) {
  if (sums.size() < pods.size()) sums.resize(pods.size(), 0);
  for (std::size_t code = 0; code < pods.size(); ++code) sums[code] += weight * pods[code];
}

}  // namespace

InterPodAffinity::InterPodAffinity(std::size_t slot, const ProfileSpec& spec)
    : Plugin(slot),
      hard_weight_(spec.hard_pod_affinity_weight),
      ignore_preferred_of_existing_(spec.ignore_preferred_terms_of_existing_pods) {}

std::unique_ptr<InterPodAffinity::Resolved> InterPodAffinity::make_resolved(Cycle& cycle) const {
  ClusterState& state = cycle.state;
  const auto pods_of = [&](const AffinityTerm& term) {
    return resolve_term(term, state.namespaces(), state.strings());
  };
  const auto rule_of = [&](const AffinityTerm& term) { return state.count_rule(PodRule{{pods_of(term)}, false}); };
  auto resolved = std::make_unique<Resolved>();
  if (!cycle.shape.required_affinity.empty()) {
    PodRule all_terms;
    for (const AffinityTerm& term : cycle.shape.required_affinity) all_terms.sets.push_back(pods_of(term));
    const RuleId rule = state.count_rule(all_terms);
    resolved->matches_itself = all_terms.matches(cycle.shape, state.strings());
    for (const AffinityTerm& term : cycle.shape.required_affinity) {
      resolved->affinity.push_back(Term{rule, term.topology_key, 0});
    }
  }
  for (const AffinityTerm& term : cycle.shape.required_anti_affinity) {
    resolved->anti_affinity.push_back(Term{rule_of(term), term.topology_key, 0});
  }
  for (const WeightedAffinityTerm& term : cycle.shape.preferred_affinity) {
    resolved->preferred.push_back(Term{rule_of(term.term), term.term.topology_key, term.weight});
  }
  for (const WeightedAffinityTerm& term : cycle.shape.preferred_anti_affinity) {
    resolved->preferred.push_back(Term{rule_of(term.term), term.term.topology_key, -term.weight});
  }
  return resolved;
}

const InterPodAffinity::Resolved& InterPodAffinity::resolve(Cycle& cycle) const {
  // As in PodTopologySpread: counts of an earlier term may have been pushed out by those of a later one.
  for (;;) {
    const std::uint64_t generation = cycle.state.pod_counts().generation();
    const std::uint64_t version = (generation << 40) ^ cycle.state.epoch();
    const Resolved& resolved = cycle.memo.get<Resolved>(slot(), version, [&] { return make_resolved(cycle); });
    if (cycle.state.pod_counts().generation() == generation) return resolved;
  }
}

bool InterPodAffinity::has_required_anti_affinity_against(Cycle& cycle) const {
  const auto& terms = cycle.state.matching_terms(cycle.shape_id);
  return std::any_of(terms.begin(), terms.end(), [&](TermId id) {
    const CarriedTerm& term = cycle.state.term_counts()[id];
    return term.kind == TermKind::kRequiredAntiAffinity && term.total_pods > 0;
  });
}

PreFilterResult InterPodAffinity::pre_filter(Cycle& cycle) const {
  const bool has_terms = !cycle.shape.required_affinity.empty() || !cycle.shape.required_anti_affinity.empty();
  const bool concerned = has_terms || has_required_anti_affinity_against(cycle);
  return {Status{concerned ? Code::kSuccess : Code::kSkip, {}}, std::nullopt};
}

void InterPodAffinity::filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const {
  const Resolved& resolved = resolve(cycle);
  filter_affinity(cycle, resolved, nodes, diagnosis);
  filter_anti_affinity(cycle, resolved, nodes, diagnosis);
  filter_existing(cycle, nodes, diagnosis);
}

bool InterPodAffinity::is_first_of_group(Cycle& cycle, const Resolved& resolved) {
  return resolved.matches_itself &&
         std::all_of(resolved.affinity.begin(), resolved.affinity.end(), [&](const Term& term) {
           return cycle.state.count_domains(term.rule, term.topology_key, PodCounts::kAllNodes).total_pods == 0;
         });
}

void InterPodAffinity::filter_affinity(Cycle& cycle, const Resolved& resolved, NodeMask& nodes,
                                       Diagnosis* diagnosis) const {
  if (resolved.affinity.empty()) return;
  const ReasonSetId reasons =
      diagnosis == nullptr ? 0 : diagnosis->add_reasons({"node(s) didn't match pod affinity rules"});
  const bool is_first = is_first_of_group(cycle, resolved);
  for (const Term& term : resolved.affinity) {
    const DomainCounts& counts = cycle.state.count_domains(term.rule, term.topology_key, PodCounts::kAllNodes);
    const LabelColumn* column = cycle.state.nodes().labels().find(term.topology_key);
    nodes.filter([&](std::size_t node) {
      const std::int32_t code = column == nullptr ? LabelColumn::kAbsent : column->codes[node];
      if (code != LabelColumn::kAbsent && (is_first || counts.pods[static_cast<std::size_t>(code)] > 0)) return true;
      if (diagnosis != nullptr) diagnosis->reject(node, Code::kUnschedulableAndUnresolvable, reasons);
      return false;
    });
  }
}

void InterPodAffinity::filter_anti_affinity(Cycle& cycle, const Resolved& resolved, NodeMask& nodes,
                                            Diagnosis* diagnosis) const {
  if (resolved.anti_affinity.empty()) return;
  const ReasonSetId reasons =
      diagnosis == nullptr ? 0 : diagnosis->add_reasons({"node(s) didn't match pod anti-affinity rules"});
  for (const Term& term : resolved.anti_affinity) {
    const DomainCounts& counts = cycle.state.count_domains(term.rule, term.topology_key, PodCounts::kAllNodes);
    if (counts.total_pods == 0) continue;
    reject_domains(cycle.state.nodes().labels().find(term.topology_key), counts.pods, nodes, diagnosis, reasons);
  }
}

void InterPodAffinity::filter_existing(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const {
  const ReasonSetId reasons =
      diagnosis == nullptr ? 0 : diagnosis->add_reasons({"node(s) didn't satisfy existing pods anti-affinity rules"});
  for (TermId id : cycle.state.matching_terms(cycle.shape_id)) {
    const CarriedTerm& term = cycle.state.term_counts()[id];
    if (term.kind != TermKind::kRequiredAntiAffinity || term.total_pods == 0) continue;
    reject_domains(cycle.state.nodes().labels().find(term.term.topology_key), term.pods, nodes, diagnosis, reasons);
  }
}

std::int64_t InterPodAffinity::existing_weight(const CarriedTerm& term) const {
  switch (term.kind) {
    case TermKind::kRequiredAffinity:
      return hard_weight_;
    case TermKind::kPreferredAffinity:
      return term.weight;
    case TermKind::kPreferredAntiAffinity:
      return -term.weight;
    case TermKind::kRequiredAntiAffinity:
      break;
  }
  return 0;
}

InterPodAffinity::Scores InterPodAffinity::topology_scores(Cycle& cycle) const {
  Scores scores;
  for (const Term& term : resolve(cycle).preferred) {
    const DomainCounts& counts = cycle.state.count_domains(term.rule, term.topology_key, PodCounts::kAllNodes);
    if (counts.total_pods > 0) add_weighted(scores[term.topology_key], counts.pods, term.weight);
  }
  for (TermId id : cycle.state.matching_terms(cycle.shape_id)) {
    const CarriedTerm& term = cycle.state.term_counts()[id];
    const std::int64_t weight = existing_weight(term);
    if (weight != 0 && term.total_pods > 0) add_weighted(scores[term.term.topology_key], term.pods, weight);
  }
  return scores;
}

bool InterPodAffinity::pre_score(Cycle& cycle, const NodeMask&) const {
  if (ignore_preferred_of_existing_ && !prefers_pods(cycle.shape)) return false;
  return !topology_scores(cycle).empty();
}

void InterPodAffinity::add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight,
                                 std::int64_t* totals) const {
  std::vector<std::int64_t> raw(feasible.size(), 0);
  for (const auto& by_key : topology_scores(cycle)) {
    const LabelColumn* column = cycle.state.nodes().labels().find(by_key.first);
    const std::vector<std::int64_t>& sums = by_key.second;
    if (column == nullptr) continue;
    feasible.for_each([&](std::size_t node) {
      const std::int32_t code = column->codes[node];
      if (code != LabelColumn::kAbsent && static_cast<std::size_t>(code) < sums.size()) {
        raw[node] += sums[static_cast<std::size_t>(code)];
      }
    });
  }
  const std::int64_t lowest = cycle.kernels.min_in_mask(raw.data(), feasible.words(), raw.size());
  const std::int64_t highest = cycle.kernels.max_in_mask(raw.data(), feasible.words(), raw.size());
  if (highest == lowest) return;
  feasible.for_each([&](std::size_t node) { totals[node] += weight * affinity_score(raw[node], lowest, highest); });
}

bool InterPodAffinity::is_concerned(Cycle& cycle) {
  const PodShape& pod = cycle.shape;
  return !pod.required_affinity.empty() || !pod.required_anti_affinity.empty() || prefers_pods(pod) ||
         !cycle.state.matching_terms(cycle.shape_id).empty();
}

bool InterPodAffinity::plan_filter(Cycle& cycle, RankingPlan& plan) const {
  if (!is_concerned(cycle)) return true;
  const Resolved& resolved = resolve(cycle);
  for (const Term& term : resolved.affinity) plan.add_topology_key(term.topology_key);
  const auto keep_apart = [&](NodeBan::By by, std::uint32_t id, StringId topology_key) {
    if (is_by_node(cycle, topology_key)) {
      plan.bans.push_back(NodeBan{by, id, topology_key});
    } else {
      plan.add_topology_key(topology_key);
    }
  };
  for (const Term& term : resolved.anti_affinity) keep_apart(NodeBan::By::kRule, term.rule, term.topology_key);
  for (TermId id : cycle.state.matching_terms(cycle.shape_id)) {
    const CarriedTerm& term = cycle.state.term_counts()[id];
    if (term.kind == TermKind::kRequiredAntiAffinity) keep_apart(NodeBan::By::kTerm, id, term.term.topology_key);
  }
  plan.cell_filters.push_back(this);
  return true;
}

bool InterPodAffinity::plan_score(Cycle& cycle, std::int64_t weight, RankingPlan& plan) const {
  if (!is_concerned(cycle) || (ignore_preferred_of_existing_ && !prefers_pods(cycle.shape))) return true;
  bool any = false;
  const auto add = [&](StringId topology_key) {
    any = true;
    plan.add_topology_key(topology_key);
    return !is_by_node(cycle, topology_key);  // then there would be a cell for each node
  };
  for (const Term& term : resolve(cycle).preferred) {
    if (!add(term.topology_key)) return false;
  }
  for (TermId id : cycle.state.matching_terms(cycle.shape_id)) {
    const CarriedTerm& term = cycle.state.term_counts()[id];
    if (existing_weight(term) != 0 && !add(term.term.topology_key)) return false;
  }
  if (any) plan.cell_scorers.push_back(PlannedScorer{this, weight});
  return true;
}

bool InterPodAffinity::is_by_node(const Cycle& cycle, StringId topology_key) {
  const LabelColumn* column = cycle.state.nodes().labels().find(topology_key);
  return column != nullptr && column->is_by_node();
}

void InterPodAffinity::filter_cells(Cycle& cycle, const CellDomains& cells, std::uint8_t* open) const {
  const Resolved& resolved = resolve(cycle);
  const bool is_first = is_first_of_group(cycle, resolved);
  for (const Term& term : resolved.affinity) {
    const DomainCounts& counts = cycle.state.count_domains(term.rule, term.topology_key, PodCounts::kAllNodes);
    const std::int32_t* codes = cells.codes(term.topology_key);
    for (std::size_t cell = 0; cell < cells.size(); ++cell) {
      const bool passes =
          codes[cell] != LabelColumn::kAbsent && (is_first || counts.pods[static_cast<std::size_t>(codes[cell])] > 0);
      if (!passes) open[cell] = 0;
    }
  }
  const auto close_domains = [&](StringId topology_key, const std::vector<std::int64_t>& pods) {
    const std::int32_t* codes = cells.codes(topology_key);
    for (std::size_t cell = 0; cell < cells.size(); ++cell) {
      const auto code = static_cast<std::size_t>(codes[cell]);
      if (codes[cell] != LabelColumn::kAbsent && code < pods.size() && pods[code] > 0) open[cell] = 0;
    }
  };
  for (const Term& term : resolved.anti_affinity) {
    if (is_by_node(cycle, term.topology_key)) continue;
    close_domains(term.topology_key,
                  cycle.state.count_domains(term.rule, term.topology_key, PodCounts::kAllNodes).pods);
  }
  for (TermId id : cycle.state.matching_terms(cycle.shape_id)) {
    const CarriedTerm& term = cycle.state.term_counts()[id];
    if (term.kind != TermKind::kRequiredAntiAffinity || is_by_node(cycle, term.term.topology_key)) continue;
    close_domains(term.term.topology_key, term.pods);
  }
}

void InterPodAffinity::score_cells(Cycle& cycle, const CellDomains& cells, const std::uint8_t* open,
                                   std::int64_t weight, std::int64_t* totals) const {
  std::vector<std::int64_t> raw(cells.size(), 0);
  for (const auto& [topology_key, sums] : topology_scores(cycle)) {
    const std::int32_t* codes = cells.codes(topology_key);
    for (std::size_t cell = 0; cell < cells.size(); ++cell) {
      const auto code = static_cast<std::size_t>(codes[cell]);
      if (codes[cell] != LabelColumn::kAbsent && code < sums.size()) raw[cell] += sums[code];
    }
  }
  std::int64_t lowest = std::numeric_limits<std::int64_t>::max();
  std::int64_t highest = std::numeric_limits<std::int64_t>::min();
  for (std::size_t cell = 0; cell < cells.size(); ++cell) {
    if (open[cell] == 0) continue;
    lowest = std::min(lowest, raw[cell]);
    highest = std::max(highest, raw[cell]);
  }
  if (highest <= lowest) return;
  for (std::size_t cell = 0; cell < cells.size(); ++cell) {
    if (open[cell] != 0) totals[cell] += weight * affinity_score(raw[cell], lowest, highest);
  }
}

}  // namespace kubesched
