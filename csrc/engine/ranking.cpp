#include "engine/ranking.h"

#include <algorithm>
#include <array>
#include <bit>

namespace kubesched {

namespace {

bool has_room(const NodeTable& nodes, NodeIndex node, const std::vector<ResourceAmount>& requests) {
  return std::all_of(requests.begin(), requests.end(), [&](const ResourceAmount& request) {
    return nodes.allocatable(request.resource)[node] - nodes.requested(request.resource)[node] >= request.amount;
  });
}

bool is_banned(const ClusterState& state, const NodeBan& ban, std::size_t node) {
  const LabelColumn* column = state.nodes().labels().find(ban.topology_key);
  if (column == nullptr || column->codes[node] == LabelColumn::kAbsent) return false;
  if (ban.by == NodeBan::By::kRule) return state.pod_counts().by_node(ban.id)[node] > 0;
  const std::vector<std::int64_t>& pods = state.term_counts()[ban.id].pods;
  const auto code = static_cast<std::size_t>(column->codes[node]);
  return code < pods.size() && pods[code] > 0;
}

// What the kernel does not look at.
bool is_open(const ClusterState& state, const RankedShape& shape, NodeIndex node) {
  return has_room(state.nodes(), node, shape.others) &&
         std::none_of(shape.bans.begin(), shape.bans.end(),
                      [&](const NodeBan& ban) { return is_banned(state, ban, node); });
}

std::uint8_t highest_of_block(const LocalScores& scores, const NodeCells& cells, std::size_t cell, std::size_t block,
                              const Kernels& kernels) {
  const std::uint64_t* mask = cells.mask(cell);
  return kernels.max_byte(scores.data() + block * NodeCells::kBlockNodes,
                          mask == nullptr ? nullptr : mask + block * NodeCells::kBlockWords, NodeCells::kBlockWords);
}

}  // namespace

void LocalScores::sweep(const RankedShape& shape, const ClusterState& state, const Kernels& kernels) {
  const NodeTable& nodes = state.nodes();
  const std::size_t size = shape.cells->num_blocks() * NodeCells::kBlockNodes;
  const std::size_t num_scored = nodes.tiles().num_tiles() * NodeTile::kNodes;
  bytes_.resize(size);
  kernels.score_tiles(nodes.tiles().data(), shape.local, nodes.tiles().num_tiles(), bytes_.data());
  std::fill(bytes_.begin() + static_cast<std::ptrdiff_t>(num_scored), bytes_.end(), std::uint8_t{0});
  if (shape.others.empty() && shape.bans.empty()) return;
  room_.assign(nodes.size(), true);
  for (const ResourceAmount& request : shape.others) {
    kernels.filter_fit(nodes.allocatable(request.resource).data(), nodes.requested(request.resource).data(),
                       request.amount, nodes.size(), room_.words());
  }
  for (const NodeBan& ban : shape.bans) {
    room_.filter([&](std::size_t node) { return !is_banned(state, ban, node); });
  }
  for (std::size_t w = 0; w < room_.num_words(); ++w) {
    for (std::uint64_t full = ~room_.words()[w]; full != 0; full &= full - 1) {
      bytes_[w * NodeMask::kWordBits + static_cast<std::size_t>(std::countr_zero(full))] = 0;
    }
  }
}

void Ranking::catch_up(const RankedShape& shape, const ClusterState& state, const Kernels& kernels) {
  const NodeTable& nodes = state.nodes();
  if (!is_swept_ || is_far_behind(as_of_, nodes)) {
    sweep(shape, state, kernels);
  } else if (as_of_ < nodes.log().end()) {
    replay(shape, state, kernels);
  }
  as_of_ = nodes.log().end();
}

void Ranking::sweep(const RankedShape& shape, const ClusterState& state, const Kernels& kernels) {
  const NodeCells& cells = *shape.cells;
  scores_.sweep(shape, state, kernels);
  if (!is_swept_) {
    row_ = (cells.num_blocks() + kGroup - 1) / kGroup * kGroup;
    block_highest_.assign(cells.size() * row_, 0);
    is_stale_.assign(block_highest_.size() + 1, 0);
    stale_.assign(is_stale_.size() + 1, 0);
    highest_.assign(cells.size(), 0);
    is_changed_.assign(cells.size(), 0);
    is_swept_ = true;
  }
  for (std::size_t cell = 0; cell < cells.size(); ++cell) {
    for (std::size_t block = 0; block < cells.num_blocks(); ++block) {
      block_highest_[cell * row_ + block] = highest_of_block(scores_, cells, cell, block, kernels);
    }
    refresh_cell(cell, kernels);
  }
}

void Ranking::replay(const RankedShape& shape, const ClusterState& state, const Kernels& kernels) {
  const NodeTable& nodes = state.nodes();
  constexpr std::size_t kNodes = NodeTile::kNodes;
  constexpr std::size_t kMostTiles = 64;
  const NodeLog& log = nodes.log();
  const bool is_plain = shape.others.empty() && shape.bans.empty();
  std::array<std::uint8_t, kMostTiles * kNodes> scores;
  for (std::uint64_t change = as_of_; change < log.end();) {
    const std::uint64_t first = change - change % kNodes;
    const std::size_t num_tiles = std::min(
        {kMostTiles, log.tiles_in_a_row(first), static_cast<std::size_t>((log.end() - first + kNodes - 1) / kNodes)});
    kernels.score_tiles(&log.tile(first), shape.local, num_tiles, scores.data());
    const std::uint64_t end = std::min<std::uint64_t>(log.end(), first + num_tiles * kNodes);
    for (; change < end; ++change) {
      const NodeIndex node = log.node(change);
      // Other resources and bans are those of now; a node's last change is right in all.
      const bool fits = is_plain || is_open(state, shape, node);
      scores_.data()[node] = fits ? scores[change - first] : std::uint8_t{0};
      mark_stale(*shape.cells, node);
    }
  }
  refresh_stale(*shape.cells, kernels);
}

// Without branches: which of many nodes are the first of their block, no processor guesses.
inline void Ranking::mark_stale(const NodeCells& cells, NodeIndex node) {
  const std::size_t cell = cells.cell_of(node);
  const std::size_t last = is_stale_.size() - 1;
  const std::size_t position = cell == NodeCells::kNoCell ? last : cell * row_ + node / NodeCells::kBlockNodes;
  stale_[num_stale_] = static_cast<std::uint32_t>(position);
  num_stale_ += is_stale_[position] ^ 1U;
  is_stale_[position] = 1;
}

void Ranking::refresh_stale(const NodeCells& cells, const Kernels& kernels) {
  for (std::size_t i = 0; i < num_stale_; ++i) {
    const std::size_t position = stale_[i];
    const std::size_t cell = position / row_;
    is_stale_[position] = 0;
    if (cell == cells.size()) continue;
    block_highest_[position] = highest_of_block(scores_, cells, cell, position % row_, kernels);
    is_changed_[cell] = 1;
  }
  num_stale_ = 0;
  for (std::size_t cell = 0; cell < is_changed_.size(); ++cell) {
    if (is_changed_[cell] != 0) refresh_cell(cell, kernels);
  }
}

void Ranking::refresh_cell(std::size_t cell, const Kernels& kernels) {
  const std::uint8_t before = highest_[cell];
  highest_[cell] = kernels.max_byte(block_highest(cell), nullptr, row_ / kGroup);
  is_changed_[cell] = 0;
  if ((before == 0) != (highest_[cell] == 0)) totals_hold_ = false;
}

const std::vector<std::int64_t>& Ranking::totals(const NodeCells& cells) {
  if (!totals_hold_) cells.set_scores(highest_, totals_);
  totals_hold_ = true;
  return totals_;
}

}  // namespace kubesched
