// Cpu and memory of the nodes for the kernels, and a log of the latest changes.
#pragma once

#include <cstdint>
#include <vector>

#include "base/column.h"
#include "base/ids.h"
#include "base/node_tile.h"

namespace kubesched {

// What a tile says of one node.
struct NodeAmounts {
  std::int64_t allocatable;
  std::int64_t requested;
  std::int64_t non_zero;
};

// Derived from the integer columns of NodeTable. Doubles hold every integer here, and LeastAllocated comes out exactly,
// as long as all amounts are below kExactLimit.
class NodeTiles {
 public:
  // 100 times this is below 2^53, and half a hundredth of its inverse above what three roundings can add up to.
  static constexpr std::int64_t kExactLimit = std::int64_t{1} << 43;

  const NodeTile* data() const { return tiles_.data(); }
  std::size_t num_tiles() const { return tiles_.size(); }
  bool are_exact() const { return exact_; }
  // Every node has some cpu and some memory.
  bool have_both() const { return num_lacking_ == 0; }

  // Makes room for the node behind the last one.
  void push_back();
  void set(NodeIndex node, const NodeAmounts& cpu, const NodeAmounts& memory, bool is_full);
  // Those behind it move up.
  void erase(NodeIndex node);

 private:
  Column<NodeTile> tiles_;
  bool lacks_some(NodeIndex node) const;

  std::size_t num_nodes_ = 0;
  std::size_t num_lacking_ = 0;  // nodes without cpu or memory
  bool exact_ = true;
};

// A node's lane of its tile as it was after each of the latest changes: reading on from a change touches memory in a
// row, where the nodes themselves lie all over. A copy starts empty.
class NodeLog {
 public:
  NodeLog() = default;
  NodeLog(const NodeLog& other) : begin_(other.end_), end_(other.end_) {}
  NodeLog& operator=(const NodeLog&) = delete;

  // Changes have numbers; those from begin() on are kept.
  std::uint64_t begin() const { return begin_; }
  std::uint64_t end() const { return end_; }
  NodeIndex node(std::uint64_t change) const { return nodes_[slot(change)]; }
  // The tile whose lane `change % kNodes` is that change's.
  const NodeTile& tile(std::uint64_t change) const { return tiles_[slot(change) / NodeTile::kNodes]; }
  // How many tiles from this one on lie in a row.
  std::size_t tiles_in_a_row(std::uint64_t change) const { return tiles_.size() - slot(change) / NodeTile::kNodes; }

  void push_back(NodeIndex node, const NodeTile& tile, std::size_t num_nodes);
  // Nodes have other numbers now.
  void clear() { begin_ = end_; }

 private:
  std::size_t slot(std::uint64_t change) const { return change & (nodes_.size() - 1); }

  std::vector<NodeTile> tiles_;  // a ring
  std::vector<NodeIndex> nodes_;
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace kubesched
