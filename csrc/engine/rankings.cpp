#include "engine/rankings.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace kubesched {

namespace {

constexpr std::int32_t kMostScore = 100;
constexpr std::int32_t kHighestByte = 255;

bool contains(const std::vector<const Plugin*>& plugins, const Plugin* plugin) {
  return std::find(plugins.begin(), plugins.end(), plugin) != plugins.end();
}

}  // namespace

void Rankings::follow(const ClusterState& state) {
  const Version now{state.epoch(), state.nodes().images().version(), state.term_counts().size(),
                    state.pod_counts().generation()};
  if (now == version_) return;
  if (now.epoch != version_.epoch || now.images != version_.images) {
    cells_.clear();
    cells_bytes_ = 0;
  }
  version_ = now;
  ++generation_;
}

Rankings::Shapes& Rankings::shapes_of(const Profile& profile) {
  for (Shapes& shapes : by_profile_) {
    if (shapes.profile == &profile) return shapes;
  }
  Shapes shapes{&profile, {}, {}};
  for (const auto* plugins : {&profile.pre_filter(), &profile.reserve()}) {
    for (const Plugin* plugin : *plugins) {
      if (!contains(profile.filter(), plugin) && !contains(shapes.checked, plugin)) shapes.checked.push_back(plugin);
    }
  }
  by_profile_.push_back(std::move(shapes));
  return by_profile_.back();
}

void Rankings::plan(Shapes& shapes, Entry& entry, ShapeId shape, ClusterState& state, const Kernels& kernels) {
  const Profile& profile = *shapes.profile;
  entry.generation = generation_;
  auto memo = std::make_unique<ShapeMemo>();
  Cycle cycle{state, shape, state.shapes()[shape], *memo, kernels, {}};
  RankingPlan plan;
  RankingPlan unused;
  const bool ranks = std::all_of(shapes.checked.begin(), shapes.checked.end(),
                                 [&](const Plugin* plugin) { return plugin->plan_filter(cycle, unused); }) &&
                     std::all_of(profile.filter().begin(), profile.filter().end(),
                                 [&](const Plugin* plugin) { return plugin->plan_filter(cycle, plan); }) &&
                     std::all_of(profile.score().begin(), profile.score().end(), [&](const ScoredPlugin& scored) {
                       return scored.plugin->plan_score(cycle, scored.weight, plan);
                     });
  plan.local.nodes_have_both = state.nodes().tiles().have_both();
  plan.local.base = kHighestByte - kMostScore * (plan.local.least_weight + plan.local.balanced_weight);
  std::shared_ptr<const NodeCells> cells;
  if (ranks && plan.checks_room && plan.local.base > 0) cells = cells_for(shapes, cycle, plan);
  if (cells != entry.shape.cells || plan.bans != entry.shape.bans) drop(entry);
  entry.shape = RankedShape{plan.local, std::move(plan.others), std::move(plan.bans), std::move(cells)};
  entry.cell_filters = std::move(plan.cell_filters);
  entry.cell_scorers = std::move(plan.cell_scorers);
  entry.memo = entry.asks_cells() ? std::move(memo) : nullptr;
}

std::shared_ptr<const NodeCells> Rankings::cells_for(const Shapes& shapes, Cycle& cycle, const RankingPlan& plan) {
  constexpr std::size_t kLeastBudgetBytes = std::size_t{32} << 20;
  std::string key(1, static_cast<char>(&shapes - by_profile_.data()));
  for (StringId topology_key : plan.topology_keys) append_id(key, topology_key);
  append_id(key, kNoId);
  key += plan.static_key;
  const auto found = cells_.find(key);
  if (found != cells_.end()) return found->second;
  auto cells = NodeCells::make(cycle, *shapes.profile, plan);
  const std::size_t bytes = cells == nullptr ? key.size() : cells->bytes() + key.size();
  if (cells_bytes_ + bytes > std::max(options_.budget_bytes / 4, kLeastBudgetBytes)) forget_cells();
  cells_bytes_ += bytes;
  cells_.emplace(std::move(key), cells);
  return cells;
}

void Rankings::forget_cells() {
  cells_.clear();
  cells_bytes_ = 0;
  ++generation_;
  for (Shapes& shapes : by_profile_) {
    for (auto& entry : shapes.entries) {
      if (entry == nullptr) continue;
      drop(*entry);
      entry->shape.cells.reset();
    }
  }
}

