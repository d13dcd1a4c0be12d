#include "plugins/fgd.h"

#include <algorithm>

#include "base/go_math.h"

namespace kubesched {

namespace {

using Room = std::array<std::int32_t, kMostCards>;

std::span<const std::int32_t> copy(std::span<const std::int32_t> left, Room& room) {
  std::copy(left.begin(), left.end(), room.begin());
  return std::span<const std::int32_t>(room).first(left.size());
}

}  // namespace

std::int32_t gradient_score(double before_milli, double after_milli) {
  const double cards = (before_milli - after_milli) / kCardMilli;
  return static_cast<std::int32_t>(static_cast<double>(Plugin::kMaxNodeScore) * (1 / (1 + go_exp(-cards))));
}

CardScore best_share(const TypicalPods& typical, const GpuNodeView& node, std::int32_t milli, std::int64_t milli_cpu,
                     double before_milli) {
  Room room;
  const auto after = copy(node.left, room);
  CardScore best{-1, 0};
  for (std::size_t card = 0; card < node.left.size(); ++card) {
    if (node.left[card] < milli) continue;
    // Cards with equal room have equal scores, and the first of them counts.
    if (std::find(node.left.begin(), node.left.begin() + static_cast<std::ptrdiff_t>(card), node.left[card]) !=
        node.left.begin() + static_cast<std::ptrdiff_t>(card)) {
      continue;
    }
    room[card] -= milli;
    const std::int32_t score =
        gradient_score(before_milli, typical.fragmentation(node.milli_cpu_left - milli_cpu, after, node.model));
    room[card] += milli;
    if (score > best.score) best = CardScore{score, static_cast<CardIndex>(card)};
  }
  return best.score < 0 ? CardScore{} : best;
}

std::int32_t whole_score(const TypicalPods& typical, const GpuNodeView& node, const GpuRequest& request,
                         std::int64_t milli_cpu, double before_milli) {
  Room room;
  const auto after = copy(node.left, room);
  std::int64_t wanted = request.num;
  for (std::size_t card = 0; card < node.left.size() && wanted > 0; ++card) {
    for (; wanted > 0 && room[card] >= request.milli; --wanted) room[card] -= request.milli;
  }
  return gradient_score(before_milli, typical.fragmentation(node.milli_cpu_left - milli_cpu, after, node.model));
}

void Fgd::add_score(Cycle& cycle, const NodeMask&, std::int64_t weight, std::int64_t* totals) const {
  GpuNodeScores& base = cycle.state.gpu_score_memo().fragmentation_of(this);
  const std::size_t size_known = base.fragmentation.size();
  base.fragmentation.resize(cycle.state.nodes().size());
  renew_changed(cycle, base, size_known, [&](NodeIndex node) {
    const GpuNodeView view = gpu_node_view(cycle.state, node);
    base.fragmentation[node] = typical_.fragmentation(view.milli_cpu_left, view.left, view.model);
  });
  const GpuRequest& request = cycle.shape.gpu;
  const std::int64_t milli_cpu = milli_cpu_of(cycle);
  const bool is_share = request.num == 1 && request.milli < kCardMilli;
  const auto& scores = gpu_scores(cycle, gpu_score_key(cycle, this), [&](NodeIndex node) {
    const GpuNodeView view = gpu_node_view(cycle.state, node);
    const double before = base.fragmentation[node];
    return is_share ? best_share(typical_, view, request.milli, milli_cpu, before).score
                    : whole_score(typical_, view, request, milli_cpu, before);
  });
  add_weighted(scores, weight, totals);
}

}  // namespace kubesched
