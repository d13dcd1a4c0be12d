#include "engine/node_cells.h"

#include <algorithm>
#include <map>

namespace kubesched {

namespace {

bool is_uniform(const std::vector<std::int64_t>& scores) {
  return std::adjacent_find(scores.begin(), scores.end(), std::not_equal_to<>()) == scores.end();
}

}  // namespace

std::shared_ptr<const NodeCells> NodeCells::make(Cycle& cycle, const Profile& profile, const RankingPlan& plan) {
  const std::size_t num_nodes = cycle.state.nodes().size();
  NodeMask passing(num_nodes, true);
  for (const Plugin* plugin : profile.filter()) {
    if (plugin->filter_is_static()) plugin->filter(cycle, passing, nullptr);
  }
  std::shared_ptr<NodeCells> cells(new NodeCells);
  cells->num_blocks_ = (num_nodes + kBlockNodes - 1) / kBlockNodes;
  std::vector<StaticScores> scores;
  for (const PlannedScorer& scorer : plan.static_scorers) {
    StaticScores of_plugin = scorer.plugin->static_scores(cycle);
    if (is_uniform(of_plugin.by_node)) continue;  // then it is the same for all after any normalisation
    cells->scorers_.push_back(Scorer{scorer.weight, of_plugin.normalization});
    scores.push_back(std::move(of_plugin));
  }
  std::vector<const LabelColumn*> columns;
  for (StringId key : plan.topology_keys) columns.push_back(cycle.state.nodes().labels().find(key));
  cells->topology_keys_ = plan.topology_keys;
  if (!cells->divide(passing, scores, columns)) return nullptr;
  return cells;
}

const std::int32_t* NodeCells::codes(StringId topology_key) const {
  const auto found = std::find(topology_keys_.begin(), topology_keys_.end(), topology_key);
  check(found != topology_keys_.end(), "a plan has the topology keys of its plugins");
  return codes_.data() + static_cast<std::size_t>(found - topology_keys_.begin()) * num_cells_;
}

bool NodeCells::divide(const NodeMask& passing, const std::vector<StaticScores>& scores,
                       const std::vector<const LabelColumn*>& columns) {
  num_cells_ = 1;
  if (scores.empty() && columns.empty() && passing.count() == passing.size()) return true;
  std::map<std::vector<std::int64_t>, std::uint8_t> ids;
  std::vector<std::int64_t> raw(scores.size() + columns.size());
  cell_of_.assign(passing.size(), kNoCell);
  bool fits = true;
  passing.for_each([&](std::size_t node) {
    for (std::size_t i = 0; i < scores.size(); ++i) raw[i] = scores[i].by_node[node];
    for (std::size_t i = 0; i < columns.size(); ++i) {
      raw[scores.size() + i] = columns[i] == nullptr ? LabelColumn::kAbsent : columns[i]->codes[node];
    }
    const auto found = ids.find(raw);
    if (found != ids.end()) {
      cell_of_[node] = found->second;
    } else if (ids.size() < kMostCells) {
      cell_of_[node] = static_cast<std::uint8_t>(ids.size());
      ids.emplace(raw, cell_of_[node]);
    } else {
      fits = false;
    }
  });
  if (!fits) return false;
  num_cells_ = std::max<std::size_t>(1, ids.size());
  raw_.assign(scores.size() * num_cells_, 0);
  codes_.assign(columns.size() * num_cells_, LabelColumn::kAbsent);
  for (const auto& [values, cell] : ids) {
    for (std::size_t i = 0; i < scores.size(); ++i) raw_[i * num_cells_ + cell] = values[i];
    for (std::size_t i = 0; i < columns.size(); ++i) {
      codes_[i * num_cells_ + cell] = static_cast<std::int32_t>(values[scores.size() + i]);
    }
  }
  const std::size_t words = num_blocks_ * kBlockWords;
  masks_.assign(num_cells_ * words, 0);
  passing.for_each([&](std::size_t node) {
    masks_[cell_of_[node] * words + node / NodeMask::kWordBits] |= std::uint64_t{1} << (node % NodeMask::kWordBits);
  });
  return true;
}

void NodeCells::set_scores(const std::vector<std::uint8_t>& is_feasible, std::vector<std::int64_t>& totals) const {
  totals.assign(num_cells_, 0);
  for (std::size_t i = 0; i < scorers_.size(); ++i) {
    const std::int64_t* raw = raw_.data() + i * num_cells_;
    std::int64_t highest = 0;
    for (std::size_t cell = 0; cell < num_cells_; ++cell) {
      if (is_feasible[cell] != 0) highest = std::max(highest, raw[cell]);
    }
    for (std::size_t cell = 0; cell < num_cells_; ++cell) {
      if (is_feasible[cell] == 0) continue;
      const bool reverse = scorers_[i].normalization == Normalization::kHighestReversed;
      const std::int64_t score =
          scorers_[i].normalization == Normalization::kNone ? raw[cell] : normalized(raw[cell], highest, reverse);
      totals[cell] += scorers_[i].weight * score;
    }
  }
}

}  // namespace kubesched
