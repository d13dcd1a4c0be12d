#include "plugins/image_locality.h"

#include <algorithm>

#include "plugins/raw_scores.h"

namespace kubesched {

namespace {

constexpr std::int64_t kMebibyte = 1024 * 1024;
constexpr std::int64_t kLeastBytes = 23 * kMebibyte;
constexpr std::int64_t kMostBytesPerContainer = 1000 * kMebibyte;

std::vector<std::int64_t> image_scores(const Cycle& cycle) {
  const NodeTable& nodes = cycle.state.nodes();
  std::vector<std::int64_t> bytes(nodes.size(), 0);
  for (StringId name : cycle.shape.images) {
    const ImageState* image = nodes.images().find(name);
    if (image == nullptr) continue;
    image->nodes.for_each([&](std::size_t node) {
      const auto seen = static_cast<double>(nodes.images().seen_nodes(node, name));
      const double spread = seen / static_cast<double>(nodes.size());
      bytes[node] += static_cast<std::int64_t>(static_cast<double>(image->size_bytes) * spread);
    });
  }
  const std::int64_t most_bytes = kMostBytesPerContainer * cycle.shape.num_containers;
  for (std::int64_t& value : bytes) {
    value = value < kLeastBytes ? kLeastBytes : std::min(value, most_bytes);
    value = Plugin::kMaxNodeScore * (value - kLeastBytes) / (most_bytes - kLeastBytes);
  }
  return bytes;
}

}  // namespace

void ImageLocality::add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight, std::int64_t* totals) const {
  const std::uint64_t version = (cycle.state.nodes().images().version() << 32) ^ cycle.state.epoch();
  const auto& scores =
      cycle.memo.get<RawScores>(slot(), version, [&] { return std::make_unique<RawScores>(image_scores(cycle)); });
  if (scores.all_zero) return;
  feasible.for_each([&](std::size_t node) { totals[node] += weight * scores.by_node[node]; });
}

bool ImageLocality::plan_score(Cycle& cycle, std::int64_t weight, RankingPlan& plan) const {
  bool is_anywhere = false;
  for (StringId name : cycle.shape.images) {
    if (cycle.state.nodes().images().find(name) == nullptr) continue;
    is_anywhere = true;
    append_id(plan.static_key, name);
  }
  append_id(plan.static_key, kNoId);
  if (!is_anywhere) return true;
  append_id(plan.static_key, static_cast<std::uint32_t>(cycle.shape.num_containers));
  plan.static_scorers.push_back(PlannedScorer{this, weight});
  return true;
}

StaticScores ImageLocality::static_scores(Cycle& cycle) const {
  return StaticScores{image_scores(cycle), Normalization::kNone};
}

}  // namespace kubesched
