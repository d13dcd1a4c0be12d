#include "plugins/node_resources_balanced_allocation.h"

#include <algorithm>
#include <cmath>

#include "plugins/scored_resources.h"

namespace kubesched {

NodeResourcesBalancedAllocation::NodeResourcesBalancedAllocation(std::size_t slot, const ProfileSpec& spec)
    : Plugin(slot), names_(spec.balanced_resources), weights_(names_.size(), 1) {
  cpu_and_memory_ = names_.size() == 2 && std::find(names_.begin(), names_.end(), "cpu") != names_.end() &&
                    std::find(names_.begin(), names_.end(), "memory") != names_.end();
}

bool NodeResourcesBalancedAllocation::pre_score(Cycle& cycle, const NodeMask&) const {
  return std::any_of(names_.begin(), names_.end(), [&](const std::string& name) {
    const ResourceId resource = cycle.state.resources().find(name);
    return resource != kNoId && cycle.shape.request(resource) != 0;
  });
}

void NodeResourcesBalancedAllocation::add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight,
                                                std::int64_t* totals) const {
  if (cpu_and_memory_ && kernels_are_exact(cycle)) {
    LocalRequest request;
    ask_balanced(cycle.shape, 1, request);
    return add_kernel_scores(cycle, slot(), request, weight, totals);
  }
  const auto resources = scored_resources(cycle, names_, weights_, CountedAs::kRequested);
  std::vector<double> fractions;
  feasible.for_each([&](std::size_t node) {
    fractions.clear();
    for (const ScoredResource& resource : resources) {
      if (resource.allocatable[node] == 0) continue;
      const double fraction = static_cast<double>(resource.requested[node] + resource.pod_request) /
                              static_cast<double>(resource.allocatable[node]);
      fractions.push_back(std::min(fraction, 1.0));
    }
    totals[node] += weight * balance_score(fractions);
  });
}

std::int64_t balance_score(const std::vector<double>& fractions) {
  double deviation = 0;
  if (fractions.size() == 2) {
    deviation = std::fabs((fractions[0] - fractions[1]) / 2);
  } else if (fractions.size() > 2) {
    const auto count = static_cast<double>(fractions.size());
    double total = 0;
    for (double fraction : fractions) total += fraction;
    const double mean = total / count;
    double squares = 0;
    for (double fraction : fractions) squares += (fraction - mean) * (fraction - mean);
    deviation = std::sqrt(squares / count);
  }
  return static_cast<std::int64_t>((1 - deviation) * static_cast<double>(Plugin::kMaxNodeScore));
}

bool NodeResourcesBalancedAllocation::plan_score(Cycle& cycle, std::int64_t weight, RankingPlan& plan) const {
  if (!pre_score(cycle, NodeMask{})) return true;
  if (!cpu_and_memory_ || weight > kMaxNodeScore) return false;
  ask_balanced(cycle.shape, static_cast<std::int32_t>(weight), plan.local);
  return true;
}

}  // namespace kubesched