void Rankings::drop(Entry& entry) {
  if (entry.ranking == nullptr) return;
  bytes_ -= entry.ranking->bytes();
  by_use_.erase(entry.place);
  entry.ranking.reset();
}

void Rankings::shrink() {
  // The first is in use.
  while (bytes_ > options_.budget_bytes && by_use_.size() > 1) drop(*by_use_.back());
}

bool Rankings::use_ranking(Entry& entry, const NodeTable& nodes) {
  if (entry.ranking != nullptr) {
    by_use_.splice(by_use_.begin(), by_use_, entry.place);
    return true;
  }
  // About what it will take; an exact count follows.
  const bool fits = entry.shape.cells->num_blocks() * NodeCells::kBlockNodes <= options_.budget_bytes;
  if (!fits || !entry.is_seen || Ranking::is_far_behind(entry.last_seen, nodes)) return false;
  entry.ranking = std::make_unique<Ranking>();
  bytes_ += entry.ranking->bytes();
  by_use_.push_front(&entry);
  entry.place = by_use_.begin();
  return true;
}

NodeIndex Rankings::find_best(const Profile& profile, ShapeId shape, ClusterState& state, const Kernels& kernels,
                              Rng* chance) {
  const NodeTable& nodes = state.nodes();
  if (!options_.enabled || !nodes.tiles().are_exact()) return kNoId;
  follow(state);
  Shapes& shapes = shapes_of(profile);
  if (shapes.entries.size() <= shape) shapes.entries.resize(state.shapes().size());
  if (shapes.entries[shape] == nullptr) shapes.entries[shape] = std::make_unique<Entry>();
  Entry& entry = *shapes.entries[shape];
  if (entry.generation != generation_) plan(shapes, entry, shape, state, kernels);
  if (entry.shape.cells == nullptr) return kNoId;
  ShapeMemo none;
  Cycle cycle{state, shape, state.shapes()[shape], entry.memo == nullptr ? none : *entry.memo, kernels, {}};
  const NodeIndex best =
      use_ranking(entry, nodes) ? pick_ranked(entry, cycle, chance) : pick_scanned(entry, cycle, chance);
  entry.is_seen = true;
  entry.last_seen = nodes.log().end();
  return best;
}

void Rankings::ask_cells(const Entry& entry, Cycle& cycle) {
  const NodeCells& cells = *entry.shape.cells;
  for (const Plugin* plugin : entry.cell_filters) plugin->filter_cells(cycle, cells, highest_.data());
  cells.set_scores(highest_, totals_);
  for (const PlannedScorer& scorer : entry.cell_scorers) {
    scorer.plugin->score_cells(cycle, cells, highest_.data(), scorer.weight, totals_.data());
  }
}

bool Rankings::find_tied(const std::vector<std::uint8_t>& highest, const std::vector<std::int64_t>& totals) {
  std::int64_t best = std::numeric_limits<std::int64_t>::min();
  tied_.clear();
  for (std::size_t cell = 0; cell < highest.size(); ++cell) {
    if (highest[cell] == 0) continue;
    const std::int64_t total = totals[cell] + highest[cell];
    if (total < best) continue;
    if (total > best) tied_.clear();
    best = total;
    tied_.push_back(static_cast<std::uint8_t>(cell));
  }
  return !tied_.empty();
}

