#include "state/node_tiles.h"

#include <algorithm>
#include <bit>

namespace kubesched {

namespace {

constexpr std::size_t kNodes = NodeTile::kNodes;

void set_lane(AmountLines& lines, std::size_t lane, const NodeAmounts& amounts, bool is_full) {
  const auto all = static_cast<double>(amounts.allocatable);
  const bool none = amounts.allocatable == 0;
  const double unused = all - static_cast<double>(amounts.non_zero);
  lines.allocatable.lane[lane] = all;
  lines.inverse.lane[lane] = none ? 0.0 : 1.0 / all;
  lines.left.lane[lane] = none ? 0.0 : (unused * 100.0 + 0.5) / all;
  lines.free.lane[lane] =
      is_full ? -std::numeric_limits<double>::infinity() : all - static_cast<double>(amounts.requested);
}

bool is_exact(const NodeAmounts& amounts) {
  return amounts.allocatable < NodeTiles::kExactLimit && amounts.requested < NodeTiles::kExactLimit &&
         amounts.non_zero < NodeTiles::kExactLimit;
}

}  // namespace

void NodeTiles::push_back() {
  if (num_nodes_ % kNodes == 0) tiles_.push_back(NodeTile::closed());
  ++num_nodes_;
}

void NodeTiles::set(NodeIndex node, const NodeAmounts& cpu, const NodeAmounts& memory, bool is_full) {
  NodeTile& tile = tiles_.edit()[node / kNodes];
  if (lacks_some(node)) --num_lacking_;
  set_lane(tile.cpu, node % kNodes, cpu, is_full);
  set_lane(tile.memory, node % kNodes, memory, is_full);
  if (lacks_some(node)) ++num_lacking_;
  exact_ = exact_ && is_exact(cpu) && is_exact(memory);
}

bool NodeTiles::lacks_some(NodeIndex node) const {
  const NodeTile& tile = tiles_[node / kNodes];
  return tile.cpu.allocatable.lane[node % kNodes] == 0 || tile.memory.allocatable.lane[node % kNodes] == 0;
}

void NodeTiles::erase(NodeIndex node) {
  if (lacks_some(node)) --num_lacking_;
  NodeTile* tiles = tiles_.edit();
  for (std::size_t next = node + 1; next < num_nodes_; ++next) {
    tiles[(next - 1) / kNodes].copy_lane((next - 1) % kNodes, tiles[next / kNodes], next % kNodes);
  }
  --num_nodes_;
  if (num_nodes_ % kNodes == 0) {
    tiles_.erase(num_nodes_ / kNodes);
  } else {
    tiles[num_nodes_ / kNodes].copy_lane(num_nodes_ % kNodes, NodeTile::closed(), 0);
  }
}

void NodeLog::push_back(NodeIndex node, const NodeTile& tile, std::size_t num_nodes) {
  constexpr std::size_t kLeastChanges = 64;
  // For most readers it is cheaper to look at all nodes again than to go further back.
  const std::size_t wanted = std::bit_ceil(num_nodes / 2 + kLeastChanges);
  if (nodes_.size() < wanted) {
    tiles_.assign(wanted / kNodes, NodeTile::closed());
    nodes_.assign(wanted, 0);
    begin_ = end_;
  }
  const std::size_t at = slot(end_);
  tiles_[at / kNodes].copy_lane(at % kNodes, tile, node % kNodes);
  nodes_[at] = node;
  ++end_;
  if (end_ - begin_ > nodes_.size() - kNodes) begin_ = end_ - (nodes_.size() - kNodes);
}

}  // namespace kubesched
