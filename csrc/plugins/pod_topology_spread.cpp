#include "plugins/pod_topology_spread.h"

#include <algorithm>
#include <limits>

#include "base/go_math.h"
#include "state/node_selection.h"

namespace kubesched {

namespace {

std::vector<SpreadConstraint> system_defaults(StringTable& strings) {
  const auto soft = [&](std::int64_t max_skew, const char* key) {
    SpreadConstraint constraint{};
    constraint.max_skew = max_skew;
    constraint.topology_key = strings.intern(key);
    constraint.min_domains = 1;
    constraint.taints_policy = NodeInclusionPolicy::kIgnore;
    return constraint;
  };
  return {soft(3, "kubernetes.io/hostname"), soft(5, "topology.kubernetes.io/zone")};
}

// The nodes that have every topology key of the constraints.
NodeMask nodes_with_keys(const NodeTable& nodes, const std::vector<SpreadConstraint>& constraints, bool hard) {
  NodeMask mask(nodes.size(), true);
  for (const SpreadConstraint& constraint : constraints) {
    if (constraint.hard != hard) continue;
    const LabelColumn* column = nodes.labels().find(constraint.topology_key);
    mask.filter([&](std::size_t node) { return column != nullptr && column->codes[node] != LabelColumn::kAbsent; });
  }
  return mask;
}

NodeMask without_forbidding_taints(const NodeTable& nodes, const PodShape& pod) {
  NodeMask mask(nodes.size(), true);
  mask.filter([&](std::size_t node) { return find_untolerated(nodes.taints(node), pod.tolerations) == nullptr; });
  return mask;
}

// The fewest matching pods in any domain that has an included node; 0 where there are fewer than min_domains.
std::int64_t fewest_pods(const DomainCounts& counts, std::int64_t min_domains) {
  std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
  std::int64_t num_domains = 0;
  for (std::size_t code = 0; code < counts.pods.size(); ++code) {
    if (counts.nodes[code] == 0) continue;
    ++num_domains;
    fewest = std::min(fewest, counts.pods[code]);
  }
  return num_domains < min_domains ? 0 : fewest;
}

// scoring.go NormalizeScore (v1.34).
std::int64_t spread_score(std::int64_t raw, std::int64_t lowest, std::int64_t highest) {
  return highest == 0 ? Plugin::kMaxNodeScore : Plugin::kMaxNodeScore * (highest + lowest - raw) / highest;
}

}  // namespace

PodTopologySpread::PodTopologySpread(std::size_t slot, const ProfileSpec& spec, StringTable& strings)
    : Plugin(slot),
      system_defaulting_(spec.spread_system_defaulting),
      defaults_(spec.spread_system_defaulting ? system_defaults(strings) : spec.spread_default_constraints),
      hostname_(strings.intern("kubernetes.io/hostname")) {}

std::vector<SpreadConstraint> PodTopologySpread::constraints_of(const Cycle& cycle) const {
  if (!cycle.shape.spread.empty()) return cycle.shape.spread;
  if (defaults_.empty()) return {};
  const Selector selector = cycle.state.owners().default_selector(cycle.shape, cycle.state.strings());
  if (selector.is_everything()) return {};
  std::vector<SpreadConstraint> constraints = defaults_;
  for (SpreadConstraint& constraint : constraints) constraint.selector = selector;
  return constraints;
}

PodTopologySpread::Constraint PodTopologySpread::tie(Cycle& cycle, const SpreadConstraint& constraint,
                                                     NodeMask included) const {
  const NodeTable& nodes = cycle.state.nodes();
  if (constraint.affinity_policy == NodeInclusionPolicy::kHonor) {
    included &= select_required(nodes, cycle.shape, cycle.state.strings());
  }
  if (constraint.taints_policy == NodeInclusionPolicy::kHonor) {
    included &= without_forbidding_taints(nodes, cycle.shape);
  }
  PodRule rule{{PodSet{constraint.selector, {cycle.shape.namespace_id}, false}}, true};
  // An empty selector counts no pod, although it matches every pod.
  if (constraint.selector.is_everything()) rule.sets.front().selector.matches_nothing = true;
  return Constraint{
      cycle.state.count_rule(rule),     constraint.topology_key,
      cycle.state.count_mask(included), constraint.max_skew,
      constraint.min_domains,           constraint.selector.matches(cycle.shape.labels, cycle.state.strings())};
}

std::unique_ptr<PodTopologySpread::Resolved> PodTopologySpread::make_resolved(Cycle& cycle) const {
  const NodeTable& nodes = cycle.state.nodes();
  const std::vector<SpreadConstraint> constraints = constraints_of(cycle);
  auto resolved = std::make_unique<Resolved>();
  resolved->requires_all_keys = !cycle.shape.spread.empty() || !system_defaulting_;
  const NodeMask hard_nodes = nodes_with_keys(nodes, constraints, true);
  resolved->scored =
      resolved->requires_all_keys ? nodes_with_keys(nodes, constraints, false) : NodeMask(nodes.size(), true);
  for (const SpreadConstraint& constraint : constraints) {
    if (constraint.hard) {
      resolved->hard.push_back(tie(cycle, constraint, hard_nodes));
    } else {
      resolved->soft.push_back(tie(cycle, constraint, resolved->scored));
    }
  }
  return resolved;
}

const PodTopologySpread::Resolved& PodTopologySpread::resolve(Cycle& cycle) const {
  // Tying the last constraint can push the first one's counts out of memory; then once more, on empty memory.
  for (;;) {
    const std::uint64_t generation = cycle.state.pod_counts().generation();
    const std::uint64_t version = (generation << 40) ^ cycle.state.epoch();
    const Resolved& resolved = cycle.memo.get<Resolved>(slot(), version, [&] { return make_resolved(cycle); });
    if (cycle.state.pod_counts().generation() == generation) return resolved;
  }
}

std::int64_t PodTopologySpread::most_pods(const Constraint& constraint, const DomainCounts& counts) {
  return constraint.max_skew - (constraint.matches_itself ? 1 : 0) + fewest_pods(counts, constraint.min_domains);
}

PreFilterResult PodTopologySpread::pre_filter(Cycle& cycle) const {
  return {Status{resolve(cycle).hard.empty() ? Code::kSkip : Code::kSuccess, {}}, std::nullopt};
}

void PodTopologySpread::filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const {
  ReasonSetId missing = 0;
  ReasonSetId skewed = 0;
  if (diagnosis != nullptr) {
    missing = diagnosis->add_reasons({"node(s) didn't match pod topology spread constraints (missing required label)"});
    skewed = diagnosis->add_reasons({"node(s) didn't match pod topology spread constraints"});
  }
  for (const Constraint& constraint : resolve(cycle).hard) {
    const DomainCounts& counts = cycle.state.count_domains(constraint.rule, constraint.topology_key, constraint.mask);
    const LabelColumn* column = cycle.state.nodes().labels().find(constraint.topology_key);
    const std::int64_t most = most_pods(constraint, counts);
    nodes.filter([&](std::size_t node) {
      const std::int32_t code = column == nullptr ? LabelColumn::kAbsent : column->codes[node];
      const bool has_key = code != LabelColumn::kAbsent;
      if (has_key && counts.pods[static_cast<std::size_t>(code)] <= most) return true;
      if (diagnosis == nullptr) return false;
      if (has_key) {
        diagnosis->reject(node, Code::kUnschedulable, skewed);
      } else {
        diagnosis->reject(node, Code::kUnschedulableAndUnresolvable, missing);
      }
      return false;
    });
  }
}

bool PodTopologySpread::pre_score(Cycle& cycle, const NodeMask&) const { return !resolve(cycle).soft.empty(); }

double PodTopologySpread::topology_weight(Cycle& cycle, const Constraint& constraint, const NodeMask& scored) const {
  std::size_t size = 0;
  const LabelColumn* column = cycle.state.nodes().labels().find(constraint.topology_key);
  if (constraint.topology_key == hostname_) {
    size = scored.count();
  } else {
    // A node without the key stands in the domain "", which a node may also have as its label's value.
    std::vector<std::uint8_t> seen(column == nullptr ? 0 : column->values.size(), 0);
    bool seen_empty = false;
    scored.for_each([&](std::size_t node) {
      const std::int32_t code = column == nullptr ? LabelColumn::kAbsent : column->codes[node];
      if (code == LabelColumn::kAbsent || column->values[static_cast<std::size_t>(code)] == StringTable::kEmpty) {
        seen_empty = true;
      } else {
        seen[static_cast<std::size_t>(code)] = 1;
      }
    });
    size = static_cast<std::size_t>(std::count(seen.begin(), seen.end(), 1)) + (seen_empty ? 1 : 0);
  }
  return go_log(static_cast<double>(size + 2));
}

std::vector<std::int64_t> PodTopologySpread::raw_scores(Cycle& cycle, const Resolved& resolved,
                                                        const NodeMask& scored) const {
  std::vector<double> sums(scored.size(), 0);
  for (const Constraint& constraint : resolved.soft) {
    const LabelColumn* column = cycle.state.nodes().labels().find(constraint.topology_key);
    if (column == nullptr) continue;
    const double weight = topology_weight(cycle, constraint, scored);
    const auto base = static_cast<double>(constraint.max_skew - 1);
    if (constraint.topology_key == hostname_) {
      const Column<std::int32_t>& pods = cycle.state.pod_counts().by_node(constraint.rule);
      scored.for_each([&](std::size_t node) {
        if (column->codes[node] != LabelColumn::kAbsent) sums[node] += static_cast<double>(pods[node]) * weight + base;
      });
      continue;
    }
    const DomainCounts& counts = cycle.state.count_domains(constraint.rule, constraint.topology_key, constraint.mask);
    std::vector<double> by_code(counts.pods.size());
    for (std::size_t code = 0; code < by_code.size(); ++code) {
      std::int64_t pods = counts.pods[code];
      if (column->values[code] == StringTable::kEmpty && !resolved.requires_all_keys) pods += counts.pods_without_key;
      by_code[code] = static_cast<double>(pods) * weight + base;
    }
    scored.for_each([&](std::size_t node) {
      const std::int32_t code = column->codes[node];
      if (code != LabelColumn::kAbsent) sums[node] += by_code[static_cast<std::size_t>(code)];
    });
  }
  std::vector<std::int64_t> raw(scored.size(), 0);
  scored.for_each([&](std::size_t node) { raw[node] = go_round(sums[node]); });
  return raw;
}

void PodTopologySpread::add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight,
                                  std::int64_t* totals) const {
  const Resolved& resolved = resolve(cycle);
  NodeMask scored = feasible;
  scored &= resolved.scored;
  if (!scored.any()) return;
  const std::vector<std::int64_t> raw = raw_scores(cycle, resolved, scored);
  const std::int64_t lowest = cycle.kernels.min_in_mask(raw.data(), scored.words(), raw.size());
  const std::int64_t highest =
      std::max<std::int64_t>(0, cycle.kernels.max_in_mask(raw.data(), scored.words(), raw.size()));
  scored.for_each([&](std::size_t node) { totals[node] += weight * spread_score(raw[node], lowest, highest); });
}

