#include "framework/plugin.h"

namespace kubesched {

PreFilterResult Plugin::pre_filter(Cycle&) const { return {}; }

void Plugin::filter(Cycle&, NodeMask&, Diagnosis*) const {}

bool Plugin::filter_is_monotone(const Cycle&) const { return filter_is_static(); }

std::vector<ResourceAmount> Plugin::room_wanted(const Cycle&) const { return {}; }

bool Plugin::filter_node(Cycle& cycle, NodeIndex node) const {
  NodeMask alone(cycle.state.nodes().size());
  alone.set(node);
  filter(cycle, alone, nullptr);
  return alone.test(node);
}

void Plugin::filter_preempted(Cycle&, NodeMask&) const {}

bool Plugin::pre_score(Cycle&, const NodeMask&) const { return false; }

std::optional<std::int64_t> Plugin::uniform_score(Cycle&) const { return std::nullopt; }

void Plugin::add_score(Cycle&, const NodeMask&, std::int64_t, std::int64_t*) const {}

bool Plugin::plan_filter(Cycle&, RankingPlan&) const { return false; }

bool Plugin::plan_score(Cycle&, std::int64_t, RankingPlan&) const { return false; }

StaticScores Plugin::static_scores(Cycle&) const { return {}; }

void Plugin::filter_cells(Cycle&, const CellDomains&, std::uint8_t*) const {}

void Plugin::score_cells(Cycle&, const CellDomains&, const std::uint8_t*, std::int64_t, std::int64_t*) const {}

PostFilterAnswer Plugin::post_filter(Cycle&, const NodeMask&) const { return {}; }

void Plugin::reserve(Cycle&, std::string_view, NodeIndex) const {}

std::int64_t normalized(std::int64_t raw, std::int64_t highest, bool reverse) {
  const std::int64_t share = highest == 0 ? 0 : Plugin::kMaxNodeScore * raw / highest;
  return reverse ? Plugin::kMaxNodeScore - share : share;
}

void add_normalized(const std::vector<std::int64_t>& raw, const NodeMask& feasible, bool reverse, std::int64_t weight,
                    std::int64_t* totals) {
  std::int64_t highest = 0;
  feasible.for_each([&](std::size_t node) { highest = raw[node] > highest ? raw[node] : highest; });
  feasible.for_each([&](std::size_t node) { totals[node] += weight * normalized(raw[node], highest, reverse); });
}

}  // namespace kubesched