NodeIndex Rankings::pick_ranked(Entry& entry, Cycle& cycle, Rng* chance) {
  const NodeCells& cells = *entry.shape.cells;
  const Kernels& kernels = cycle.kernels;
  Ranking& ranking = *entry.ranking;
  const std::size_t bytes_before = ranking.bytes();
  ranking.catch_up(entry.shape, cycle.state, kernels);
  bytes_ += ranking.bytes() - bytes_before;
  if (bytes_ > options_.budget_bytes) shrink();
  found_ = Found{&ranking.scores(), &cells, entry.asks_cells()};
  if (entry.asks_cells()) {
    highest_ = ranking.highest();
    ask_cells(entry, cycle);
  }
  const std::vector<std::uint8_t>& highest = entry.asks_cells() ? highest_ : ranking.highest();
  if (!find_tied(highest, entry.asks_cells() ? totals_ : ranking.totals(cells))) return kNoId;
  if (chance != nullptr) return draw(ranking.scores(), cells, highest, kernels, *chance);
  NodeIndex first = kNoId;
  for (std::size_t cell : tied_) {
    const std::uint8_t value = highest[cell];
    const std::size_t block =
        kernels.find_byte(ranking.block_highest(cell), nullptr, value, ranking.num_block_groups());
    const std::uint64_t* mask = cells.mask(cell);
    const std::size_t at = kernels.find_byte(ranking.scores().data() + block * NodeCells::kBlockNodes,
                                             mask == nullptr ? nullptr : mask + block * NodeCells::kBlockWords, value,
                                             NodeCells::kBlockWords);
    first = std::min(first, static_cast<NodeIndex>(block * NodeCells::kBlockNodes + at));
  }
  return first;
}

NodeIndex Rankings::pick_scanned(Entry& entry, Cycle& cycle, Rng* chance) {
  const NodeCells& cells = *entry.shape.cells;
  const Kernels& kernels = cycle.kernels;
  const std::size_t num_groups = cells.num_blocks() * NodeCells::kBlockWords;
  scanned_.sweep(entry.shape, cycle.state, kernels);
  found_ = Found{&scanned_, &cells, entry.asks_cells()};
  highest_.resize(cells.size());
  for (std::size_t cell = 0; cell < cells.size(); ++cell) {
    highest_[cell] = kernels.max_byte(scanned_.data(), cells.mask(cell), num_groups);
  }
  ask_cells(entry, cycle);
  if (!find_tied(highest_, totals_)) return kNoId;
  if (chance != nullptr) return draw(scanned_, cells, highest_, kernels, *chance);
  NodeIndex first = kNoId;
  for (std::size_t cell : tied_) {
    const std::size_t node = kernels.find_byte(scanned_.data(), cells.mask(cell), highest_[cell], num_groups);
    first = std::min(first, static_cast<NodeIndex>(node));
  }
  return first;
}

NodeIndex Rankings::draw(const LocalScores& scores, const NodeCells& cells, const std::vector<std::uint8_t>& highest,
                         const Kernels& kernels, Rng& chance) {
  const std::size_t num_groups = cells.num_blocks() * NodeCells::kBlockWords;
  equal_.resize(num_groups);
  ties_.assign(num_groups, 0);
  std::uint64_t num_ties = 0;
  for (std::size_t cell : tied_) {
    kernels.equal_bytes(scores.data(), cells.mask(cell), highest[cell], num_groups, equal_.data());
    for (std::size_t g = 0; g < num_groups; ++g) {
      ties_[g] |= equal_[g];
      num_ties += static_cast<std::uint64_t>(std::popcount(equal_[g]));
    }
  }
  std::uint64_t skip = num_ties > 1 ? chance.below(num_ties) : 0;
  for (std::size_t g = 0;; ++g) {
    std::uint64_t bits = ties_[g];
    const auto count = static_cast<std::uint64_t>(std::popcount(bits));
    if (skip >= count) {
      skip -= count;
      continue;
    }
    for (; skip > 0; --skip) bits &= bits - 1;
    return static_cast<NodeIndex>(g * NodeMask::kWordBits + static_cast<std::size_t>(std::countr_zero(bits)));
  }
}

std::int64_t Rankings::num_feasible(const Kernels& kernels) {
  check(found_.scores != nullptr, "a node was found");
  const std::size_t num_groups = found_.cells->num_blocks() * NodeCells::kBlockWords;
  equal_.resize(num_groups);
  std::int64_t count = 0;
  for (std::size_t cell = 0; cell < found_.cells->size(); ++cell) {
    if (found_.asked_cells && highest_[cell] == 0) continue;
    const std::uint64_t* mask = found_.cells->mask(cell);
    kernels.equal_bytes(found_.scores->data(), mask, 0, num_groups, equal_.data());
    for (std::size_t g = 0; g < num_groups; ++g) {
      count += std::popcount((mask == nullptr ? ~std::uint64_t{0} : mask[g]) & ~equal_[g]);
    }
  }
  return count;
}

}  // namespace kubesched