bool PodTopologySpread::plan_filter(Cycle& cycle, RankingPlan& plan) const {
  const Resolved& resolved = resolve(cycle);
  if (resolved.hard.empty()) return true;
  for (const Constraint& constraint : resolved.hard) plan.add_topology_key(constraint.topology_key);
  plan.cell_filters.push_back(this);
  return true;
}

bool PodTopologySpread::plan_score(Cycle& cycle, std::int64_t weight, RankingPlan& plan) const {
  const Resolved& resolved = resolve(cycle);
  if (resolved.soft.empty()) return true;
  // How much a host counts depends on how many nodes are feasible, which no cell knows.
  if (!resolved.requires_all_keys) return false;
  for (const Constraint& constraint : resolved.soft) {
    if (constraint.topology_key == hostname_) return false;
    plan.add_topology_key(constraint.topology_key);
  }
  plan.cell_scorers.push_back(PlannedScorer{this, weight});
  return true;
}

void PodTopologySpread::filter_cells(Cycle& cycle, const CellDomains& cells, std::uint8_t* open) const {
  for (const Constraint& constraint : resolve(cycle).hard) {
    const DomainCounts& counts = cycle.state.count_domains(constraint.rule, constraint.topology_key, constraint.mask);
    const std::int32_t* codes = cells.codes(constraint.topology_key);
    const std::int64_t most = most_pods(constraint, counts);
    for (std::size_t cell = 0; cell < cells.size(); ++cell) {
      const bool passes =
          codes[cell] != LabelColumn::kAbsent && counts.pods[static_cast<std::size_t>(codes[cell])] <= most;
      if (!passes) open[cell] = 0;
    }
  }
}

