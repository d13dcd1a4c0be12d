#include "engine/sampling.h"

#include <algorithm>
#include <vector>

namespace kubesched {

std::int64_t feasible_nodes_to_find(std::int64_t percentage, std::int64_t num_nodes) {
  constexpr std::int64_t kLeastNodes = 100;
  constexpr std::int64_t kLeastPercentage = 5;
  if (num_nodes < kLeastNodes) return num_nodes;
  if (percentage == 0) percentage = std::max(kLeastPercentage, 50 - num_nodes / 125);
  return std::max(kLeastNodes, num_nodes * percentage / 100);
}

std::int64_t keep_first_feasible(const NodeMask& candidates, std::int64_t start, std::int64_t enough,
                                 NodeMask& feasible) {
  std::vector<std::size_t> order;
  candidates.for_each([&](std::size_t node) { order.push_back(node); });
  const auto count = static_cast<std::int64_t>(order.size());
  std::int64_t found = 0;
  std::int64_t passed = 0;
  for (; passed < count && found < enough; ++passed) {
    if (feasible.test(order[static_cast<std::size_t>((start + passed) % count)])) ++found;
  }
  for (std::int64_t rest = passed; rest < count; ++rest) {
    feasible.reset(order[static_cast<std::size_t>((start + rest) % count)]);
  }
  return passed;
}

NodeMask passed_candidates(const NodeMask& candidates, std::int64_t start, std::int64_t passed) {
  const auto count = static_cast<std::int64_t>(candidates.count());
  NodeMask result = candidates;
  std::int64_t position = 0;
  result.filter([&](std::size_t) { return (position++ - start + count) % count < passed; });
  return result;
}

}  // namespace kubesched
