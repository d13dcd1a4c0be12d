// The nodes that pass the static filters, put into cells of equal static scores.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/node_mask.h"
#include "framework/profile.h"
#include "framework/ranking_plan.h"

namespace kubesched {

// Immutable, shared by all shapes of one static key. What is normalised by the highest score of any feasible node is
// the same for all nodes of a cell, so a cycle looks at a few cells, not at every node, to know it.
class NodeCells final : public CellDomains {
 public:
  static constexpr std::uint8_t kNoCell = 255;
  static constexpr std::size_t kMostCells = 255;
  // Nodes are dealt with in blocks; masks are padded to whole ones.
  static constexpr std::size_t kBlockNodes = 256;
  static constexpr std::size_t kBlockWords = kBlockNodes / NodeMask::kWordBits;

  // nullptr where there are too many cells.
  static std::shared_ptr<const NodeCells> make(Cycle& cycle, const Profile& profile, const RankingPlan& plan);

  std::size_t size() const override { return num_cells_; }
  const std::int32_t* codes(StringId topology_key) const override;
  std::size_t num_blocks() const { return num_blocks_; }
  // One cell that has every node: there are no masks then.
  bool have_all() const { return masks_.empty(); }
  // Words of num_blocks() blocks; nullptr if have_all().
  const std::uint64_t* mask(std::size_t cell) const {
    return have_all() ? nullptr : masks_.data() + cell * num_blocks_ * kBlockWords;
  }
  // kNoCell where a static filter rejects the node.
  std::uint8_t cell_of(NodeIndex node) const { return have_all() ? 0 : cell_of_[node]; }

  // The weighted static scores of each cell's nodes, were those cells to have feasible nodes for which that is said.
  void set_scores(const std::vector<std::uint8_t>& is_feasible, std::vector<std::int64_t>& totals) const;

  std::size_t bytes() const {
    return sizeof *this + masks_.capacity() * sizeof(std::uint64_t) + cell_of_.capacity() +
           raw_.capacity() * sizeof(std::int64_t);
  }

 private:
  struct Scorer {
    std::int64_t weight;
    Normalization normalization;
  };

  NodeCells() = default;
  bool divide(const NodeMask& passing, const std::vector<StaticScores>& scores,
              const std::vector<const LabelColumn*>& columns);

  std::size_t num_cells_ = 0;
  std::size_t num_blocks_ = 0;
  std::vector<std::uint64_t> masks_;   // by cell, then word
  std::vector<std::uint8_t> cell_of_;  // by node
  std::vector<Scorer> scorers_;
  std::vector<std::int64_t> raw_;  // by scorer, then cell
  std::vector<StringId> topology_keys_;
  std::vector<std::int32_t> codes_;  // by topology key, then cell
};

}  // namespace kubesched