void PodTopologySpread::score_cells(Cycle& cycle, const CellDomains& cells, const std::uint8_t* open,
                                    std::int64_t weight, std::int64_t* totals) const {
  const Resolved& resolved = resolve(cycle);
  std::vector<std::uint8_t> scored(open, open + cells.size());
  for (const Constraint& constraint : resolved.soft) {
    const std::int32_t* codes = cells.codes(constraint.topology_key);
    for (std::size_t cell = 0; cell < cells.size(); ++cell) {
      if (codes[cell] == LabelColumn::kAbsent) scored[cell] = 0;
    }
  }
  std::vector<double> sums(cells.size(), 0);
  std::vector<std::uint8_t> seen;
  for (const Constraint& constraint : resolved.soft) {
    const std::int32_t* codes = cells.codes(constraint.topology_key);
    const DomainCounts& counts = cycle.state.count_domains(constraint.rule, constraint.topology_key, constraint.mask);
    seen.assign(counts.pods.size(), 0);
    for (std::size_t cell = 0; cell < cells.size(); ++cell) {
      if (scored[cell] != 0) seen[static_cast<std::size_t>(codes[cell])] = 1;
    }
    const double of_domain = go_log(static_cast<double>(std::count(seen.begin(), seen.end(), 1) + 2));
    const auto base = static_cast<double>(constraint.max_skew - 1);
    for (std::size_t cell = 0; cell < cells.size(); ++cell) {
      if (scored[cell] == 0) continue;
      sums[cell] += static_cast<double>(counts.pods[static_cast<std::size_t>(codes[cell])]) * of_domain + base;
    }
  }
  std::int64_t lowest = std::numeric_limits<std::int64_t>::max();
  std::int64_t highest = 0;
  for (std::size_t cell = 0; cell < cells.size(); ++cell) {
    if (scored[cell] == 0) continue;
    lowest = std::min(lowest, go_round(sums[cell]));
    highest = std::max(highest, go_round(sums[cell]));
  }
  for (std::size_t cell = 0; cell < cells.size(); ++cell) {
    if (scored[cell] != 0) totals[cell] += weight * spread_score(go_round(sums[cell]), lowest, highest);
  }
}

}  // namespace kubesched
