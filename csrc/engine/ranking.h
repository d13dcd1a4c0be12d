// The local scores of all nodes for one shape, and where the best are.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/node_cells.h"
#include "framework/ranking_plan.h"
#include "kernels/kernels.h"
#include "state/cluster_state.h"

namespace kubesched {

// What a ranking is made for. The cells are never nullptr.
struct RankedShape {
  LocalRequest local;
  std::vector<ResourceAmount> others;
  std::vector<NodeBan> bans;
  std::shared_ptr<const NodeCells> cells;
};

// Scores of one byte a node: 0 where the pod does not fit, else LocalRequest::base and the local score. Behind the
// nodes are zeros up to a whole block. Not thread-safe.
//
// Worked example: two cells, their highest bytes 250 and 240, their static totals 100 and 120. The best total is
// max(250 + 100, 240 + 120) = 360, so a node of the second cell whose byte is 240 is taken: the first in node order,
// unless another cell's best comes to 360, too.
class LocalScores {
 public:
  // Scores every node.
  void sweep(const RankedShape& shape, const ClusterState& state, const Kernels& kernels);

  const std::uint8_t* data() const { return bytes_.data(); }
  std::uint8_t* data() { return bytes_.data(); }
  std::size_t capacity() const { return bytes_.capacity(); }

 private:
  std::vector<std::uint8_t> bytes_;
  NodeMask room_;  // scratch
};

// Local scores that follow the cluster: a log of changed nodes is caught up with when the shape is asked for, and the
// highest byte is known of each cell in each block of nodes.
class Ranking {
 public:
  // A change costs about as much as six nodes in one pass over all.
  static constexpr std::uint64_t kSweepNodes = 6;
  static constexpr std::size_t kGroup = 64;  // bytes that the kernels take at once

  static bool is_far_behind(std::uint64_t as_of, const NodeTable& nodes) {
    return as_of < nodes.log().begin() || (nodes.log().end() - as_of) * kSweepNodes > nodes.size();
  }

  void catch_up(const RankedShape& shape, const ClusterState& state, const Kernels& kernels);

  const LocalScores& scores() const { return scores_; }
  // By cell; 0 where no node of the cell is feasible.
  const std::vector<std::uint8_t>& highest() const { return highest_; }
  // By block, for one cell.
  const std::uint8_t* block_highest(std::size_t cell) const { return block_highest_.data() + cell * row_; }
  std::size_t num_block_groups() const { return row_ / kGroup; }
  // Static totals by cell, of the cells that have a feasible node.
  const std::vector<std::int64_t>& totals(const NodeCells& cells);
  std::size_t bytes() const { return sizeof *this + scores_.capacity() + 6 * block_highest_.capacity(); }

 private:
  void sweep(const RankedShape& shape, const ClusterState& state, const Kernels& kernels);
  void replay(const RankedShape& shape, const ClusterState& state, const Kernels& kernels);
  void mark_stale(const NodeCells& cells, NodeIndex node);
  void refresh_stale(const NodeCells& cells, const Kernels& kernels);
  void refresh_cell(std::size_t cell, const Kernels& kernels);

  LocalScores scores_;
  std::vector<std::uint8_t> block_highest_;  // by cell, then block; a row is padded with zeros
  std::vector<std::uint8_t> highest_;
  std::vector<std::int64_t> totals_;
  std::vector<std::uint8_t> is_stale_;  // by position in block_highest_, and one for nodes in no cell
  std::vector<std::uint32_t> stale_;    // the first num_stale_ are those positions
  std::size_t num_stale_ = 0;
  std::vector<std::uint8_t> is_changed_;  // by cell: a block's highest byte may have changed
  std::size_t row_ = 0;                   // blocks of one cell, padded
  std::uint64_t as_of_ = 0;
  bool is_swept_ = false;
  bool totals_hold_ = false;
};

}  // namespace kubesched
